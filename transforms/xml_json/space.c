/* SPDX-License-Identifier: MIT */
#include "space.h"

#include <stdbool.h>

static bool is_ascii_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f);
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

static bool is_xml_space(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The bytes of the white space at `text`, or of that which ends before `text + size`. */
static size_t first_space(const uint8_t *text, size_t size, enum xj_strip strip)
{
    if (strip == XJ_STRIP_XML)
        return size >= 1 && is_xml_space(text[0]);
    if (size >= 1 && is_ascii_space(text[0]))
        return 1;
    if (size >= 2 && is_space2(text))
        return 2;
    return size >= 3 && is_space3(text) ? 3 : 0;
}

static size_t last_space(const uint8_t *text, size_t size, enum xj_strip strip)
{
    if (strip == XJ_STRIP_XML)
        return size >= 1 && is_xml_space(text[size - 1]);
    if (size >= 1 && is_ascii_space(text[size - 1]))
        return 1;
    if (size >= 2 && is_space2(text + size - 2))
        return 2;
    return size >= 3 && is_space3(text + size - 3) ? 3 : 0;
}

size_t xj_space_before(const uint8_t *text, size_t size, enum xj_strip strip)
{
    size_t i = 0, n;
    while ((n = first_space(text + i, size - i, strip)) > 0)
        i += n;
    return i;
}

size_t xj_space_trimmed(const uint8_t *text, size_t size, enum xj_strip strip)
{
    size_t n;
    while ((n = last_space(text, size, strip)) > 0)
        size -= n;
    return size;
}
