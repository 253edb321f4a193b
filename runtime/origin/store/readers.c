/* SPDX-License-Identifier: MIT */
/* The pool of read-only connections, and the lookup of one row. */
#include "origin/store/readers.h"

#include "base/alloc.h"

static const char find_sql[] =
    "SELECT o.size, o.etag, o.modified_ms, o.headers, o.file, b.body FROM objects o"
    " LEFT JOIN bodies b ON b.id = o.body WHERE o.bucket = ?1 AND o.key = ?2";
/* From a key on; the caller stops. */
static const char list_sql[] = "SELECT key, size, etag, modified_ms FROM objects"
                               " WHERE bucket = ?1 AND key >= ?2 ORDER BY key";

enum { FIND_SIZE, FIND_ETAG, FIND_MODIFIED, FIND_HEADERS, FIND_FILE, FIND_BODY };

static int open_one(ol_reader *reader, const char *path, ol_error *err)
{
    int result = ol_db_open_reader(&reader->db, path, err);
    if (result == OL_OK)
        result = ol_db_prepare(reader->db, &reader->find, find_sql, err);
    if (result == OL_OK)
        result = ol_db_prepare(reader->db, &reader->list, list_sql, err);
    if (result == OL_OK)
        result = ol_db_prepare(reader->db, &reader->begin, "BEGIN", err);
    if (result == OL_OK)
        result = ol_db_prepare(reader->db, &reader->end, "ROLLBACK", err);
    return result;
}

int ol_readers_open(ol_readers *readers, const char *path, unsigned count, ol_error *err)
{
    *readers = (ol_readers){.count = 0};
    pthread_mutex_init(&readers->lock, NULL);
    pthread_cond_init(&readers->back, NULL);
    readers->all = ol_calloc(count, sizeof *readers->all);
    if (!readers->all)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for readers");
    readers->count = count;
    for (unsigned i = 0; i < count; i++) {
        int result = open_one(&readers->all[i], path, err);
        if (result != OL_OK)
            return result;
        ol_readers_give(readers, &readers->all[i]);
    }
    return OL_OK;
}

void ol_readers_close(ol_readers *readers)
{
    for (unsigned i = 0; i < readers->count; i++)
        ol_db_close(readers->all[i].db);
    if (readers->all) {
        ol_free(readers->all);
        pthread_mutex_destroy(&readers->lock);
        pthread_cond_destroy(&readers->back);
    }
    *readers = (ol_readers){.count = 0};
}

ol_reader *ol_readers_take(ol_readers *readers)
{
    pthread_mutex_lock(&readers->lock);
    while (!readers->idle)
        pthread_cond_wait(&readers->back, &readers->lock);
    ol_reader *reader = readers->idle;
    readers->idle = reader->next;
    pthread_mutex_unlock(&readers->lock);
    return reader;
}

void ol_readers_give(ol_readers *readers, ol_reader *reader)
{
    pthread_mutex_lock(&readers->lock);
    reader->next = readers->idle;
    readers->idle = reader;
    pthread_cond_signal(&readers->back);
    pthread_mutex_unlock(&readers->lock);
}

static int malformed(ol_error *err)
{
    return ol_error_set(err, OL_EORIGIN, "store: a row of the database is malformed");
}

/* The row under the statement's cursor. Exactly one of file and body must be there. */
static int entry_from_row(sqlite3_stmt *stmt, const ol_row_want *want, ol_entry **entry,
                          ol_error *err)
{
    int64_t size = sqlite3_column_int64(stmt, FIND_SIZE);
    bool has_file = sqlite3_column_type(stmt, FIND_FILE) != SQLITE_NULL;
    bool has_body = sqlite3_column_type(stmt, FIND_BODY) != SQLITE_NULL;
    ol_slice file = ol_db_column(stmt, FIND_FILE);
    ol_slice body = ol_db_column(stmt, FIND_BODY);
    if (size < 0 || has_file == has_body || (has_file && file.len != OL_FILE_ID_BYTES) ||
        (has_body && body.len != (uint64_t)size))
        return malformed(err);
    ol_entry_spec spec = {
        .origin = want->origin,
        .bucket = want->bucket,
        .key = want->key,
        .headers_blob = ol_db_column(stmt, FIND_HEADERS),
        .etag = ol_db_column(stmt, FIND_ETAG),
        .size = (uint64_t)size,
        .modified_ms = sqlite3_column_int64(stmt, FIND_MODIFIED),
        .in_memory = has_body || (uint64_t)size <= want->memory_bytes_max,
        .account = want->account,
    };
    int result = ol_entry_new(entry, &spec, err);
    if (result != OL_OK)
        return result;
    (*entry)->has_file = has_file;
    if (has_file)
        memcpy((*entry)->file.bytes, file.data, OL_FILE_ID_BYTES);
    else if (body.len > 0)
        memcpy((*entry)->body_space, body.data, body.len);
    return OL_OK;
}

int ol_reader_find(ol_reader *reader, const ol_row_want *want, ol_entry **entry, ol_error *err)
{
    *entry = NULL;
    sqlite3_stmt *stmt = reader->find;
    sqlite3_bind_int64(stmt, 1, want->bucket_id);
    int rc = ol_db_bind(stmt, 2, want->key);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    int result;
    if (rc == SQLITE_ROW)
        result = entry_from_row(stmt, want, entry, err);
    else if (rc == SQLITE_DONE)
        result = ol_error_set(err, OL_ENOSUCHKEY, NULL);
    else
        result = ol_db_fail(reader->db, rc, "read a row", err);
    ol_db_reset(stmt);
    return result;
}
