/* SPDX-License-Identifier: MIT */
/*
 * Happy path: begin, pump as the body grows, on_written for each block, end when the last one is
 * in. A running entry keeps its spill until the run has ended, also when that failed. All of it
 * happens on the spill's loop, so what only the filler may touch can be looked at without a lock.
 */
#include "view/spill.h"

#include "base/alloc.h"
#include "view/cache_private.h"

#define SLOTS 4u

enum slot_state { SLOT_FREE, SLOT_WRITING, SLOT_WRITTEN };

typedef struct slot {
    ol_view_block block;
    enum slot_state state;
    uint8_t *gathered; /* a copy, when the block does not stand in one chunk */
} slot;

struct ol_view_spill {
    ol_view_entry *entry; /* counted */
    ol_loop *loop;
    slot slots[SLOTS];
    uint64_t next; /* the block to be written next */
    unsigned writing;
    bool failed;
    ol_loop_fn on_room;
    void *on_room_arg;
};

static void on_written(ol_view_block *block, const ol_error *err);

/* ---- beginning and ending ---- */

bool ol_view_spill_begin(ol_view_entry *entry, ol_loop *loop)
{
    ol_view_cache *cache = entry->cache;
    if (!cache->disk || !loop || entry->file || entry->length > cache->config.disk_entry_bytes)
        return false;
    ol_view_spill *spill = ol_calloc(1, sizeof *spill);
    ol_view_file *file = spill ? ol_view_file_new(cache->disk) : NULL;
    if (!file) {
        ol_free(spill);
        return false;
    }
    spill->entry = ol_view_entry_acquire(entry);
    spill->loop = loop;
    for (unsigned i = 0; i < SLOTS; i++)
        spill->slots[i].block =
            (ol_view_block){.file = file, .loop = loop, .cb = on_written, .arg = spill};
    entry->spill = spill;
    pthread_mutex_lock(&entry->lock);
    entry->file = file; /* the entry's from now on */
    pthread_mutex_unlock(&entry->lock);
    ol_view_spill_pump(entry);
    return true;
}

bool ol_view_spill_is_busy(const ol_view_entry *entry)
{
    return entry->spill && entry->spill->writing > 0 && !entry->spill->failed;
}

void ol_view_spill_on_room(ol_view_entry *entry, ol_loop_fn fn, void *arg)
{
    if (!entry->spill)
        return;
    entry->spill->on_room = fn;
    entry->spill->on_room_arg = arg;
}

static void tell_room(ol_view_spill *spill)
{
    ol_loop_fn fn = spill->on_room;
    spill->on_room = NULL;
    if (fn)
        fn(spill->on_room_arg);
}

static void forget_bytes(ol_view_entry *entry, slot *s)
{
    if (s->gathered)
        ol_view_room_give(entry, s->block.bytes.len);
    ol_free(s->gathered);
    s->gathered = NULL;
}

/* Nothing is under way, nor will be. */
static void end(ol_view_spill *spill, bool all_written)
{
    ol_view_entry *entry = spill->entry;
    entry->spill = NULL;
    for (unsigned i = 0; i < SLOTS; i++)
        forget_bytes(entry, &spill->slots[i]);
    atomic_fetch_sub(&entry->cache->demoting, entry->demoted);
    entry->demoted = 0;
    if (!all_written || !ol_view_shelf_keep_on_disk(entry))
        ol_view_table_remove(entry);
    ol_free(spill);
    ol_view_entry_unref(entry);
}

/* ---- writing ---- */

static slot *free_slot(ol_view_spill *spill)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        if (spill->slots[i].state == SLOT_FREE)
            return &spill->slots[i];
    }
    return NULL;
}

/* The bytes as they stand, or a copy. They do not leave memory before they are written. */
static bool find_bytes(ol_view_entry *entry, slot *s, uint64_t start, size_t len)
{
    const ol_view_chunk *chunk = ol_view_body_find(&entry->body, start);
    if (chunk->start == start && chunk->size >= len) {
        s->block.bytes = (ol_span){chunk->data, len};
        return true;
    }
    s->gathered = ol_malloc(len);
    if (!s->gathered)
        return false;
    ol_view_body_copy(&entry->body, start, (ol_span){s->gathered, len});
    s->block.bytes = (ol_span){s->gathered, len};
    ol_view_room_force(entry, len);
    return true;
}

static bool write_block(ol_view_spill *spill, slot *s, uint64_t start, size_t len)
{
    ol_view_entry *entry = spill->entry;
    s->block.index = spill->next;
    if (!ol_view_disk_room_take(entry, ol_view_disk_cost(entry->cache->disk, len)) || !find_bytes(entry, s, start, len))
        return false;
    if (ol_view_file_write(&s->block) != OL_OK) {
        forget_bytes(entry, s);
        return false;
    }
    s->state = SLOT_WRITING;
    spill->writing++;
    spill->next++;
    return true;
}

/* What can be written is. False: no more will be. */
static bool write_on(ol_view_spill *spill)
{
    ol_view_entry *entry = spill->entry;
    enum ol_view_state state = ol_view_entry_state(entry);
    if (spill->failed || state == OL_VIEW_STATE_FAILED)
        return false;
    for (slot *s; (s = free_slot(spill)) != NULL;) {
        uint64_t start = spill->next * OL_VIEW_BLOCK_BYTES, left = entry->length - start;
        if (entry->length <= start)
            return state == OL_VIEW_STATE_RUNNING || spill->writing > 0;
        if (left < OL_VIEW_BLOCK_BYTES && state == OL_VIEW_STATE_RUNNING)
            return true;
        size_t len = left < OL_VIEW_BLOCK_BYTES ? (size_t)left : OL_VIEW_BLOCK_BYTES;
        if (!write_block(spill, s, start, len)) {
            spill->failed = true;
            return false;
        }
    }
    return true;
}

void ol_view_spill_pump(ol_view_entry *entry)
{
    ol_view_spill *spill = entry->spill;
    if (!spill || write_on(spill) || spill->writing > 0)
        return;
    if (ol_view_entry_state(entry) != OL_VIEW_STATE_RUNNING)
        end(spill, !spill->failed && entry->body.disk_end == entry->length);
}

/* ---- written ---- */

static slot *slot_of_block(ol_view_spill *spill, uint64_t index)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        slot *s = &spill->slots[i];
        if (s->state == SLOT_WRITTEN && s->block.index == index)
            return s;
    }
    return NULL;
}

/* What is on disk without a gap leaves memory. */
static void drop_written(ol_view_spill *spill)
{
    ol_view_entry *entry = spill->entry;
    uint64_t end_of_disk = entry->body.disk_end;
    for (slot *s; (s = slot_of_block(spill, end_of_disk / OL_VIEW_BLOCK_BYTES)) != NULL;) {
        end_of_disk += s->block.bytes.len;
        forget_bytes(entry, s);
        s->state = SLOT_FREE;
    }
    if (end_of_disk > entry->body.disk_end)
        ol_view_entry_is_on_disk_to(entry, end_of_disk);
}

static void on_written(ol_view_block *block, const ol_error *err)
{
    ol_view_spill *spill = block->arg;
    ol_view_entry *entry = ol_view_entry_acquire(spill->entry);
    slot *s = (slot *)(void *)block; /* its first member */
    spill->writing--;
    s->state = SLOT_WRITTEN;
    spill->failed |= err != NULL;
    if (!spill->failed)
        drop_written(spill);
    tell_room(spill);
    ol_view_spill_pump(entry);
    ol_view_entry_unref(entry);
}
