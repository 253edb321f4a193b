/* SPDX-License-Identifier: MIT */
/*
 * A borrowed view of bytes. A slice owns nothing: it is valid as long as whoever
 * handed it out says so. Passed by value. Not NUL-terminated.
 */
#ifndef OL_BASE_SLICE_H
#define OL_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct ol_slice {
    const uint8_t *data; /* may be NULL only when len is 0 */
    size_t len;
} ol_slice;

/* A borrowed place to write to. */
typedef struct ol_span {
    uint8_t *data;
    size_t len;
} ol_span;

#define OL_SLICE_LIT(literal) ((ol_slice){(const uint8_t *)("" literal), sizeof(literal) - 1})
#define OL_SLICE_NONE ((ol_slice){NULL, 0})
/* For printf("%.*s", OL_SLICE_FMT(s)). */
#define OL_SLICE_FMT(s) (int)(s).len, (const char *)(s).data

static inline ol_slice ol_slice_of(const void *data, size_t len)
{
    return (ol_slice){(const uint8_t *)data, len};
}

/* NULL gives the empty slice. */
static inline ol_slice ol_slice_cstr(const char *text)
{
    return text ? ol_slice_of(text, strlen(text)) : OL_SLICE_NONE;
}

static inline bool ol_slice_eq(ol_slice a, ol_slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool ol_slice_eq_cstr(ol_slice a, const char *b)
{
    return ol_slice_eq(a, ol_slice_cstr(b));
}

static inline ol_slice ol_slice_from(ol_slice s, size_t start)
{
    return start >= s.len ? OL_SLICE_NONE : ol_slice_of(s.data + start, s.len - start);
}

static inline ol_slice ol_slice_first(ol_slice s, size_t len)
{
    return ol_slice_of(s.data, len < s.len ? len : s.len);
}

bool ol_slice_ieq_bytes_(const uint8_t *a, const uint8_t *b, size_t len);

/* ASCII only, independent of the locale. Most that are compared differ in length or in their first
 * byte already. */
static inline bool ol_slice_ieq(ol_slice a, ol_slice b)
{
    if (a.len != b.len)
        return false;
    return a.len == 0 ||
           (((a.data[0] ^ b.data[0]) & ~0x20) == 0 && ol_slice_ieq_bytes_(a.data, b.data, a.len));
}

static inline bool ol_slice_starts(ol_slice s, ol_slice prefix)
{
    return s.len >= prefix.len && ol_slice_eq(ol_slice_first(s, prefix.len), prefix);
}

bool ol_slice_ends(ol_slice s, ol_slice suffix);
/* Byte order, as S3 lists keys: <0, 0, >0; a prefix sorts first. */
int ol_slice_cmp(ol_slice a, ol_slice b);
/* Index of the byte, or -1. */
ptrdiff_t ol_slice_find(ol_slice s, uint8_t byte);
/* Index of where `part` begins first, or -1. The empty part is at 0. */
ptrdiff_t ol_slice_search(ol_slice s, ol_slice part);
/* Without spaces and tabs on either side. */
ol_slice ol_slice_trim(ol_slice s);
/* Decimal, no sign, no blanks; false when empty, not a number, or above UINT64_MAX. */
bool ol_slice_u64(ol_slice s, uint64_t *out);
/* Same length and content, in time that depends on the lengths only. */
bool ol_slice_eq_secret(ol_slice a, ol_slice b);
/* Every byte sequence is well-formed UTF-8 (no overlong forms, no surrogates). */
bool ol_slice_is_utf8(ol_slice s);

#endif
