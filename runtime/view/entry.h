/* SPDX-License-Identifier: MIT */
/*
 * One entry from the inside: who counts it, what guards what, and how its life goes from running to
 * whole or failed. Only for this room; others see cache.h.
 *
 * References: the table's (while listed), one for each reader, the filler's, and one for each thing
 * that is under way. Whoever holds one may call everything here, from any thread, unless it says
 * otherwise. No function keeps a lock when it returns or calls out.
 */
#ifndef OL_VIEW_ENTRY_H
#define OL_VIEW_ENTRY_H

#include <stdatomic.h>

#include "view/body.h"
#include "view/cache.h"
#include "view/disk.h"
#include "view/kept_head.h"
#include "view/spill.h"
#include "view/waiting.h"

enum ol_view_state { OL_VIEW_STATE_RUNNING, OL_VIEW_STATE_WHOLE, OL_VIEW_STATE_FAILED };

enum ol_view_shelf { OL_VIEW_SHELF_NONE, OL_VIEW_SHELF_MEMORY, OL_VIEW_SHELF_DISK };

typedef struct ol_view_leader {
    ol_loop *loop; /* NULL: nobody leads */
    void (*abandoned)(void *arg);
    void *arg;
    ol_post post;
    ol_loop *held; /* while `post` is under way */
    bool posted, told;
} ol_view_leader;

/* A block of it that came back from disk (view/block_cache.h). */
typedef struct ol_view_hot ol_view_hot;

struct ol_view_entry {
    ol_view_cache *cache;
    uint64_t hash; /* of the ETag */
    atomic_uint refs, readers;
    atomic_bool touched;     /* asked for since the shelf was last gone through */
    atomic_uint_fast64_t charged; /* bytes of the memory account that are this entry's */
    uint64_t disk_taken;          /* bytes of the disk that are this entry's; its spill's to change */
    uint64_t disk_room;           /* of those, not written yet */
    uint64_t demoted;             /* bytes that left the shelf of memory for the disk's */
    ol_view_spill *spill;         /* on its way to disk; its loop's */
    ol_view_hot *hot;             /* what came back; under the blocks' lock */

    uint64_t born; /* how often the cache had been purged by then */
    bool listed; /* in the table; under its shard's lock */

    /* Under the shelves' lock. */
    enum ol_view_shelf shelf;
    uint64_t cost;
    ol_view_entry *newer, *older;
    ol_view_entry *next_victim;

    /* The filler's alone. */
    int64_t length_said;              /* by whoever asked first, -1: nothing; then by the run's head */
    uint64_t room;                    /* charged, and not yet used for chunks */
    ol_view_kept_head *pending_head;  /* published with the first byte, or the end */

    /* Under the lock. */
    pthread_mutex_t lock;
    enum ol_view_state state;
    ol_view_kept_head *head; /* does not change once it is there */
    uint64_t length;         /* bytes that can be read */
    ol_view_body body;
    ol_view_waiters waiters;
    ol_view_leader leader;
    int failure;     /* a code, when failed */
    ol_error *error; /* the whole of it; NULL when there was no memory for that */
    ol_view_file *file; /* what stands before body.disk_end; NULL: nothing */

    char etag[];
};

/* ---- counting ---- */

/* One reader's reference and the filler's. NULL: out of memory. */
ol_view_entry *ol_view_entry_new(ol_view_cache *cache, const char *etag, uint64_t hash);
ol_view_entry *ol_view_entry_acquire(ol_view_entry *entry);
void ol_view_entry_unref(ol_view_entry *entry);

/* ---- looking ---- */

enum ol_view_state ol_view_entry_state(ol_view_entry *entry);
/* Fills `err` with why it failed. Its code. */
int ol_view_entry_report(ol_view_entry *entry, ol_error *err);

/* A copy of its head in the arena; the length is there once it is whole, else -1. */
int ol_view_entry_head(ol_view_entry *entry, ol_arena *arena, ol_head *head, ol_error *err);
/* The length that the run's head named, or -1. */
int64_t ol_view_entry_declared(ol_view_entry *entry);
/* OL_OK: the head is there (with `whole`: all of it is); OL_WAIT: not yet, and `waiter`, unless
 * NULL, was added; negative: it failed. */
int ol_view_entry_check(ol_view_entry *entry, bool whole, ol_view_waiter *waiter);

enum ol_view_sight {
    OL_VIEW_SIGHT_BYTES,   /* `bytes` are lent: unpin the chunk after use */
    OL_VIEW_SIGHT_DISK,    /* they are on disk: a block of `block_bytes` */
    OL_VIEW_SIGHT_END,     /* there are no more */
    OL_VIEW_SIGHT_WAITING, /* `waiter` was added, or is there already */
    OL_VIEW_SIGHT_FAILED
};

typedef struct ol_view_look {
    uint64_t at, end;       /* in: from where, and to where at most */
    ol_view_waiter *waiter; /* in: to wake when there is nothing yet */
    ol_slice bytes;
    ol_view_chunk *chunk;
    uint64_t block;
    size_t block_bytes;
} ol_view_look;

enum ol_view_sight ol_view_entry_look(ol_view_entry *entry, ol_view_look *look);
/* Only whether look->at is on disk, and where. */
bool ol_view_entry_look_on_disk(ol_view_entry *entry, ol_view_look *look);
void ol_view_entry_unpin(ol_view_entry *entry, ol_view_chunk *chunk);

/* ---- filling; the filler only ---- */

/* To be published with the first byte; before that a later one takes its place. OL_OK or
 * OL_EOUTGROWN. */
int ol_view_entry_take_head(ol_view_entry *entry, const ol_head *head, ol_error *err);
/* Room behind what is there: the memory account allows it, a chunk is made. OL_OK with `*space`;
 * OL_WAIT when there will be, as blocks get to disk (ol_view_spill_on_room); else OL_EOUTGROWN. */
int ol_view_entry_space(ol_view_entry *entry, ol_span *space, ol_error *err);
/* So many bytes of that room are written: readers may have them. */
void ol_view_entry_publish(ol_view_entry *entry, size_t bytes);
/* The body has come to its end: the entry is whole. */
void ol_view_entry_complete(ol_view_entry *entry);
/* The spill's: everything before `end` is on disk, and leaves memory. */
void ol_view_entry_is_on_disk_to(ol_view_entry *entry, uint64_t end);
/* Nobody finds it any more. Who has it goes on. */
void ol_view_entry_drop(ol_view_entry *entry);
/* Nobody finds it any more; readers are told. Does nothing to one that has failed already. */
void ol_view_entry_fail(ol_view_entry *entry, const ol_error *err);

#endif
