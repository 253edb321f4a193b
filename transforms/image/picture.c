/* SPDX-License-Identifier: MIT */
/*
 * The work is libvips's. It scales while it decodes where the format can (JPEG, WebP), so a large
 * original never lies in memory whole. Whatever is damaged anywhere is an error: a decoder's least
 * warning counts, the end must be there, and what is cut out is decoded with all that is around it.
 */
#include "picture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <vips/vips.h>

#include "jpeg.h"
#include "library.h"
#include "metadata.h"
#include "paint.h"
#include "plan.h"
#include "whole.h"

#define ICC_SPACE_AT 16u /* where a profile says what colours it is for */
/* For the libraries, code and what is written. */
#define RESERVED_BYTES (96u << 20)

/* ---- before decoding ---- */

static bool too_large(const struct image_config *config, uint64_t width, uint64_t height)
{
    return width > config->side_max || height > config->side_max ||
           width * height > config->pixels_max;
}

/* By asking for it: a process does not know how much of its memory the libraries have taken already. */
static bool is_room_for(uint64_t bytes)
{
    if (bytes == 0)
        return true;
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return room != MAP_FAILED && munmap(room, bytes) == 0;
}

enum image_result image_picture_admit(const struct image_config *config,
                                      const struct image_header *header, uint64_t memory_bytes)
{
    uint64_t width = header->width, height = header->height;
    if (too_large(config, width, height))
        return IMAGE_TOO_LARGE;
    uint64_t room = memory_bytes > RESERVED_BYTES ? memory_bytes - RESERVED_BYTES : 0;
    uint64_t taken = image_header_memory(header, width, height);
    return taken > room || !is_room_for(taken) ? IMAGE_TOO_MUCH : IMAGE_OK;
}

struct measures {
    VipsImage *head;        /* what the library reads of the header; nobody asks it for pixels */
    unsigned width, height; /* after EXIF's turn */
    bool turned;            /* by it: they have changed places */
    bool has_profile;       /* its colours are not those of sRGB, or not said to be */
};

/* Some grey pictures carry a profile for colours, which is of no use to them and left aside. */
static bool has_fitting_profile(VipsImage *image)
{
    const void *profile;
    size_t size;
    VipsInterpretation of = vips_image_get_interpretation(image);
    bool grey = of == VIPS_INTERPRETATION_B_W || of == VIPS_INTERPRETATION_GREY16;
    if (of == VIPS_INTERPRETATION_CMYK)
        return true;
    if (vips_image_get_typeof(image, VIPS_META_ICC_NAME) == 0 ||
        vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &size) != 0 || size < ICC_SPACE_AT + 4)
        return false;
    return memcmp((const char *)profile + ICC_SPACE_AT, grey ? "GRAY" : "RGB ", 4) == 0;
}

/* The header says no more than what was admitted. */
static enum image_result measure(const struct image_config *config,
                                 const struct image_original *original, struct measures *m)
{
    VipsImage *image = vips_image_new_from_buffer(original->bytes, original->size, "", "access",
                                                  VIPS_ACCESS_SEQUENTIAL, NULL);
    m->head = image;
    if (!image)
        return IMAGE_DAMAGED;
    unsigned across = (unsigned)vips_image_get_width(image);
    unsigned down = (unsigned)vips_image_get_page_height(image);
    unsigned frames = (unsigned)vips_image_get_n_pages(image);
    m->turned = vips_image_get_orientation_swap(image);
    m->has_profile = has_fitting_profile(image);
    m->width = m->turned ? down : across;
    m->height = m->turned ? across : down;
    if (frames > config->frames_max)
        return IMAGE_MANY_FRAMES;
    if (too_large(config, across, down))
        return IMAGE_TOO_LARGE;
    /* Of some formats nothing was known before. */
    bool known = original->header->width > 0;
    return known || is_room_for(image_header_memory(original->header, across, down)) ? IMAGE_OK : IMAGE_TOO_MUCH;
}

/* ---- steps: each takes over `in`, and answers NULL when it failed ---- */

static VipsImage *cut_out(const struct image_config *c, const struct image_plan *plan, VipsImage *in)
{
    int width = (int)plan->crop_width, height = (int)plan->crop_height, left, top, rc;
    int across = vips_image_get_width(in) - width, down = vips_image_get_height(in) - height;
    if (width == 0 || across < 0 || down < 0 || across + down == 0)
        return in;
    /* Decoded to the end, so that damage is found wherever it is. */
    VipsImage *whole = vips_image_copy_memory(in), *out = NULL;
    g_object_unref(in);
    if (!whole)
        return NULL;
    image_gravity_begin(c->gravity, across, down, &left, &top);
    rc = c->gravity == IMAGE_SMART
             ? vips_smartcrop(whole, &out, width, height, "interesting", VIPS_INTERESTING_ATTENTION, NULL)
             : vips_extract_area(whole, &out, left, top, width, height, NULL);
    g_object_unref(whole);
    return rc == 0 ? out : NULL;
}

