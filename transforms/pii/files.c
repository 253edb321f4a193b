/* SPDX-License-Identifier: MIT */
#include "files.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "../kit/folders.h"

static struct {
    size_t count, bytes;
    struct file {
        char name[PII_FILE_NAME_MAX + 1];
        char *bytes;
        size_t size;
    } file[PII_FILES_MAX];
} files;

struct complaint {
    char *reason;
    size_t size;
};

static bool complain(void *arg, const char *what, const char *why)
{
    struct complaint *to = arg;
    snprintf(to->reason, to->size, "preload_folders: %s: %s", what, why);
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

/* Of two files with the same name the first one counts. */
static bool is_new(void *arg, const char *name)
{
    const char *bytes;
    size_t size;
    (void)arg;
    return !pii_files_find(name, &bytes, &size);
}

static bool keep(void *arg, const char *name, int fd, size_t size)
{
    struct file *file = &files.file[files.count];
    if (strlen(name) > PII_FILE_NAME_MAX || files.count == PII_FILES_MAX)
        return complain(arg, name, "more files, or a longer name, than pii reads");
    if (size > PII_FILES_BYTES_MAX - files.bytes)
        return complain(arg, name, "more than pii reads, 64 MiB");
    file->bytes = malloc(size + 1);
    if (!file->bytes)
        return complain(arg, name, "out of memory");
    files.count++;
    files.bytes += size;
    file->size = size;
    strcpy(file->name, name);
    file->bytes[size] = '\0';
    return read_all(fd, file->bytes, size) || complain(arg, name, "cannot be read");
}

bool pii_files_load(const struct objlens_host *host, char *reason, size_t reason_size)
{
    struct complaint complaint = {reason, reason_size};
    const struct kit_visitor visitor = {.wants = is_new, .file = keep, .fault = complain, .arg = &complaint};
    if (kit_folders_each(host, &visitor))
        return true;
    pii_files_drop();
    return false;
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
