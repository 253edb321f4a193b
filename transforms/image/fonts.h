/* SPDX-License-Identifier: MIT */
/* Fonts, of the preload folders (stored.h). */
#ifndef IMAGE_FONTS_H
#define IMAGE_FONTS_H

#include <ft2build.h>
#include FT_FREETYPE_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stdint.h>

/* In the preload step. No fonts are no failure: they may not be needed. */
void image_fonts_load(const struct objlens_host *host);
/* By its family ("DejaVu Sans"), or family and style ("DejaVu Sans Bold"); "" is the default. NULL when
 * there is none of that name. */
FT_Face image_fonts_find(const char *name);
/* `face`, or the first that has the character if `face` has not. */
FT_Face image_fonts_with(FT_Face face, uint32_t point);

#endif
