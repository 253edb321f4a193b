/* SPDX-License-Identifier: MIT */
/*
 * Read-only connections with their statements, one for each pool thread: a reader sees the last
 * committed state, waits for no writer and no fsync. Blocking calls, for pool threads only.
 */
#ifndef OL_ORIGIN_STORE_READERS_H
#define OL_ORIGIN_STORE_READERS_H

#include <pthread.h>

#include "origin/store/db.h"
#include "origin/store/entry.h"

/* Columns of the statements that others step through. */
enum {
    OL_PART_NUMBER,
    OL_PART_SIZE,
    OL_PART_ETAG,
    OL_PART_MODIFIED,
    OL_PART_CHECKSUM,
    OL_PART_FILE,
    OL_PART_MARK
};
enum {
    OL_UPLOAD_ROW,
    OL_UPLOAD_CHECKSUM,
    OL_UPLOAD_COMPOSITE,
    OL_UPLOAD_INITIATOR,
    OL_UPLOAD_OWNER,
    OL_UPLOAD_RECORD
};
enum {
    OL_UPLOADS_KEY,
    OL_UPLOADS_ID,
    OL_UPLOADS_INITIATED,
    OL_UPLOADS_CHECKSUM,
    OL_UPLOADS_COMPOSITE,
    OL_UPLOADS_INITIATOR,
    OL_UPLOADS_OWNER
};
enum { OL_LIST_KEY, OL_LIST_SIZE, OL_LIST_ETAG, OL_LIST_MODIFIED, OL_LIST_CHECKSUM };

typedef struct ol_reader {
    struct ol_reader *next;
    sqlite3 *db;
    sqlite3_stmt *find;
    sqlite3_stmt *list;
    sqlite3_stmt *parts, *parts_count, *parts_of; /* of a set; of an object: its set */
    sqlite3_stmt *upload, *uploads;
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

/* Waits when all are in use, which does not happen with one for each thread. */
ol_reader *ol_readers_take(ol_readers *readers);
void ol_readers_give(ol_readers *readers, ol_reader *reader);

/* What the database says about a key, before any file is opened. */
typedef struct ol_row_want {
    ol_origin *origin;
    int64_t bucket_id;
    ol_slice bucket, key;
    uint64_t memory_bytes_max; /* larger bodies get no room in the entry */
    struct ol_pages *pages;    /* for larger bodies; may be NULL */
    atomic_size_t *account;    /* for entries with room */
    int64_t part_set;          /* the caller has pinned this set of parts; 0 = none */
} ol_row_want;

/* OL_OK with a new entry: its body filled in when it stands in the database; otherwise its file's
 * id or its parts, no descriptor, and room for the body if it is small enough. OL_SKIP: it has
 * parts, and want->part_set says now which set must be pinned first. OL_ENOSUCHKEY, or another
 * error. */
int ol_reader_find(ol_reader *reader, ol_row_want *want, ol_entry **entry, ol_error *err);

/* What an upload in parts wants of its parts. */
typedef struct ol_upload_found {
    int64_t id;
    char checksum_name[12];
    bool checksum_composite;
} ol_upload_found;
/* OL_OK or OL_ENOSUCHUPLOAD. `record` (may be NULL) gets how it is encrypted, if it is. */
int ol_reader_find_upload(ol_reader *reader, int64_t bucket_id, ol_slice key, ol_slice upload_id,
                          ol_upload_found *found, ol_buf *record, ol_error *err);

/* Several statements on one state of the database. `begin` OL_OK: `end` must follow. */
int ol_reader_begin(ol_reader *reader, ol_error *err);
void ol_reader_end(ol_reader *reader);

#endif
