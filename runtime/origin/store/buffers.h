/* SPDX-License-Identifier: MIT */
/*
 * Buffers of OL_READ_BYTES for bodies on their way. Idle ones are kept, up to a bound, a few
 * lists by loop so that a buffer comes back warm. When many are out (slow clients that keep one
 * each), the part of a buffer that may be filled shrinks, and with it the memory that a client
 * can pin. Any thread.
 */
#ifndef OL_ORIGIN_STORE_BUFFERS_H
#define OL_ORIGIN_STORE_BUFFERS_H

#include "base/slice.h"

typedef struct ol_buffers ol_buffers;

ol_buffers *ol_buffers_new(void);
/* Every buffer must be back. */
void ol_buffers_destroy(ol_buffers *buffers);
/* data NULL when out of memory. `lane` is the loop's index. */
ol_span ol_buffers_take(ol_buffers *buffers, unsigned lane);
void ol_buffers_give(ol_buffers *buffers, unsigned lane, uint8_t *data);

#endif
