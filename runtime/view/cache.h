/* SPDX-License-Identifier: MIT */
/*
 * The view cache and its single flight: one a process, used from every loop.
 *
 * An *entry* is the bytes and the head of one view, by the view's ETag. It is filled by one run
 * (ol_view_fill_stage_ops) and read by any number of readers (ol_view_read_stage_ops), while it is
 * being filled and after; bytes that were written never change. Authorization comes first, always:
 * whoever gets here with an ETag has already been allowed to see what it names, because the
 * caller's identity is part of the ETag.
 *
 *   running   a run fills it; readers follow, each at its own pace, woken on their own loops
 *   whole     complete; stays while there is room (LRU, with admission by frequency), first in memory,
 *             then on disk where that is configured (view/disk.h), from where its blocks come back
 *             into memory as they are asked for (view/block_cache.h)
 *   failed    the run failed; readers get its error; nobody finds it any more
 *
 * Entries are counted: eviction takes an entry out of the table, its memory goes with the last
 * reader. What is in flight counts against the maximum as well. An entry that outgrows the maximum
 * (or finds no room) fails with OL_EOUTGROWN: readers then run the view for themselves, and compare
 * and skip what they have sent (pipeline/replay_stage.h).
 *
 * When the last reader of a running entry leaves, `on_abandoned` tells the run to stop.
 */
#ifndef OL_VIEW_CACHE_H
#define OL_VIEW_CACHE_H

#include "view/memo.h"

typedef struct ol_view_cache ol_view_cache;
typedef struct ol_view_entry ol_view_entry;

typedef struct ol_view_cache_config {
    uint64_t memory_bytes;       /* all entries; 0 = nothing is kept in memory beyond its flight */
    uint64_t memory_entry_bytes; /* the largest single one in memory */
    const char *disk_folder;     /* NULL = no disk */
    uint64_t disk_bytes;
    uint64_t disk_entry_bytes;
} ol_view_cache_config;

int ol_view_cache_new(ol_view_cache **cache, const ol_view_cache_config *config, ol_error *err);
/* No entry is held any more. NULL is fine. */
void ol_view_cache_destroy(ol_view_cache *cache);

enum ol_view_found {
    OL_VIEW_WHOLE,   /* *entry can be read at once */
    OL_VIEW_RUNNING, /* somebody fills it: follow */
    OL_VIEW_LEAD,    /* it is new, and yours to fill */
    OL_VIEW_NONE     /* no entry: run for yourself */
};

/* Any thread. `length` is the view's length where known, else -1; `guess` an upper guess of it (the
 * original's size) otherwise: what is surely too large gets no entry. Every *entry is a reference
 * and counts as a reader until it is released; a leader has a second one as the filler. */
enum ol_view_found ol_view_cache_find(ol_view_cache *cache, const char *etag, int64_t length,
                                      uint64_t guess, ol_view_entry **entry);
/* As find, for who can never lead: OL_VIEW_WHOLE with a reader's reference, or OL_VIEW_NONE. */
enum ol_view_found ol_view_cache_peek(ol_view_cache *cache, const char *etag,
                                      ol_view_entry **entry);
/* Whether some of it, when it is whole, is to be read from disk, now or soon: a reader of it may
 * still end with OL_ECORRUPT or OL_EOUTGROWN. */
bool ol_view_entry_is_on_disk(ol_view_entry *entry);
/* As a reader. */
void ol_view_entry_release(ol_view_entry *entry);

/* ---- filling: on the leader's loop ---- */

/* Before the fill stage runs. `abandoned` runs on `loop`, at most once, when nobody reads any more
 * and the entry is still running; the run is then aborted and fails the entry (it may also go on). */
void ol_view_entry_lead(ol_view_entry *entry, ol_loop *loop, void (*abandoned)(void *arg),
                        void *arg);
/* A sink: config = ol_view_entry *. Takes the head, keeps the bytes, wakes readers. Finishing makes
 * the entry whole; being closed before leaves it running (a second run after a lost host goes on
 * behind a replay stage). */
extern const ol_stage_ops ol_view_fill_stage_ops;
/* The run has ended for good: `err` NULL after the fill stage has finished, else what readers shall
 * be told. Ends the leader's role and its reference as the filler. `keep` false: not to be found
 * any more (its run proved unstable). */
void ol_view_entry_settle(ol_view_entry *entry, const ol_error *err, bool keep);

/* ---- reading: on any loop ---- */

typedef struct ol_view_wait {
    ol_view_entry *entry;
    ol_loop *loop;
    ol_arena *arena;
    void (*cb)(struct ol_view_wait *wait, const ol_error *err);
    void *arg;
    ol_head head; /* the answer: as the run said it; content_length is -1 while running */
    void *private_[8];
} ol_view_wait;

/* Wait until the head is there, or with `whole` until the entry is complete (content_length is then
 * its length). OL_OK: at once. OL_WAIT: cb runs once, on a later turn. Negative: it failed, err is
 * filled. */
int ol_view_entry_wait(ol_view_wait *wait, bool whole, ol_error *err);
/* The callback will not run any more. On the wait's loop. */
void ol_view_entry_cancel(ol_view_wait *wait);

typedef struct ol_view_read {
    ol_view_entry *entry; /* referenced by the caller until the pipeline is closed */
    uint64_t start;
    uint64_t length; /* UINT64_MAX = to the end */
} ol_view_read;
/* A source: config = const ol_view_read *. Its head is the run's, with the length of what will be
 * read where that is known. A read ahead of the run waits for the stream to come by. Bytes are lent
 * from stable memory (net/stable_memory.h): a socket sends them without a copy. */
extern const ol_stage_ops ol_view_read_stage_ops;

/* Forget all entries, as far as find can tell. Any thread. */
void ol_view_cache_purge(ol_view_cache *cache);

typedef struct ol_view_cache_stats {
    uint64_t hits, disk_hits, followers, misses, evicted, refused, outgrown;
    uint64_t block_hits, blocks_read; /* of what is on disk: found in memory, or decrypted */
    uint64_t memory_bytes, disk_bytes, entries, running;
} ol_view_cache_stats;
void ol_view_cache_read_stats(ol_view_cache *cache, ol_view_cache_stats *stats);

#endif
