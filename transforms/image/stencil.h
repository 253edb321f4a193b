/* SPDX-License-Identifier: MIT */
/* One line of text as coverage, 0 to 255 a pixel: shaped by raqm, drawn by FreeType. */
#ifndef IMAGE_STENCIL_H
#define IMAGE_STENCIL_H

#include "fonts.h"
#include "template.h"

struct image_stencil {
    unsigned char *coverage; /* image_stencil_fini */
    unsigned width, height;
};

/* As high as `size` asks (in pixels), or less where it would be wider than `width_max` or higher than
 * `height_max`. False: no memory. A text of blanks is a stencil of 1x1, empty. */
bool image_stencil_draw(struct image_stencil *stencil, const struct image_text *text, FT_Face face,
                        double size, unsigned width_max, unsigned height_max);
void image_stencil_fini(struct image_stencil *stencil);

#endif
