/* SPDX-License-Identifier: MIT */
/*
 * The write-ahead log of the database: how long it is, when it is copied back, and what is done
 * to it when a commit failed. The committer's thread only.
 */
#ifndef OL_ORIGIN_STORE_WAL_H
#define OL_ORIGIN_STORE_WAL_H

#include <sqlite3.h>

#include "base/error.h"

typedef struct ol_wal {
    sqlite3 *db;
    int root_fd;
    int frames;        /* known to be committed; 0 when all have been copied back */
    int checkpoint_at; /* frames at which the next checkpoint is tried */
    void (*on_broken)(void *arg, const char *reason);
    void *arg;
} ol_wal;

void ol_wal_init(ol_wal *wal, sqlite3 *db, int root_fd,
                 void (*on_broken)(void *arg, const char *reason), void *arg);
/* After the answers of a batch: a checkpoint if it is time. Readers do not wait for it. */
void ol_wal_tidy(ol_wal *wal);
/* After a commit whose sync failed: cut off what it wrote, so that a later recovery does not
 * find a commit that was reported as failed. The database must not be written any more. */
void ol_wal_cut(ol_wal *wal);

#endif
