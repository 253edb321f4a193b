/* SPDX-License-Identifier: MIT */
#include "space.h"

#include <stdbool.h>

/* Both kinds of white space in ASCII. */
enum { OF_XML = 1, OF_UNICODE = 2 };
static const uint8_t ascii[256] = {
    ['\t'] = OF_XML | OF_UNICODE, ['\n'] = OF_XML | OF_UNICODE, ['\r'] = OF_XML | OF_UNICODE,
    [' '] = OF_XML | OF_UNICODE,  ['\v'] = OF_UNICODE,          ['\f'] = OF_UNICODE,
    [0x1c] = OF_UNICODE,          [0x1d] = OF_UNICODE,          [0x1e] = OF_UNICODE,
    [0x1f] = OF_UNICODE,
};

static uint8_t kind_of(enum xj_strip strip)
{
    return strip == XJ_STRIP_XML ? OF_XML : OF_UNICODE;
}

/* U+0085, U+00A0 */
static bool is_space2(const uint8_t *p)
{
    return p[0] == 0xc2 && (p[1] == 0x85 || p[1] == 0xa0);
}

/* U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000 */
static bool is_space3(const uint8_t *p)
{
    if (p[0] == 0xe1)
        return p[1] == 0x9a && p[2] == 0x80;
    if (p[0] == 0xe3)
        return p[1] == 0x80 && p[2] == 0x80;
    if (p[0] != 0xe2)
        return false;
    if (p[1] == 0x80)
        return (p[2] >= 0x80 && p[2] <= 0x8a) || p[2] == 0xa8 || p[2] == 0xa9 || p[2] == 0xaf;
    return p[1] == 0x81 && p[2] == 0x9f;
}

/* The bytes of the white space beyond ASCII that is at `text`, or that ends before `text + size`. */
static size_t first_wide(const uint8_t *text, size_t size)
{
    if (size >= 2 && is_space2(text))
        return 2;
    return size >= 3 && is_space3(text) ? 3 : 0;
}

static size_t last_wide(const uint8_t *text, size_t size)
{
    if (size >= 2 && is_space2(text + size - 2))
        return 2;
    return size >= 3 && is_space3(text + size - 3) ? 3 : 0;
}

size_t xj_space_before(const uint8_t *text, size_t size, enum xj_strip strip)
{
    uint8_t kind = kind_of(strip);
    size_t i = 0, n;
    do {
        while (i < size && ascii[text[i]] & kind)
            i++;
        n = i < size && text[i] >= 0x80 && kind == OF_UNICODE ? first_wide(text + i, size - i) : 0;
        i += n;
    } while (n > 0);
    return i;
}

size_t xj_space_trimmed(const uint8_t *text, size_t size, enum xj_strip strip)
{
    uint8_t kind = kind_of(strip);
    size_t n;
    do {
        while (size > 0 && ascii[text[size - 1]] & kind)
            size--;
        n = size > 0 && text[size - 1] >= 0x80 && kind == OF_UNICODE ? last_wide(text, size) : 0;
        size -= n;
    } while (n > 0);
    return size;
}
