/* SPDX-License-Identifier: MIT */
/* Reading a file without blocking a loop thread, and with. */
#ifndef OL_ORIGIN_STORE_READ_H
#define OL_ORIGIN_STORE_READ_H

#include <sys/types.h>

#include "base/slice.h"

/* What the page cache has, from any thread: bytes read (maybe fewer than asked), 0 when a read
 * thread has to do it. Never waits for a disk. */
size_t ol_read_nowait(int fd, uint64_t offset, ol_span span);
/* All of the span, on a read thread. 0, or an errno; ENODATA: the file ends before. `ahead`
 * more bytes will be wanted next. */
int ol_read_wait(int fd, uint64_t offset, ol_span span, uint64_t ahead);

#endif
