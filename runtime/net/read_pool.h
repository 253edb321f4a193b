/* SPDX-License-Identifier: MIT */
/*
 * The read buffers of one loop. All streams read into the same buffer; a reader that cannot
 * finish with the bytes at once keeps that buffer and the next read gets another, so nothing
 * is copied. Only so many large buffers may be kept; past that, reads are small.
 */
#ifndef OL_NET_READ_POOL_H
#define OL_NET_READ_POOL_H

#include "base/limits.h"
#include "base/slice.h"

#define OL_READ_SMALL_BYTES (16 * OL_KIB)
#define OL_READ_LARGE_KEPT_MAX 64 /* a loop: 16 MiB */

typedef struct ol_read_pool ol_read_pool;

typedef struct ol_read_buf {
    struct ol_read_buf *next_;
    ol_read_pool *pool;
    size_t size;
    uint8_t data[];
} ol_read_buf;

/* Allocates one buffer of each size at once, so that the common path cannot fail. */
ol_read_pool *ol_read_pool_new(void);
/* Every kept buffer must be back. */
void ol_read_pool_destroy(ol_read_pool *pool);

/* The buffer that the next read goes to: large or small, as wanted and as the bound on kept
 * ones permits. It stays the pool's. NULL: out of memory. */
ol_read_buf *ol_read_pool_current(ol_read_pool *pool, bool large);
/* Take a current buffer out of the pool; give it back with ol_read_buf_release. */
void ol_read_buf_keep(ol_read_buf *buf);
void ol_read_buf_release(ol_read_buf *buf);
/* How many are kept now. */
size_t ol_read_pool_kept(const ol_read_pool *pool);

/* Two scratch areas of OL_READ_BYTES plus TLS overhead, valid within one call only: bytes as
 * they came from, and as they go to, a TLS socket. data NULL: out of memory. */
ol_span ol_read_pool_scratch(ol_read_pool *pool, bool outgoing);

#endif
