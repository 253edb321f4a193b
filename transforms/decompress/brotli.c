/* SPDX-License-Identifier: MIT */
/* Brotli (RFC 7932; no large windows), by libbrotlidec. It has no signature and no checksum. */
#include <brotli/decode.h>

#include "codec.h"

static void *open(uint64_t memory_bytes)
{
    (void)memory_bytes;
    return BrotliDecoderCreateInstance(NULL, NULL, NULL);
}

static bool is_memory(BrotliDecoderErrorCode code)
{
    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
           code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    switch (BrotliDecoderDecompressStream(decoder, &io->in_size, &io->in, &io->out_size, &io->out,
                                          NULL)) {
    case BROTLI_DECODER_RESULT_SUCCESS: return DC_END;
    case BROTLI_DECODER_RESULT_ERROR:
        return is_memory(BrotliDecoderGetErrorCode(decoder)) ? DC_NO_MEMORY : DC_BAD;
    default: return DC_MORE;
    }
}

static void close(void *decoder)
{
    BrotliDecoderDestroyInstance(decoder);
}

const struct dc_format dc_brotli = {.name = "brotli", .open = open, .run = run, .close = close};
