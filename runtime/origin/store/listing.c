/* SPDX-License-Identifier: MIT */
#include "origin/store/listing.h"

#define KEY_COLUMN OL_LIST_KEY
_Static_assert((int)OL_LIST_KEY == (int)OL_UPLOADS_KEY, "the key stands first");

/* One row. OL_OK: step on; OL_SKIP: look up where the seek says; OL_DONE: the page is complete. */
static int take_row(ol_listing *l, ol_error *err)
{
    ol_slice key = ol_db_column(l->stmt, KEY_COLUMN);
    if (l->is_passed && l->is_passed(l))
        return OL_OK;
    if (!ol_slice_starts(key, l->seek.prefix))
        return OL_DONE;
    if (l->room == 0) {
        l->truncated = true;
        return OL_DONE;
    }
    l->room--;
    ol_slice prefix = ol_seek_common(&l->seek, key);
    if (prefix.len == 0)
        return l->add_item(l, key, err);
    int result = l->add_prefix(l, prefix, err);
    if (result != OL_OK)
        return result;
    return ol_seek_past(&l->seek, prefix) ? OL_SKIP : OL_DONE;
}

static int look_up(ol_listing *l)
{
    ol_db_reset(l->stmt);
    sqlite3_bind_int64(l->stmt, 1, l->bucket_id);
    int rc = ol_db_bind(l->stmt, 2, ol_seek_bound(&l->seek));
    return rc == SQLITE_OK && l->bind_more ? l->bind_more(l) : rc;
}

static int walk(ol_listing *l, sqlite3 *db, ol_error *err)
{
    int state = OL_SKIP;
    while (state == OL_OK || state == OL_SKIP) {
        int rc = state == OL_SKIP ? look_up(l) : SQLITE_OK;
        if (rc == SQLITE_OK)
            rc = sqlite3_step(l->stmt);
        if (rc == SQLITE_DONE)
            state = OL_DONE;
        else if (rc == SQLITE_ROW)
            state = take_row(l, err);
        else
            state = ol_db_fail(db, rc, l->doing, err);
    }
    ol_db_reset(l->stmt);
    return state == OL_DONE ? OL_OK : state;
}

int ol_listing_fill(ol_listing *listing, ol_reader *reader, ol_error *err)
{
    int result = ol_reader_begin(reader, err);
    if (result == OL_OK)
        result = walk(listing, reader->db, err);
    ol_reader_end(reader);
    return result;
}
