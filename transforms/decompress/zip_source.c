/* SPDX-License-Identifier: MIT */
#include "zip_source.h"

int dc_zip_source_init(struct dc_zip_source *s, const struct objlens_host *host,
                       struct objlens_call *call)
{
    s->host = host;
    s->call = call;
    s->result = OBJLENS_OK;
    s->at = s->have = 0;
    return host->object_size(call, &s->size);
}

static bool fill(struct dc_zip_source *s, uint64_t at)
{
    uint64_t left = s->size - at;
    size_t wanted = left < sizeof(s->window) ? (size_t)left : sizeof(s->window);
    s->at = at;
    s->have = 0;
    s->result = s->host->read_at(s->call, at, s->window, wanted, &s->have);
    return s->result == OBJLENS_OK;
}

const uint8_t *dc_zip_read(struct dc_zip_source *s, uint64_t at, size_t size)
{
    if (s->result != OBJLENS_OK || size > sizeof(s->window) || at > s->size || size > s->size - at)
        return NULL;
    bool there = at >= s->at && at - s->at <= s->have && size <= s->have - (at - s->at);
    if (!there && (!fill(s, at) || s->have < size))
        return NULL;
    return s->window + (at - s->at);
}
