/* SPDX-License-Identifier: MIT */
/*
 * The tables, and how those of an older version become today's. Each version is a step; a new
 * database takes them all. A step is one transaction, so a crash leaves the version before or
 * after it.
 */
#ifndef OL_ORIGIN_STORE_SCHEMA_H
#define OL_ORIGIN_STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/error.h"

/* Makes or brings up to date. OL_ECONFIG: a foreign database, or one of a newer objlens. `path` is
 * for messages. */
int ol_schema_settle(sqlite3 *db, const char *path, ol_error *err);

#endif
