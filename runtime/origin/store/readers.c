/* SPDX-License-Identifier: MIT */
/* The pool of read-only connections, and the lookup of one row. */
#include "origin/store/readers.h"

#include "base/alloc.h"
#include "origin/store/checksum_text.h"
#include "origin/store/rows.h"
#include "s3/upload/checksum_parts.h"

static const char find_sql[] =
    "SELECT o.size, o.etag, o.modified_ms, o.headers, o.file, b.body, o.checksum, o.tags, o.acl,"
    " o.parts, o.record, o.mark FROM objects o LEFT JOIN bodies b ON b.id = o.body"
    " WHERE o.bucket = ?1 AND o.key = ?2";
/* From a key on; the caller stops. */
static const char list_sql[] = "SELECT key, size, etag, modified_ms, checksum FROM objects"
                               " WHERE bucket = ?1 AND key >= ?2 ORDER BY key";
static const char parts_sql[] = "SELECT number, size, etag, modified_ms, checksum, file, mark FROM parts"
                                " WHERE owner = ?1 AND number > ?2 ORDER BY number";
static const char parts_of_sql[] = "SELECT parts, checksum, etag FROM objects"
                                   " WHERE bucket = ?1 AND key = ?2";
static const char upload_sql[] = "SELECT id, checksum, composite, initiator, owner, record FROM uploads"
                                 " WHERE bucket = ?1 AND key = ?2 AND upload = ?3";
/* From a key and an id on; the caller stops. */
static const char uploads_sql[] =
    "SELECT key, upload, initiated_ms, checksum, composite, initiator, owner FROM uploads"
    " WHERE bucket = ?1 AND (key, upload) >= (?2, ?3) ORDER BY key, upload";

enum {
    FIND_SIZE,
    FIND_ETAG,
    FIND_MODIFIED,
    FIND_HEADERS,
    FIND_FILE,
    FIND_BODY,
    FIND_CHECKSUM,
    FIND_TAGS,
    FIND_ACL,
    FIND_PARTS,
    FIND_RECORD,
    FIND_MARK
};

static int open_one(ol_reader *reader, const char *path, ol_error *err)
{
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } all[] = {
        {&reader->find, find_sql},
        {&reader->list, list_sql},
        {&reader->parts, parts_sql},
        {&reader->parts_count, "SELECT count(*) FROM parts WHERE owner = ?1"},
        {&reader->parts_of, parts_of_sql},
        {&reader->upload, upload_sql},
        {&reader->uploads, uploads_sql},
        {&reader->begin, "BEGIN"},
        {&reader->end, "ROLLBACK"},
    };
    int result = ol_db_open_reader(&reader->db, path, err);
    for (size_t i = 0; result == OL_OK && i < sizeof all / sizeof *all; i++)
        result = ol_db_prepare(reader->db, all[i].stmt, all[i].sql, err);
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

/* What every entry has, whatever its body. */
static ol_entry_spec spec_of_row(sqlite3_stmt *stmt, const ol_row_want *want)
{
    ol_entry_spec spec = {
        .origin = want->origin,
        .bucket = want->bucket,
        .key = want->key,
        .headers_blob = ol_db_column(stmt, FIND_HEADERS),
        .tags = ol_db_column(stmt, FIND_TAGS),
        .acl = ol_db_column(stmt, FIND_ACL),
        .etag = ol_db_column(stmt, FIND_ETAG),
        .record = ol_db_column(stmt, FIND_RECORD),
        .mark = ol_db_column(stmt, FIND_MARK),
        .size = (uint64_t)sqlite3_column_int64(stmt, FIND_SIZE),
        .modified_ms = sqlite3_column_int64(stmt, FIND_MODIFIED),
        .pages = want->pages,
        .account = want->account,
    };
    ol_checksum_unpack(ol_db_column(stmt, FIND_CHECKSUM), &spec.checksum);
    /* The parts of an encrypted object are opened one by one. */
    bool sealed_parts = spec.record.len > 0 && sqlite3_column_int64(stmt, FIND_PARTS) != 0;
    spec.in_memory = spec.size <= want->memory_bytes_max && !sealed_parts;
    return spec;
}

