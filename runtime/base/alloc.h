/* SPDX-License-Identifier: MIT */
/*
 * The one door to the heap. Tests count what is live and make the n-th allocation
 * fail; production goes straight to malloc. Thread-safe.
 */
#ifndef OL_BASE_ALLOC_H
#define OL_BASE_ALLOC_H

#include <stddef.h>

#include "base/wipe.h" /* how secrets leave memory */

/* NULL when out of memory; callers answer OL_ENOMEM. */
void *ol_malloc(size_t size);
void *ol_calloc(size_t count, size_t size);
void *ol_realloc(void *block, size_t size);
void ol_free(void *block);
char *ol_strdup(const char *text);
/* A NUL-terminated copy of len bytes. */
char *ol_strndup(const void *data, size_t len);

/* For tests: allocations now live, and a countdown after which allocations fail, each of
 * them, until it is set anew (0 = from the next one on, -1 = never). */
long ol_alloc_live(void);
void ol_alloc_fail_after(long countdown);
/* As above, but a single allocation fails and the later ones succeed again. */
void ol_alloc_fail_one_after(long countdown);
/* How many allocations were made to fail since either was called. */
unsigned long ol_alloc_failed(void);

#endif
