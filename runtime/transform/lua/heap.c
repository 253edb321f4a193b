/* SPDX-License-Identifier: MIT */
/*
 * The heap of one Lua state; see heap.h.
 *
 * Region: [bookkeeping][block][block]…[top, never used yet]. A block is a 16-byte header and its
 * payload. Slabs are blocks like others; small objects are cut from the current slab and go to
 * the free list of their size when they die. A slab is never given back.
 */
#include "transform/lua/heap.h"

#include <string.h>

#define GRAIN 16u
#define SMALL_MAX 256u
#define SMALL_CLASSES (SMALL_MAX / GRAIN)
#define SLAB_BYTES 4096u
#define SPLIT_MIN 288u /* a rest smaller than this stays with its block */

/* Bins: one for each eighth between two powers of two. */
#define BIN_SHIFT_MIN 8u
#define BIN_POWERS 40u
#define BIN_PARTS 8u

#define FREE_FLAG 1u

typedef struct block {
    uint64_t size;      /* header included, a multiple of 16; lowest bit: free */
    uint64_t prev_size; /* of the block before; 0 for the first */
} block;

typedef struct free_block {
    block head;
    struct free_block *next, *prev;
} free_block;

typedef struct small_block {
    struct small_block *next;
} small_block;

struct ol_lua_heap {
    uint8_t *base, *end;
    block *first;
    uint8_t *top;   /* where the never used part begins */
    uint64_t last_size; /* of the block that ends at top */
    size_t limit, live, touched;
    small_block *small[SMALL_CLASSES];
    uint8_t *slab_at, *slab_end;
    uint64_t powers; /* bit n: some bin of power n is filled */
    uint8_t parts[BIN_POWERS];
    free_block *bins[BIN_POWERS][BIN_PARTS];
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

static uint64_t size_of(const block *b)
{
    return b->size & ~(uint64_t)FREE_FLAG;
}

static bool is_free(const block *b)
{
    return (b->size & FREE_FLAG) != 0;
}

static block *next_of(const block *b)
{
    return (block *)((uint8_t *)(uintptr_t)b + size_of(b));
}

/* ---- bins ---- */

/* The bin in which a block of this size lies. */
static void bin_of(uint64_t size, unsigned *power, unsigned *part)
{
    unsigned log = 63u - (unsigned)__builtin_clzll(size);

    if (log < BIN_SHIFT_MIN) {
        *power = 0;
        *part = 0;
        return;
    }
    *power = log - BIN_SHIFT_MIN;
    *part = (unsigned)(size >> (log - 3)) & (BIN_PARTS - 1);
    if (*power >= BIN_POWERS) {
        *power = BIN_POWERS - 1;
        *part = BIN_PARTS - 1;
    }
}

static void bin_insert(ol_lua_heap *heap, block *b)
{
    free_block *f = (free_block *)b;
    unsigned power, part;

    bin_of(size_of(b), &power, &part);
    b->size |= FREE_FLAG;
    f->prev = NULL;
    f->next = heap->bins[power][part];
    if (f->next)
        f->next->prev = f;
    heap->bins[power][part] = f;
    heap->parts[power] |= (uint8_t)(1u << part);
    heap->powers |= 1ull << power;
}

static void bin_remove(ol_lua_heap *heap, block *b)
{
    free_block *f = (free_block *)b;
    unsigned power, part;

    bin_of(size_of(b), &power, &part);
    if (f->next)
        f->next->prev = f->prev;
    if (f->prev)
        f->prev->next = f->next;
    else
        heap->bins[power][part] = f->next;
    if (!heap->bins[power][part]) {
        heap->parts[power] &= (uint8_t) ~(1u << part);
        if (!heap->parts[power])
            heap->powers &= ~(1ull << power);
    }
    b->size &= ~(uint64_t)FREE_FLAG;
}

/* A free block of at least `size`, out of its bin; NULL when there is none. */
static block *bin_take(ol_lua_heap *heap, uint64_t size)
{
    unsigned power, part, parts;
    uint64_t powers;
    free_block *f;

    /* Blocks of the size's own bin may be too small; look at its first few all the same, so
     * that a block freed is found again by a request of the same size. */
    bin_of(size, &power, &part);
    f = heap->bins[power][part];
    for (unsigned i = 0; f && i < 4; i++, f = f->next) {
        if (size_of(&f->head) < size)
            continue;
        bin_remove(heap, &f->head);
        return &f->head;
    }
    parts = part + 1 < BIN_PARTS ? heap->parts[power] & (0xffu << (part + 1)) & 0xffu : 0;
    if (!parts) {
        powers = power + 1 < 64 ? heap->powers & (~0ull << (power + 1)) : 0;
        if (!powers)
            return NULL;
        power = (unsigned)__builtin_ctzll(powers);
        parts = heap->parts[power];
    }
    f = heap->bins[power][__builtin_ctz(parts)];
    bin_remove(heap, &f->head);
    return &f->head;
}

/* ---- blocks ---- */

static void set_prev_size(ol_lua_heap *heap, block *b)
{
    block *next = next_of(b);

    if ((uint8_t *)next == heap->top)
        heap->last_size = size_of(b);
    else
        next->prev_size = size_of(b);
}

/* Room for a block at the top; the part never used shrinks. */
static block *top_take(ol_lua_heap *heap, uint64_t size)
{
    block *b = (block *)heap->top;

    if ((uint64_t)(heap->end - heap->top) < size)
        return NULL;
    heap->top += size;
    if ((size_t)(heap->top - heap->base) > heap->touched)
        heap->touched = (size_t)(heap->top - heap->base);
    b->size = size;
    b->prev_size = heap->last_size;
    heap->last_size = size;
    return b;
}

/* Give a block back, merged with free neighbours; the last one returns to the top. */
static void block_release(ol_lua_heap *heap, block *b)
{
    block *next = next_of(b);

    if ((uint8_t *)next != heap->top && is_free(next)) {
        bin_remove(heap, next);
        b->size += size_of(next);
    }
    if (b->prev_size) {
        block *prev = (block *)((uint8_t *)b - b->prev_size);

        if (is_free(prev)) {
            bin_remove(heap, prev);
            prev->size += size_of(b);
            b = prev;
        }
    }
    if ((uint8_t *)next_of(b) == heap->top) {
        heap->top = (uint8_t *)b;
        heap->last_size = b->prev_size;
        return;
    }
    bin_insert(heap, b);
    set_prev_size(heap, b);
}

/* Cut the block down to `size` and give the rest back. */
static void block_trim(ol_lua_heap *heap, block *b, uint64_t size)
{
    uint64_t rest_size = size_of(b) - size;
    block *rest;

    if (rest_size < SPLIT_MIN)
        return;
    rest = (block *)((uint8_t *)b + size);
    rest->size = rest_size;
    rest->prev_size = size;
    b->size = size;
    set_prev_size(heap, rest);
    block_release(heap, rest);
}

static block *block_take(ol_lua_heap *heap, uint64_t size)
{
    block *b = bin_take(heap, size);

    if (!b)
        return top_take(heap, size);
    block_trim(heap, b, size);
    return b;
}

/* Make the block longer where it stands; false when there is no room behind it. */
static bool block_extend(ol_lua_heap *heap, block *b, uint64_t size)
{
    block *next = next_of(b);

    if (size_of(b) >= size)
        return true;
    if ((uint8_t *)next == heap->top) {
        if (!top_take(heap, size - size_of(b)))
            return false;
        b->size = size;
        heap->last_size = size;
        return true;
    }
    if (!is_free(next) || size_of(b) + size_of(next) < size)
        return false;
    bin_remove(heap, next);
    b->size += size_of(next);
    set_prev_size(heap, b);
    block_trim(heap, b, size);
    return true;
}

/* ---- objects ---- */

static uint64_t block_bytes(size_t bytes)
{
    return round_up(bytes, GRAIN) + sizeof(block);
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
        block *slab = block_take(heap, SLAB_BYTES);

        if (!slab)
            return NULL;
        if (heap->slab_end > heap->slab_at)
            small_put(heap, heap->slab_at, (size_t)(heap->slab_end - heap->slab_at));
        heap->slab_at = (uint8_t *)(slab + 1);
        heap->slab_end = (uint8_t *)slab + (size_of(slab) & ~(uint64_t)(GRAIN - 1));
    }
    object = heap->slab_at;
    heap->slab_at += class_bytes;
    return object;
}

