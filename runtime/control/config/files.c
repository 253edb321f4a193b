/* SPDX-License-Identifier: MIT */
#include "control/config/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define STEP_BYTES 4096

static const char *reason(int number)
{
    switch (number) {
    case ENOENT:
    case ENOTDIR:
        return "does not exist";
    case EACCES:
    case EPERM:
        return "may not be read";
    case ELOOP:
        return "is a symbolic link";
    case EISDIR:
        return "is not a regular file";
    default:
        return "cannot be read";
    }
}

/* O_NONBLOCK: opening a named pipe must not wait for its writer. */
static int open_regular(const char *path, int flags, struct stat *st, const char **why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags);
    if (fd < 0) {
        *why = reason(errno);
        return -1;
    }
    if (fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    *why = reason(EISDIR);
    close(fd);
    errno = EISDIR;
    return -1;
}

const char *ol_file_unreadable(const char *path)
{
    const char *why = NULL;
    struct stat st;
    int fd = open_regular(path, 0, &st, &why);
    if (fd >= 0)
        close(fd);
    return why;
}

/* OL_DONE at the end. */
static int read_some(int fd, ol_buf *content)
{
    /* At the maximum, one byte more is tried on the stack: the file may end right there. */
    uint8_t beyond;
    size_t room = content->max - content->len < STEP_BYTES ? content->max - content->len : STEP_BYTES;
    int rc = room ? ol_buf_reserve(content, room) : OL_OK;
    if (rc != OL_OK)
        return rc;
    ssize_t got = read(fd, room ? content->data + content->len : &beyond, room ? room : 1);
    if (got < 0)
        return errno == EINTR ? OL_OK : OL_EINTERNAL;
    if (got == 0)
        return OL_DONE;
    if (room == 0)
        return OL_ELIMIT;
    content->len += (size_t)got;
    return OL_OK;
}

static int read_all(int fd, const char *path, ol_buf *content, ol_error *err)
{
    int rc;
    do
        rc = read_some(fd, content);
    while (rc == OL_OK);
    close(fd);
    if (rc == OL_DONE)
        return OL_OK;
    if (rc == OL_ENOMEM)
        return ol_error_set(err, OL_ENOMEM, "%s: out of memory", path);
    if (rc == OL_ELIMIT)
        return ol_error_set(err, OL_ECONFIG, "%s: is larger than %zu KiB", path,
                            content->max / 1024);
    return ol_error_set(err, OL_ECONFIG, "%s: cannot be read", path);
}

int ol_file_read(const char *path, ol_buf *content, ol_error *err)
{
    const char *why = NULL;
    struct stat st;
    int fd = open_regular(path, 0, &st, &why);
    if (fd < 0)
        return ol_error_set(err, OL_ECONFIG, "%s: %s", path, why);
    return read_all(fd, path, content, err);
}

int ol_file_read_text(const char *path, ol_buf *content, ol_error *err)
{
    int rc = ol_file_read(path, content, err);
    if (rc != OL_OK || content->len == 0 || content->data[content->len - 1] != '\n')
        return rc;
    content->len--;
    if (content->len > 0 && content->data[content->len - 1] == '\r')
        content->len--;
    return OL_OK;
}

int ol_file_read_private(const char *path, ol_buf *content, ol_error *err)
{
    const char *why = NULL;
    struct stat st;
    int fd = open_regular(path, O_NOFOLLOW, &st, &why);
    if (fd < 0 && errno == ENOENT)
        return OL_SKIP;
    if (fd < 0)
        return ol_error_set(err, OL_ECONFIG, "%s: %s", path, why);
    if (st.st_mode & 077)
        why = "is open to group or others (mode 0600 is wanted)";
    else if (st.st_uid != 0 && st.st_uid != geteuid())
        why = "belongs to another user";
    if (!why)
        return read_all(fd, path, content, err);
    close(fd);
    return ol_error_set(err, OL_ECONFIG, "%s: %s", path, why);
}
