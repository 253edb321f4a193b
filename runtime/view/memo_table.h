/* SPDX-License-Identifier: MIT */
/*
 * The memo's table in memory: rows by ETag, bounded in number and in bytes, those not asked for go
 * first (a clock hand passes over the rows of a shard). Every function from any thread; each locks
 * one shard for the time of a copy.
 */
#ifndef OL_VIEW_MEMO_TABLE_H
#define OL_VIEW_MEMO_TABLE_H

#include "view/memo_row.h"

typedef struct ol_memo_table ol_memo_table;

#define OL_MEMO_ROW_BYTES_MEAN 512 /* all rows together may have so much for each */

/* NULL when out of memory. rows_max 0 is legal: a table that keeps nothing. */
ol_memo_table *ol_memo_table_new(size_t rows_max);
void ol_memo_table_destroy(ol_memo_table *table);

/* A row that was read or learned in an earlier epoch is not put in. To forget everything: begin an
 * epoch, then clear. */
uint64_t ol_memo_table_epoch(const ol_memo_table *table);
void ol_memo_table_begin_epoch(ol_memo_table *table);
void ol_memo_table_clear(ol_memo_table *table);
size_t ol_memo_table_count(ol_memo_table *table);

typedef struct ol_memo_lookup {
    const char *etag;
    ol_arena *arena;
    /* A row whose `used` lies more than `stale_after` behind `clock` is said to be stale, once:
     * it then gets clock for its `used`. */
    uint64_t clock, stale_after;
    ol_view_facts facts; /* out */
    bool stale;          /* out */
} ol_memo_lookup;
/* OL_OK, OL_SKIP when there is none, OL_ENOMEM. */
int ol_memo_table_find(ol_memo_table *table, ol_memo_lookup *lookup);

typedef struct ol_memo_arrival {
    const char *etag;
    ol_slice row; /* checked */
    uint64_t used, epoch;
} ol_memo_arrival;
enum ol_memo_arrived {
    OL_MEMO_ARRIVED_NEW,      /* nothing was known, or less */
    OL_MEMO_ARRIVED_KNOWN,    /* nothing new */
    OL_MEMO_ARRIVED_DIVERGED, /* the view has become unstable by this */
    OL_MEMO_ARRIVED_UNSTABLE, /* it was so before */
};
/* Merge with what is known. A row for which there is no memory is NEW, and not there. */
enum ol_memo_arrived ol_memo_table_merge(ol_memo_table *table, const ol_memo_arrival *arrival);

#endif
