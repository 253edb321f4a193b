/* SPDX-License-Identifier: MIT */
/* .xz streams with any filter chain and check of liblzma's. Padding between streams, multiples of
 * four zero bytes, counts as trailing zeros do everywhere. */
#include <lzma.h>
#include <stdlib.h>

#include "codec.h"

static void *open(uint64_t memory_bytes)
{
    lzma_stream *z = calloc(1, sizeof(*z));
    if (z && lzma_stream_decoder(z, memory_bytes, LZMA_TELL_UNSUPPORTED_CHECK) == LZMA_OK)
        return z;
    free(z);
    return NULL;
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    lzma_stream *z = decoder;
    z->next_in = io->in;
    z->avail_in = io->in_size;
    z->next_out = io->out;
    z->avail_out = io->out_size;
    lzma_ret rc = lzma_code(z, LZMA_RUN);
    io->in = z->next_in;
    io->in_size = z->avail_in;
    io->out = z->next_out;
    io->out_size = z->avail_out;
    switch (rc) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: return DC_MORE;
    case LZMA_STREAM_END: return DC_END;
    case LZMA_MEMLIMIT_ERROR: return DC_TOO_LARGE;
    case LZMA_MEM_ERROR: return DC_NO_MEMORY;
    default: return DC_BAD; /* a check that cannot be made among them */
    }
}

static void close(void *decoder)
{
    lzma_end(decoder);
    free(decoder);
}

const struct dc_format dc_xz = {.name = "xz", .open = open, .run = run, .close = close, .joins = true};
