/* SPDX-License-Identifier: MIT */
/*
 * Comparing, searching and reading slices. Nothing here allocates or depends on a locale.
 */
#include "base/slice.h"

#include "base/utf8.h"
#include "base/words.h"

static uint8_t ascii_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

static bool words_ieq(const uint8_t *a, const uint8_t *b)
{
    return ol_word_lower(ol_word_load(a)) == ol_word_lower(ol_word_load(b));
}

/* Four to eight bytes in a word: the first four, and the last, which may be the same. */
static uint64_t ends_of(const uint8_t *at, size_t len)
{
    uint32_t first, last;
    memcpy(&first, at, sizeof(first));
    memcpy(&last, at + len - sizeof(last), sizeof(last));
    return first | (uint64_t)last << 32;
}

bool ol_slice_ieq_bytes_(const uint8_t *a, const uint8_t *b, size_t len)
{
    size_t at = 0;
    for (; len - at > OL_WORD_BYTES; at += OL_WORD_BYTES) {
        if (!words_ieq(a + at, b + at))
            return false;
    }
    if (len >= OL_WORD_BYTES) /* the last word may overlap the one before */
        return words_ieq(a + len - OL_WORD_BYTES, b + len - OL_WORD_BYTES);
    if (len >= 4)
        return ol_word_lower(ends_of(a, len)) == ol_word_lower(ends_of(b, len));
    for (; at < len; at++) {
        if (ascii_lower(a[at]) != ascii_lower(b[at]))
            return false;
    }
    return true;
}

bool ol_slice_ends(ol_slice s, ol_slice suffix)
{
    return s.len >= suffix.len && ol_slice_eq(ol_slice_from(s, s.len - suffix.len), suffix);
}

int ol_slice_cmp(ol_slice a, ol_slice b)
{
    size_t common = a.len < b.len ? a.len : b.len;
    int order = common ? memcmp(a.data, b.data, common) : 0;
    if (order != 0)
        return order;
    return a.len < b.len ? -1 : a.len > b.len;
}

ptrdiff_t ol_slice_find(ol_slice s, uint8_t byte)
{
    const uint8_t *at = s.len ? memchr(s.data, byte, s.len) : NULL;
    return at ? at - s.data : -1;
}

/* memmem must not see NULL, not even for no bytes. */
ptrdiff_t ol_slice_search(ol_slice s, ol_slice part)
{
    if (part.len == 0)
        return 0;
    const uint8_t *at = s.len >= part.len ? memmem(s.data, s.len, part.data, part.len) : NULL;
    return at ? at - s.data : -1;
}

static bool is_blank(uint8_t byte)
{
    return byte == ' ' || byte == '\t';
}

ol_slice ol_slice_trim(ol_slice s)
{
    while (s.len && is_blank(s.data[0])) {
        s.data++;
        s.len--;
    }
    while (s.len && is_blank(s.data[s.len - 1]))
        s.len--;
    return s;
}

bool ol_slice_u64(ol_slice s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.data[i] - '0'), &value))
            return false;
    }
    *out = value;
    return true;
}

bool ol_slice_eq_secret(ol_slice a, ol_slice b)
{
    if (a.len != b.len)
        return false;
    /* volatile keeps the compiler from leaving the loop at the first difference. */
    volatile uint64_t difference = 0;
    size_t at = 0;
    for (; a.len - at >= OL_WORD_BYTES; at += OL_WORD_BYTES)
        difference = difference | (ol_word_load(a.data + at) ^ ol_word_load(b.data + at));
    for (; at < a.len; at++)
        difference = difference | (uint64_t)(a.data[at] ^ b.data[at]);
    return difference == 0;
}

/* Length of the ASCII run that starts `s`, in whole words only. */
static size_t ascii_words(ol_slice s)
{
    size_t at = 0;
    while (s.len - at >= OL_WORD_BYTES && ol_word_is_ascii(ol_word_load(s.data + at)))
        at += OL_WORD_BYTES;
    return at;
}

bool ol_slice_is_utf8(ol_slice s)
{
    uint32_t code_point;
    size_t at = 0;
    while (at < s.len) {
        at += ascii_words(ol_slice_of(s.data + at, s.len - at));
        if (at == s.len)
            break;
        at += ol_utf8_next(ol_slice_of(s.data + at, s.len - at), &code_point);
        if (code_point == OL_UTF8_BAD)
            return false;
    }
    return true;
}
