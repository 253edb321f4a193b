/* SPDX-License-Identifier: MIT */
#include "jpeg.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h> /* needs the one above */

#define RESULT_BYTES_MAX (24u << 20)

/* ---- the decoder ---- */

enum { DAMAGED = 1, NO_MEMORY };

struct decoder {
    struct jpeg_decompress_struct it;
    struct jpeg_error_mgr errors;
    jmp_buf failed;
    unsigned char *row, *pixels;
    struct image_resampler *resampler;
};

static void on_error(j_common_ptr it)
{
    struct decoder *d = it->client_data;
    longjmp(d->failed, it->err->msg_code == JERR_OUT_OF_MEMORY ? NO_MEMORY : DAMAGED);
}

/* Below 0 it is a warning: the least is too much, and nothing more is decoded. The others are traces. */
static void on_message(j_common_ptr it, int level)
{
    struct decoder *d = it->client_data;
    if (level < 0)
        longjmp(d->failed, DAMAGED);
}

static bool is_ours(const struct jpeg_decompress_struct *it)
{
    switch (it->jpeg_color_space) {
    case JCS_GRAYSCALE:
        return it->num_components == 1;
    case JCS_YCbCr:
    case JCS_RGB:
        return it->num_components == 3;
    default:
        return false;
    }
}

static void decode(struct decoder *d)
{
    while (d->it.output_scanline < d->it.output_height) {
        jpeg_read_scanlines(&d->it, &d->row, 1);
        image_resampler_row(d->resampler, d->row);
    }
    jpeg_finish_decompress(&d->it);
}

static enum image_jpeg_result run(struct decoder *d, const struct image_original *original, unsigned by,
                                  struct image_size to)
{
    int failed = setjmp(d->failed);
    if (failed != 0)
        return failed == NO_MEMORY ? IMAGE_JPEG_NO_MEMORY : IMAGE_JPEG_DAMAGED;
    jpeg_create_decompress(&d->it);
    jpeg_mem_src(&d->it, original->bytes, original->size);
    jpeg_read_header(&d->it, TRUE);
    if (!is_ours(&d->it))
        return IMAGE_JPEG_OTHER;
    d->it.scale_num = 8 / by;
    d->it.scale_denom = 8;
    d->it.out_color_space = d->it.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&d->it);
    size_t bands = (size_t)d->it.output_components;
    struct image_size from = {d->it.output_width, d->it.output_height};
    if (bands * to.width * to.height > RESULT_BYTES_MAX)
        return IMAGE_JPEG_OTHER;
    d->row = malloc(bands * from.width);
    d->pixels = calloc((size_t)to.width * to.height, bands);
    d->resampler = image_resampler_new(from, to, (unsigned)bands, d->pixels);
    if (!d->row || !d->pixels || !d->resampler)
        return IMAGE_JPEG_OTHER;
    decode(d);
    return IMAGE_JPEG_OK;
}

enum image_jpeg_result image_jpeg_shrink(const struct image_original *original, unsigned by,
                                         struct image_size to, unsigned *bands, unsigned char **pixels)
{
    struct decoder *d = calloc(1, sizeof(*d));
    if (!d)
        return IMAGE_JPEG_OTHER;
    d->it.err = jpeg_std_error(&d->errors);
    d->it.client_data = d;
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    enum image_jpeg_result result = run(d, original, by, to);
    *bands = (unsigned)d->it.output_components;
    jpeg_destroy_decompress(&d->it);
    image_resampler_destroy(d->resampler);
    free(d->row);
    if (result == IMAGE_JPEG_OK)
        *pixels = d->pixels;
    else
        free(d->pixels);
    free(d);
    return result;
}

/* ---- for the library ---- */

static int generate(VipsRegion *out, void *seq, void *a, void *b, gboolean *stop)
{
    const VipsRect *area = &out->valid;
    size_t pixel = (size_t)out->im->Bands, pitch = pixel * (size_t)out->im->Xsize;
    const unsigned char *pixels = a;
    (void)seq;
    (void)b;
    (void)stop;
    for (int y = area->top; y < area->top + area->height; y++)
        memcpy(VIPS_REGION_ADDR(out, area->left, y), pixels + pitch * (size_t)y + pixel * (size_t)area->left,
               pixel * (size_t)area->width);
    return 0;
}

VipsImage *image_jpeg_as(VipsImage *original, const unsigned char *pixels, struct image_size size,
                         unsigned bands)
{
    VipsImage *out = vips_image_new();
    if (vips_image_pipelinev(out, VIPS_DEMAND_STYLE_ANY, original, NULL) != 0) {
        g_object_unref(out);
        return NULL;
    }
    vips_image_remove(out, VIPS_META_SEQUENTIAL);
    out->Xsize = (int)size.width;
    out->Ysize = (int)size.height;
    out->Bands = (int)bands;
    out->BandFmt = VIPS_FORMAT_UCHAR;
    out->Coding = VIPS_CODING_NONE;
    out->Type = bands == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    if (vips_image_generate(out, NULL, generate, NULL, (void *)(uintptr_t)pixels, NULL) == 0)
        return out;
    g_object_unref(out);
    return NULL;
}
