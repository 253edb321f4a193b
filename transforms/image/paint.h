/* SPDX-License-Identifier: MIT */
/* Lays an overlay over a picture: once, in tiles, or in tiles of which every second row is shifted. */
#ifndef IMAGE_PAINT_H
#define IMAGE_PAINT_H

#include <vips/vips.h>

#include "mark.h"

/* Takes over `in`, which becomes sRGB of 8 bits. The pixels are painted as they are asked for, by the
 * library's threads; `mark` and `overlay` must last until then. NULL when it failed. */
VipsImage *image_paint(VipsImage *in, const struct image_mark *mark,
                       const struct image_overlay *overlay, double dpr);

#endif
