/* SPDX-License-Identifier: MIT */
/* What may be a name in XML (XML 1.0, fifth edition, 2.3), and a character at all (2.2). */
#ifndef JX_NAME_H
#define JX_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Valid UTF-8. Empty is no name. */
bool jx_is_name(const char *text, size_t size);

static inline bool jx_is_char(uint32_t c)
{
    return c >= 0x20 ? c < 0xd800 || (c >= 0xe000 && c != 0xfffe && c != 0xffff)
                     : c == '\t' || c == '\n' || c == '\r';
}

#endif
