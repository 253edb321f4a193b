/* SPDX-License-Identifier: MIT */
/*
 * The heap of one Lua state; see heap.h.
 *
 * Region: [bookkeeping][block][block]…[top, never used yet]; heap_blocks.c keeps the blocks.
 * Slabs are blocks like others; small objects are cut from the current slab and go to the free
 * list of their size when they die. A slab is never given back.
 */
#include "transform/lua/heap.h"

#include <string.h>

#include "transform/lua/heap_blocks.h"

#define GRAIN 16u
#define SMALL_MAX 256u
#define SMALL_CLASSES (SMALL_MAX / GRAIN)
#define SLAB_BYTES 4096u

typedef struct small_block {
    struct small_block *next;
} small_block;

struct ol_lua_heap {
    ol_lua_blocks blocks;
    size_t limit, live;
    small_block *small[SMALL_CLASSES];
    uint8_t *slab_at, *slab_end;
    /* The refusal that a collection is meant to cure. */
    void *refused_block;
    size_t refused_bytes;
    void (*spent)(void *arg);
    void *spent_arg;
    uint8_t *first_block;
    size_t first_bytes, patch_offset;
    uint32_t patch_value;
    bool patch;
};

static size_t round_up(size_t bytes, size_t grain)
{
    return (bytes + grain - 1) & ~(grain - 1);
}

/* ---- objects ---- */

static uint64_t block_bytes(size_t bytes)
{
    return round_up(bytes, GRAIN) + sizeof(ol_lua_block);
}

static ol_lua_block *block_of(void *object)
{
    return (ol_lua_block *)object - 1;
}

/* What an object counts against the limit. */
static size_t charge_of(size_t bytes)
{
    return bytes <= SMALL_MAX ? round_up(bytes, GRAIN) : (size_t)block_bytes(bytes);
}

static void small_put(ol_lua_heap *heap, void *object, size_t class_bytes)
{
    small_block *s = object;
    small_block **list = &heap->small[class_bytes / GRAIN - 1];

    s->next = *list;
    *list = s;
}

static void *small_take(ol_lua_heap *heap, size_t class_bytes)
{
    small_block **list = &heap->small[class_bytes / GRAIN - 1];
    small_block *s = *list;
    void *object;

    if (s) {
        *list = s->next;
        return s;
    }
    if ((size_t)(heap->slab_end - heap->slab_at) < class_bytes) {
        ol_lua_block *slab = ol_lua_block_take(&heap->blocks, SLAB_BYTES);

        if (!slab)
            return NULL;
        if (heap->slab_end > heap->slab_at)
            small_put(heap, heap->slab_at, (size_t)(heap->slab_end - heap->slab_at));
        heap->slab_at = (uint8_t *)(slab + 1);
        heap->slab_end = (uint8_t *)slab + SLAB_BYTES;
    }
    object = heap->slab_at;
    heap->slab_at += class_bytes;
    return object;
}

static void *object_take(ol_lua_heap *heap, size_t bytes)
{
    ol_lua_block *b;

    if (bytes <= SMALL_MAX)
        return small_take(heap, round_up(bytes, GRAIN));
    b = ol_lua_block_take(&heap->blocks, block_bytes(bytes));
    return b ? b + 1 : NULL;
}

static void object_release(ol_lua_heap *heap, void *object, size_t bytes)
{
    if (bytes <= SMALL_MAX)
        small_put(heap, object, round_up(bytes, GRAIN));
    else
        ol_lua_block_release(&heap->blocks, block_of(object));
}

/* Lua answers a refusal with a full collection and the same request again: when that is
 * refused as well, there is no way on. */
static void *refuse(ol_lua_heap *heap, void *object, size_t bytes)
{
    bool again = heap->refused_bytes == bytes && heap->refused_block == object;

    heap->refused_bytes = again ? 0 : bytes;
    heap->refused_block = again ? NULL : object;
    if (again && heap->spent)
        heap->spent(heap->spent_arg);
    return NULL;
}

