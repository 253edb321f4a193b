/* SPDX-License-Identifier: MIT */
/*
 * Output: JSON written into the room that the host lends. Up to XJ_OUTPUT_HELD_BYTES may first
 * be held here, so that a failure until then is still a clean one. The first failure of the
 * host is kept; everything after it is dropped.
 */
#ifndef XJ_OUT_H
#define XJ_OUT_H

#include <objlens/transform.h>
#include <stdint.h>
#include <string.h>

#include "copy.h"

struct xj_out {
    const struct objlens_host *host;
    struct objlens_call *call;
    uint8_t *room;
    size_t size, used;
    uint8_t *held; /* the room while nothing has left yet; NULL afterwards */
    int result;    /* of the ABI */
};

/* `held` is XJ_OUTPUT_HELD_BYTES of the caller's, or NULL to hold nothing. */
void xj_out_init(struct xj_out *out, const struct objlens_host *host, struct objlens_call *call,
                 uint8_t *held);

/* Where the room may not be enough. */
void xj_out_across(struct xj_out *out, const void *bytes, size_t size);

static inline void xj_out_raw(struct xj_out *out, const void *bytes, size_t size)
{
    if (out->size - out->used <= size) {
        xj_out_across(out, bytes, size);
        return;
    }
    xj_copy(out->room + out->used, bytes, size);
    out->used += size;
}

static inline void xj_out_byte(struct xj_out *out, char byte)
{
    xj_out_raw(out, &byte, 1);
}

/* A part of a JSON string, without the quotes; `bytes` is UTF-8. */
void xj_out_text(struct xj_out *out, const uint8_t *bytes, size_t size);

/* Before a callback returns: the host's room goes back. What is held stays held. */
void xj_out_flush(struct xj_out *out);
/* All that is held leaves. */
void xj_out_finish(struct xj_out *out);

#endif
