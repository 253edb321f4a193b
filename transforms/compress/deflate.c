/* SPDX-License-Identifier: MIT */
/* gzip (RFC 1952) and zlib (RFC 1950), by zlib. A gzip header without a time or a name. */
#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

#include "codec.h"

enum { ZLIB = MAX_WBITS, GZIP = MAX_WBITS + 16, MEMORY_LEVEL = 8 };

/* RFC 1952: unknown. zlib would write the system's that it was built on. */
enum { SYSTEM_UNKNOWN = 255 };

struct deflate {
    z_stream z;
    gz_header header;
};

static uint64_t memory_bytes(int level)
{
    (void)level;
    return 272 * 1024;
}

static void *open_window(int level, int window)
{
    struct deflate *d = calloc(1, sizeof(*d));
    if (!d)
        return NULL;
    if (deflateInit2(&d->z, level, Z_DEFLATED, window, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(d);
        return NULL;
    }
    d->header.os = SYSTEM_UNKNOWN;
    if (window == GZIP)
        deflateSetHeader(&d->z, &d->header);
    return d;
}

static void *open_gzip(int level)
{
    return open_window(level, GZIP);
}

static void *open_zlib(int level)
{
    return open_window(level, ZLIB);
}

static enum cp_result run(void *encoder, struct cp_io *io, bool end)
{
    z_stream *z = &((struct deflate *)encoder)->z;
    unsigned room = io->out_size < UINT_MAX ? (unsigned)io->out_size : UINT_MAX;
    z->next_in = (Bytef *)io->in;
    z->avail_in = (unsigned)io->in_size;
    z->next_out = io->out;
    z->avail_out = room;
    int rc = deflate(z, end ? Z_FINISH : Z_NO_FLUSH);
    io->in = z->next_in;
    io->in_size = z->avail_in;
    io->out += room - z->avail_out;
    io->out_size -= room - z->avail_out;
    if (rc == Z_STREAM_END)
        return CP_END;
    return rc == Z_OK || rc == Z_BUF_ERROR ? CP_MORE : CP_NO_MEMORY;
}

static void close_window(void *encoder)
{
    deflateEnd(&((struct deflate *)encoder)->z);
    free(encoder);
}

const struct cp_format cp_gzip = {
    .name = "gzip", .media_type = "application/gzip", .content_encoding = "gzip",
    .level_min = 1, .level_max = 9, .level_default = 6,
    .memory_bytes = memory_bytes, .open = open_gzip, .run = run, .close = close_window};
const struct cp_format cp_zlib = {
    .name = "zlib", .media_type = "application/zlib", .content_encoding = "deflate",
    .level_min = 1, .level_max = 9, .level_default = 6,
    .memory_bytes = memory_bytes, .open = open_zlib, .run = run, .close = close_window};
