/* SPDX-License-Identifier: MIT */
/*
 * The one door to the heap. Tests count what is live and make the n-th allocation
 * fail; production goes straight to malloc. Thread-safe.
 */
#ifndef OL_BASE_ALLOC_H
#define OL_BASE_ALLOC_H

#include <stddef.h>

/* NULL when out of memory; callers answer OL_ENOMEM. */
void *ol_malloc(size_t size);
void *ol_calloc(size_t count, size_t size);
void *ol_realloc(void *block, size_t size);
void ol_free(void *block);
char *ol_strdup(const char *text);
/* A NUL-terminated copy of len bytes. */
char *ol_strndup(const void *data, size_t len);
/* Overwrite, in a way no compiler removes. */
void ol_wipe(void *data, size_t len);

/* For tests: allocations now live, and a countdown after which allocations fail
 * (0 = the next one fails, -1 = never). */
long ol_alloc_live(void);
void ol_alloc_fail_after(long countdown);

#endif
