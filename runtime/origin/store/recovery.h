/* SPDX-License-Identifier: MIT */
/*
 * After a crash: files that no row names are removed. Bounded memory: the shelves are walked
 * and each file is looked up by an index. Skipped after a clean close.
 */
#ifndef OL_ORIGIN_STORE_RECOVERY_H
#define OL_ORIGIN_STORE_RECOVERY_H

#include "origin/store/db.h"
#include "origin/store/folder.h"

/* `removed` counts. Also notes in the database that it is in use. */
int ol_store_recover(const ol_folder *folder, sqlite3 *db, uint64_t *removed, ol_error *err);

#endif
