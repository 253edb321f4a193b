/* SPDX-License-Identifier: MIT */
#include "mark.h"

#include <math.h>
#include <string.h>
#include <vips/vips.h>

#include "header.h"
#include "stencil.h"

#define IMAGE_PIXELS_MAX 4000000u /* of a watermark's own file */
#define TRIES_MAX 4

/* ---- text ---- */

/* What the shadow covers beyond the letters, and how soft it is. */
static unsigned shadow_pad(const struct image_mark *mark, const struct image_stencil *stencil)
{
    return mark->shadow > 0 ? 1 + stencil->height / 12 : 0;
}

/* The mean of the pixels around, in one direction: `count` pixels, `step` apart. */
static void soften(const unsigned char *from, unsigned char *to, size_t count, size_t step, unsigned radius)
{
    unsigned sum = 0, window = 2 * radius + 1;
    for (size_t i = 0; i < count + radius; i++) {
        sum += i < count ? from[i * step] : 0;
        if (i >= window)
            sum -= from[(i - window) * step];
        if (i >= radius)
            to[(i - radius) * step] = (unsigned char)(sum / window);
    }
}

/* Letters over their shadow, which falls down and to the right. */
static void lay_letters(const struct image_mark *mark, const struct image_stencil *stencil,
                        const unsigned char *shadow, unsigned pad, struct image_overlay *overlay)
{
    for (unsigned y = 0; y < overlay->height; y++)
        for (unsigned x = 0; x < overlay->width; x++) {
            unsigned char *to = overlay->rgba + 4 * ((size_t)y * overlay->width + x);
            bool inside = x >= pad && y >= pad && x - pad < stencil->width && y - pad < stencil->height;
            unsigned letter =
                inside ? stencil->coverage[(size_t)(y - pad) * stencil->width + (x - pad)] : 0;
            double dark = shadow ? mark->shadow * shadow[(size_t)y * overlay->width + x] : 0;
            double alpha = letter + dark * (255 - letter) / 255;
            for (int i = 0; i < 3; i++)
                to[i] = alpha > 0 ? (unsigned char)(mark->color[i] * letter / alpha + 0.5) : 0;
            to[3] = (unsigned char)(alpha + 0.5);
        }
}

static bool make_shadow(const struct image_stencil *stencil, unsigned pad, const struct image_overlay *overlay,
                        unsigned char *shadow, unsigned char *room)
{
    size_t width = overlay->width, height = overlay->height;
    unsigned radius = (pad + 1) / 2;
    for (unsigned y = 0; y < stencil->height; y++)
        memcpy(shadow + (y + pad + radius) * width + pad + radius,
               stencil->coverage + (size_t)y * stencil->width, stencil->width);
    for (size_t y = 0; y < height; y++)
        soften(shadow + y * width, room + y * width, width, 1, radius);
    for (size_t x = 0; x < width; x++)
        soften(room + x, shadow + x, height, width, radius);
    return true;
}

static enum image_mark_result draw_text(const struct image_mark *mark, const struct image_text *text,
                                        FT_Face face, double size, unsigned width, unsigned height,
                                        struct image_overlay *overlay)
{
    struct image_stencil stencil;
    if (!image_stencil_draw(&stencil, text, face, size, width, height))
        return IMAGE_MARK_NO_MEMORY;
    unsigned pad = shadow_pad(mark, &stencil);
    overlay->width = stencil.width + 2 * pad;
    overlay->height = stencil.height + 2 * pad;
    size_t pixels = (size_t)overlay->width * overlay->height;
    unsigned char *shadow = pad ? g_try_malloc0(2 * pixels) : NULL;
    overlay->rgba = g_try_malloc(4 * pixels);
    bool good = overlay->rgba && (shadow || !pad);
    if (good && shadow)
        make_shadow(&stencil, pad, overlay, shadow, shadow + pixels);
    if (good)
        lay_letters(mark, &stencil, shadow, pad, overlay);
    g_free(shadow);
    image_stencil_fini(&stencil);
    return good ? IMAGE_MARK_OK : IMAGE_MARK_NO_MEMORY;
}

/* ---- images ---- */

