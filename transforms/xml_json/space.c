/* SPDX-License-Identifier: MIT */
#include "space.h"

#include <stdbool.h>
#include <stdint.h>

/* U+0009 to U+000D, U+001C to U+0020; XML lets through only some of them. */
static bool narrow(unsigned char c)
{
    return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f);
}

/* U+0085, U+00A0 */
static bool two(const unsigned char *p)
{
    return p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0);
}

/* U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000 */
static bool three(const unsigned char *p)
{
    uint32_t c = (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
    return c == 0xe19a80 || (c >= 0xe28080 && c <= 0xe2808a) || c == 0xe280a8 || c == 0xe280a9 ||
           c == 0xe280af || c == 0xe2819f || c == 0xe38080;
}

size_t xj_space_before(const unsigned char *text, size_t size)
{
    size_t at = 0;
    for (;;) {
        if (at < size && narrow(text[at]))
            at += 1;
        else if (at + 2 <= size && two(text + at))
            at += 2;
        else if (at + 3 <= size && three(text + at))
            at += 3;
        else
            return at;
    }
}

size_t xj_without_space_behind(const unsigned char *text, size_t size)
{
    for (;;) {
        if (size >= 1 && narrow(text[size - 1]))
            size -= 1;
        else if (size >= 2 && two(text + size - 2))
            size -= 2;
        else if (size >= 3 && three(text + size - 3))
            size -= 3;
        else
            return size;
    }
}
