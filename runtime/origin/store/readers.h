/* SPDX-License-Identifier: MIT */
/*
 * Read-only connections with their statements, one for each read thread: a reader sees the last
 * committed state, waits for no writer and no fsync. Blocking calls, for read threads only.
 */
#ifndef OL_ORIGIN_STORE_READERS_H
#define OL_ORIGIN_STORE_READERS_H

#include <pthread.h>

#include "origin/store/db.h"
#include "origin/store/entry.h"

typedef struct ol_reader {
    struct ol_reader *next;
    sqlite3 *db;
    sqlite3_stmt *find;
    sqlite3_stmt *list;
    sqlite3_stmt *begin, *end;
} ol_reader;

typedef struct ol_readers {
    pthread_mutex_t lock;
    pthread_cond_t back;
    ol_reader *idle;
    ol_reader *all;
    unsigned count;
} ol_readers;

int ol_readers_open(ol_readers *readers, const char *path, unsigned count, ol_error *err);
/* When none is in use any more. Harmless on zeroed memory. */
void ol_readers_close(ol_readers *readers);

/* Waits when all are in use, which does not happen with a thread each. */
ol_reader *ol_readers_take(ol_readers *readers);
void ol_readers_give(ol_readers *readers, ol_reader *reader);

/* What the database says about a key, before any file is opened. */
typedef struct ol_row_want {
    ol_origin *origin;
    int64_t bucket_id;
    ol_slice bucket, key;
    uint64_t memory_bytes_max; /* larger bodies get no room in the entry */
    atomic_size_t *account;    /* for entries with room */
} ol_row_want;

/* OL_OK with a new entry: its body filled in when it stands in the database; otherwise its file's
 * id, no descriptor, and room for the body if it is small enough. OL_ENOSUCHKEY, or another
 * error. */
int ol_reader_find(ol_reader *reader, const ol_row_want *want, ol_entry **entry, ol_error *err);

#endif
