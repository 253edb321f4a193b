/* SPDX-License-Identifier: MIT */
/* The payload's "watermark". */
#include <glib.h>
#include <math.h>

#include "config.h"
#include "stored.h"

static struct image_mark *own(struct kit_config *config)
{
    return (struct image_mark *)config;
}

static bool read_between(const json_t *value, double min, double max, double *number)
{
    *number = json_number_value(value);
    return json_is_number(value) && *number >= min && *number <= max;
}

static bool read_text(struct kit_config *c, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t size = text ? json_string_length(value) : 0;
    if (size == 0 || size > IMAGE_TEMPLATE_BYTES_MAX || strlen(text) != size)
        return kit_wrong(c, "\"%s\" must be a text of 1 to 512 bytes", key);
    const char *wrong = image_template_wrong(text);
    if (wrong) {
        snprintf(c->reason, sizeof(c->reason), "\"%s\" %s", key, wrong);
        return false;
    }
    memcpy(own(c)->text, text, size + 1);
    return true;
}

static bool has_image(struct kit_config *c)
{
    return own(c)->image != NULL && !kit_wrong(c, "a watermark has an \"image\" or an \"%s\"", "image_file");
}

static bool read_image(struct kit_config *c, const char *key, const json_t *value)
{
    gsize size = 0;
    if (has_image(c))
        return false;
    const char *text = json_string_value(value);
    if (text)
        own(c)->image = own(c)->owned = g_base64_decode(text, &size);
    own(c)->image_size = size;
    return size > 0 || kit_wrong(c, "\"%s\" must be a JPEG, PNG or WebP in base64", key);
}

static bool read_image_file(struct kit_config *c, const char *key, const json_t *value)
{
    const char *name = json_string_value(value);
    if (has_image(c))
        return false;
    return (name && image_stored_find(name, &own(c)->image, &own(c)->image_size)) ||
           kit_wrong(c, "\"image_file\": no JPEG, PNG or WebP in preload_folders is called \"%s\"",
                     name ? name : key);
}

static bool read_position(struct kit_config *c, const char *key, const json_t *value)
{
    const char *word = json_string_value(value);
    if (word && (strcmp(word, "tile") == 0 || strcmp(word, "chessboard") == 0)) {
        own(c)->spread = word[0] == 't' ? IMAGE_TILE : IMAGE_CHESSBOARD;
        own(c)->gravity = IMAGE_NORTH_WEST;
        return true;
    }
    for (const struct kit_word *w = image_gravities; word && w->name; w++)
        if (strcmp(w->name, word) == 0 && w->value != IMAGE_SMART) {
            own(c)->gravity = w->value;
            return true;
        }
    return kit_wrong(c, "\"%s\" must be centre, north, south-east, …, tile or chessboard", key);
}

static bool read_offset(struct kit_config *c, const char *key, const json_t *value)
{
    own(c)->placed = true;
    return (json_array_size(value) == 2 &&
            read_between(json_array_get(value, 0), -(double)IMAGE_SIDE_MAX, IMAGE_SIDE_MAX, &own(c)->x) &&
            read_between(json_array_get(value, 1), -(double)IMAGE_SIDE_MAX, IMAGE_SIDE_MAX, &own(c)->y)) ||
           kit_wrong(c, "\"%s\" must be two numbers: [10, 10], or [0.02, 0.02]", key);
}

static bool read_share(struct kit_config *c, const char *key, const json_t *value)
{
    double *to = strcmp(key, "opacity") == 0  ? &own(c)->opacity
                 : strcmp(key, "shadow") == 0 ? &own(c)->shadow
                                              : &own(c)->scale;
    return read_between(value, 0, 1, to) || kit_wrong(c, "\"%s\" must be a number from 0 to 1", key);
}

static bool read_size(struct kit_config *c, const char *key, const json_t *value)
{
    return (read_between(value, 0, 2000, &own(c)->size) && own(c)->size > 0) ||
           kit_wrong(c, "\"%s\" must be a number of pixels, or one below 1", key);
}

static bool read_rotate(struct kit_config *c, const char *key, const json_t *value)
{
    return read_between(value, -360, 360, &own(c)->rotate) ||
           kit_wrong(c, "\"%s\" must be a number of degrees from -360 to 360", key);
}

static bool read_spacing(struct kit_config *c, const char *key, const json_t *value)
{
    return read_between(value, 0, 20, &own(c)->spacing) ||
           kit_wrong(c, "\"%s\" must be a number from 0 to 20", key);
}

static bool read_color(struct kit_config *c, const char *key, const json_t *value)
{
    return image_color_read(value, own(c)->color) ||
           kit_wrong(c, "\"%s\" must be a colour, such as \"#ffffff\"", key);
}

static const struct kit_key keys[] = {
    KIT_OTHER_KEY("text", read_text),
    KIT_OTHER_KEY("image", read_image),
    KIT_OTHER_KEY("image_file", read_image_file),
    KIT_TEXT_KEY("font", struct image_mark, font, 1),
    KIT_OTHER_KEY("size", read_size),
    KIT_OTHER_KEY("scale", read_share),
    KIT_OTHER_KEY("color", read_color),
    KIT_OTHER_KEY("opacity", read_share),
    KIT_OTHER_KEY("shadow", read_share),
    KIT_OTHER_KEY("rotate", read_rotate),
    KIT_OTHER_KEY("position", read_position),
    KIT_OTHER_KEY("offset", read_offset),
    KIT_OTHER_KEY("spacing", read_spacing),
};

bool image_mark_read(struct image_mark *mark, json_t *value)
{
    *mark = (struct image_mark){
        .size = 0.05,
        .scale = 0.25,
        .color = {255, 255, 255},
        .opacity = 0.5,
        .shadow = 0.5,
        .gravity = IMAGE_SOUTH_EAST,
        .x = 0.02,
        .y = 0.02,
        .spacing = 0.5,
    };
    if (!json_is_object(value))
        return kit_wrong(&mark->kit, "%s", "a watermark must be an object");
    if (!kit_read_object(&mark->kit, keys, sizeof(keys) / sizeof(keys[0]), value))
        return false;
    if (!mark->text[0] == !mark->image)
        return kit_wrong(&mark->kit, "a watermark has a \"%s\", an \"image\" or an \"image_file\"", "text");
    return true;
}

void image_mark_fini(struct image_mark *mark)
{
    g_free(mark->owned);
    mark->image = mark->owned = NULL;
}
