/* SPDX-License-Identifier: MIT */
/*
 * The well-formed sequences of Unicode's table 3-7: the second byte's range depends on the
 * first, which shuts out overlong forms, surrogates and everything above U+10FFFF.
 */
#include "base/utf8.h"

typedef struct lead {
    uint8_t length;
    uint8_t second_min, second_max;
    uint8_t bits; /* of the first byte, that belong to the code point */
} lead;

static lead lead_of(uint8_t byte)
{
    if (byte >= 0xC2 && byte <= 0xDF)
        return (lead){2, 0x80, 0xBF, 0x1F};
    if (byte == 0xE0)
        return (lead){3, 0xA0, 0xBF, 0x0F};
    if (byte == 0xED)
        return (lead){3, 0x80, 0x9F, 0x0F};
    if (byte >= 0xE1 && byte <= 0xEF)
        return (lead){3, 0x80, 0xBF, 0x0F};
    if (byte == 0xF0)
        return (lead){4, 0x90, 0xBF, 0x07};
    if (byte >= 0xF1 && byte <= 0xF3)
        return (lead){4, 0x80, 0xBF, 0x07};
    if (byte == 0xF4)
        return (lead){4, 0x80, 0x8F, 0x07};
    return (lead){0, 0, 0, 0};
}

size_t ol_utf8_next(ol_slice s, uint32_t *code_point)
{
    uint8_t first = s.data[0];
    if (first < 0x80) {
        *code_point = first;
        return 1;
    }
    *code_point = OL_UTF8_BAD;
    lead l = lead_of(first);
    if (l.length == 0)
        return 1;
    if (s.len < 2 || s.data[1] < l.second_min || s.data[1] > l.second_max)
        return 1;
    uint32_t value = ((uint32_t)(first & l.bits) << 6) | (s.data[1] & 0x3Fu);
    for (size_t i = 2; i < l.length; i++) {
        if (i >= s.len || (s.data[i] & 0xC0) != 0x80)
            return i;
        value = (value << 6) | (s.data[i] & 0x3Fu);
    }
    *code_point = value;
    return l.length;
}
