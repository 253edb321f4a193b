/* SPDX-License-Identifier: MIT */
/* Zstandard frames (RFC 8878), skippable ones among them, by libzstd. */
#include <zstd.h>
#include <zstd_errors.h>

#include "codec.h"

static int window_log(uint64_t memory_bytes)
{
    int log = 63 - __builtin_clzll(memory_bytes);
    int most = (int)ZSTD_dParam_getBounds(ZSTD_d_windowLogMax).upperBound;
    return log < most ? log : most;
}

static void *open(uint64_t memory_bytes)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    if (z && !ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, window_log(memory_bytes))))
        return z;
    ZSTD_freeDCtx(z);
    return NULL;
}

static enum dc_result failure(size_t rc)
{
    switch (ZSTD_getErrorCode(rc)) {
    case ZSTD_error_frameParameter_windowTooLarge: return DC_TOO_LARGE;
    case ZSTD_error_dictionary_wrong: return DC_DICTIONARY;
    case ZSTD_error_memory_allocation: return DC_NO_MEMORY;
    default: return DC_BAD;
    }
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    ZSTD_inBuffer in = {io->in, io->in_size, 0};
    ZSTD_outBuffer out = {io->out, io->out_size, 0};
    size_t rc = ZSTD_decompressStream(decoder, &out, &in);
    io->in += in.pos;
    io->in_size -= in.pos;
    io->out += out.pos;
    io->out_size -= out.pos;
    if (ZSTD_isError(rc))
        return failure(rc);
    return rc == 0 ? DC_END : DC_MORE;
}

static void close(void *decoder)
{
    ZSTD_freeDCtx(decoder);
}

const struct dc_format dc_zstd = {.name = "zstd", .open = open, .run = run, .close = close, .joins = true};
