/* SPDX-License-Identifier: MIT */
/*
 * Changes of uploads in parts. Completing one moves no part: the object's row takes over the
 * upload's number, by which its parts are found, and the upload's row goes. Either both are done
 * or neither, like everything in a transaction.
 */
#include "base/alloc.h"
#include "origin/store/assembly.h"
#include "origin/store/checksum_text.h"
#include "origin/store/rows_private.h"
#include "origin/store/version_key.h"

enum { PARTS_NUMBER, PARTS_SIZE, PARTS_ETAG, PARTS_CHECKSUM, PARTS_FILE, PARTS_MARK };

/* ---- beginning ---- */

int ol_rows_upload(ol_rows *rows, ol_change *change, ol_error *err)
{
    const ol_upload_row *row = change->upload;
    sqlite3_stmt *stmt = rows->upload_add;
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    sqlite3_bind_int64(stmt, 4, row->initiated_ms);
    sqlite3_bind_int64(stmt, 9, row->checksum_composite);
    int rc = ol_db_bind(stmt, 2, change->key);
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 3, change->upload_id);
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 5, row->headers_blob);
    const struct {
        int index;
        ol_slice text;
    } texts[] = {
        {6, row->tags},       {7, row->acl},    {8, row->checksum_name},
        {10, row->initiator}, {11, row->owner}, {12, row->record}, {13, row->table_key},
    };
    for (size_t i = 0; rc == SQLITE_OK && i < sizeof texts / sizeof *texts; i++)
        rc = ol_rows_bind_text(stmt, texts[i].index, texts[i].text);
    if (rc == SQLITE_OK)
        rc = ol_rows_run(stmt);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "begin an upload", err);
}

/* The row of the change's upload. */
typedef struct upload_row {
    int64_t id;
    char checksum_name[12];
    bool composite;
    bool sealed, of_customer;
    bool has_table_key;
    uint8_t table_key[OL_AT_REST_KEY_BYTES]; /* wiped by who found the row */
} upload_row;

static int bind_upload(sqlite3_stmt *stmt, const ol_change *change)
{
    sqlite3_bind_int64(stmt, 1, change->bucket_id_);
    int rc = ol_db_bind(stmt, 2, change->key);
    return rc == SQLITE_OK ? ol_db_bind(stmt, 3, change->upload_id) : rc;
}

static void take_record(sqlite3_stmt *stmt, int column, ol_change *change, upload_row *row)
{
    ol_at_rest_record record;
    ol_slice bytes = ol_db_column(stmt, column);
    row->sealed = bytes.len > 0;
    if (!row->sealed || !ol_at_rest_record_read(&record, bytes))
        return;
    row->of_customer = record.mode == OL_SSE_C;
    if (change->kind == OL_CHANGE_COMPLETE)
        ol_sse_tell(&record, change->assembly->result);
}

/* OL_OK, or refused with OL_ENOSUCHUPLOAD. */
static int find_upload(ol_rows *rows, ol_change *change, upload_row *row, ol_error *err)
{
    sqlite3_stmt *stmt = rows->upload_find;
    *row = (upload_row){.id = 0};
    int rc = bind_upload(stmt, change);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        row->id = sqlite3_column_int64(stmt, 0);
        ol_slice name = ol_db_column(stmt, 1);
        if (name.len > 0 && name.len < sizeof row->checksum_name)
            memcpy(row->checksum_name, name.data, name.len);
        row->composite = sqlite3_column_int64(stmt, 2) != 0;
        take_record(stmt, 3, change, row);
        ol_slice table_key = ol_db_column(stmt, 4);
        row->has_table_key = table_key.len == sizeof row->table_key;
        if (row->has_table_key && change->kind == OL_CHANGE_COMPLETE)
            memcpy(row->table_key, table_key.data, table_key.len);
    }
    ol_db_reset(stmt);
    if (rc == SQLITE_ROW)
        return OL_OK;
    return rc == SQLITE_DONE ? ol_rows_refuse(change, OL_ENOSUCHUPLOAD)
                             : ol_rows_fail(rows, rc, "find an upload", err);
}

/* ---- parts ---- */

