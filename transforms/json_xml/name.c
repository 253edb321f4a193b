/* SPDX-License-Identifier: MIT */
#include "name.h"

struct range {
    uint32_t first, last;
};

static const struct range starts[] = {
    {':', ':'},         {'A', 'Z'},         {'_', '_'},         {'a', 'z'},
    {0xc0, 0xd6},       {0xd8, 0xf6},       {0xf8, 0x2ff},      {0x370, 0x37d},
    {0x37f, 0x1fff},    {0x200c, 0x200d},   {0x2070, 0x218f},   {0x2c00, 0x2fef},
    {0x3001, 0xd7ff},   {0xf900, 0xfdcf},   {0xfdf0, 0xfffd},   {0x10000, 0xeffff},
};
static const struct range others[] = {
    {'-', '.'}, {'0', '9'}, {0xb7, 0xb7}, {0x300, 0x36f}, {0x203f, 0x2040},
};

static bool is_in(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Of text that is known to be well encoded. */
static uint32_t next_char(const uint8_t **at)
{
    uint8_t first = *(*at)++;
    if (first < 0x80)
        return first;
    unsigned more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    uint32_t c = first & (0x3f >> more);
    for (; more > 0; more--)
        c = c << 6 | (*(*at)++ & 0x3f);
    return c;
}

bool jx_is_name(const char *text, size_t size)
{
    const uint8_t *at = (const uint8_t *)text, *end = at + size;
    for (bool first = true; at < end; first = false) {
        uint32_t c = next_char(&at);
        if (!is_in(starts, sizeof(starts) / sizeof(starts[0]), c) &&
            (first || !is_in(others, sizeof(others) / sizeof(others[0]), c)))
            return false;
    }
    return size > 0;
}
