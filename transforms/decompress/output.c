/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>
#include <zlib.h>

bool dc_output_room(struct dc_output *out, uint8_t **room, size_t *size)
{
    bool ok = kit_output_has_room(&out->kit);
    *room = ok ? out->kit.room + out->kit.used : NULL;
    *size = out->kit.size - out->kit.used;
    return ok;
}

void dc_output_took(struct dc_output *out, size_t size)
{
    if (out->sums)
        out->crc = (uint32_t)crc32_z(out->crc, out->kit.room + out->kit.used, size);
    out->kit.used += size;
    out->total += size;
}

bool dc_output_write(struct dc_output *out, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0) {
        uint8_t *room;
        size_t n;
        if (!dc_output_room(out, &room, &n))
            return false;
        n = n < size ? n : size;
        memcpy(room, from, n);
        dc_output_took(out, n);
        from += n;
        size -= n;
    }
    return true;
}
