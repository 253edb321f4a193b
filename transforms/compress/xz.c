/* SPDX-License-Identifier: MIT */
/* xz with CRC-64, by liblzma, on one thread: several would cut it into blocks by what is there. */
#include <lzma.h>
#include <stdlib.h>

#include "codec.h"

static uint64_t memory_bytes(int level)
{
    return lzma_easy_encoder_memusage((uint32_t)level);
}

static void *open(int level)
{
    lzma_stream *z = calloc(1, sizeof(*z));
    if (z && lzma_easy_encoder(z, (uint32_t)level, LZMA_CHECK_CRC64) == LZMA_OK)
        return z;
    free(z);
    return NULL;
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    lzma_stream *z = encoder;
    z->next_in = io->in;
    z->avail_in = io->in_size;
    z->next_out = io->out;
    z->avail_out = io->out_size;
    lzma_ret rc = lzma_code(z, end ? LZMA_FINISH : LZMA_RUN);
    io->in = z->next_in;
    io->in_size = z->avail_in;
    io->out = z->next_out;
    io->out_size = z->avail_out;
    if (rc == LZMA_STREAM_END)
        return CP_END;
    return rc == LZMA_OK || rc == LZMA_BUF_ERROR ? CP_MORE : CP_NO_MEMORY;
}

static void close(void *encoder)
{
    lzma_end(encoder);
    free(encoder);
}

const struct cp_format cp_xz = {
    .name = "xz", .media_type = "application/x-xz",
    .level_min = 0, .level_max = 9, .level_default = 2, /* the highest that takes less than 24 MiB */
    .memory_bytes = memory_bytes, .open = open, .run = run, .close = close};
