/* SPDX-License-Identifier: MIT */
/*
 * The files of the data folder: their names, and the durable steps of an upload
 * (create, write, sync, publish, sync of the shelf).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/encode.h"
#include "origin/store/folder.h"
#include "origin/store/hooks.h"

#define RANDOM_BYTES (OL_FILE_ID_BYTES - 1)
#define DIGITS (2 * RANDOM_BYTES)

int ol_file_id_make(ol_file_id *id)
{
    id->bytes[0] = 0;
    ssize_t got = getrandom(id->bytes + 1, RANDOM_BYTES, 0);
    return got == RANDOM_BYTES ? OL_OK : OL_EINTERNAL;
}

static const char *temp_path(const ol_file_id *id, char out[OL_FILE_PATH_SIZE])
{
    memcpy(out, "tmp/", 4);
    ol_hex_encode(id->bytes + 1, RANDOM_BYTES, out + 4);
    return out;
}

static const char *object_path(const ol_file_id *id, char out[OL_FILE_PATH_SIZE])
{
    int len = snprintf(out, OL_FILE_PATH_SIZE, "objects/%02x/", id->bytes[0]);
    ol_hex_encode(id->bytes + 1, RANDOM_BYTES, out + len);
    return out;
}

/* The system call's result, or -errno. */
static int outcome(int result)
{
    return result < 0 ? -errno : result;
}

int ol_folder_temp_create(const ol_folder *folder, const ol_file_id *id)
{
    char path[OL_FILE_PATH_SIZE];
    int fault = ol_store_at(OL_STORE_TEMP_CREATE, temp_path(id, path));
    if (fault)
        return -fault;
    int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW;
    return outcome(openat(folder->root_fd, path, flags, 0600));
}

int ol_folder_temp_remove(const ol_folder *folder, const ol_file_id *id)
{
    char path[OL_FILE_PATH_SIZE];
    return outcome(unlinkat(folder->root_fd, temp_path(id, path), 0));
}

int ol_folder_temp_write(int fd, const ol_file_id *id, ol_slice bytes, uint64_t offset)
{
    char path[OL_FILE_PATH_SIZE];
    int fault = ol_store_at(OL_STORE_FILE_WRITE, temp_path(id, path));
    if (fault)
        return -fault;
    while (bytes.len > 0) {
        ssize_t put = pwrite(fd, bytes.data, bytes.len, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? -errno : -EIO;
        bytes = ol_slice_from(bytes, (size_t)put);
        offset += (uint64_t)put;
    }
    return 0;
}

int ol_folder_temp_sync(int fd, const ol_file_id *id)
{
    char path[OL_FILE_PATH_SIZE];
    int fault = ol_store_at(OL_STORE_FILE_SYNC, temp_path(id, path));
    if (fault)
        return -fault;
    if (fdatasync(fd) != 0)
        return -errno;
    return -ol_store_at(OL_STORE_FILE_SYNCED, path);
}

int ol_folder_publish(const ol_folder *folder, const ol_file_id *id)
{
    char from[OL_FILE_PATH_SIZE], to[OL_FILE_PATH_SIZE];
    int fault = ol_store_at(OL_STORE_RENAME, temp_path(id, from));
    if (fault)
        return -fault;
    if (renameat(folder->root_fd, from, folder->root_fd, object_path(id, to)) != 0)
        return -errno;
    return -ol_store_at(OL_STORE_RENAMED, to);
}

int ol_folder_shelf_sync(const ol_folder *folder, uint8_t shelf)
{
    char path[OL_FILE_PATH_SIZE];
    snprintf(path, sizeof path, "objects/%02x", shelf);
    int fault = ol_store_at(OL_STORE_SHELF_SYNC, path);
    if (fault)
        return -fault;
    int fd = openat(folder->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    int result = outcome(fsync(fd));
    close(fd);
    return result < 0 ? result : -ol_store_at(OL_STORE_SHELF_SYNCED, path);
}

int ol_folder_object_open(const ol_folder *folder, const ol_file_id *id)
{
    char path[OL_FILE_PATH_SIZE];
    int fault = ol_store_at(OL_STORE_FILE_OPEN, object_path(id, path));
    if (fault)
        return -fault;
    return outcome(openat(folder->root_fd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
}

int ol_folder_object_remove(const ol_folder *folder, const ol_file_id *id)
{
    char path[OL_FILE_PATH_SIZE];
    int fault = ol_store_at(OL_STORE_UNLINK, object_path(id, path));
    if (fault)
        return -fault;
    return outcome(unlinkat(folder->root_fd, path, 0));
}

static int each_on_shelf(const ol_folder *folder, uint8_t shelf,
                         void (*visit)(void *arg, const ol_file_id *id), void *arg)
{
    char path[OL_FILE_PATH_SIZE];
    snprintf(path, sizeof path, "objects/%02x", shelf);
    int fd = openat(folder->root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int number = errno;
        if (fd >= 0)
            close(fd);
        return -number;
    }
    for (struct dirent *item; (item = readdir(dir)) != NULL;) {
        ol_file_id id = {{shelf}};
        size_t len;
        ol_slice name = ol_slice_cstr(item->d_name);
        /* What has not one of our names is not ours to remove. */
        if (name.len == DIGITS && ol_hex_decode(name, id.bytes + 1, RANDOM_BYTES, &len) == OL_OK)
            visit(arg, &id);
    }
    closedir(dir);
    return 0;
}

int ol_folder_each_object(const ol_folder *folder, void (*visit)(void *arg, const ol_file_id *id),
                          void *arg)
{
    for (unsigned shelf = 0; shelf < OL_FILE_SHELVES; shelf++) {
        int result = each_on_shelf(folder, (uint8_t)shelf, visit, arg);
        if (result < 0)
            return result;
    }
    return 0;
}
