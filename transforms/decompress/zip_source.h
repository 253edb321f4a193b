/* SPDX-License-Identifier: MIT */
/*
 * A zip file read out of order, a window at a time: what a transform may ask of the original by
 * read_at. Pointers are good until the next read.
 */
#ifndef DC_ZIP_SOURCE_H
#define DC_ZIP_SOURCE_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stdint.h>

/* The largest piece of a directory's record, or the end of a file with the longest comment. */
#define DC_ZIP_WINDOW_BYTES (72 * 1024u)

struct dc_zip_source {
    const struct objlens_host *host;
    struct objlens_call *call;
    uint64_t size; /* of the file */
    uint64_t at;   /* where the window begins */
    size_t have;
    int result;    /* of the ABI: the first failure */
    uint8_t window[DC_ZIP_WINDOW_BYTES];
};

/* OBJLENS_ENOTFOUND when the original's size is not known: it is not the original then. */
int dc_zip_source_init(struct dc_zip_source *s, const struct objlens_host *host,
                       struct objlens_call *call);

/* The `size` bytes at `at`, all of them and at most a window; NULL when they are not there, or
 * cannot be read (then `result` says so). May wait. */
const uint8_t *dc_zip_read(struct dc_zip_source *s, uint64_t at, size_t size);

/* Numbers are little-endian. */
static inline uint64_t dc_little(const uint8_t *bytes, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)bytes[i] << 8 * i;
    return value;
}

#endif
