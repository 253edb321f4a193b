/* SPDX-License-Identifier: MIT */
/* bzip2 streams, by libbz2. */
#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>

#include "codec.h"

/* libbz2 takes 100 KiB, and 4 bytes for each byte of a block, which is 900 kB at most. */
static void *open(uint64_t memory_bytes)
{
    (void)memory_bytes;
    bz_stream *z = calloc(1, sizeof(*z));
    if (z && BZ2_bzDecompressInit(z, 0, 0) == BZ_OK)
        return z;
    free(z);
    return NULL;
}

static unsigned bounded(size_t size)
{
    return size < UINT_MAX ? (unsigned)size : UINT_MAX;
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    bz_stream *z = decoder;
    unsigned in = bounded(io->in_size), out = bounded(io->out_size);
    z->next_in = (char *)io->in;
    z->avail_in = in;
    z->next_out = (char *)io->out;
    z->avail_out = out;
    int rc = BZ2_bzDecompress(z);
    io->in += in - z->avail_in;
    io->in_size -= in - z->avail_in;
    io->out += out - z->avail_out;
    io->out_size -= out - z->avail_out;
    if (rc == BZ_STREAM_END)
        return DC_END;
    if (rc == BZ_MEM_ERROR)
        return DC_NO_MEMORY;
    return rc == BZ_OK ? DC_MORE : DC_BAD;
}

static void close(void *decoder)
{
    BZ2_bzDecompressEnd(decoder);
    free(decoder);
}

const struct dc_format dc_bzip2 = {.name = "bzip2", .open = open, .run = run, .close = close, .joins = true};
