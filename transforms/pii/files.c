/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 4

static struct {
    size_t count, bytes;
    struct file {
        char name[PII_FILE_NAME_MAX + 1];
        char *bytes;
        size_t size;
    } file[PII_FILES_MAX];
} files;

struct folder {
    const char *path;
    size_t root_size; /* of the path, with the slash: names begin behind it */
    unsigned depth;
    char *reason;
    size_t reason_size;
};

static bool complain(const struct folder *f, const char *what, const char *why)
{
    snprintf(f->reason, f->reason_size, "preload_folders: %s: %s", what, why);
    return false;
}

static bool read_all(int fd, char *bytes, size_t size)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = read(fd, bytes + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

static bool keep(const struct folder *f, const char *name, int fd, size_t size)
{
    struct file *file = &files.file[files.count];
    if (strlen(name) > PII_FILE_NAME_MAX || files.count == PII_FILES_MAX)
        return complain(f, name, "more files, or a longer name, than pii reads");
    if (size > PII_FILES_BYTES_MAX - files.bytes)
        return complain(f, name, "more than pii reads, 64 MiB");
    file->bytes = malloc(size + 1);
    if (!file->bytes)
        return complain(f, name, "out of memory");
    files.count++;
    files.bytes += size;
    file->size = size;
    strcpy(file->name, name);
    file->bytes[size] = '\0';
    return read_all(fd, file->bytes, size) || complain(f, name, "cannot be read");
}

static bool add_file(const struct folder *f, const char *path)
{
    const char *name = path + f->root_size, *bytes;
    size_t size;
    struct stat st;
    if (pii_files_find(name, &bytes, &size))
        return true;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 ? keep(f, name, fd, (size_t)st.st_size)
                                             : complain(f, name, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool add_folder(const struct folder *f);

static bool add_entry(const struct folder *f, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int size = snprintf(path, sizeof(path), "%s/%s", f->path, name);
    if (name[0] == '.')
        return true;
    if (size < 0 || (size_t)size >= sizeof(path) || stat(path, &st) != 0)
        return complain(f, name, "cannot be read");
    if (S_ISREG(st.st_mode))
        return add_file(f, path);
    struct folder below = *f;
    below.path = path;
    below.depth++;
    return !S_ISDIR(st.st_mode) || below.depth > DEPTH_MAX || add_folder(&below);
}

static bool add_folder(const struct folder *f)
{
    struct dirent **entries;
    int count = scandir(f->path, &entries, NULL, alphasort);
    bool ok = count >= 0 || complain(f, f->path, strerror(errno));
    for (int i = 0; i < count; i++) {
        ok = ok && add_entry(f, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return ok;
}

bool pii_files_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    const char *path;
    for (uint32_t i = 0; OBJLENS_HOST_HAS(host, preload_folder) && host->preload_folder(i, &path) == OBJLENS_OK; i++) {
        struct folder f = {.path = path, .root_size = strlen(path) + 1, .reason = reason, .reason_size = reason_size};
        if (!add_folder(&f)) {
            pii_files_drop();
            return false;
        }
    }
    return true;
}

bool pii_files_find(const char *name, const char **bytes, size_t *size)
{
    for (size_t i = 0; i < files.count; i++)
        if (strcmp(files.file[i].name, name) == 0) {
            *bytes = files.file[i].bytes;
            *size = files.file[i].size;
            return true;
        }
    return false;
}

bool pii_files_is_key(const char *name)
{
    size_t size = strlen(name);
    return size >= 4 && strcasecmp(name + size - 4, ".key") == 0;
}

void pii_files_drop(void)
{
    for (size_t i = 0; i < files.count; i++) {
        OPENSSL_cleanse(files.file[i].bytes, files.file[i].size);
        free(files.file[i].bytes);
    }
    files.count = files.bytes = 0;
}
