/* SPDX-License-Identifier: MIT */
/*
 * What a picture says beside its pixels: EXIF, XMP, IPTC, a colour profile, comments. They are removed here, since
 * some savers of libvips take no notice of its own option for that (strip).
 */
#ifndef IMAGE_METADATA_H
#define IMAGE_METADATA_H

#include <stdbool.h>
#include <vips/vips.h>

/* Takes over `in`. `all`: nothing stays. Otherwise only pictures of the picture go, such as EXIF's thumbnail, which
 * would show the original: without the watermark, and with what was cut away. NULL: no memory. */
VipsImage *image_metadata_strip(VipsImage *in, bool all);

#endif
