/* SPDX-License-Identifier: MIT */
/*
 * Whole pages for the larger bodies that a cache keeps, in memory from which sockets send
 * without a copy (net/stable_memory.h). Any thread.
 */
#ifndef OL_NET_PAGES_H
#define OL_NET_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ol_pages ol_pages;

/* NULL when there cannot be any: bodies then live on the heap. Address space is taken for
 * `bytes_max`; memory only for what is in use. */
ol_pages *ol_pages_new(size_t bytes_max);
/* Everything must be back. NULL is fine. */
void ol_pages_destroy(ol_pages *pages);

/* What a body of so many bytes takes. */
size_t ol_pages_cost(size_t bytes);
/* NULL when there is no room or no memory. */
uint8_t *ol_pages_take(ol_pages *pages, size_t bytes);
/* What sockets still have of it stays as it is; the place is used again for other bytes. */
void ol_pages_give(ol_pages *pages, uint8_t *data, size_t bytes);

#endif
