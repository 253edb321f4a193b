/* SPDX-License-Identifier: MIT */
/*
 * A JPEG decoded and made smaller in one go, straight from memory. libvips hands its decoder 4 KiB at a
 * time, whose fast path for Huffman codes wants more than that; and see resample.h.
 */
#ifndef IMAGE_JPEG_H
#define IMAGE_JPEG_H

#include <vips/vips.h>

#include "picture.h"
#include "resample.h"

enum image_jpeg_result {
    IMAGE_JPEG_OK,
    IMAGE_JPEG_OTHER, /* not to be made here (colours for printing, much memory): libvips can */
    IMAGE_JPEG_NO_MEMORY,
    IMAGE_JPEG_DAMAGED /* the decoder's least warning counts */
};

/* `by`: what the decoder scales by itself: 1, 2, 4 or 8. `pixels` is filled when it went well, 3 bytes a
 * pixel, 1 where the original is grey; the caller frees it. */
enum image_jpeg_result image_jpeg_shrink(const struct image_original *original, unsigned by,
                                         struct image_size to, unsigned *bands, unsigned char **pixels);
/* Those pixels with all that the library knows of the original besides. They must last as long as the
 * image. NULL when it failed. */
VipsImage *image_jpeg_as(VipsImage *original, const unsigned char *pixels, struct image_size size,
                         unsigned bands);

#endif