static int check_algorithm(ol_change *change, const upload_row *upload)
{
    const char *name = change->entry->info.checksum.name;
    if (upload->checksum_name[0] == '\0' || strcmp(upload->checksum_name, name) == 0)
        return OL_OK;
    ol_error_say(&change->err, OL_EINVALIDREQUEST,
                 "Checksum Type mismatch occurred, expected checksum Type: %s, actual checksum "
                 "Type: %s",
                 upload->checksum_name, name[0] ? name : "null");
    return OL_SKIP;
}

static int find_old_part(ol_rows *rows, ol_change *change, int64_t upload, ol_error *err)
{
    sqlite3_stmt *stmt = rows->part_find;
    sqlite3_bind_int64(stmt, 1, upload);
    sqlite3_bind_int64(stmt, 2, change->part_number);
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW) {
        ol_slice file = ol_db_column(stmt, 0);
        change->has_old_file_ = file.len == OL_FILE_ID_BYTES;
        if (change->has_old_file_)
            memcpy(change->old_file_.bytes, file.data, file.len);
    }
    ol_db_reset(stmt);
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? OL_OK
                                                 : ol_rows_fail(rows, rc, "find a part", err);
}

static int put_part(ol_rows *rows, ol_change *change, int64_t upload)
{
    const ol_entry *entry = change->entry;
    sqlite3_stmt *stmt = rows->part_put;
    char packed[OL_CHECKSUM_PACKED_SIZE];
    sqlite3_bind_int64(stmt, 1, upload);
    sqlite3_bind_int64(stmt, 2, change->part_number);
    sqlite3_bind_int64(stmt, 3, (int64_t)entry->info.size);
    sqlite3_bind_int64(stmt, 5, entry->info.last_modified_ms);
    int rc = ol_db_bind(stmt, 4, entry->info.etag);
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 6, ol_checksum_pack(&entry->info.checksum, packed));
    if (rc == SQLITE_OK)
        rc = ol_db_bind(stmt, 7, ol_slice_of(entry->file.bytes, OL_FILE_ID_BYTES));
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 8, entry->mark);
    return rc == SQLITE_OK ? ol_rows_run(stmt) : rc;
}

int ol_rows_part(ol_rows *rows, ol_change *change, ol_error *err)
{
    upload_row upload;
    int result = find_upload(rows, change, &upload, err);
    if (result == OL_OK)
        result = check_algorithm(change, &upload);
    if (result == OL_OK)
        result = find_old_part(rows, change, upload.id, err);
    if (result != OL_OK)
        return result;
    ol_entry_set_modified(change->entry, rows->now_ms);
    int rc = put_part(rows, change, upload.id);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "store a part", err);
}

int ol_rows_abort(ol_rows *rows, ol_change *change, ol_error *err)
{
    upload_row upload;
    int result = find_upload(rows, change, &upload, err);
    if (result != OL_OK)
        return result;
    sqlite3_bind_int64(rows->parts, 1, upload.id);
    result = ol_rows_gather(rows, rows->parts, PARTS_FILE, &change->dropped_files_, err);
    if (result != OL_OK)
        return result;
    sqlite3_bind_int64(rows->parts_remove, 1, upload.id);
    int rc = ol_rows_run(rows->parts_remove);
    if (rc == SQLITE_OK) {
        sqlite3_bind_int64(rows->upload_remove, 1, upload.id);
        rc = ol_rows_run(rows->upload_remove);
    }
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "abort an upload", err);
}

/* ---- completing ---- */

/* Parts that were uploaded and that the client does not want. */
typedef struct unwanted {
    uint32_t *numbers;
    uint32_t count, cap;
} unwanted;

static int add_unwanted(unwanted *list, uint32_t number)
{
    if (list->count == list->cap) {
        uint32_t cap = list->cap ? 2 * list->cap : 16;
        uint32_t *numbers = ol_realloc(list->numbers, cap * sizeof *numbers);
        if (!numbers)
            return OL_ENOMEM;
        list->numbers = numbers;
        list->cap = cap;
    }
    list->numbers[list->count++] = number;
    return OL_OK;
}

/* What vouches for the part is what makes the table of them. Without the data key a part's own mark is
 * looked at when the part is read. */
