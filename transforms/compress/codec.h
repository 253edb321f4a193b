/* SPDX-License-Identifier: MIT */
/*
 * One compressed format: an encoder that is given a block after the other and then the end. What it
 * writes depends on the blocks and the level alone: no times, no names, no threads.
 */
#ifndef CP_CODEC_H
#define CP_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cp_result {
    CP_MORE,     /* it has taken all there was, or wants room */
    CP_END,      /* the stream is complete */
    CP_NO_MEMORY /* or the library failed otherwise: there is no bad input */
};

/* Both sides move as bytes are taken and made. */
struct cp_io {
    const uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t out_size; /* at least 1 */
};

struct cp_format {
    const char *name;
    const char *media_type;
    const char *content_encoding; /* NULL: HTTP has no name for it */
    int level_min, level_max, level_default;
    /* What an encoder of that level takes, about. */
    uint64_t (*memory_bytes)(int level);
    /* NULL when out of memory. */
    void *(*open)(int level);
    /* `end`: nothing comes behind `in`. To be called again while it wants room. */
    enum cp_result (*run)(void *encoder, struct cp_io *io, bool end);
    void (*close)(void *encoder);
};

extern const struct cp_format cp_gzip, cp_zlib, cp_zstd, cp_bzip2, cp_xz, cp_lz4, cp_snappy, cp_brotli;

/* By the name that payloads use; NULL when there is none. */
const struct cp_format *cp_format_named(const char *name);

/* Once, before the first encoder of Snappy's: makes its table. */
void cp_snappy_prepare(void);

#endif
