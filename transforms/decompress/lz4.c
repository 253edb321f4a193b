/* SPDX-License-Identifier: MIT */
/* The LZ4 frame format, skippable frames among them, by liblz4. Blocks are 4 MiB at most. */
#include <lz4frame.h>
#include <string.h>

#include "codec.h"

static void *open(uint64_t memory_bytes)
{
    LZ4F_dctx *context;
    (void)memory_bytes;
    return LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)) ? NULL : context;
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    size_t in = io->in_size, out = io->out_size;
    size_t rc = LZ4F_decompress(decoder, io->out, &out, io->in, &in, NULL);
    if (LZ4F_isError(rc)) /* the codes themselves are not in the shared library's interface */
        return strcmp(LZ4F_getErrorName(rc), "ERROR_allocation_failed") == 0 ? DC_NO_MEMORY : DC_BAD;
    io->in += in;
    io->in_size -= in;
    io->out += out;
    io->out_size -= out;
    return rc == 0 ? DC_END : DC_MORE;
}

static void close(void *decoder)
{
    LZ4F_freeDecompressionContext(decoder);
}

const struct dc_format dc_lz4 = {.name = "lz4", .open = open, .run = run, .close = close, .joins = true};