static int take_mark(sqlite3_stmt *stmt, ol_change *change, const ol_stored_part *part)
{
    ol_slice mark = ol_db_column(stmt, PARTS_MARK);
    if (mark.len != OL_AT_REST_MARK_BYTES ||
        (change->data_key &&
         !ol_at_rest_mark_is(change->data_key, part->number, part->size, mark.data)))
        return ol_error_set(&change->err, OL_EORIGIN, "store: the record of a part is damaged");
    ol_at_rest_table_add(&change->assembly->table, part->number, part->size, mark.data);
    return OL_OK;
}

/* The row under the cursor. */
static int take_part(sqlite3_stmt *stmt, ol_change *change, const upload_row *upload,
                     unwanted *list)
{
    ol_stored_part part = {
        .number = (uint32_t)sqlite3_column_int64(stmt, PARTS_NUMBER),
        .size = (uint64_t)sqlite3_column_int64(stmt, PARTS_SIZE),
        .etag = ol_db_column(stmt, PARTS_ETAG),
    };
    ol_checksum_unpack(ol_db_column(stmt, PARTS_CHECKSUM), &part.checksum);
    int result = ol_assembly_add(change->assembly, &part, &change->err);
    if (result == OL_OK && (change->data_key || upload->has_table_key))
        return take_mark(stmt, change, &part);
    if (result != OL_SKIP)
        return result;
    ol_slice file = ol_db_column(stmt, PARTS_FILE);
    if (file.len != OL_FILE_ID_BYTES)
        return OL_OK;
    result = ol_file_list_add(&change->dropped_files_, file.data);
    if (result == OL_OK)
        result = add_unwanted(list, part.number);
    return result == OL_OK ? OL_OK
                           : ol_error_set(&change->err, result, "store: no memory for parts");
}

/* OL_OK, or OL_SKIP with what the client did wrong. */
static int assemble(ol_rows *rows, ol_change *change, const upload_row *upload, unwanted *list,
                    ol_error *err)
{
    ol_assembly *a = change->assembly;
    int result =
        ol_assembly_begin(a, ol_slice_cstr(upload->checksum_name), upload->composite, &change->err);
    if (result == OL_OK && upload->sealed && !upload->of_customer && !change->data_key)
        result = ol_error_set(&change->err, OL_EINTERNAL, "store: completed without its key");
    ol_at_rest_table_init(&a->table);
    sqlite3_stmt *stmt = rows->parts;
    sqlite3_bind_int64(stmt, 1, upload->id);
    int rc = SQLITE_DONE;
    while (result == OL_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW)
        result = take_part(stmt, change, upload, list);
    if (result == OL_OK && rc != SQLITE_DONE)
        result = ol_rows_fail(rows, rc, "read parts", err);
    else if (result == OL_OK)
        result = ol_assembly_end(a, &change->err);
    ol_db_reset(stmt);
    ol_assembly_fini(a);
    return result != OL_OK && change->err.code != 0 ? OL_SKIP : result;
}

static int drop_unwanted(ol_rows *rows, int64_t upload, const unwanted *list)
{
    int rc = SQLITE_OK;
    for (uint32_t i = 0; rc == SQLITE_OK && i < list->count; i++) {
        sqlite3_bind_int64(rows->part_remove, 1, upload);
        sqlite3_bind_int64(rows->part_remove, 2, list->numbers[i]);
        rc = ol_rows_run(rows->part_remove);
    }
    return rc;
}

/* How long it is: 0 where nobody could sign. */
static size_t sign_table(ol_change *change, const upload_row *upload, uint8_t *mac)
{
    if (upload->has_table_key)
        ol_at_rest_table_end_by(&change->assembly->table, upload->table_key, mac);
    else if (change->data_key)
        ol_at_rest_table_end(&change->assembly->table, change->data_key, mac);
    else
        return 0;
    return OL_AT_REST_MAC_BYTES;
}

