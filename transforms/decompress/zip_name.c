/* SPDX-License-Identifier: MIT */
#include "zip_name.h"

#include <string.h>

/* Code page 437 from 0x80 on. */
static const uint16_t page_437[128] = {
    0x00c7, 0x00fc, 0x00e9, 0x00e2, 0x00e4, 0x00e0, 0x00e5, 0x00e7, 0x00ea, 0x00eb, 0x00e8, 0x00ef,
    0x00ee, 0x00ec, 0x00c4, 0x00c5, 0x00c9, 0x00e6, 0x00c6, 0x00f4, 0x00f6, 0x00f2, 0x00fb, 0x00f9,
    0x00ff, 0x00d6, 0x00dc, 0x00a2, 0x00a3, 0x00a5, 0x20a7, 0x0192, 0x00e1, 0x00ed, 0x00f3, 0x00fa,
    0x00f1, 0x00d1, 0x00aa, 0x00ba, 0x00bf, 0x2310, 0x00ac, 0x00bd, 0x00bc, 0x00a1, 0x00ab, 0x00bb,
    0x2591, 0x2592, 0x2593, 0x2502, 0x2524, 0x2561, 0x2562, 0x2556, 0x2555, 0x2563, 0x2551, 0x2557,
    0x255d, 0x255c, 0x255b, 0x2510, 0x2514, 0x2534, 0x252c, 0x251c, 0x2500, 0x253c, 0x255e, 0x255f,
    0x255a, 0x2554, 0x2569, 0x2566, 0x2560, 0x2550, 0x256c, 0x2567, 0x2568, 0x2564, 0x2565, 0x2559,
    0x2558, 0x2552, 0x2553, 0x256b, 0x256a, 0x2518, 0x250c, 0x2588, 0x2584, 0x258c, 0x2590, 0x2580,
    0x03b1, 0x00df, 0x0393, 0x03c0, 0x03a3, 0x03c3, 0x00b5, 0x03c4, 0x03a6, 0x0398, 0x03a9, 0x03b4,
    0x221e, 0x03c6, 0x03b5, 0x2229, 0x2261, 0x00b1, 0x2265, 0x2264, 0x2320, 0x2321, 0x00f7, 0x2248,
    0x00b0, 0x2219, 0x00b7, 0x221a, 0x207f, 0x00b2, 0x25a0, 0x00a0,
};

/* The bytes of the character at `at`; 0 when it is none. */
static size_t utf8_length(const uint8_t *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = at[0] < 0x80 ? 1 : at[0] >= 0xf8 ? 0 : at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (n == 1)
        return 1;
    if (n == 0 || at[0] < 0xc0 || n > left)
        return 0;
    uint32_t point = at[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        point = point << 6 | (at[i] & 0x3f);
    }
    bool surrogate = point >= 0xd800 && point <= 0xdfff;
    return point < least[n] || point > 0x10ffff || surrogate ? 0 : n;
}

bool dc_zip_name_is_utf8(const uint8_t *name, size_t size)
{
    for (size_t at = 0, n; at < size; at += n)
        if ((n = utf8_length(name + at, size - at)) == 0)
            return false;
    return true;
}

static size_t encode(uint16_t point, uint8_t *out)
{
    if (point < 0x800) {
        out[0] = (uint8_t)(0xc0 | point >> 6);
        out[1] = (uint8_t)(0x80 | (point & 0x3f));
        return 2;
    }
    out[0] = (uint8_t)(0xe0 | point >> 12);
    out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (point & 0x3f));
    return 3;
}

size_t dc_zip_name_char(const uint8_t *name, size_t size, size_t *at, bool is_utf8,
                        uint8_t out[DC_ZIP_CHAR_BYTES_MAX + 1])
{
    if (!is_utf8 && name[*at] >= 0x80)
        return encode(page_437[name[(*at)++] - 0x80], out);
    size_t n = is_utf8 ? utf8_length(name + *at, size - *at) : 1;
    memcpy(out, name + *at, n);
    *at += n;
    return n;
}

bool dc_zip_name_is(const uint8_t *name, size_t size, const char *wanted, size_t wanted_size)
{
    bool is_utf8 = dc_zip_name_is_utf8(name, size);
    size_t at = 0, of_wanted = 0;
    if (is_utf8)
        return size == wanted_size && memcmp(name, wanted, size) == 0;
    while (at < size) {
        uint8_t bytes[DC_ZIP_CHAR_BYTES_MAX + 1];
        size_t n = dc_zip_name_char(name, size, &at, false, bytes);
        if (n > wanted_size - of_wanted || memcmp(bytes, wanted + of_wanted, n) != 0)
            return false;
        of_wanted += n;
    }
    return of_wanted == wanted_size;
}
