/* SPDX-License-Identifier: MIT */
/* Watermarks: what the payload says of one, and how it is made and laid over a picture. */
#ifndef IMAGE_MARK_H
#define IMAGE_MARK_H

#include <stdbool.h>
#include <stdint.h>

#include "../kit/payload.h"
#include "template.h"

#define IMAGE_FONT_BYTES_MAX 127u

enum image_spread { IMAGE_ONCE, IMAGE_TILE, IMAGE_CHESSBOARD };

/* A text or an image. */
struct image_mark {
    struct kit_config kit;
    char text[IMAGE_TEMPLATE_BYTES_MAX + 1]; /* a template; "" is none */
    const void *image;                       /* a JPEG, PNG or WebP */
    size_t image_size;
    unsigned char *owned;                    /* g_free; the image, if the payload brought it */
    char font[IMAGE_FONT_BYTES_MAX + 1];
    double size;  /* of letters: pixels of the picture, below 1 of its shorter side */
    double scale; /* of an image: its width, of that of the picture */
    unsigned char color[3];
    double opacity, shadow;
    double rotate; /* degrees, clockwise */
    int gravity;
    enum image_spread spread;
    double x, y;    /* away from the edge: pixels, below 1 of the picture's side */
    bool placed;    /* x and y are the payload's, and hold in the middle, too; else they are the default margin */
    double spacing; /* between tiles, in sizes of the mark */
};

/* Of the payload. False: kit_wrong has said why, in mark->kit. */
bool image_mark_read(struct image_mark *mark, json_t *value);
void image_mark_fini(struct image_mark *mark);

/* What is laid over a picture: 4 bytes a pixel, not premultiplied. */
struct image_overlay {
    unsigned char *rgba; /* g_free */
    unsigned width, height;
};

enum image_mark_result { IMAGE_MARK_OK, IMAGE_MARK_NO_FONT, IMAGE_MARK_NO_IMAGE, IMAGE_MARK_NO_MEMORY };

/* For a picture of that size, in which all of it has its place. `text` is the template, filled in. */
enum image_mark_result image_mark_draw(const struct image_mark *mark, const struct image_text *text,
                                       unsigned width, unsigned height, double dpr,
                                       struct image_overlay *overlay);
void image_overlay_fini(struct image_overlay *overlay);

#endif
