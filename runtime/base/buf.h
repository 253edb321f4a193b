/* SPDX-License-Identifier: MIT */
/*
 * An owned, growing byte buffer that cannot exist without a maximum.
 * Appending past `max` fails with OL_ELIMIT and leaves the content as it was; running
 * out of memory fails with OL_ENOMEM. There is always room for a NUL behind the bytes.
 */
#ifndef OL_BASE_BUF_H
#define OL_BASE_BUF_H

#include <stdarg.h>

#include "base/slice.h"

typedef struct ol_buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max;
    bool secret_, fixed_;
} ol_buf;

/* No allocation happens before the first append. */
void ol_buf_init(ol_buf *buf, size_t max);
void ol_buf_fini(ol_buf *buf);
/* As fini, but overwrites the content first. Memory that the buffer outgrew earlier is not
 * reached by this; for that, init it as a secret. */
void ol_buf_fini_secret(ol_buf *buf);
/* A buffer for keys and passwords: what it outgrows, clears or gives back is overwritten. */
void ol_buf_init_secret(ol_buf *buf, size_t max);
/* A buffer in memory of the caller's, e.g. on its stack: never allocates, holds size - 1 bytes
 * (size must not be 0), needs no fini. */
void ol_buf_init_fixed(ol_buf *buf, void *memory, size_t size);
/* Forget the content, keep the memory. */
void ol_buf_clear(ol_buf *buf);

/* All return OL_OK, OL_ELIMIT or OL_ENOMEM. */
static inline int ol_buf_reserve(ol_buf *buf, size_t more);
static inline int ol_buf_add(ol_buf *buf, ol_slice bytes);
int ol_buf_add_cstr(ol_buf *buf, const char *text);
static inline int ol_buf_add_byte(ol_buf *buf, uint8_t byte);
int ol_buf_add_u64(ol_buf *buf, uint64_t number);
int ol_buf_addf(ol_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
int ol_buf_addv(ol_buf *buf, const char *format, va_list args);

/* Drop bytes from the front (moves the rest). */
void ol_buf_consume(ol_buf *buf, size_t count);

static inline ol_slice ol_buf_slice(const ol_buf *buf)
{
    return ol_slice_of(buf->data, buf->len);
}

/* NUL-terminated view; "" when nothing was ever added. */
const char *ol_buf_cstr(ol_buf *buf);

/* ---- the short way through, when there is room already ---- */

int ol_buf_grow_(ol_buf *buf, size_t more);

static inline int ol_buf_reserve(ol_buf *buf, size_t more)
{
    /* `cap` counts the NUL's byte and never exceeds max + 1. */
    return more < buf->cap - buf->len ? 0 : ol_buf_grow_(buf, more);
}

static inline int ol_buf_add(ol_buf *buf, ol_slice bytes)
{
    int rc = ol_buf_reserve(buf, bytes.len);
    if (rc != 0)
        return rc;
    if (bytes.len)
        memcpy(buf->data + buf->len, bytes.data, bytes.len);
    buf->len += bytes.len;
    return 0;
}

static inline int ol_buf_add_byte(ol_buf *buf, uint8_t byte)
{
    int rc = ol_buf_reserve(buf, 1);
    if (rc == 0)
        buf->data[buf->len++] = byte;
    return rc;
}

#endif
