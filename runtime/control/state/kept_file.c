/* SPDX-License-Identifier: MIT */
#include "control/state/kept_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control/config/files.h"

#define FILE_NAME "control.json"
#define LOCK_NAME "control.lock"
#define NEW_ENDING ".new"

static bool join(char out[4096], const char *folder, const char *name)
{
    int len = snprintf(out, 4096, "%s/%s", folder, name);
    return len > 0 && len + (int)sizeof(NEW_ENDING) < 4096;
}

static int open_lock(const char *path, ol_error *err)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        ol_error_set(err, OL_ECONFIG, "%s: cannot be made: %s", path, strerror(errno));
        return -1;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    ol_error_set(err, OL_ECONFIG, "%s: another process has the data folder", path);
    return -1;
}

int ol_kept_file_look(ol_kept_file *file, const char *data_path, ol_error *err)
{
    file->lock_fd = -1;
    if (!join(file->path, data_path, FILE_NAME))
        return ol_error_set(err, OL_ECONFIG, "the path of the data folder is too long");
    return OL_OK;
}

int ol_kept_file_open(ol_kept_file *file, const char *data_path, ol_error *err)
{
    char lock[4096];
    int rc = ol_kept_file_look(file, data_path, err);
    if (rc != OL_OK)
        return rc;
    if (!join(lock, data_path, LOCK_NAME))
        return ol_error_set(err, OL_ECONFIG, "the path of the data folder is too long");
    if (mkdir(data_path, 0700) != 0 && errno != EEXIST)
        return ol_error_set(err, OL_ECONFIG, "%s: cannot be made: %s", data_path, strerror(errno));
    file->lock_fd = open_lock(lock, err);
    return file->lock_fd >= 0 ? OL_OK : OL_ECONFIG;
}

void ol_kept_file_close(ol_kept_file *file)
{
    if (file->lock_fd >= 0)
        close(file->lock_fd);
    file->lock_fd = -1;
}

int ol_kept_file_read(ol_kept_file *file, ol_buf *text, ol_error *err)
{
    return ol_file_read_private(file->path, text, err);
}

/* ---- writing ---- */

static bool write_all(int fd, ol_slice text)
{
    while (text.len > 0) {
        ssize_t put = write(fd, text.data, text.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        text = ol_slice_from(text, (size_t)put);
    }
    return true;
}

static bool write_new(const char *path, ol_slice text)
{
    unlink(path); /* left by a crash */
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return false;
    bool ok = write_all(fd, text) && fsync(fd) == 0;
    int reason = errno;
    ok = close(fd) == 0 && ok;
    errno = reason;
    return ok;
}

static bool sync_folder_of(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    int fd = open(folder[0] ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

static int explain(const char *path, int reason, ol_error *err)
{
    bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
    return ol_error_set(err, full ? OL_ENOSPACE : OL_EINTERNAL, "%s: cannot be written: %s", path,
                        strerror(reason));
}

int ol_kept_file_write(ol_kept_file *file, ol_slice text, ol_error *err)
{
    char path[4096 + sizeof(NEW_ENDING)];
    snprintf(path, sizeof(path), "%s" NEW_ENDING, file->path);
    if (!write_new(path, text)) {
        int reason = errno;
        unlink(path);
        return explain(path, reason, err);
    }
    if (rename(path, file->path) == 0 && sync_folder_of(file->path))
        return OL_OK;
    int reason = errno;
    unlink(path);
    return explain(file->path, reason, err);
}
