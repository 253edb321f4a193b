/* SPDX-License-Identifier: MIT */
#include "stencil.h"

#include <raqm.h>
#include <stdlib.h>
#include <string.h>

#define SIZE_MIN 4u

/* A line laid out: where each glyph goes, and what they cover together. In pixels, the base line's
 * beginning is the origin. */
struct line {
    raqm_t *layout;
    raqm_glyph_t *glyphs;
    size_t count;
    long left, top, right, bottom; /* of the ink; left >= right: there is none */
};

static bool set_text(raqm_t *layout, const struct image_text *text, FT_Face face, unsigned size)
{
    bool good = raqm_set_text(layout, text->points, text->count) &&
                FT_Set_Pixel_Sizes(face, 0, size) == 0 && raqm_set_freetype_face(layout, face) &&
                raqm_set_par_direction(layout, RAQM_DIRECTION_DEFAULT);
    for (size_t i = 0; good && i < text->count; i++) {
        FT_Face other = image_fonts_with(face, text->points[i]);
        if (other != face)
            good = FT_Set_Pixel_Sizes(other, 0, size) == 0 &&
                   raqm_set_freetype_face_range(layout, other, i, 1);
    }
    return good && raqm_layout(layout);
}

static void line_close(struct line *line)
{
    raqm_destroy(line->layout);
    line->layout = NULL;
}

/* Visits each glyph, drawn. `pen` is where it stands. */
static void each_glyph(const struct line *line,
                       void (*visit)(void *arg, FT_GlyphSlot slot, long x, long y), void *arg)
{
    long x = 0, y = 0;
    for (size_t i = 0; i < line->count; i++) {
        const raqm_glyph_t *glyph = &line->glyphs[i];
        FT_Face face = glyph->ftface;
        if (FT_Load_Glyph(face, glyph->index, FT_LOAD_RENDER | FT_LOAD_NO_HINTING) == 0 &&
            face->glyph->bitmap.pixel_mode == FT_PIXEL_MODE_GRAY)
            visit(arg, face->glyph, ((x + glyph->x_offset) >> 6) + face->glyph->bitmap_left,
                  -((y + glyph->y_offset) >> 6) - face->glyph->bitmap_top);
        x += glyph->x_advance;
        y += glyph->y_advance;
    }
}

static void extend(void *arg, FT_GlyphSlot slot, long x, long y)
{
    struct line *line = arg;
    long right = x + (long)slot->bitmap.width, bottom = y + (long)slot->bitmap.rows;
    if (x >= right || y >= bottom)
        return;
    bool first = line->left >= line->right;
    line->left = first || x < line->left ? x : line->left;
    line->top = first || y < line->top ? y : line->top;
    line->right = first || right > line->right ? right : line->right;
    line->bottom = first || bottom > line->bottom ? bottom : line->bottom;
}

static bool line_open(struct line *line, const struct image_text *text, FT_Face face, unsigned size)
{
    *line = (struct line){.layout = raqm_create()};
    if (!line->layout)
        return false;
    if (!set_text(line->layout, text, face, size)) {
        line_close(line);
        return false;
    }
    line->glyphs = raqm_get_glyphs(line->layout, &line->count);
    each_glyph(line, extend, line);
    return true;
}

struct drawing {
    struct image_stencil *stencil;
    long left, top;
};

static void draw(void *arg, FT_GlyphSlot slot, long x, long y)
{
    const struct drawing *d = arg;
    const FT_Bitmap *bitmap = &slot->bitmap;
    for (unsigned row = 0; row < bitmap->rows; row++) {
        const unsigned char *from = bitmap->buffer + (ptrdiff_t)row * bitmap->pitch;
        unsigned char *to = d->stencil->coverage + (size_t)(y - d->top + row) * d->stencil->width +
                            (x - d->left);
        for (unsigned i = 0; i < bitmap->width; i++)
            to[i] = from[i] > to[i] ? from[i] : to[i];
    }
}

static bool draw_line(struct image_stencil *stencil, const struct line *line)
{
    bool empty = line->left >= line->right;
    stencil->width = empty ? 1 : (unsigned)(line->right - line->left);
    stencil->height = empty ? 1 : (unsigned)(line->bottom - line->top);
    stencil->coverage = calloc(stencil->width, stencil->height);
    if (!stencil->coverage)
        return false;
    struct drawing drawing = {stencil, line->left, line->top};
    if (!empty)
        each_glyph(line, draw, &drawing);
    return true;
}

/* The size at which a line of that size would fit. */
static double fitting(const struct line *line, double size, unsigned width_max, unsigned height_max)
{
    double width = (double)(line->right - line->left), height = (double)(line->bottom - line->top);
    double by = 1;
    if (width > width_max)
        by = width_max / width;
    if (height * by > height_max)
        by = height_max / height;
    return size * by;
}

bool image_stencil_draw(struct image_stencil *stencil, const struct image_text *text, FT_Face face,
                        double size, unsigned width_max, unsigned height_max)
{
    struct line line;
    unsigned whole = size < SIZE_MIN ? SIZE_MIN : size > 2000 ? 2000 : (unsigned)size;
    *stencil = (struct image_stencil){0};
    for (;;) {
        if (!line_open(&line, text, face, whole))
            return false;
        unsigned smaller = (unsigned)fitting(&line, whole, width_max, height_max);
        if (smaller >= whole || whole == SIZE_MIN)
            break;
        whole = smaller < SIZE_MIN ? SIZE_MIN : smaller;
        line_close(&line);
    }
    bool good = draw_line(stencil, &line);
    line_close(&line);
    return good;
}

void image_stencil_fini(struct image_stencil *stencil)
{
    free(stencil->coverage);
    *stencil = (struct image_stencil){0};
}
