/* SPDX-License-Identifier: MIT */
/*
 * The growing buffer. `cap` counts the byte that is kept for a NUL.
 */
#include "base/buf.h"

#include <stdio.h>

#include "base/alloc.h"
#include "base/error.h"

#define FIRST_BYTES 64u

void ol_buf_init(ol_buf *buf, size_t max)
{
    *buf = (ol_buf){.max = max < SIZE_MAX ? max : SIZE_MAX - 1};
}

void ol_buf_init_secret(ol_buf *buf, size_t max)
{
    ol_buf_init(buf, max);
    buf->secret_ = true;
}

void ol_buf_init_fixed(ol_buf *buf, void *memory, size_t size)
{
    *buf = (ol_buf){.data = memory, .cap = size, .max = size - 1, .fixed_ = true};
}

void ol_buf_fini(ol_buf *buf)
{
    if (buf->secret_)
        ol_wipe(buf->data, buf->cap);
    if (buf->fixed_) {
        buf->len = 0;
        return;
    }
    ol_free(buf->data);
    *buf = (ol_buf){.max = buf->max, .secret_ = buf->secret_};
}

void ol_buf_fini_secret(ol_buf *buf)
{
    ol_wipe(buf->data, buf->cap);
    ol_buf_fini(buf);
}

void ol_buf_clear(ol_buf *buf)
{
    if (buf->secret_)
        ol_wipe(buf->data, buf->cap);
    buf->len = 0;
}

static uint8_t *regrow(ol_buf *buf, size_t cap)
{
    if (!buf->secret_)
        return ol_realloc(buf->data, cap);
    /* realloc would leave the old bytes behind in freed memory. */
    uint8_t *data = ol_malloc(cap);
    if (!data)
        return NULL;
    if (buf->len)
        memcpy(data, buf->data, buf->len);
    ol_wipe(buf->data, buf->cap);
    ol_free(buf->data);
    return data;
}

int ol_buf_grow_(ol_buf *buf, size_t more)
{
    if (more > buf->max - buf->len)
        return OL_ELIMIT;
    size_t need = buf->len + more + 1;
    if (need <= buf->cap)
        return OL_OK;
    size_t cap = buf->cap > SIZE_MAX / 2 ? need : buf->cap * 2;
    if (cap < FIRST_BYTES)
        cap = FIRST_BYTES;
    if (cap < need)
        cap = need;
    if (cap > buf->max + 1)
        cap = buf->max + 1;
    uint8_t *data = regrow(buf, cap);
    if (!data)
        return OL_ENOMEM;
    buf->data = data;
    buf->cap = cap;
    return OL_OK;
}

int ol_buf_add_cstr(ol_buf *buf, const char *text)
{
    return ol_buf_add(buf, ol_slice_cstr(text));
}

static size_t digits_of(uint64_t number)
{
    size_t digits = 1;
    for (uint64_t bound = 10; digits < 20 && number >= bound; bound *= 10)
        digits++; /* the 20th bound would not fit, and is not asked for */
    return digits;
}

int ol_buf_add_u64(ol_buf *buf, uint64_t number)
{
    static const char pairs[] = "0001020304050607080910111213141516171819"
                                "2021222324252627282930313233343536373839"
                                "4041424344454647484950515253545556575859"
                                "6061626364656667686970717273747576777879"
                                "8081828384858687888990919293949596979899";
    size_t digits = digits_of(number);
    int rc = ol_buf_reserve(buf, digits);
    if (rc != OL_OK)
        return rc;
    buf->len += digits;
    uint8_t *at = buf->data + buf->len;
    for (; number >= 100; number /= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (number % 100), 2);
    }
    if (number >= 10)
        memcpy(at - 2, pairs + 2 * number, 2);
    else
        at[-1] = (uint8_t)('0' + number);
    return OL_OK;
}

int ol_buf_addf(ol_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int rc = ol_buf_addv(buf, format, args);
    va_end(args);
    return rc;
}

int ol_buf_addv(ol_buf *buf, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t room = buf->cap - buf->len;
    int len = vsnprintf(room ? (char *)buf->data + buf->len : NULL, room, format, args);
    int rc = len < 0 ? OL_EINVAL : OL_OK;
    if (rc == OL_OK && (size_t)len > buf->max - buf->len)
        rc = OL_ELIMIT;
    if (rc == OL_OK && (size_t)len >= room) {
        rc = ol_buf_reserve(buf, (size_t)len);
        if (rc == OL_OK)
            vsnprintf((char *)buf->data + buf->len, (size_t)len + 1, format, again);
    }
    va_end(again);
    if (rc == OL_OK)
        buf->len += (size_t)len;
    return rc;
}

void ol_buf_consume(ol_buf *buf, size_t count)
{
    if (count >= buf->len) {
        ol_buf_clear(buf);
        return;
    }
    memmove(buf->data, buf->data + count, buf->len - count);
    buf->len -= count;
    if (buf->secret_)
        ol_wipe(buf->data + buf->len, count);
}

const char *ol_buf_cstr(ol_buf *buf)
{
    if (!buf->data)
        return "";
    buf->data[buf->len] = '\0';
    return (const char *)buf->data;
}