static void *grow(ol_lua_heap *heap, void *object, size_t old_bytes, size_t new_bytes)
{
    size_t old_charge = object ? charge_of(old_bytes) : 0;
    size_t new_charge;
    void *moved;

    if (new_bytes > heap->limit)
        return refuse(heap, object, new_bytes);
    new_charge = charge_of(new_bytes);
    if (heap->live - old_charge + new_charge > heap->limit)
        return refuse(heap, object, new_bytes);
    if (object && old_bytes > SMALL_MAX &&
        ol_lua_block_extend(&heap->blocks, block_of(object), block_bytes(new_bytes))) {
        heap->live += new_charge - old_charge;
        return object;
    }
    moved = object_take(heap, new_bytes);
    if (!moved)
        return refuse(heap, object, new_bytes);
    if (object) {
        memcpy(moved, object, old_bytes);
        object_release(heap, object, old_bytes);
    }
    heap->live += new_charge - old_charge;
    heap->refused_bytes = 0;
    return moved;
}

static void *shrink(ol_lua_heap *heap, void *object, size_t old_bytes, size_t new_bytes)
{
    void *moved;

    heap->live -= charge_of(old_bytes) - charge_of(new_bytes);
    if (new_bytes > SMALL_MAX) {
        ol_lua_block_trim(&heap->blocks, block_of(object), block_bytes(new_bytes));
        return object;
    }
    moved = object_take(heap, new_bytes);
    /* Without room for the copy the object stays: a place too large for it does no harm. */
    if (!moved)
        return object;
    memcpy(moved, object, new_bytes);
    object_release(heap, object, old_bytes);
    return moved;
}

static void apply_patch(ol_lua_heap *heap)
{
    heap->patch = false;
    if (heap->patch_offset + sizeof(heap->patch_value) <= heap->first_bytes)
        memcpy(heap->first_block + heap->patch_offset, &heap->patch_value,
               sizeof(heap->patch_value));
}

void *ol_lua_heap_realloc(void *ud, void *object, size_t old_bytes, size_t new_bytes)
{
    ol_lua_heap *heap = ud;

    if (!object) {
        /* For a new block old_bytes is a type tag, not a size. */
        if (new_bytes == 0)
            return NULL;
        if (heap->patch && heap->first_block)
            apply_patch(heap);
        object = grow(heap, NULL, 0, new_bytes);
        if (object && !heap->first_block) {
            heap->first_block = object;
            heap->first_bytes = new_bytes;
        }
        return object;
    }
    if (new_bytes == 0) {
        if (old_bytes == 0)
            return NULL;
        heap->live -= charge_of(old_bytes);
        object_release(heap, object, old_bytes);
        return NULL;
    }
    if (charge_of(new_bytes) == charge_of(old_bytes))
        return object;
    if (new_bytes < old_bytes)
        return shrink(heap, object, old_bytes, new_bytes);
    return grow(heap, object, old_bytes, new_bytes);
}

/* ---- the heap itself ---- */

ol_lua_heap *ol_lua_heap_init(void *region, size_t region_bytes, size_t limit)
{
    ol_lua_heap *heap = region;
    uint8_t *base = region;
    size_t start = round_up(sizeof(*heap), GRAIN);

    if (region_bytes < start + 2 * SLAB_BYTES)
        return NULL;
    memset(heap, 0, sizeof(*heap));
    ol_lua_blocks_init(&heap->blocks, base, base + start,
                       base + (region_bytes & ~(size_t)(GRAIN - 1)));
    heap->limit = limit;
    return heap;
}

void ol_lua_heap_on_spent(ol_lua_heap *heap, void (*spent)(void *arg), void *arg)
{
    heap->spent = spent;
    heap->spent_arg = arg;
}

void ol_lua_heap_patch_first(ol_lua_heap *heap, size_t offset, uint32_t value)
{
    heap->patch = true;
    heap->patch_offset = offset;
    heap->patch_value = value;
}

void *ol_lua_heap_first(const ol_lua_heap *heap, size_t *bytes)
{
    *bytes = heap->first_bytes;
    return heap->first_block;
}

size_t ol_lua_heap_live_bytes(const ol_lua_heap *heap)
{
    return heap->live;
}

size_t ol_lua_heap_used_bytes(const ol_lua_heap *heap)
{
    return (size_t)(heap->blocks.top - heap->blocks.base);
}

size_t ol_lua_heap_touched_bytes(const ol_lua_heap *heap)
{
    return heap->blocks.touched;
}

void ol_lua_heap_forget_touched(ol_lua_heap *heap)
{
    heap->blocks.touched = ol_lua_heap_used_bytes(heap);
}

bool ol_lua_heap_check(const ol_lua_heap *heap)
{
    return ol_lua_blocks_check(&heap->blocks);
}
