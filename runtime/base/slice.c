/* SPDX-License-Identifier: MIT */
/*
 * Comparing, searching and reading slices. Nothing here allocates or depends on a locale.
 */
#include "base/slice.h"

#include "base/utf8.h"

static uint8_t ascii_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte | 0x20) : byte;
}

bool ol_slice_ieq(ol_slice a, ol_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (ascii_lower(a.data[i]) != ascii_lower(b.data[i]))
            return false;
    }
    return true;
}

bool ol_slice_starts(ol_slice s, ol_slice prefix)
{
    return s.len >= prefix.len && ol_slice_eq(ol_slice_first(s, prefix.len), prefix);
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
    volatile uint8_t difference = 0;
    for (size_t i = 0; i < a.len; i++)
        difference = (uint8_t)(difference | (a.data[i] ^ b.data[i]));
    return difference == 0;
}

/* Length of the ASCII run that starts `s`, in whole words only. */
static size_t ascii_words(ol_slice s)
{
    size_t at = 0;
    uint64_t word;
    while (s.len - at >= sizeof(word)) {
        memcpy(&word, s.data + at, sizeof(word));
        if (word & 0x8080808080808080ull)
            break;
        at += sizeof(word);
    }
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
