/* SPDX-License-Identifier: MIT */
#include "view/disk_slots.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"

#define FREE_CAP_FIRST 64u

/* ---- the file ---- */

/* For file systems that make no files without a name. */
static int open_unlinked(const char *folder)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof(path), "%s/views-XXXXXX", folder) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    if (unlink(path) == 0)
        return fd;
    int failed = errno;
    close(fd);
    return -failed;
}

static int open_nameless(const char *folder)
{
    int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        return fd;
    bool unsupported = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL;
    return unsupported ? open_unlinked(folder) : -errno;
}

int ol_view_slots_open(ol_view_slots *slots, const char *folder, ol_error *err)
{
    *slots = (ol_view_slots){.fd = -1};
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return ol_error_set(err, OL_EINVAL, "views on disk: cannot make %s: %s", folder,
                            strerror(errno));
    int fd = open_nameless(folder);
    if (fd < 0)
        return ol_error_set(err, OL_EINVAL, "views on disk: cannot write in %s: %s", folder,
                            strerror(-fd));
    slots->fd = fd;
    slots->punches = fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                               OL_VIEW_BLOCK_BYTES) == 0;
    pthread_mutex_init(&slots->lock, NULL);
    return OL_OK;
}

void ol_view_slots_close(ol_view_slots *slots)
{
    if (slots->fd < 0)
        return;
    close(slots->fd);
    slots->fd = -1;
    pthread_mutex_destroy(&slots->lock);
    ol_free(slots->free);
}

/* ---- places ---- */

/* Called before the file gets another place, so that giving back cannot fail. */
static int make_room(ol_view_slots *slots)
{
    if (slots->used < slots->free_cap)
        return OL_OK;
    size_t cap = slots->free_cap ? slots->free_cap * 2 : FREE_CAP_FIRST;
    uint64_t *list = ol_realloc(slots->free, cap * sizeof(*list));
    if (!list)
        return OL_ENOMEM;
    slots->free = list;
    slots->free_cap = cap;
    return OL_OK;
}

int ol_view_slots_take(ol_view_slots *slots, uint64_t *slot)
{
    pthread_mutex_lock(&slots->lock);
    int rc = OL_OK;
    if (slots->free_count > 0)
        *slot = slots->free[--slots->free_count];
    else if ((rc = make_room(slots)) == OL_OK)
        *slot = slots->used++;
    pthread_mutex_unlock(&slots->lock);
    return rc;
}

static off_t offset_of(uint64_t slot)
{
    return (off_t)(slot * OL_VIEW_BLOCK_BYTES);
}

void ol_view_slots_give(ol_view_slots *slots, uint64_t slot)
{
    /* Where this is not supported, the room is used again by the next block in this place. */
    (void)fallocate(slots->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_of(slot),
                    OL_VIEW_BLOCK_BYTES);
    pthread_mutex_lock(&slots->lock);
    slots->free[slots->free_count++] = slot;
    pthread_mutex_unlock(&slots->lock);
}

/* ---- bytes ---- */

int ol_view_slots_write(const ol_view_slots *slots, uint64_t slot, ol_slice bytes)
{
    off_t offset = offset_of(slot);
    for (size_t at = 0; at < bytes.len;) {
        ssize_t put = pwrite(slots->fd, bytes.data + at, bytes.len - at, offset + (off_t)at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? -errno : -ENOSPC;
        at += (size_t)put;
    }
    return 0;
}

int ol_view_slots_read(const ol_view_slots *slots, uint64_t slot, ol_span bytes)
{
    off_t offset = offset_of(slot);
    for (size_t at = 0; at < bytes.len;) {
        ssize_t got = pread(slots->fd, bytes.data + at, bytes.len - at, offset + (off_t)at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got < 0 ? -errno : -ENODATA;
        at += (size_t)got;
    }
    return 0;
}
