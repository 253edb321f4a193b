/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952), zlib (RFC 1950) and raw deflate (RFC 1951), by zlib. */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "codec.h"

enum { RAW = -MAX_WBITS, ZLIB = MAX_WBITS, GZIP = MAX_WBITS + 16 };

/* zlib takes 40 KiB at most, whatever it reads. */
static void *open_window(int window)
{
    z_stream *z = calloc(1, sizeof(*z));
    if (z && inflateInit2(z, window) == Z_OK)
        return z;
    free(z);
    return NULL;
}

static void *open_gzip(uint64_t memory_bytes)
{
    (void)memory_bytes;
    return open_window(GZIP);
}

static void *open_zlib(uint64_t memory_bytes)
{
    (void)memory_bytes;
    return open_window(ZLIB);
}

static void *open_raw(uint64_t memory_bytes)
{
    (void)memory_bytes;
    return open_window(RAW);
}

static unsigned bounded(size_t size)
{
    return size < UINT_MAX ? (unsigned)size : UINT_MAX;
}

static enum dc_result run(void *decoder, struct dc_io *io)
{
    z_stream *z = decoder;
    unsigned in = bounded(io->in_size), out = bounded(io->out_size);
    z->next_in = (Bytef *)io->in;
    z->avail_in = in;
    z->next_out = io->out;
    z->avail_out = out;
    int rc = inflate(z, Z_NO_FLUSH);
    io->in += in - z->avail_in;
    io->in_size -= in - z->avail_in;
    io->out += out - z->avail_out;
    io->out_size -= out - z->avail_out;
    if (rc == Z_STREAM_END)
        return DC_END;
    if (rc == Z_MEM_ERROR)
        return DC_NO_MEMORY;
    if (rc == Z_NEED_DICT)
        return DC_DICTIONARY;
    return rc == Z_OK || rc == Z_BUF_ERROR ? DC_MORE : DC_BAD;
}

static void close_window(void *decoder)
{
    inflateEnd(decoder);
    free(decoder);
}

const struct dc_format dc_gzip = {
    .name = "gzip", .open = open_gzip, .run = run, .close = close_window, .joins = true};
const struct dc_format dc_zlib = {
    .name = "zlib", .open = open_zlib, .run = run, .close = close_window};
const struct dc_format dc_deflate = {
    .name = "deflate", .open = open_raw, .run = run, .close = close_window};
