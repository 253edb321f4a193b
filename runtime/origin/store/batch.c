/* SPDX-License-Identifier: MIT */
/*
 * A batch. Happy path: begin, apply each, publish files, sync their shelf, close the cache to
 * these keys, COMMIT, open it with the new versions, remove replaced files.
 *
 * Failure modes: a change that is refused (condition, bucket) leaves the batch and the others go
 * on. Anything else rolls the whole batch back; files that have been published are removed. A
 * failed sync, or an I/O error of the database, breaks the store; a full disk does not.
 */
#include "origin/store/batch.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "origin/store/db.h"
#include "origin/store/hooks.h"
#include "origin/store/store_private.h"

int ol_batcher_init(ol_batcher *b, ol_store *store, sqlite3 *db,
                    void (*on_broken)(void *arg, const char *reason), void *arg, ol_error *err)
{
    *b = (ol_batcher){.store = store, .on_broken = on_broken, .arg = arg};
    ol_wal_init(&b->wal, db, store->folder.root_fd, on_broken, arg);
    return ol_rows_prepare(&b->rows, db, err);
}

void ol_batcher_fini(ol_batcher *b, bool broken)
{
    if (broken)
        sqlite3_db_config(b->rows.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    ol_db_close(b->rows.db);
    b->rows.db = NULL;
}

static bool has_file(const ol_change *change)
{
    return (change->kind == OL_CHANGE_PUT || change->kind == OL_CHANGE_PART) &&
           change->entry->has_file;
}

/* The object at the key is another one afterwards. */
static bool is_of_key(const ol_change *change)
{
    switch (change->kind) {
    case OL_CHANGE_PUT:
    case OL_CHANGE_REMOVE:
    case OL_CHANGE_ATTRIBUTE:
    case OL_CHANGE_RECORD:
    case OL_CHANGE_COMPLETE: return true;
    default: return false;
    }
}

/* ---- the steps ---- */

static int apply_all(ol_batcher *b, ol_change *batch, size_t *applied, ol_error *err)
{
    size_t creates = 0;
    *applied = 0;
    for (ol_change *change = batch; change; change = change->next_) {
        if (has_file(change))
            change->entry->file.bytes[0] = b->shelf;
        /* Room first: once committed, the catalog must be able to say so. */
        if (change->kind == OL_CHANGE_BUCKET_CREATE) {
            int room = ol_catalog_reserve(&b->store->catalog, ++creates);
            if (room != OL_OK) {
                ol_error_set(&change->err, room, "store: no room for another bucket");
                continue;
            }
        }
        int result = ol_rows_apply(&b->rows, change, err);
        if (result < 0)
            return result;
        change->applied_ = result == OL_OK;
        *applied += change->applied_;
    }
    return OL_OK;
}

static int file_error(ol_error *err, int result, const char *doing)
{
    int code = result == -ENOSPC || result == -EDQUOT ? OL_ENOSPACE : OL_EINTERNAL;
    return ol_error_set(err, code, "store: cannot %s: %s", doing, strerror(-result));
}

static int publish_files(ol_batcher *b, ol_change *batch, ol_error *err)
{
    bool any = false;
    for (ol_change *change = batch; change; change = change->next_) {
        if (!change->applied_ || !has_file(change))
            continue;
        int result = ol_folder_publish(&b->store->folder, &change->entry->file);
        if (result < 0)
            return file_error(err, result, "publish a file");
        change->published_ = true;
        any = true;
    }
    if (!any)
        return OL_OK;
    int result = ol_folder_shelf_sync(&b->store->folder, b->shelf);
    if (result == 0) {
        b->shelf++;
        return OL_OK;
    }
    file_error(err, result, "sync a directory");
    b->on_broken(b->arg, "the sync of a directory failed");
    return err->code;
}

/* A failed statement or commit: does it leave the database in doubt? */
static void judge(ol_batcher *b, bool committing)
{
    sqlite3 *db = b->rows.db;
    int rc = sqlite3_extended_errcode(db), kind = rc & 0xff;
    bool doubtful = kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ||
                    (kind == SQLITE_IOERR && rc != SQLITE_IOERR_NOMEM);
    if (!doubtful || ol_db_is_full(db, rc))
        return;
    char reason[OL_ERROR_TEXT_SIZE];
    snprintf(reason, sizeof reason, "the database failed: %s (%d, errno %d)", sqlite3_errmsg(db),
             rc, sqlite3_system_errno(db));
    b->on_broken(b->arg, reason);
    if (committing)
        ol_wal_cut(&b->wal);
}

static int commit(ol_batcher *b, ol_error *err)
{
    int fault = ol_store_at(OL_STORE_COMMIT, "");
    if (fault)
        return file_error(err, -fault, "commit");
    int rc = ol_rows_run(b->rows.commit);
    if (rc == SQLITE_OK) {
        ol_store_at(OL_STORE_COMMITTED, "");
        return OL_OK;
    }
    int result = ol_db_fail(b->rows.db, rc, "commit", err);
    judge(b, true);
    return result;
}

/* ---- the two ends ---- */

/* What no row names any more. */
static void retire(ol_batcher *b, ol_change *change)
{
    ol_store *store = b->store;
    if (change->has_old_file_)
        ol_janitor_remove_object(store->janitor, &change->old_file_);
    if (change->old_parts_)
        ol_pins_drop(store->pins, change->old_parts_, &change->old_part_files_);
    ol_janitor_remove_objects(store->janitor, &change->dropped_files_);
}

static void make_visible(ol_batcher *b, ol_change *change)
{
    ol_store *store = b->store;
    switch (change->kind) {
    case OL_CHANGE_PUT:
        change->entry->hash = change->hash_;
        ol_cache_end(store->cache, change->hash_, change->entry);
        break;
    case OL_CHANGE_BUCKET_CREATE:
        ol_catalog_add(&store->catalog, change->bucket, change->bucket_id_, b->rows.now_ms);
        break;
    case OL_CHANGE_BUCKET_REMOVE: ol_catalog_remove(&store->catalog, change->bucket); break;
    default:
        if (is_of_key(change))
            ol_cache_end(store->cache, change->hash_, NULL);
        break;
    }
    retire(b, change);
}

/* The transaction is gone; so are its files. */
static void give_up(ol_batcher *b, ol_change *batch, const ol_error *err)
{
    if (!sqlite3_get_autocommit(b->rows.db))
        ol_rows_run(b->rows.rollback);
    for (ol_change *change = batch; change; change = change->next_) {
        if (change->err.code == 0)
            change->err = *err;
        ol_file_list_fini(&change->old_part_files_);
        ol_file_list_fini(&change->dropped_files_);
    }
}

/* An upload's file that no row names: where it is now. */
static void drop_files(ol_batcher *b, const ol_change *batch)
{
    for (const ol_change *change = batch; change; change = change->next_) {
        if (!has_file(change) || change->err.code == 0)
            continue;
        if (change->published_)
            ol_janitor_remove_object(b->store->janitor, &change->entry->file);
        else
            ol_janitor_remove_temp(b->store->janitor, &change->entry->file);
    }
}

static int run_steps(ol_batcher *b, ol_change *batch, size_t *applied, ol_error *err)
{
    int rc = ol_rows_run(b->rows.begin);
    if (rc != SQLITE_OK) {
        int result = ol_db_fail(b->rows.db, rc, "begin", err);
        judge(b, false);
        return result;
    }
    int result = apply_all(b, batch, applied, err);
    if (result < 0) {
        judge(b, false);
        return result;
    }
    return publish_files(b, batch, err);
}

/* From here on a change can become visible at any moment. */
static int commit_guarded(ol_batcher *b, ol_change *batch, ol_error *err)
{
    for (ol_change *change = batch; change; change = change->next_) {
        if (change->applied_ && is_of_key(change))
            ol_cache_begin(b->store->cache, change->hash_, change->bucket, change->key);
    }
    int result = commit(b, err);
    for (ol_change *change = batch; change; change = change->next_) {
        if (!change->applied_)
            continue;
        if (result == OL_OK)
            make_visible(b, change);
        else if (is_of_key(change))
            ol_cache_end(b->store->cache, change->hash_, NULL);
    }
    return result;
}

void ol_batch_commit(ol_batcher *b, ol_change *batch)
{
    ol_error err = {0};
    size_t applied = 0;
    /* Whole seconds, as the protocol's dates; what is stored is what is shown. */
    b->rows.now_ms = ol_clock_wall_ms() / 1000 * 1000;
    int result = ol_committer_is_broken(b->store->committer)
                     ? ol_error_set(&err, OL_EUNAVAILABLE, "store: broken since a failed write")
                     : run_steps(b, batch, &applied, &err);
    if (result == OL_OK && applied > 0)
        result = commit_guarded(b, batch, &err);
    if (result != OL_OK || applied == 0)
        give_up(b, batch, &err);
    drop_files(b, batch);
    ol_store_at(OL_STORE_PUBLISHED, "");
}