/* JPEG has no transparency: the background shows through. */
static VipsImage *flatten(const struct image_config *c, enum image_format format, VipsImage *in)
{
    VipsImage *out = NULL;
    if (format != IMAGE_JPEG || !vips_image_hasalpha(in))
        return in;
    VipsArrayDouble *color =
        vips_array_double_newv(3, (double)c->background[0], (double)c->background[1],
                               (double)c->background[2]);
    int rc = vips_flatten(in, &out, "background", color, NULL);
    vips_area_unref(VIPS_AREA(color));
    g_object_unref(in);
    return rc == 0 ? out : NULL;
}

/* By how much a JPEG's decoder is to make it smaller while it decodes, which takes less than half of the work. The last
 * quarter at least is left to the resampler, which does it better. 1: not at all. */
static unsigned decoder_scale(const struct image_original *original, const struct measures *m,
                              const struct image_plan *plan)
{
    unsigned by = original->header->format == IMAGE_JPEG ? 8 : 1;
    while (by > 1 && ((uint64_t)4 * m->width < (uint64_t)5 * by * plan->width ||
                      (uint64_t)4 * m->height < (uint64_t)5 * by * plan->height))
        by /= 2;
    return by;
}

/* Takes over `in`, scaled by the decoder or done already: turns it, and gives it sRGB's colours. */
static VipsImage *fit_into(VipsImage *in, const struct measures *m, const struct image_plan *plan)
{
    VipsImage *out = NULL;
    if (!in)
        return NULL;
    int rc = m->has_profile ? vips_thumbnail_image(in, &out, (int)plan->width, "height", (int)plan->height, "size",
                                                   VIPS_SIZE_FORCE, "export_profile", "srgb", "intent",
                                                   VIPS_INTENT_RELATIVE, NULL)
                            : vips_thumbnail_image(in, &out, (int)plan->width, "height", (int)plan->height, "size",
                                                   VIPS_SIZE_FORCE, NULL);
    g_object_unref(in);
    return rc == 0 ? out : NULL;
}

static VipsImage *shrink_scaled(const struct image_original *original, const struct measures *m, unsigned by,
                                const struct image_plan *plan)
{
    VipsImage *in = NULL;
    vips_jpegload_buffer((void *)(uintptr_t)original->bytes, original->size, &in, "shrink", (int)by,
                         "access", VIPS_ACCESS_SEQUENTIAL, "fail_on", VIPS_FAIL_ON_WARNING, NULL);
    return fit_into(in, m, plan);
}

/* `pixels` last until the picture is written. False: the library is to do it. */
static bool shrink_jpeg(const struct image_original *original, const struct measures *m,
                        const struct image_plan *plan, unsigned by, unsigned char **pixels, VipsImage **out)
{
    unsigned bands;
    struct image_size to = {m->turned ? plan->height : plan->width, m->turned ? plan->width : plan->height};
    bool is_less = plan->width < m->width || plan->height < m->height;
    if (original->header->format != IMAGE_JPEG || !is_less)
        return false;
    switch (image_jpeg_shrink(original, by, to, &bands, pixels)) {
    case IMAGE_JPEG_OTHER:
        return false;
    case IMAGE_JPEG_NO_MEMORY:
        vips_error("objlens", "out of memory");
        return true;
    case IMAGE_JPEG_DAMAGED:
        return true;
    default:
        *out = fit_into(image_jpeg_as(m->head, *pixels, to, bands), m, plan);
        return true;
    }
}

static VipsImage *shrink(const struct image_original *original, const struct measures *m,
                         const struct image_plan *plan, unsigned char **pixels)
{
    unsigned by = decoder_scale(original, m, plan);
    VipsImage *out = NULL;
    if (shrink_jpeg(original, m, plan, by, pixels, &out))
        return out;
    if (by > 1)
        return shrink_scaled(original, m, by, plan);
    void *bytes = (void *)(uintptr_t)original->bytes;
    /* In some versions vips_thumbnail's own option fail_on does not reach the decoder. */
    const char *strictly = "fail_on=warning";
    int rc = m->has_profile
                 ? vips_thumbnail_buffer(bytes, original->size, &out, (int)plan->width, "height",
                                         (int)plan->height, "size", VIPS_SIZE_FORCE, "option_string",
                                         strictly, "export_profile", "srgb", "intent",
                                         VIPS_INTENT_RELATIVE, NULL)
                 : vips_thumbnail_buffer(bytes, original->size, &out, (int)plan->width, "height",
                                         (int)plan->height, "size", VIPS_SIZE_FORCE, "option_string",
                                         strictly, NULL);
    return rc == 0 ? out : NULL;
}

