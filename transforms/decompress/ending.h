/* SPDX-License-Identifier: MIT */
/* Endings of files' names, in whatever case. */
#ifndef DC_ENDING_H
#define DC_ENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static inline bool dc_ends_with(const char *text, size_t size, const char *end)
{
    size_t n = strlen(end);
    return size >= n && strncasecmp(text + size - n, end, n) == 0;
}

#endif
