/* SPDX-License-Identifier: MIT */
/*
 * A picture made smaller or larger row by row, by Lanczos with three lobes, as libvips does it. Here
 * because libvips makes its vector instructions at run time, which no memory of a sandbox allows: these
 * are the compiler's. Besides the result there are never more rows than one of the result comes from.
 */
#ifndef IMAGE_RESAMPLE_H
#define IMAGE_RESAMPLE_H

#include <stdbool.h>

struct image_size {
    unsigned width, height;
};

struct image_resampler;

/* Rows of `bands` bytes a pixel, 1 or 3; all sides at least 1. `out` has room for to.width * to.height
 * pixels, and is the caller's. NULL: no memory, or it would take too much. */
struct image_resampler *image_resampler_new(struct image_size from, struct image_size to, unsigned bands,
                                            unsigned char *out);
/* The next one, from the top. After the last of them `out` is whole. */
void image_resampler_row(struct image_resampler *resampler, const unsigned char *row);
void image_resampler_destroy(struct image_resampler *resampler);

#endif
