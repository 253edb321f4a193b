/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>
#include <zlib.h>

int dc_output_init(struct dc_output *out, const struct objlens_host *host,
                   struct objlens_call *call)
{
    *out = (struct dc_output){.host = host, .call = call};
    out->held = out->room = host->alloc(call, DC_HELD_BYTES);
    out->size = out->held ? DC_HELD_BYTES : 0;
    return out->held ? OBJLENS_OK : OBJLENS_ENOMEM;
}

void dc_output_fini(struct dc_output *out)
{
    out->host->free(out->call, out->held);
    out->held = out->room = NULL;
}

void dc_output_flush(struct dc_output *out)
{
    if (out->held)
        return;
    if (out->used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->out_commit(out->call, out->used);
    out->room = NULL;
    out->size = out->used = 0;
}

void dc_output_finish(struct dc_output *out)
{
    uint8_t *held = out->held;
    size_t used = out->used;
    if (!held) {
        dc_output_flush(out);
        return;
    }
    out->held = out->room = NULL;
    out->size = out->used = 0;
    if (used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->emit(out->call, held, used);
    out->host->free(out->call, held);
}

bool dc_output_room(struct dc_output *out, uint8_t **room, size_t *size)
{
    void *lent = NULL;
    if (out->used == out->size) {
        dc_output_finish(out);
        if (out->result == OBJLENS_OK)
            out->result = out->host->out_span(out->call, &lent, &out->size);
        if (out->result != OBJLENS_OK)
            out->size = 0;
        out->room = lent;
    }
    *room = out->room + out->used;
    *size = out->size - out->used;
    return out->result == OBJLENS_OK;
}

void dc_output_took(struct dc_output *out, size_t size)
{
    if (out->sums)
        out->crc = (uint32_t)crc32_z(out->crc, out->room + out->used, size);
    out->used += size;
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
