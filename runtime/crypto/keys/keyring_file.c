/* SPDX-License-Identifier: MIT */
/*
 * The keyring's file. It is replaced as a whole: written beside, forced to the disk, renamed over the
 * old one, the folder forced as well. Whoever dies in between leaves the old one. Readers refuse a file
 * that others may read, or that somebody else could have put there.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "crypto/keys/key_file.h"
#include "crypto/keys/keyring.h"

#define PATH_SIZE 4096

static int fail(ol_error *err, const char *path, const char *what)
{
    return ol_error_say(err, OL_ECONFIG, "keyring %.200s: %s: %s", path, what, strerror(errno));
}

/* ---- reading ---- */

static void stamp_of(const struct stat *st, ol_keyring_stamp *stamp)
{
    *stamp = (ol_keyring_stamp){.device = (uint64_t)st->st_dev,
                                .inode = (uint64_t)st->st_ino,
                                .size = (uint64_t)st->st_size,
                                .changed_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 +
                                              st->st_ctim.tv_nsec};
}

int ol_keyring_look(const char *path, ol_keyring_stamp *stamp, ol_error *err)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return fail(err, path, "cannot be looked at");
    stamp_of(&st, stamp);
    return OL_OK;
}

static int parse_named(ol_keyring **ring, const char *path, ol_slice text, ol_error *err)
{
    ol_error why = {0};
    int rc = ol_keyring_parse(ring, text, &why);
    if (rc == OL_OK || rc == OL_ENOMEM)
        return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "keyring");
    return ol_error_say(err, rc, "keyring %.150s: %.150s", path,
                        strncmp(why.message, "keyring: ", 9) == 0 ? why.message + 9 : why.message);
}

int ol_keyring_load(ol_keyring **ring, const char *path, ol_keyring_stamp *stamp, ol_error *err)
{
    struct stat st;
    ol_buf text;
    const ol_key_file file = {
        .what = "keyring", .path = path, .bytes_max = OL_KEYRING_FILE_BYTES_MAX};
    ol_buf_init_secret(&text, OL_KEYRING_FILE_BYTES_MAX + 1);
    int rc = ol_key_file_read(&file, &text, &st, err);
    if (rc == OL_OK)
        rc = parse_named(ring, path, ol_buf_slice(&text), err);
    ol_buf_fini(&text);
    if (rc == OL_OK && stamp)
        stamp_of(&st, stamp);
    return rc;
}

/* ---- writing ---- */

static int write_all(int fd, ol_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = write(fd, bytes.data, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return OL_ENOSPACE;
        bytes = ol_slice_from(bytes, (size_t)n);
    }
    return OL_OK;
}

static int sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash)
        slash[slash == folder] = '\0';
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd >= 0 && fsync(fd) == 0 ? OL_OK : OL_ENOSPACE;
    if (fd >= 0)
        close(fd);
    return rc;
}

static int put_in_place(const char *path, ol_slice text, ol_error *err)
{
    char beside[PATH_SIZE];
    int len = snprintf(beside, sizeof beside, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof beside)
        return ol_error_say(err, OL_ECONFIG, "keyring: its path is too long");
    int fd = mkostemp(beside, O_CLOEXEC); /* 0600 */
    if (fd < 0)
        return fail(err, path, "a file beside it cannot be made");
    bool written = write_all(fd, text) == OL_OK && fsync(fd) == 0;
    written = close(fd) == 0 && written;
    if (!written || rename(beside, path) != 0) {
        fail(err, path, "cannot be written");
        unlink(beside);
        return OL_ECONFIG;
    }
    return sync_folder(path) == OL_OK ? OL_OK : fail(err, path, "its folder cannot be synced");
}

int ol_keyring_save(const ol_keyring *ring, const char *path, ol_error *err)
{
    ol_buf text;
    ol_buf_init_secret(&text, OL_KEYRING_FILE_BYTES_MAX);
    int rc = ol_keyring_format(ring, &text);
    if (rc == OL_OK)
        rc = put_in_place(path, ol_buf_slice(&text), err);
    else
        ol_error_set(err, rc, "keyring: too large to be written");
    ol_buf_fini(&text);
    return rc;
}

/* ---- one at a time ---- */

int ol_keyring_lock(const char *path, int *lock, ol_error *err)
{
    char name[PATH_SIZE];
    int len = snprintf(name, sizeof name, "%s.lock", path);
    if (len < 0 || (size_t)len >= sizeof name)
        return ol_error_say(err, OL_ECONFIG, "keyring: its path is too long");
    int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return fail(err, name, "cannot be made");
    while (flock(fd, LOCK_EX) != 0) {
        if (errno == EINTR)
            continue;
        fail(err, name, "cannot be locked");
        close(fd);
        return OL_ECONFIG;
    }
    *lock = fd;
    return OL_OK;
}

void ol_keyring_unlock(int lock)
{
    close(lock);
}
