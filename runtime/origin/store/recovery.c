/* SPDX-License-Identifier: MIT */
/* The sweep of files that no row names. */
#include "origin/store/recovery.h"

#include <errno.h>

typedef struct sweep {
    const ol_folder *folder;
    sqlite3 *db;
    sqlite3_stmt *find;
    uint64_t removed;
    bool touched[OL_FILE_SHELVES];
    int result; /* the first failure; nothing is removed after it */
    ol_error *err;
} sweep;

static void visit(void *arg, const ol_file_id *id)
{
    sweep *s = arg;
    if (s->result != OL_OK)
        return;
    int rc = ol_db_bind(s->find, 1, ol_slice_of(id->bytes, OL_FILE_ID_BYTES));
    if (rc == SQLITE_OK)
        rc = sqlite3_step(s->find);
    ol_db_reset(s->find);
    if (rc == SQLITE_ROW)
        return;
    if (rc != SQLITE_DONE) {
        s->result = ol_db_fail(s->db, rc, "look up a file", s->err);
        return;
    }
    int result = ol_folder_object_remove(s->folder, id);
    if (result < 0 && result != -ENOENT)
        s->result = ol_error_set(s->err, OL_EINTERNAL, "store: cannot remove a left-over file: %s",
                                 strerror(-result));
    s->removed += result >= 0;
    s->touched[id->bytes[0]] = true;
}

/* What was removed must not come back after the store was called clean. */
static int sync_touched(sweep *s)
{
    for (unsigned shelf = 0; shelf < OL_FILE_SHELVES; shelf++) {
        int result = s->touched[shelf] ? ol_folder_shelf_sync(s->folder, (uint8_t)shelf) : 0;
        if (result < 0)
            return result;
    }
    return 0;
}

static int sweep_orphans(const ol_folder *folder, sqlite3 *db, uint64_t *removed, ol_error *err)
{
    sweep s = {.folder = folder, .db = db, .err = err};
    int result = ol_db_prepare(db, &s.find, 
                               "SELECT 1 FROM objects WHERE file = ?1"
                               " UNION ALL SELECT 1 FROM parts WHERE file = ?1", err);
    if (result != OL_OK)
        return result;
    int walked = ol_folder_each_object(folder, visit, &s);
    if (walked == 0 && s.result == OL_OK)
        walked = sync_touched(&s);
    sqlite3_finalize(s.find);
    *removed = s.removed;
    if (s.result != OL_OK)
        return s.result;
    return walked == 0 ? OL_OK
                       : ol_error_set(err, OL_EINTERNAL, "store: cannot sweep the shelves: %s",
                                      strerror(-walked));
}

int ol_store_recover(const ol_folder *folder, sqlite3 *db, uint64_t *removed, ol_error *err)
{
    *removed = 0;
    int64_t clean = 0;
    int result = ol_db_state_get(db, "clean", &clean, err);
    if (result == OL_OK && !clean)
        result = sweep_orphans(folder, db, removed, err);
    if (result == OL_OK)
        result = ol_db_state_set(db, "clean", 0, err);
    return result;
}