static void *object_take(ol_lua_heap *heap, size_t bytes)
{
    block *b;

    if (bytes <= SMALL_MAX)
        return small_take(heap, round_up(bytes, GRAIN));
    b = block_take(heap, block_bytes(bytes));
    return b ? b + 1 : NULL;
}

static void object_release(ol_lua_heap *heap, void *object, size_t bytes)
{
    if (bytes <= SMALL_MAX)
        small_put(heap, object, round_up(bytes, GRAIN));
    else
        block_release(heap, (block *)object - 1);
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
        block_extend(heap, (block *)object - 1, block_bytes(new_bytes))) {
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
        block_trim(heap, (block *)object - 1, block_bytes(new_bytes));
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
    size_t start = round_up(sizeof(*heap), GRAIN);

    if (region_bytes < start + 2 * SLAB_BYTES)
        return NULL;
    memset(heap, 0, sizeof(*heap));
    heap->base = region;
    heap->end = heap->base + (region_bytes & ~(size_t)(GRAIN - 1));
    heap->top = heap->base + start;
    heap->first = (block *)heap->top;
    heap->limit = limit;
    heap->touched = start;
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
    return (size_t)(heap->top - heap->base);
}

size_t ol_lua_heap_touched_bytes(const ol_lua_heap *heap)
{
    return heap->touched;
}

void ol_lua_heap_forget_touched(ol_lua_heap *heap)
{
    heap->touched = ol_lua_heap_used_bytes(heap);
}

bool ol_lua_heap_check(const ol_lua_heap *heap)
{
    uint64_t prev_size = 0;
    size_t free_seen = 0, free_listed = 0;
    bool prev_free = false;

    for (const block *b = heap->first; (const uint8_t *)b < heap->top; b = next_of(b)) {
        if (size_of(b) < sizeof(free_block) || size_of(b) % GRAIN || b->prev_size != prev_size)
            return false;
        if (is_free(b) && prev_free)
            return false;
        free_seen += is_free(b);
        prev_free = is_free(b);
        prev_size = size_of(b);
    }
    for (unsigned power = 0; power < BIN_POWERS; power++)
        for (unsigned part = 0; part < BIN_PARTS; part++) {
            const free_block *f = heap->bins[power][part];

            if (!f != !(heap->parts[power] & (1u << part)))
                return false;
            for (; f; f = f->next, free_listed++)
                if (!is_free(&f->head))
                    return false;
        }
    return !prev_free && prev_size == heap->last_size && free_seen == free_listed;
}
