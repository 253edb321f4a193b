/* SPDX-License-Identifier: MIT */
/*
 * Puts together what the memo consists of: rows (memo_row.h) in a table in memory (memo_table.h),
 * and the thread that keeps a database behind it (memo_keeper.h).
 */
#include "view/memo.h"

#include <stdatomic.h>

#include "base/alloc.h"
#include "view/memo_keeper.h"

/* A row that is read from memory is noted as used once in so many changes of the database, as a
 * part of its rows. */
#define STALE_PART 8u

struct ol_view_memo {
    ol_memo_table *table;
    ol_memo_keeper *keeper; /* NULL: in memory only */
    uint64_t stale_after;
    atomic_ullong hits, misses, learned, unstable;
};

static void add_one(atomic_ullong *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static int open_keeper(ol_view_memo *memo, const ol_view_memo_config *config, ol_error *err)
{
    ol_memo_db *db;
    memo->stale_after = config->rows_max / STALE_PART;
    int rc = ol_memo_db_open(&db, config->folder, config->rows_max, err);
    if (rc != OL_OK)
        return rc;
    uint32_t ask_ms = config->ask_ms ? config->ask_ms : OL_VIEW_MEMO_ASK_MS;
    return ol_memo_keeper_new(&memo->keeper, db, memo->table, ask_ms, err);
}

int ol_view_memo_open(ol_view_memo **out, const ol_view_memo_config *config, ol_error *err)
{
    *out = NULL;
    ol_view_memo *memo = ol_calloc(1, sizeof(*memo));
    if (memo)
        memo->table = ol_memo_table_new(config->memory_rows_max);
    int rc = OL_OK;
    if (!memo || !memo->table)
        rc = ol_error_set(err, OL_ENOMEM, "views: no memory for the memo");
    if (rc == OL_OK && config->folder)
        rc = open_keeper(memo, config, err);
    if (rc == OL_OK)
        *out = memo;
    else
        ol_view_memo_close(memo);
    return rc;
}

void ol_view_memo_close(ol_view_memo *memo)
{
    if (!memo)
        return;
    ol_memo_keeper_destroy(memo->keeper);
    ol_memo_table_destroy(memo->table);
    ol_free(memo);
}

/* ---- asking ---- */

static uint64_t clock_of(const ol_view_memo *memo)
{
    return memo->keeper ? ol_memo_keeper_clock(memo->keeper) : 0;
}

static int look(ol_view_memo *memo, const char *etag, ol_arena *arena, ol_view_facts *facts)
{
    ol_memo_lookup lookup = {.etag = etag,
                             .arena = arena,
                             .clock = clock_of(memo),
                             .stale_after = memo->stale_after};
    if (ol_memo_table_find(memo->table, &lookup) != OL_OK)
        return OL_SKIP;
    if (lookup.stale && memo->keeper)
        ol_memo_keeper_tell(memo->keeper, etag, OL_SLICE_NONE, ol_memo_table_epoch(memo->table));
    *facts = lookup.facts;
    add_one(&memo->hits);
    return OL_OK;
}

int ol_view_memo_peek(ol_view_memo *memo, const char *etag, ol_arena *arena, ol_view_facts *facts)
{
    int rc = look(memo, etag, arena, facts);
    if (rc != OL_OK)
        add_one(&memo->misses);
    return rc;
}

int ol_view_memo_find(ol_view_memo *memo, ol_view_ask *ask)
{
    int rc = look(memo, ask->etag, ask->arena, &ask->facts);
    if (rc != OL_OK && memo->keeper)
        rc = ol_memo_keeper_ask(memo->keeper, ask);
    if (rc == OL_SKIP)
        add_one(&memo->misses);
    return rc;
}

/* ---- learning ---- */

static void tell(ol_view_memo *memo, const ol_memo_arrival *arrival, enum ol_memo_arrived arrived)
{
    uint8_t unstable[OL_MEMO_ROW_BYTES_MIN];
    if (!memo->keeper)
        return;
    if (arrived == OL_MEMO_ARRIVED_NEW)
        ol_memo_keeper_tell(memo->keeper, arrival->etag, arrival->row, arrival->epoch);
    if (arrived != OL_MEMO_ARRIVED_DIVERGED)
        return;
    ol_memo_row_unstable(unstable);
    ol_memo_keeper_tell(memo->keeper, arrival->etag, ol_slice_of(unstable, sizeof(unstable)),
                        arrival->epoch);
}

int ol_view_memo_learn(ol_view_memo *memo, const char *etag, const ol_view_facts *facts)
{
    uint8_t bytes[OL_MEMO_ROW_BYTES_MAX];
    size_t len;
    if (strlen(etag) >= OL_VIEW_ETAG_SIZE || ol_memo_row_encode(facts, bytes, &len) != OL_OK)
        return OL_SKIP;
    ol_memo_arrival arrival = {.etag = etag,
                               .row = ol_slice_of(bytes, len),
                               .used = clock_of(memo),
                               .epoch = ol_memo_table_epoch(memo->table)};
    enum ol_memo_arrived arrived = ol_memo_table_merge(memo->table, &arrival);
    add_one(&memo->learned);
    if (arrived == OL_MEMO_ARRIVED_DIVERGED)
        add_one(&memo->unstable);
    tell(memo, &arrival, arrived);
    bool stable = arrived == OL_MEMO_ARRIVED_NEW || arrived == OL_MEMO_ARRIVED_KNOWN;
    return stable ? OL_OK : OL_EDIVERGED;
}

void ol_view_memo_purge(ol_view_memo *memo)
{
    if (memo->keeper)
        ol_memo_keeper_purge(memo->keeper);
    else
        ol_memo_table_begin_epoch(memo->table);
    ol_memo_table_clear(memo->table);
}

void ol_view_memo_read_stats(ol_view_memo *memo, ol_view_memo_stats *stats)
{
    ol_memo_keeper_stats keeper = {0};
    if (memo->keeper)
        ol_memo_keeper_read_stats(memo->keeper, &keeper);
    *stats = (ol_view_memo_stats){
        .hits = atomic_load_explicit(&memo->hits, memory_order_relaxed) + keeper.hits,
        .misses = atomic_load_explicit(&memo->misses, memory_order_relaxed) + keeper.misses,
        .rows_in_memory = ol_memo_table_count(memo->table),
        .learned = atomic_load_explicit(&memo->learned, memory_order_relaxed),
        .unstable = atomic_load_explicit(&memo->unstable, memory_order_relaxed) + keeper.unstable,
    };
}
