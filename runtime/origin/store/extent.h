/* SPDX-License-Identifier: MIT */
/*
 * The file in which a stretch of a body stands. A plain object has one file, which its entry
 * keeps open; one that was uploaded in parts has a file a part, and a reader opens one at a time.
 * One reader, one thread at a time.
 */
#ifndef OL_ORIGIN_STORE_EXTENT_H
#define OL_ORIGIN_STORE_EXTENT_H

#include "origin/store/entry.h"

typedef struct ol_extent {
    int fd;              /* -1: none is open */
    bool own;            /* close it */
    uint64_t start, end; /* of the object: what the file holds */
} ol_extent;

/* The entry's file, or none yet. Only for entries that are not in memory. */
void ol_extent_init(ol_extent *extent, const ol_entry *entry);
/* Any thread; closing goes to the janitor. */
void ol_extent_fini(ol_extent *extent, struct ol_janitor *janitor);

static inline bool ol_extent_covers(const ol_extent *extent, uint64_t at)
{
    return at >= extent->start && at < extent->end;
}

/* Blocking: open the file in which `at` stands, unless it is. 0 or an errno. */
int ol_extent_seek(ol_extent *extent, const ol_folder *folder, const ol_entry *entry, uint64_t at);

#endif
