/* SPDX-License-Identifier: MIT */
/*
 * Where blocks stand on disk: places of one size in one file that has no name. One file for all
 * views, because each open file costs a descriptor and there may be very many small views. A place
 * that is given back is punched out of the file, so that the disk has its room again.
 *
 * All calls block; any thread. Failures of the disk are -errno.
 */
#ifndef OL_VIEW_DISK_SLOTS_H
#define OL_VIEW_DISK_SLOTS_H

#include <pthread.h>

#include "base/error.h"
#include "view/disk.h"

typedef struct ol_view_slots {
    int fd;
    bool punches; /* a place that is given back leaves the disk at once */
    pthread_mutex_t lock;
    uint64_t used;  /* places the file has, in use or free */
    uint64_t *free; /* a stack; always has room for all of them */
    size_t free_count, free_cap;
} ol_view_slots;

/* Makes the folder when it is missing. OL_OK, or OL_EINVAL when it cannot be used. */
int ol_view_slots_open(ol_view_slots *slots, const char *folder, ol_error *err);
void ol_view_slots_close(ol_view_slots *slots);

/* OL_OK or OL_ENOMEM. */
int ol_view_slots_take(ol_view_slots *slots, uint64_t *slot);
void ol_view_slots_give(ol_view_slots *slots, uint64_t slot);

/* 0 or -errno. */
int ol_view_slots_write(const ol_view_slots *slots, uint64_t slot, ol_slice bytes);
/* 0, -errno, or -ENODATA when the file is shorter. */
int ol_view_slots_read(const ol_view_slots *slots, uint64_t slot, ol_span bytes);

#endif
