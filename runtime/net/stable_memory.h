/* SPDX-License-Identifier: MIT */
/*
 * Memory that is a file as well, so that the kernel can send from it without copying: a stream
 * that is given bytes from such memory uses sendfile. The owner maps a memfd and makes it known
 * here; streams only look up.
 *
 * The kernel refers to the pages until the peer has them, which is long after a write returned.
 * So whoever reuses a place must not write over it: its pages are given back first (a hole is
 * punched into the file), and the sockets keep the old ones.
 */
#ifndef OL_NET_STABLE_MEMORY_H
#define OL_NET_STABLE_MEMORY_H

#include <sys/types.h>

#include "base/slice.h"

#define OL_STABLE_AREAS_MAX 8
/* Shorter slices are cheaper to copy. */
#define OL_STABLE_BYTES_MIN (16u * 1024)

/* False when there are too many already: then it is sent by copying. Any thread. `fd` stays the
 * caller's and open until the area has been removed. */
bool ol_stable_memory_add(const void *base, size_t bytes, int fd);
/* When no stream has anything of it any more. Harmless for what was not added. */
void ol_stable_memory_remove(const void *base);
/* Where the slice stands, if it lies in an area and is long enough. Any thread, no lock. */
bool ol_stable_memory_find(ol_slice slice, int *fd, off_t *offset);

#endif