static int save(const struct image_config *c, VipsImage *image, struct image_picture *made)
{
    int quality = (int)c->quality;
    gboolean strip = c->strip;
    switch (made->format) {
    case IMAGE_PNG:
        return vips_pngsave_buffer(image, &made->bytes, &made->size, "strip", strip, NULL);
    case IMAGE_WEBP:
        return vips_webpsave_buffer(image, &made->bytes, &made->size, "Q", quality, "strip", strip,
                                    NULL);
    case IMAGE_AVIF:
    case IMAGE_HEIC:
        return vips_heifsave_buffer(image, &made->bytes, &made->size, "Q", quality, "strip", strip,
                                    "compression",
                                    made->format == IMAGE_AVIF ? VIPS_FOREIGN_HEIF_COMPRESSION_AV1
                                                               : VIPS_FOREIGN_HEIF_COMPRESSION_HEVC,
                                    "effort", 2, NULL);
    default:
        return vips_jpegsave_buffer(image, &made->bytes, &made->size, "Q", quality, "strip", strip,
                                    "optimize_coding", TRUE, NULL);
    }
}

/* ---- watermarks ---- */

/* Overlays last until the picture is written. */
struct overlays {
    struct image_overlay list[IMAGE_MARKS_MAX];
    double scale; /* of lengths in pixels */
};

static enum image_result draw_marks(const struct image_config *c, const struct image_text *texts,
                                    const struct image_plan *plan, struct overlays *overlays)
{
    unsigned width = image_plan_across(plan), height = image_plan_down(plan);
    for (unsigned i = 0; i < c->mark_count; i++)
        switch (image_mark_draw(&c->marks[i], &texts[i], width, height, overlays->scale, &overlays->list[i])) {
        case IMAGE_MARK_OK:
            break;
        case IMAGE_MARK_NO_FONT:
            return IMAGE_NO_FONT;
        case IMAGE_MARK_NO_IMAGE:
            return IMAGE_NO_MARK;
        default:
            return IMAGE_TOO_MUCH;
        }
    return IMAGE_OK;
}

static void free_marks(struct overlays *overlays)
{
    for (unsigned i = 0; i < IMAGE_MARKS_MAX; i++)
        image_overlay_fini(&overlays->list[i]);
}

/* ---- all of it ---- */

/* What the decoder says of the last rows comes too late for "fail_on"; only the buffer of errors has it. */
static bool warned(const struct image_original *original)
{
    return original->header->format == IMAGE_JPEG && *vips_error_buffer() != '\0';
}

/* By the libraries' own words. */
static bool lacked_memory(void)
{
    const char *said = vips_error_buffer();
    return strstr(said, "out of memory") || strstr(said, "nsufficient memory");
}

static enum image_result make(const struct image_config *config, const struct image_original *original,
                              const struct measures *measures, const struct image_plan *plan,
                              const struct overlays *overlays, struct image_picture *made)
{
    unsigned char *pixels = NULL;
    vips_error_clear();
    VipsImage *image = shrink(original, measures, plan, &pixels);
    if (image)
        image = cut_out(config, plan, image);
    if (image)
        image = flatten(config, made->format, image);
    for (unsigned i = 0; image && i < config->mark_count; i++)
        image = image_paint(image, &config->marks[i], &overlays->list[i], overlays->scale);
    if (image)
        image = image_metadata_strip(image, config->strip);
    int rc = image ? save(config, image, made) : -1;
    if (image)
        g_object_unref(image);
    free(pixels);
    if (rc == 0 && warned(original)) {
        image_picture_fini(made);
        rc = -1;
    }
    if (rc == 0)
        return IMAGE_OK;
    return lacked_memory() ? IMAGE_TOO_MUCH : IMAGE_DAMAGED;
}

enum image_result image_picture_make(const struct image_config *config,
                                     const struct image_original *original,
                                     const struct image_text *texts, struct image_picture *made)
{
    struct image_plan plan;
    struct measures measures = {0};
    struct overlays overlays = {0};
    enum image_format format = original->header->format;
    *made = (struct image_picture){.format = config->format ? config->format : format};
    if (made->format == IMAGE_GIF)
        made->format = IMAGE_PNG;
    if (made->format != IMAGE_COMMON && !(image_library_writes() & IMAGE_FORMAT_BIT(made->format)))
        return IMAGE_NO_FORMAT;
    enum image_result result = image_whole_check(format, original->bytes, original->size);
    if (result == IMAGE_OK)
        result = measure(config, original, &measures);
    if (result == IMAGE_OK && made->format == IMAGE_COMMON)
        made->format = vips_image_hasalpha(measures.head) ? IMAGE_PNG : IMAGE_JPEG;
    if (result == IMAGE_OK && !image_plan_make(&plan, config, measures.width, measures.height))
        result = IMAGE_NO_SIZE;
    if (result == IMAGE_OK) {
        overlays.scale = image_plan_mark_scale(&plan, config, measures.width, measures.height);
        result = draw_marks(config, texts, &plan, &overlays);
    }
    if (result == IMAGE_OK)
        result = make(config, original, &measures, &plan, &overlays, made);
    free_marks(&overlays);
    VIPS_UNREF(measures.head);
    vips_error_clear();
    return result;
}

void image_picture_fini(struct image_picture *made)
{
    g_free(made->bytes);
    *made = (struct image_picture){0};
}