/* The row under the statement's cursor, of a plain object. Exactly one of file and body must be
 * there. */
static int entry_from_row(sqlite3_stmt *stmt, const ol_row_want *want, ol_entry **entry,
                          ol_error *err)
{
    bool has_file = sqlite3_column_type(stmt, FIND_FILE) != SQLITE_NULL;
    bool has_body = sqlite3_column_type(stmt, FIND_BODY) != SQLITE_NULL;
    ol_slice file = ol_db_column(stmt, FIND_FILE);
    ol_slice body = ol_db_column(stmt, FIND_BODY);
    ol_entry_spec spec = spec_of_row(stmt, want);
    uint64_t stored = spec.record.len > 0 ? ol_at_rest_sealed_size(spec.size) : spec.size;
    if (has_file == has_body || (has_file && file.len != OL_FILE_ID_BYTES) ||
        (has_body && body.len != stored))
        return malformed(err);
    spec.in_memory = spec.in_memory || has_body;
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

/* ---- objects in parts ---- */

static void part_from_row(sqlite3_stmt *stmt, const ol_object_checksum *whole, uint64_t start,
                          ol_entry_part *part)
{
    *part = (ol_entry_part){
        .end = start + (uint64_t)sqlite3_column_int64(stmt, OL_PART_SIZE),
        .number = (uint32_t)sqlite3_column_int64(stmt, OL_PART_NUMBER),
    };
    ol_slice file = ol_db_column(stmt, OL_PART_FILE);
    if (file.len == OL_FILE_ID_BYTES)
        memcpy(part->file.bytes, file.data, file.len);
    ol_slice mark = ol_db_column(stmt, OL_PART_MARK);
    part->has_mark = mark.len == OL_AT_REST_MARK_BYTES;
    if (part->has_mark)
        memcpy(part->mark, mark.data, mark.len);
    ol_object_checksum sum;
    ol_checksum_unpack(ol_db_column(stmt, OL_PART_CHECKSUM), &sum);
    enum ol_checksum_kind kind;
    part->has_checksum = strcmp(sum.name, whole->name) == 0 &&
                         ol_checksum_of_name(ol_slice_cstr(sum.name), &kind) &&
                         ol_checksum_parse(kind, ol_slice_cstr(sum.text), part->checksum);
}

/* All parts of a set, on the heap. */
static int read_parts(ol_reader *reader, int64_t set, const ol_object_checksum *whole,
                      ol_entry_part **out, uint32_t *count, ol_error *err)
{
    ol_entry_part *parts = NULL;
    uint32_t cap = 0;
    bool ascending = true; /* where the last one ends is looked at by the caller */
    *count = 0;
    sqlite3_bind_int64(reader->parts, 1, set);
    sqlite3_bind_int64(reader->parts, 2, 0);
    int rc;
    while ((rc = sqlite3_step(reader->parts)) == SQLITE_ROW && *count < OL_PARTS_MAX) {
        if (*count == cap) {
            cap = cap ? 2 * cap : 16;
            ol_entry_part *more = ol_realloc(parts, cap * sizeof *parts);
            if (!more) {
                rc = SQLITE_NOMEM;
                break;
            }
            parts = more;
        }
        uint64_t start = *count ? parts[*count - 1].end : 0;
        ol_entry_part *part = &parts[(*count)++];
        part_from_row(reader->parts, whole, start, part);
        ascending = ascending && part->end >= start;
    }
    ol_db_reset(reader->parts);
    *out = parts;
    if (rc != SQLITE_DONE)
        return ol_db_fail(reader->db, rc, "read parts", err);
    return ascending ? OL_OK : malformed(err);
}

static int entry_from_parts(ol_reader *reader, const ol_row_want *want, ol_entry **entry,
                            ol_error *err)
{
    ol_entry_spec spec = spec_of_row(reader->find, want);
    ol_entry_part *parts = NULL;
    int result = read_parts(reader, want->part_set, &spec.checksum, &parts, &spec.part_count, err);
    if (result == OL_OK &&
        (spec.part_count == 0 || parts[spec.part_count - 1].end != spec.size))
        result = malformed(err);
    spec.parts = parts;
    if (result == OL_OK)
        result = ol_entry_new(entry, &spec, err);
    ol_free(parts);
    return result;
}

/* ---- either ---- */

static int find(ol_reader *reader, ol_row_want *want, ol_entry **entry, ol_error *err)
{
    sqlite3_stmt *stmt = reader->find;
    sqlite3_bind_int64(stmt, 1, want->bucket_id);
    int rc = ol_db_bind(stmt, 2, want->key);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_DONE)
        return ol_error_set(err, OL_ENOSUCHKEY, NULL);
    if (rc != SQLITE_ROW)
        return ol_db_fail(reader->db, rc, "read a row", err);
    /* A record that was taken away does not make a plain object. */
    bool stripped = ol_db_column(stmt, FIND_RECORD).len == 0 &&
                    ol_db_column(stmt, FIND_MARK).len > 0;
    if (sqlite3_column_int64(stmt, FIND_SIZE) < 0 || stripped)
        return malformed(err);
    int64_t set = sqlite3_column_int64(stmt, FIND_PARTS);
    if (set == 0)
        return entry_from_row(stmt, want, entry, err);
    if (set == want->part_set)
        return entry_from_parts(reader, want, entry, err);
    want->part_set = set;
    return OL_SKIP;
}

