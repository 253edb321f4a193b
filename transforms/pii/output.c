/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <string.h>

/* Longer clean spans are handed to the host as they are: it may pass them on uncopied. */
#define EMIT_MIN (16 * 1024)

void pii_output_init(struct pii_output *out, const struct objlens_host *host,
                     struct objlens_call *call, const struct pii_config *config)
{
    *out = (struct pii_output){.host = host, .call = call, .config = config};
}

void pii_output_flush(struct pii_output *out)
{
    if (out->used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->out_commit(out->call, out->used);
    out->room = NULL;
    out->size = out->used = 0;
}

/* Room for at least one byte; false after a failure. */
static bool has_room(struct pii_output *out)
{
    if (out->used < out->size)
        return true;
    pii_output_flush(out);
    if (out->result != OBJLENS_OK)
        return false;
    void *room;
    size_t size;
    out->result = out->host->out_span(out->call, &room, &size);
    if (out->result != OBJLENS_OK)
        return false;
    out->room = room;
    out->size = size;
    return true;
}

static void copy(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    while (size > 0 && has_room(out)) {
        size_t part = out->size - out->used;
        part = part < size ? part : size;
        memcpy(out->room + out->used, bytes, part);
        out->used += part;
        bytes += part;
        size -= part;
    }
}

void pii_output_copy(struct pii_output *out, const uint8_t *bytes, size_t size)
{
    if (size < EMIT_MIN) {
        copy(out, bytes, size);
        return;
    }
    pii_output_flush(out);
    if (out->result == OBJLENS_OK)
        out->result = out->host->emit(out->call, bytes, size);
}

void pii_output_more(struct pii_output *out, size_t size)
{
    const struct pii_config *config = out->config;
    for (; config->mask && size > 0 && out->result == OBJLENS_OK; size--)
        copy(out, config->mask_character, config->mask_size);
}

void pii_output_match(struct pii_output *out, unsigned entity, size_t size)
{
    if (out->config->mask) {
        pii_output_more(out, size);
        return;
    }
    const char *name = pii_entities[entity].name;
    copy(out, (const uint8_t *)"[", 1);
    copy(out, (const uint8_t *)name, strlen(name));
    copy(out, (const uint8_t *)"]", 1);
}
