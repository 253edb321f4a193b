/* SPDX-License-Identifier: MIT */
/*
 * What the first bytes of an image say, without any decoder: its format and its sides. So that what is too
 * large is refused before anything of it is decoded, and before the rest has arrived.
 */
#ifndef IMAGE_HEADER_H
#define IMAGE_HEADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"

enum image_header_result {
    IMAGE_HEADER_OK,
    IMAGE_HEADER_MORE,    /* the answer lies further on */
    IMAGE_HEADER_DAMAGED, /* its format is known, the header makes no sense */
    IMAGE_HEADER_UNKNOWN  /* none of the formats */
};

struct image_header {
    enum image_format format;
    uint32_t width, height; /* as stored. 0: this format tells the decoder alone (AVIF, HEIC) */
    bool whole;             /* decoders hold the whole of it in memory: progressive, interlaced, … */
    unsigned pixel_bytes;   /* what such a decoder takes for `shared_pixels` pixels */
    unsigned shared_pixels; /* at least 1; more in a JPEG whose pixels share their colours (4:2:0) */
};

/* The bytes that a decoder holds for a picture of these sides; 0 when it goes row by row. */
uint64_t image_header_memory(const struct image_header *header, uint64_t width, uint64_t height);

enum image_header_result image_header_read(struct image_header *header, const void *bytes,
                                           size_t size);

#endif
