/* SPDX-License-Identifier: MIT */
/* Zstandard (RFC 8878), with a checksum, by libzstd. */
#define ZSTD_STATIC_LINKING_ONLY /* for ZSTD_estimateCStreamSize */
#include <zstd.h>

#include "codec.h"

static uint64_t memory_bytes(int level)
{
    return ZSTD_estimateCStreamSize(level);
}

static void *open(int level)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (z && !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, level)) &&
        !ZSTD_isError(ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1)))
        return z;
    ZSTD_freeCCtx(z);
    return NULL;
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    ZSTD_inBuffer in = {io->in, io->in_size, 0};
    ZSTD_outBuffer out = {io->out, io->out_size, 0};
    size_t rc = ZSTD_compressStream2(encoder, &out, &in, end ? ZSTD_e_end : ZSTD_e_continue);
    io->in += in.pos;
    io->in_size -= in.pos;
    io->out += out.pos;
    io->out_size -= out.pos;
    if (ZSTD_isError(rc))
        return CP_NO_MEMORY;
    return end && rc == 0 ? CP_END : CP_MORE;
}

static void close(void *encoder)
{
    ZSTD_freeCCtx(encoder);
}

const struct cp_format cp_zstd = {
    .name = "zstd", .media_type = "application/zstd", .content_encoding = "zstd",
    .level_min = 1, .level_max = 19, .level_default = 3,
    .memory_bytes = memory_bytes, .open = open, .run = run, .close = close};