int ol_reader_find(ol_reader *reader, ol_row_want *want, ol_entry **entry, ol_error *err)
{
    *entry = NULL;
    /* One row is its own snapshot; a row and its parts need one. */
    bool together = want->part_set != 0;
    int result = together ? ol_reader_begin(reader, err) : OL_OK;
    if (result != OL_OK)
        return result;
    result = find(reader, want, entry, err);
    ol_db_reset(reader->find);
    if (together)
        ol_reader_end(reader);
    return result;
}

int ol_reader_find_upload(ol_reader *reader, int64_t bucket_id, ol_slice key, ol_slice upload_id,
                          ol_upload_found *found, ol_buf *record, ol_error *err)
{
    sqlite3_stmt *stmt = reader->upload;
    *found = (ol_upload_found){.id = 0};
    sqlite3_bind_int64(stmt, 1, bucket_id);
    int rc = ol_db_bind(stmt, 2, key);
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 3, upload_id);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        found->id = sqlite3_column_int64(stmt, OL_UPLOAD_ROW);
        ol_slice name = ol_db_column(stmt, OL_UPLOAD_CHECKSUM);
        if (name.len > 0 && name.len < sizeof found->checksum_name)
            memcpy(found->checksum_name, name.data, name.len);
        found->checksum_composite = sqlite3_column_int64(stmt, OL_UPLOAD_COMPOSITE) != 0;
        ol_slice bytes = ol_db_column(stmt, OL_UPLOAD_RECORD);
        if (record && bytes.len > 0 && ol_buf_add(record, bytes) != OL_OK)
            rc = SQLITE_NOMEM;
    }
    ol_db_reset(stmt);
    if (rc == SQLITE_ROW)
        return OL_OK;
    return rc == SQLITE_DONE ? ol_error_set(err, OL_ENOSUCHUPLOAD, NULL)
                             : ol_db_fail(reader->db, rc, "find an upload", err);
}

int ol_reader_begin(ol_reader *reader, ol_error *err)
{
    int rc = ol_rows_run(reader->begin);
    return rc == SQLITE_OK ? OL_OK : ol_db_fail(reader->db, rc, "begin", err);
}

void ol_reader_end(ol_reader *reader)
{
    if (!sqlite3_get_autocommit(reader->db))
        ol_rows_run(reader->end);
}