static int become(ol_rows *rows, ol_change *change, const upload_row *upload)
{
    ol_put_result *made = change->assembly->result;
    made->last_modified_ms = rows->now_ms;
    sqlite3_stmt *stmt = rows->upload_become;
    char packed[OL_CHECKSUM_PACKED_SIZE];
    sqlite3_bind_int64(stmt, 1, upload->id);
    sqlite3_bind_int64(stmt, 2, (int64_t)change->assembly->total);
    sqlite3_bind_int64(stmt, 4, rows->now_ms);
    int rc = ol_db_bind(stmt, 3, ol_slice_cstr(made->etag));
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 5, ol_checksum_pack(&made->checksum, packed));
    uint8_t mac[OL_AT_REST_MAC_BYTES];
    if (rc == SQLITE_OK)
        rc = ol_rows_bind_text(stmt, 6, ol_slice_of(mac, sign_table(change, upload, mac)));
    if (rc == SQLITE_OK)
        rc = ol_rows_run(stmt);
    if (rc != SQLITE_OK)
        return rc;
    sqlite3_bind_int64(rows->upload_remove, 1, upload->id);
    return ol_rows_run(rows->upload_remove);
}

static int complete(ol_rows *rows, ol_change *change, const upload_row *upload,
                    const unwanted *list, ol_error *err)
{
    ol_old_row old;
    int result = ol_rows_find_old(rows, change, &old, err);
    if (result == OL_OK)
        result = ol_rows_drop_parts(rows, change, err);
    if (result != OL_OK)
        return result;
    int rc = drop_unwanted(rows, upload->id, list);
    if (rc == SQLITE_OK)
        rc = ol_rows_drop_body(rows, old.body);
    if (rc == SQLITE_OK)
        rc = become(rows, change, upload);
    return rc == SQLITE_OK ? OL_OK : ol_rows_fail(rows, rc, "complete an upload", err);
}

/* ---- completing again ---- */

/* The object under the cursor was made by this very upload: are these its parts? */
static int same_parts(ol_rows *rows, int64_t set, const ol_assembly *a, bool *same, ol_error *err)
{
    uint32_t count = 0;
    int rc;
    *same = true;
    sqlite3_bind_int64(rows->parts, 1, set);
    while ((rc = sqlite3_step(rows->parts)) == SQLITE_ROW) {
        const ol_wanted_part *want = count < a->count ? &a->parts[count] : NULL;
        *same = *same && want && sqlite3_column_int64(rows->parts, PARTS_NUMBER) == want->number &&
                ol_slice_eq_cstr(ol_db_column(rows->parts, PARTS_ETAG), want->etag);
        count++;
    }
    ol_db_reset(rows->parts);
    *same = *same && count == a->count;
    return rc == SQLITE_DONE ? OL_OK : ol_rows_fail(rows, rc, "read parts", err);
}

/* No such upload: maybe because its completion was answered and the answer was lost. */
static int complete_again(ol_rows *rows, ol_change *change, ol_error *err)
{
    sqlite3_stmt *stmt = rows->upload_became;
    int rc = bind_upload(stmt, change);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    bool same = false;
    int result = rc == SQLITE_ROW || rc == SQLITE_DONE
                     ? OL_OK
                     : ol_rows_fail(rows, rc, "find an object", err);
    if (rc == SQLITE_ROW) {
        ol_put_result *made = change->assembly->result;
        ol_slice etag = ol_slice_first(ol_db_column(stmt, 1), OL_ETAG_SIZE - 1);
        memcpy(made->etag, etag.data, etag.len);
        made->last_modified_ms = sqlite3_column_int64(stmt, 2);
        ol_checksum_unpack(ol_db_column(stmt, 3), &made->checksum);
        upload_row row = {.id = 0};
        take_record(stmt, 4, change, &row);
        result = same_parts(rows, sqlite3_column_int64(stmt, 0), change->assembly, &same, err);
    }
    ol_db_reset(stmt);
    if (result != OL_OK)
        return result;
    if (!same)
        return ol_rows_refuse(change, OL_ENOSUCHUPLOAD);
    ol_error_clear(&change->err);
    return OL_OK;
}

int ol_rows_complete(ol_rows *rows, ol_change *change, ol_error *err)
{
    upload_row upload;
    unwanted list = {.count = 0};
    int result = find_upload(rows, change, &upload, err);
    if (result == OL_SKIP) {
        ol_error_clear(&change->err);
        return complete_again(rows, change, err);
    }
    if (result == OL_OK)
        result = assemble(rows, change, &upload, &list, err);
    if (result == OL_OK)
        result = complete(rows, change, &upload, &list, err);
    if (result == OL_SKIP)
        ol_file_list_fini(&change->dropped_files_);
    ol_free(list.numbers);
    ol_wipe(upload.table_key, sizeof upload.table_key);
    return result;
}
