/* SPDX-License-Identifier: MIT */
/* Copies of mostly a few bytes: names, numbers, short texts. A call of memcpy costs more. */
#ifndef KIT_COPY_H
#define KIT_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* As memcpy, whose two words each may overlap. */
static inline void kit_copy(void *to, const void *from, size_t size)
{
    uint8_t *out = to;
    const uint8_t *in = from;
    if (size > 16) {
        memcpy(out, in, size);
    } else if (size >= 8) {
        uint64_t first, last;
        memcpy(&first, in, 8);
        memcpy(&last, in + size - 8, 8);
        memcpy(out, &first, 8);
        memcpy(out + size - 8, &last, 8);
    } else if (size >= 4) {
        uint32_t first, last;
        memcpy(&first, in, 4);
        memcpy(&last, in + size - 4, 4);
        memcpy(out, &first, 4);
        memcpy(out + size - 4, &last, 4);
    } else if (size > 0) {
        uint8_t first = in[0], middle = in[size / 2], last = in[size - 1];
        out[0] = first;
        out[size / 2] = middle;
        out[size - 1] = last;
    }
}

#endif
