/* SPDX-License-Identifier: MIT */
/*
 * Memory whose pages sockets may refer to instead of copying them (net/page_pipe.h). The owner maps
 * it (privately: nobody else may write there) and makes it known here; streams only look up.
 *
 * The kernel refers to the pages until the peer has them, which is long after a write returned.
 * So whoever reuses a place must not write over it: its pages are given back first
 * (MADV_DONTNEED), and the sockets keep the old ones.
 */
#ifndef OL_NET_STABLE_MEMORY_H
#define OL_NET_STABLE_MEMORY_H

#include "base/slice.h"

#define OL_STABLE_AREAS_MAX 8
/* Shorter slices are cheaper to copy. */
#define OL_STABLE_BYTES_MIN (16u * 1024)

/* False when there are too many already: then it is sent by copying. Any thread. */
bool ol_stable_memory_add(const void *base, size_t bytes);
/* When no stream has anything of it any more. Harmless for what was not added. */
void ol_stable_memory_remove(const void *base);
/* Whether the slice lies in an area and is long enough. Any thread, no lock. */
bool ol_stable_memory_has(ol_slice slice);

#endif
