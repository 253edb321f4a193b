/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <string.h>

#include "config.h"

static unsigned digit(char c)
{
    return (unsigned)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

bool image_color_read(const json_t *value, unsigned char color[3])
{
    const char *text = json_string_value(value);
    size_t digits = text && text[0] == '#' ? strspn(text + 1, "0123456789abcdefABCDEF") : 0;
    if ((digits != 3 && digits != 6) || text[1 + digits] != '\0')
        return false;
    for (size_t i = 0; i < 3; i++) {
        const char *at = text + 1 + i * digits / 3;
        color[i] = (unsigned char)(16 * digit(at[0]) + digit(at[digits == 6]));
    }
    return true;
}
