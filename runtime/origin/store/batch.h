/* SPDX-License-Identifier: MIT */
/*
 * One batch of changes, from queue to visible. The committer's thread only.
 */
#ifndef OL_ORIGIN_STORE_BATCH_H
#define OL_ORIGIN_STORE_BATCH_H

#include "origin/store/rows.h"
#include "origin/store/wal.h"

struct ol_store;

typedef struct ol_batcher {
    struct ol_store *store;
    ol_rows rows;
    ol_wal wal;
    uint8_t shelf; /* of the next batch that has files: each batch fills one, and syncs one */
    void (*on_broken)(void *arg, const char *reason);
    void *arg;
} ol_batcher;

/* Takes over the connection, also when it fails. Must not move afterwards. */
int ol_batcher_init(ol_batcher *batcher, struct ol_store *store, sqlite3 *db,
                    void (*on_broken)(void *arg, const char *reason), void *arg, ol_error *err);
/* `broken`: the log stays as it is. Copying it back once more could seem to succeed, because the
 * kernel takes pages that it failed to write for clean ones. */
void ol_batcher_fini(ol_batcher *batcher, bool broken);

/* Afterwards every change's err says how it went; nobody has been told yet. */
void ol_batch_commit(ol_batcher *batcher, ol_change *batch);

#endif
