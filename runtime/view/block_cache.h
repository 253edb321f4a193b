/* SPDX-License-Identifier: MIT */
/*
 * Blocks that came back from disk: read and decrypted once, into stable memory, for all who read
 * them. A block that readers have pinned stays; the others make room for new ones. What was read
 * lately stands in one list; what leaves it stays, in another, if it has been asked for more often
 * than what would have to go. So a view that is larger than all of this keeps a part of itself
 * here when it is read from end to end again and again, and readers that go side by side share what
 * they read.
 *
 * The share of memory: what whole entries leave of three quarters, at least one. Pinned blocks may
 * take more while the account has room. Whoever finds no room waits, in a queue that is bounded.
 * Any thread, unless it says otherwise.
 */
#ifndef OL_VIEW_BLOCK_CACHE_H
#define OL_VIEW_BLOCK_CACHE_H

#include "view/entry.h"
#include "view/sketch.h"

#define OL_VIEW_ROOM_WAIT_MS 10000u

typedef struct ol_view_hot_list {
    ol_view_hot *newest, *oldest;
    uint64_t bytes;
} ol_view_hot_list;

typedef struct ol_view_blocks {
    pthread_mutex_t lock; /* of all here, and of every block; no other is taken under it */
    ol_view_hot **buckets;
    size_t bucket_count; /* a power of two */
    ol_view_hot_list recent, kept;
    ol_view_sketch *sketch;
    ol_view_waiters room;      /* who waits for room */
    unsigned waiting, reading; /* the first: also who has been woken and has not come yet */
} ol_view_blocks;

/* Of a cache that has a disk. OL_OK or OL_ENOMEM. */
int ol_view_blocks_init(ol_view_cache *cache);
/* No entry is left. Also after a failed init, or none. */
void ol_view_blocks_fini(ol_view_cache *cache);

typedef struct ol_view_hot_ask {
    ol_view_entry *entry; /* a reader's */
    ol_loop *loop;        /* the caller's, where the read comes home */
    uint64_t index;
    size_t len;
    ol_view_waiter *waiter; /* NULL: does not wait for room */
    bool queued;            /* in and out: it counts among those who wait */
} ol_view_hot_ask;

/* OL_OK: *hot is pinned, there or being read. OL_WAIT: there is no room, the waiter is in the
 * queue. OL_EOUTGROWN: too many wait; or no room, without a waiter. OL_ENOMEM. */
int ol_view_blocks_take(ol_view_hot_ask *ask, ol_view_hot **hot);
/* Takes its waiter out, and what it was woken for goes to the next in the queue. The waiter is
 * freed. On its loop. */
void ol_view_blocks_leave_queue(ol_view_hot_ask *ask);

/* OL_OK: the bytes are there. OL_WAIT: the waiter was added. Else why it could not be read. */
int ol_view_hot_check(ol_view_hot *hot, ol_view_waiter *waiter, ol_error *err);
/* Its waiter, taken out and freed. */
void ol_view_hot_drop_waiter(ol_view_hot *hot, ol_view_waiter *waiter);
ol_slice ol_view_hot_bytes(const ol_view_hot *hot);
uint64_t ol_view_hot_index(const ol_view_hot *hot);
/* NULL is fine. */
void ol_view_hot_unpin(ol_view_hot *hot);

/* The entry ends: nothing of it is pinned. */
void ol_view_blocks_forget(ol_view_entry *entry);
/* What is in flight needs so many bytes: blocks that nobody reads go, down to the least share. */
void ol_view_blocks_yield(ol_view_cache *cache, uint64_t bytes);
/* Whole entries have taken more of the memory. */
void ol_view_blocks_trim(ol_view_cache *cache);

#endif
