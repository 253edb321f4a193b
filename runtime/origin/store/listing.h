/* SPDX-License-Identifier: MIT */
/*
 * One page of a listing with common prefixes, whatever is listed: which row comes next, what it
 * counts as, when the page is full. One page, one pool thread; blocking.
 */
#ifndef OL_ORIGIN_STORE_LISTING_H
#define OL_ORIGIN_STORE_LISTING_H

#include "origin/store/readers.h"
#include "origin/store/seek.h"

/* Set by who lists; the calls come with it while a page is being filled. */
typedef struct ol_listing {
    ol_seek seek; /* at where the page begins; its prefix and delimiter are the request's */
    sqlite3_stmt *stmt; /* of the bucket (1), from the bound (2) on; column 0 is the key */
    int64_t bucket_id;
    uint32_t room;     /* for so many more items and common prefixes */
    bool truncated;    /* when it is filled: there is more */
    const char *doing; /* for errors */
    /* The other parameters. SQLite's code. NULL: there are none. */
    int (*bind_more)(struct ol_listing *listing);
    /* The row, at or behind the bound, is none of this page's. NULL: each is. */
    bool (*is_passed)(const struct ol_listing *listing);
    int (*add_item)(struct ol_listing *listing, ol_slice key, ol_error *err);
    int (*add_prefix)(struct ol_listing *listing, ol_slice prefix, ol_error *err);
} ol_listing;

/* In one snapshot of the reader. */
int ol_listing_fill(ol_listing *listing, ol_reader *reader, ol_error *err);

#endif
