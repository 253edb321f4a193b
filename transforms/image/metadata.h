/* SPDX-License-Identifier: MIT */
/*
 * What a picture says beside its pixels: EXIF, XMP, IPTC, a colour profile, comments. The library's own option
 * to leave them behind is not relied on: what some of its savers make of it is nothing.
 */
#ifndef IMAGE_METADATA_H
#define IMAGE_METADATA_H

#include <stdbool.h>
#include <vips/vips.h>

/* Takes over `in`. `all`: nothing stays. Otherwise all does but pictures of the picture, such as EXIF's thumbnail,
 * which would show the original as it was: without a watermark, and with what was cut away. NULL: no memory. */
VipsImage *image_metadata_strip(VipsImage *in, bool all);

#endif
