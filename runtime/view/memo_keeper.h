/* SPDX-License-Identifier: MIT */
/*
 * The thread that has the memo's database: it answers who asks for a row that is not in memory, at
 * once, and writes what was learned, in batches. Both queues are bounded: who finds them full goes
 * without. A database that proves damaged is begun anew; one that cannot be is done without.
 */
#ifndef OL_VIEW_MEMO_KEEPER_H
#define OL_VIEW_MEMO_KEEPER_H

#include "view/memo_db.h"

typedef struct ol_memo_keeper ol_memo_keeper;

/* Takes over the database, also on failure. The table outlives the keeper. `ask_ms`: who asks waits no longer. */
int ol_memo_keeper_new(ol_memo_keeper **keeper, ol_memo_db *db, ol_memo_table *table, uint32_t ask_ms,
                       ol_error *err);
/* Writes what waits, joins the thread, closes the database. Nobody is waiting for an answer. */
void ol_memo_keeper_destroy(ol_memo_keeper *keeper);

/* All from any thread, without waiting. */

/* On the ask's loop. OL_WAIT: ask->cb runs later, after ask_ms at the latest; OL_SKIP: it
 * will not be asked. */
int ol_memo_keeper_ask(ol_memo_keeper *keeper, ol_view_ask *ask);
/* A row was learned, or proved unstable; the empty row: it was used. `epoch` is the table's. */
void ol_memo_keeper_tell(ol_memo_keeper *keeper, const char *etag, ol_slice row, uint64_t epoch);
/* Begins an epoch of the table, and empties the database before anybody of this epoch is answered;
 * the table is the caller's to clear. */
void ol_memo_keeper_purge(ol_memo_keeper *keeper);

/* The database's clock, about. */
uint64_t ol_memo_keeper_clock(const ol_memo_keeper *keeper);

typedef struct ol_memo_keeper_stats {
    uint64_t hits, misses; /* answers */
    uint64_t unstable;     /* contradictions that only the database knew of */
} ol_memo_keeper_stats;
void ol_memo_keeper_read_stats(const ol_memo_keeper *keeper, ol_memo_keeper_stats *stats);

#endif
