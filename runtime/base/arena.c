/* SPDX-License-Identifier: MIT */
/*
 * The arena. Its first block is one allocation with its head and survives a reset; further
 * blocks double up to a bound. What was not handed out is poisoned under AddressSanitizer, so
 * that a slice that outlives its request is seen.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define poison(data, len) __asan_poison_memory_region(data, len)
#define unpoison(data, len) __asan_unpoison_memory_region(data, len)
#else
#define poison(data, len) ((void)(data), (void)(len))
#define unpoison(data, len) ((void)(data), (void)(len))
#endif

#define FIRST_BLOCK_BYTES 4096u /* with the arena's own head */
#define GROWN_BLOCK_BYTES_MAX (64u * 1024u)
#define ALIGNMENT alignof(max_align_t)

typedef struct block {
    struct block *next; /* older */
    size_t cap;
    size_t used;
    alignas(max_align_t) uint8_t data[];
} block;

typedef struct on_end {
    struct on_end *next; /* registered earlier */
    void (*fn)(void *arg);
    void *arg;
} on_end;

struct ol_arena {
    size_t bytes_max;
    size_t cap_total; /* of all blocks */
    size_t used;      /* bytes handed out */
    on_end *ends;
    block *current;
    block first; /* must be last */
};

ol_arena *ol_arena_new(size_t bytes_max)
{
    return ol_arena_new_sized(FIRST_BLOCK_BYTES, bytes_max);
}

ol_arena *ol_arena_new_sized(size_t first_bytes, size_t bytes_max)
{
    assert(first_bytes > sizeof(ol_arena));
    size_t cap = first_bytes - sizeof(ol_arena);
    if (cap > bytes_max)
        cap = bytes_max;
    ol_arena *arena = ol_malloc(sizeof(ol_arena) + cap);
    if (!arena)
        return NULL;
    *arena = (ol_arena){.bytes_max = bytes_max, .cap_total = cap};
    arena->first.cap = cap;
    arena->current = &arena->first;
    poison(arena->first.data, cap);
    return arena;
}

void ol_arena_reset(ol_arena *arena)
{
    while (arena->ends) {
        on_end *end = arena->ends;
        arena->ends = end->next;
        end->fn(end->arg);
    }
    while (arena->current != &arena->first) {
        block *b = arena->current;
        arena->current = b->next;
        unpoison(b->data, b->cap);
        ol_free(b);
    }
    arena->first.used = 0;
    arena->cap_total = arena->first.cap;
    arena->used = 0;
    poison(arena->first.data, arena->first.cap);
}

void ol_arena_destroy(ol_arena *arena)
{
    if (!arena)
        return;
    ol_arena_reset(arena);
    unpoison(arena->first.data, arena->first.cap);
    ol_free(arena);
}

size_t ol_arena_used(const ol_arena *arena)
{
    return arena->used;
}

/* A new current block with room for `size`, within what is left of the maximum. */
static bool grow(ol_arena *arena, size_t size)
{
    size_t left = arena->bytes_max - arena->cap_total;
    if (size > left)
        return false;
    size_t cap = arena->cap_total;
    if (cap > GROWN_BLOCK_BYTES_MAX)
        cap = GROWN_BLOCK_BYTES_MAX;
    if (cap > left)
        cap = left;
    if (cap < size)
        cap = size;
    block *b = ol_malloc(sizeof(block) + cap);
    if (!b)
        return false;
    *b = (block){.next = arena->current, .cap = cap};
    poison(b->data, cap);
    arena->current = b;
    arena->cap_total += cap;
    return true;
}

void *ol_arena_alloc(ol_arena *arena, size_t size)
{
    if (size > arena->bytes_max)
        return NULL;
    if (size == 0)
        size = 1;
    block *b = arena->current;
    /* `used` is kept aligned, and may therefore stand behind `cap`. */
    if (b->used > b->cap || size > b->cap - b->used) {
        if (!grow(arena, size))
            return NULL;
        b = arena->current;
    }
    void *place = b->data + b->used;
    b->used += (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
    arena->used += size;
    unpoison(place, size);
    return place;
}

void *ol_arena_calloc(ol_arena *arena, size_t size)
{
    void *place = ol_arena_alloc(arena, size);
    if (place)
        memset(place, 0, size);
    return place;
}

ol_slice ol_arena_copy(ol_arena *arena, ol_slice bytes)
{
    if (bytes.len == SIZE_MAX)
        return OL_SLICE_NONE;
    uint8_t *copy = ol_arena_alloc(arena, bytes.len + 1);
    if (!copy)
        return OL_SLICE_NONE;
    if (bytes.len)
        memcpy(copy, bytes.data, bytes.len);
    copy[bytes.len] = '\0';
    return ol_slice_of(copy, bytes.len);
}

char *ol_arena_strdup(ol_arena *arena, const char *text)
{
    return (char *)(uintptr_t)ol_arena_copy(arena, ol_slice_cstr(text)).data;
}

char *ol_arena_printf(ol_arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        return NULL;
    char *text = ol_arena_alloc(arena, (size_t)len + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

int ol_arena_on_end(ol_arena *arena, void (*fn)(void *arg), void *arg)
{
    on_end *end = ol_arena_alloc(arena, sizeof(*end));
    if (!end)
        return OL_ENOMEM;
    *end = (on_end){.next = arena->ends, .fn = fn, .arg = arg};
    arena->ends = end;
    return OL_OK;
}
