/* SPDX-License-Identifier: MIT */
#include "paint.h"

#include "config.h"

/* Where the overlay lies: at `left`, `top`, and again every `across` and `down` pixels. */
struct layout {
    const struct image_overlay *overlay;
    int left, top;
    int across, down; /* 0: only once */
    int shift;        /* of every second row */
    unsigned opacity; /* 0 to 256 */
};

/* ---- pixels ---- */

/* `over` on `under`, which has 3 bytes, or 4 with its own alpha. */
static void blend(unsigned char *under, int bands, const unsigned char *over, unsigned opacity)
{
    unsigned alpha = (over[3] * opacity + 128) >> 8;
    if (alpha == 0)
        return;
    if (bands == 3) {
        for (int i = 0; i < 3; i++)
            under[i] = (unsigned char)((over[i] * alpha + under[i] * (255 - alpha) + 127) / 255);
        return;
    }
    unsigned below = under[3] * (255 - alpha), sum = 255 * alpha + below; /* alphas, times 255 */
    for (int i = 0; i < 3; i++)
        under[i] = (unsigned char)((over[i] * 255 * alpha + under[i] * below + sum / 2) / sum);
    under[3] = (unsigned char)((sum + 127) / 255);
}

static int remainder_of(int value, int by)
{
    int rest = value % by;
    return rest < 0 ? rest + by : rest;
}

static int row_of(const struct layout *l, int y, int *tile)
{
    *tile = 0;
    if (l->down == 0)
        return y - l->top;
    int rest = remainder_of(y - l->top, l->down);
    *tile = (y - l->top - rest) / l->down;
    return rest;
}

static void paint_row(const struct layout *l, unsigned char *row, int bands, const VipsRect *area, int y)
{
    int tile, from_row = row_of(l, y, &tile), width = (int)l->overlay->width;
    if (from_row < 0 || from_row >= (int)l->overlay->height)
        return;
    const unsigned char *from = l->overlay->rgba + (size_t)4 * from_row * width;
    int left = l->left + (tile & 1 ? l->shift : 0);
    for (int x = area->left; x < area->left + area->width; x++) {
        int column = l->across ? remainder_of(x - left, l->across) : x - left;
        if (column >= 0 && column < width)
            blend(row + (size_t)(x - area->left) * bands, bands, from + (size_t)4 * column, l->opacity);
    }
}

/* ---- for the library ---- */

static int generate(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
    VipsRegion *in = seq;
    const VipsRect *area = &out->valid;
    const struct layout *l = b;
    int bands = in->im->Bands;
    (void)a;
    (void)stop;
    if (vips_region_prepare(in, area) != 0)
        return -1;
    for (int y = area->top; y < area->top + area->height; y++) {
        unsigned char *row = VIPS_REGION_ADDR(out, area->left, y);
        memcpy(row, VIPS_REGION_ADDR(in, area->left, y), (size_t)area->width * bands);
        paint_row(l, row, bands, area, y);
    }
    return 0;
}

/* ---- where ---- */

static int offset_of(double offset, int side, double dpr)
{
    return (int)(offset > -1 && offset < 1 ? offset * side : offset * dpr);
}

static void place(struct layout *l, const struct image_mark *mark, const struct image_overlay *overlay,
                  int width, int height, double dpr)
{
    int x = offset_of(mark->x, width, dpr), y = offset_of(mark->y, height, dpr);
    int across = width - (int)overlay->width, down = height - (int)overlay->height, centre_x, centre_y;
    image_gravity_begin((enum image_gravity)mark->gravity, across, down, &l->left, &l->top);
    image_gravity_begin(IMAGE_CENTRE, across, down, &centre_x, &centre_y);
    /* Away from the edge that it leans to. In the middle there is no edge to keep the default margin from. */
    x = l->left == centre_x && !mark->placed ? 0 : x;
    y = l->top == centre_y && !mark->placed ? 0 : y;
    l->left += l->left > centre_x ? -x : x;
    l->top += l->top > centre_y ? -y : y;
    l->overlay = overlay;
    l->opacity = (unsigned)(mark->opacity * 256 + 0.5);
    if (mark->spread == IMAGE_ONCE) {
        /* All of it stays in the picture, if it has room there. */
        l->left = across < 0 || l->left < 0 ? 0 : l->left > across ? across : l->left;
        l->top = down < 0 || l->top < 0 ? 0 : l->top > down ? down : l->top;
        return;
    }
    l->across = 1 + (int)(overlay->width * (1 + mark->spacing));
    l->down = 1 + (int)(overlay->height * (1 + mark->spacing));
    l->shift = mark->spread == IMAGE_CHESSBOARD ? l->across / 2 : 0;
}

static VipsImage *as_color(VipsImage *in)
{
    VipsImage *color = NULL, *bytes = NULL;
    bool good = vips_colourspace(in, &color, VIPS_INTERPRETATION_sRGB, NULL) == 0 &&
                vips_cast_uchar(color, &bytes, NULL) == 0;
    VIPS_UNREF(color);
    g_object_unref(in);
    if (good && (bytes->Bands == 3 || bytes->Bands == 4))
        return bytes;
    VIPS_UNREF(bytes);
    return NULL;
}

VipsImage *image_paint(VipsImage *in, const struct image_mark *mark,
                       const struct image_overlay *overlay, double dpr)
{
    VipsImage *under = as_color(in), *out = NULL;
    if (!under)
        return NULL;
    out = vips_image_new();
    struct layout *l = VIPS_NEW(out, struct layout); /* lives as long */
    *l = (struct layout){0};
    place(l, mark, overlay, under->Xsize, under->Ysize, dpr);
    g_object_ref(under);
    vips_object_local(out, under);
    bool good = vips_image_pipelinev(out, VIPS_DEMAND_STYLE_THINSTRIP, under, NULL) == 0 &&
                vips_image_generate(out, vips_start_one, generate, vips_stop_one, under, l) == 0;
    g_object_unref(under);
    if (good)
        return out;
    g_object_unref(out);
    return NULL;
}
