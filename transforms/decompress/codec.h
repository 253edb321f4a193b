/* SPDX-License-Identifier: MIT */
/*
 * One compressed format: a decoder that is fed whatever pieces there are. A decoder ends with
 * its stream (a gzip member, a frame, …); what follows is the caller's to judge.
 */
#ifndef DC_CODEC_H
#define DC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dc_result {
    DC_MORE,      /* it wants more input, or more room */
    DC_END,       /* the stream ended; `in` stands behind it */
    DC_BAD,       /* not of this format, or damaged */
    DC_TOO_LARGE, /* it takes more memory than is allowed */
    DC_DICTIONARY, /* it cannot be opened without a dictionary */
    DC_NO_MEMORY
};

/* Both sides move as bytes are taken and made. */
struct dc_io {
    const uint8_t *in;
    size_t in_size;
    uint8_t *out;
    size_t out_size;
};

struct dc_format {
    const char *name;
    /* A decoder, or NULL when out of memory. Nothing in it may be larger than `memory_bytes`. */
    void *(*open)(uint64_t memory_bytes);
    enum dc_result (*run)(void *decoder, struct dc_io *io);
    void (*close)(void *decoder);
    /* For a format that has no end of its own: may the input end here? */
    bool (*may_end)(const void *decoder);
    bool joins; /* several streams, one behind the other, are one file */
};

extern const struct dc_format dc_gzip, dc_zlib, dc_deflate, dc_zstd, dc_bzip2, dc_xz, dc_lz4,
    dc_snappy, dc_brotli;

/* Once, before the first decoder of Snappy's: makes its table. */
void dc_snappy_prepare(void);

/* By the name that payloads use; NULL when there is none. `deflate` (raw) is for zip only. */
const struct dc_format *dc_format_named(const char *name);

#endif
