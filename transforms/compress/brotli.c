/* SPDX-License-Identifier: MIT */
/* Brotli (RFC 7932), by libbrotlienc. With its usual window of 4 MiB it takes up to 75 MiB. */
#include <brotli/encode.h>

#include "codec.h"

#define WINDOW_LOG 19

/* The library does not tell. Measured over text and noise, and rounded up. */
static uint64_t memory_bytes(int level)
{
    static const uint8_t mib[] = {1, 1, 4, 4, 8, 9, 10, 16, 24, 44, 20, 28};
    return (uint64_t)mib[level] * 1024 * 1024;
}

static void *open(int level)
{
    BrotliEncoderState *b = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    if (b && BrotliEncoderSetParameter(b, BROTLI_PARAM_QUALITY, (uint32_t)level) &&
        BrotliEncoderSetParameter(b, BROTLI_PARAM_LGWIN, WINDOW_LOG))
        return b;
    if (b)
        BrotliEncoderDestroyInstance(b);
    return NULL;
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    BrotliEncoderOperation operation = end ? BROTLI_OPERATION_FINISH : BROTLI_OPERATION_PROCESS;
    if (!BrotliEncoderCompressStream(encoder, operation, &io->in_size, &io->in, &io->out_size, &io->out, NULL))
        return CP_NO_MEMORY;
    return BrotliEncoderIsFinished(encoder) ? CP_END : CP_MORE;
}

static void close(void *encoder)
{
    BrotliEncoderDestroyInstance(encoder);
}

const struct cp_format cp_brotli = {
    .name = "brotli", .media_type = "application/x-brotli", .content_encoding = "br",
    .level_min = 0, .level_max = 11, .level_default = 5,
    .memory_bytes = memory_bytes, .open = open, .run = run, .close = close};