/* Takes over `in`: as 4 bytes a pixel, in memory. */
static bool keep(VipsImage *in, struct image_overlay *overlay)
{
    VipsImage *color = NULL, *solid = NULL, *bytes = NULL;
    size_t size = 0;
    bool good = vips_colourspace(in, &color, VIPS_INTERPRETATION_sRGB, NULL) == 0 &&
                (vips_image_hasalpha(color) ? vips_copy(color, &solid, NULL)
                                            : vips_addalpha(color, &solid, NULL)) == 0 &&
                vips_cast_uchar(solid, &bytes, NULL) == 0 && vips_image_get_bands(bytes) == 4;
    if (good) {
        overlay->width = (unsigned)vips_image_get_width(bytes);
        overlay->height = (unsigned)vips_image_get_height(bytes);
        overlay->rgba = vips_image_write_to_memory(bytes, &size);
    }
    VIPS_UNREF(bytes);
    VIPS_UNREF(solid);
    VIPS_UNREF(color);
    g_object_unref(in);
    return good && overlay->rgba;
}

static enum image_mark_result draw_image(const struct image_mark *mark, double by, unsigned width,
                                         struct image_overlay *overlay)
{
    struct image_header header;
    VipsImage *out = NULL;
    bool good = image_header_read(&header, mark->image, mark->image_size) == IMAGE_HEADER_OK &&
                header.format <= IMAGE_WEBP &&
                (uint64_t)header.width * header.height <= IMAGE_PIXELS_MAX;
    double wanted = mark->scale * width * by;
    good = good && vips_thumbnail_buffer((void *)(uintptr_t)mark->image, mark->image_size, &out, wanted < 1 ? 1 : (int)wanted,
                                         "height", VIPS_MAX_COORD, "option_string", "fail_on=warning",
                                         NULL) == 0;
    return good && keep(out, overlay) ? IMAGE_MARK_OK : IMAGE_MARK_NO_IMAGE;
}

/* ---- turned ---- */

/* Premultiplied meanwhile: what is transparent has no colour to lend to its neighbours. */
static bool turn(double degrees, struct image_overlay *overlay)
{
    if (fmod(degrees, 360) == 0)
        return true;
    struct image_overlay turned = {0};
    VipsImage *in = vips_image_new_from_memory(overlay->rgba,
                                               4 * (size_t)overlay->width * overlay->height,
                                               (int)overlay->width, (int)overlay->height, 4,
                                               VIPS_FORMAT_UCHAR);
    VipsImage *color = NULL, *flat = NULL, *spun = NULL, *out = NULL;
    bool good = in && vips_copy(in, &color, "interpretation", VIPS_INTERPRETATION_sRGB, NULL) == 0 &&
                vips_premultiply(color, &flat, NULL) == 0 &&
                vips_similarity(flat, &spun, "angle", degrees, NULL) == 0 &&
                vips_unpremultiply(spun, &out, NULL) == 0 && keep(out, &turned);
    VIPS_UNREF(spun);
    VIPS_UNREF(flat);
    VIPS_UNREF(color);
    VIPS_UNREF(in);
    image_overlay_fini(overlay);
    *overlay = turned;
    return good;
}

/* ---- both ---- */

static double length_of(double length, unsigned side, double dpr)
{
    return length < 1 ? length * side : length * dpr;
}

/* How much of a side it may take: where the margin is the default one, it is kept at both ends. */
static double room_on(unsigned side, double margin, bool placed)
{
    return placed ? side : side * (1 - 2 * margin);
}

enum image_mark_result image_mark_draw(const struct image_mark *mark, const struct image_text *text,
                                       unsigned width, unsigned height, double dpr,
                                       struct image_overlay *overlay)
{
    FT_Face face = mark->image ? NULL : image_fonts_find(mark->font);
    double size = length_of(mark->size, width < height ? width : height, dpr), by = 1;
    double wide = room_on(width, mark->x, mark->placed), high = room_on(height, mark->y, mark->placed);
    *overlay = (struct image_overlay){0};
    if (!mark->image && !face)
        return IMAGE_MARK_NO_FONT;
    for (int tries = 0; tries < TRIES_MAX; tries++) {
        enum image_mark_result result =
            mark->image ? draw_image(mark, by, width, overlay)
                        : draw_text(mark, text, face, size * by, (unsigned)(wide * by), (unsigned)(high * by), overlay);
        if (result == IMAGE_MARK_OK && !turn(mark->rotate, overlay))
            result = IMAGE_MARK_NO_MEMORY;
        if (result != IMAGE_MARK_OK) {
            image_overlay_fini(overlay);
            return result;
        }
        double across = wide / overlay->width, down = high / overlay->height;
        double room = across < down ? across : down;
        if (room >= 1 || tries == TRIES_MAX - 1)
            break;
        by *= room * 0.97;
        image_overlay_fini(overlay);
    }
    return IMAGE_MARK_OK;
}

void image_overlay_fini(struct image_overlay *overlay)
{
    g_free(overlay->rgba);
    *overlay = (struct image_overlay){0};
}
