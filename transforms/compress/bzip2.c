/* SPDX-License-Identifier: MIT */
/* bzip2, by libbz2. */
#include <bzlib.h>
#include <limits.h>
#include <stdlib.h>

#include "codec.h"

/* bzip2's manual: 400 kB, and eight times the block. */
static uint64_t memory_bytes(int level)
{
    return 400000 + 8ull * 100000 * (unsigned)level;
}

static void *open(int level)
{
    bz_stream *z = calloc(1, sizeof(*z));
    if (z && BZ2_bzCompressInit(z, level, 0, 0) == BZ_OK)
        return z;
    free(z);
    return NULL;
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    bz_stream *z = encoder;
    unsigned room = io->out_size < UINT_MAX ? (unsigned)io->out_size : UINT_MAX;
    z->next_in = (char *)io->in;
    z->avail_in = (unsigned)io->in_size;
    z->next_out = (char *)io->out;
    z->avail_out = room;
    int rc = BZ2_bzCompress(z, end ? BZ_FINISH : BZ_RUN);
    io->in = (const uint8_t *)z->next_in;
    io->in_size = z->avail_in;
    io->out += room - z->avail_out;
    io->out_size -= room - z->avail_out;
    if (rc == BZ_STREAM_END)
        return CP_END;
    if (rc == BZ_PARAM_ERROR && !end && io->in_size == 0)
        return CP_MORE; /* the room was filled to the last byte, and there was nothing left to say */
    return rc == BZ_RUN_OK || rc == BZ_FINISH_OK ? CP_MORE : CP_NO_MEMORY;
}

static void close(void *encoder)
{
    BZ2_bzCompressEnd(encoder);
    free(encoder);
}

const struct cp_format cp_bzip2 = {
    .name = "bzip2", .media_type = "application/x-bzip2",
    .level_min = 1, .level_max = 9, .level_default = 9,
    .memory_bytes = memory_bytes, .open = open, .run = run, .close = close};
