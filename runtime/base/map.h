/* SPDX-License-Identifier: MIT */
/*
 * A hash map from byte strings to pointers. Keys are copied; values are the caller's.
 * The hash is keyed by a random per-process seed, so that peers cannot force collisions.
 * Not thread-safe; concurrent lookups of a map that nobody changes are fine.
 */
#ifndef OL_BASE_MAP_H
#define OL_BASE_MAP_H

#include "base/slice.h"

typedef struct ol_map ol_map;

ol_map *ol_map_new(void);
/* `free_value` may be NULL. */
void ol_map_destroy(ol_map *map, void (*free_value)(void *value));
size_t ol_map_count(const ol_map *map);
/* NULL when absent. */
void *ol_map_get(const ol_map *map, ol_slice key);
/* Insert or replace; `*old` (may be NULL) receives the value that stood there, or NULL.
 * OL_OK or OL_ENOMEM. `value` must not be NULL. */
int ol_map_put(ol_map *map, ol_slice key, void *value, void **old);
/* The removed value, or NULL. */
void *ol_map_remove(ol_map *map, ol_slice key);
/* Any order; stops when `visit` returns false. The map must not change meanwhile. */
void ol_map_each(const ol_map *map, bool (*visit)(void *arg, ol_slice key, void *value), void *arg);

/* The keyed hash of a key, for tables of another kind: the same for as long as the process runs. Any thread. */
uint64_t ol_map_hash(ol_slice key);

#endif
