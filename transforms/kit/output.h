/* SPDX-License-Identifier: MIT */
/*
 * Output: bytes written into the room that the host lends, without a copy of their own. The first
 * bytes may be held back, so that what fails until then is a clean error and no broken answer. The
 * first failure of the host is kept in `result`; everything after it is dropped. Header only.
 */
#ifndef KIT_OUTPUT_H
#define KIT_OUTPUT_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "copy.h"

/* Longer pieces are handed to the host as they are: it may pass them on without a copy. */
#define KIT_EMIT_BYTES_MIN (16 * 1024u)

struct kit_output {
    const struct objlens_host *host;
    struct objlens_call *call;
    uint8_t *room;
    size_t size, used;
    uint8_t *held; /* the room while nothing has left yet; NULL afterwards */
    int result;    /* of the ABI */
};

/* Nothing is held back when `held_bytes` is 0. OBJLENS_ENOMEM when there is nothing to hold it in. */
static inline int kit_output_init(struct kit_output *out, const struct objlens_host *host,
                                  struct objlens_call *call, size_t held_bytes)
{
    *out = (struct kit_output){.host = host, .call = call};
    if (held_bytes == 0)
        return OBJLENS_OK;
    out->held = out->room = host->alloc(call, held_bytes);
    out->size = out->held ? held_bytes : 0;
    return out->held ? OBJLENS_OK : OBJLENS_ENOMEM;
}

/* In close(). Also of an output that is all zero. */
static inline void kit_output_fini(struct kit_output *out)
{
    if (out->held)
        out->host->free(out->call, out->held);
    out->held = out->room = NULL;
}

/* Before a callback returns: the host's room goes back. What is held stays held. */
static inline void kit_output_flush(struct kit_output *out)
{
    if (out->held)
        return;
    if (out->used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->out_commit(out->call, out->used);
    out->room = NULL;
    out->size = out->used = 0;
}

/* All that is held leaves: the answer is right so far. */
static inline void kit_output_finish(struct kit_output *out)
{
    uint8_t *held = out->held;
    size_t used = out->used;
    if (!held) {
        kit_output_flush(out);
        return;
    }
    out->held = out->room = NULL;
    out->size = out->used = 0;
    if (used > 0 && out->result == OBJLENS_OK)
        out->result = out->host->emit(out->call, held, used);
    out->host->free(out->call, held);
}

/* Room for at least one byte behind what is used. May wait. False after a failure. */
static inline bool kit_output_has_room(struct kit_output *out)
{
    void *room = NULL;
    size_t size = 0;
    if (out->used < out->size)
        return out->result == OBJLENS_OK;
    kit_output_finish(out);
    if (out->result == OBJLENS_OK)
        out->result = out->host->out_span(out->call, &room, &size);
    if (out->result != OBJLENS_OK)
        return false;
    out->room = room;
    out->size = size;
    return true;
}

/* Where the room may not be enough. */
static __attribute__((noinline, unused)) void kit_output_across(struct kit_output *out, const void *bytes,
                                                                size_t size)
{
    const uint8_t *from = bytes;
    while (size > 0 && kit_output_has_room(out)) {
        size_t part = out->size - out->used;
        part = part < size ? part : size;
        memcpy(out->room + out->used, from, part);
        out->used += part;
        from += part;
        size -= part;
    }
}

/* For many small pieces. */
static inline void kit_output_write(struct kit_output *out, const void *bytes, size_t size)
{
    if (out->size - out->used <= size) {
        kit_output_across(out, bytes, size);
        return;
    }
    kit_copy(out->room + out->used, bytes, size);
    out->used += size;
}

static inline void kit_output_byte(struct kit_output *out, char byte)
{
    kit_output_write(out, &byte, 1);
}

/* For pieces of any size, best those of the chunk that write() was given. */
static inline void kit_output_pass(struct kit_output *out, const void *bytes, size_t size)
{
    if (size < KIT_EMIT_BYTES_MIN || out->held) {
        kit_output_write(out, bytes, size);
        return;
    }
    kit_output_flush(out);
    if (out->result == OBJLENS_OK)
        out->result = out->host->emit(out->call, bytes, size);
}

#endif
