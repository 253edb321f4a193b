/* SPDX-License-Identifier: MIT */
/*
 * Memory of one request, freed at once. Grows in blocks up to a maximum; a request
 * that wants more gets NULL (OL_ENOMEM), it never takes the server down.
 * Not thread-safe: an arena belongs to one loop.
 */
#ifndef OL_BASE_ARENA_H
#define OL_BASE_ARENA_H

#include <stdarg.h>

#include "base/slice.h"

typedef struct ol_arena ol_arena;

ol_arena *ol_arena_new(size_t bytes_max);
/* As above, with a first block of so many bytes, the arena's own head included: for what is known to
 * need more than the usual one, and is used again and again. */
ol_arena *ol_arena_new_sized(size_t first_bytes, size_t bytes_max);
void ol_arena_destroy(ol_arena *arena);
/* Forget everything but keep the first block: for reuse by the next request. */
void ol_arena_reset(ol_arena *arena);
size_t ol_arena_used(const ol_arena *arena);

/* Aligned for any type; not zeroed. NULL past the maximum. */
void *ol_arena_alloc(ol_arena *arena, size_t size);
void *ol_arena_calloc(ol_arena *arena, size_t size);
/* NUL-terminated copies. The slice is empty with data NULL when memory is out. */
ol_slice ol_arena_copy(ol_arena *arena, ol_slice bytes);
char *ol_arena_strdup(ol_arena *arena, const char *text);
char *ol_arena_printf(ol_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Run `fn(arg)` when the arena is reset or destroyed, last registered first: for counted
 * things that hang on a request. OL_OK or OL_ENOMEM (then fn has not been registered). */
int ol_arena_on_end(ol_arena *arena, void (*fn)(void *arg), void *arg);

#endif
