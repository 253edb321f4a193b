/* SPDX-License-Identifier: MIT */
/* The payload's keys. */
#include <stdlib.h>

#include "config.h"

/* kit_config is the first member. */
static struct image_config *own(struct kit_config *config)
{
    return (struct image_config *)config;
}

static int find_word(const struct kit_word *words, const json_t *value)
{
    const char *name = json_string_value(value);
    for (; name && words->name; words++)
        if (strcmp(words->name, name) == 0)
            return words->value;
    return -1;
}

/* A list of words whose values are bits. */
static bool read_bits(const json_t *list, const struct kit_word *words, unsigned *bits)
{
    size_t i;
    const json_t *item;
    *bits = 0;
    if (!json_is_array(list))
        return false;
    json_array_foreach(list, i, item) {
        int bit = find_word(words, item);
        if (bit < 0)
            return false;
        *bits |= (unsigned)bit;
    }
    return true;
}

static bool read_allow(struct kit_config *c, const char *key, const json_t *value)
{
    static const struct kit_word words[] = {
        {"width", IMAGE_MAY_WIDTH}, {"height", IMAGE_MAY_HEIGHT}, {"format", IMAGE_MAY_FORMAT},
        {"quality", IMAGE_MAY_QUALITY}, {"dpr", IMAGE_MAY_DPR}, {"fit", IMAGE_MAY_FIT},
        {"gravity", IMAGE_MAY_GRAVITY}, {NULL, 0}};
    return read_bits(value, words, &own(c)->allow_query) ||
           kit_wrong(c, "\"%s\" must be a list of width, height, format, quality, dpr, fit and gravity", key);
}

static bool read_sources(struct kit_config *c, const char *key, const json_t *value)
{
    static const struct kit_word words[] = {
        {"jpeg", IMAGE_FORMAT_BIT(IMAGE_JPEG)}, {"png", IMAGE_FORMAT_BIT(IMAGE_PNG)},
        {"webp", IMAGE_FORMAT_BIT(IMAGE_WEBP)}, {"avif", IMAGE_FORMAT_BIT(IMAGE_AVIF)},
        {"heic", IMAGE_FORMAT_BIT(IMAGE_HEIC)}, {"gif", IMAGE_FORMAT_BIT(IMAGE_GIF)},
        {NULL, 0}};
    return (read_bits(value, words, &own(c)->sources) && own(c)->sources != 0) ||
           kit_wrong(c, "\"%s\" must be a list of jpeg, png, webp, avif, heic and gif", key);
}

static bool read_dpr(struct kit_config *c, const char *key, const json_t *value)
{
    own(c)->dpr = json_number_value(value);
    return (json_is_number(value) && own(c)->dpr >= IMAGE_DPR_MIN && own(c)->dpr <= IMAGE_DPR_MAX) ||
           kit_wrong(c, "\"%s\" must be a number from 0.1 to 8", key);
}

static bool read_background(struct kit_config *c, const char *key, const json_t *value)
{
    return image_color_read(value, own(c)->background) ||
           kit_wrong(c, "\"%s\" must be a colour, such as \"#ffffff\"", key);
}

static bool wrong_within(struct kit_config *c, const struct kit_config *within)
{
    memcpy(c->reason, within->reason, sizeof(c->reason));
    return false;
}

static bool add_mark(struct kit_config *c, json_t *value)
{
    struct image_mark *mark = &own(c)->marks[own(c)->mark_count];
    if (own(c)->mark_count == IMAGE_MARKS_MAX)
        return kit_wrong(c, "%s", "there are more than 4 watermarks");
    own(c)->mark_count++;
    return image_mark_read(mark, value) || wrong_within(c, &mark->kit);
}

static bool read_watermark(struct kit_config *c, const char *key, const json_t *value)
{
    (void)key;
    if (!json_is_array(value))
        return add_mark(c, (json_t *)(uintptr_t)value);
    for (size_t i = 0; i < json_array_size(value); i++)
        if (!add_mark(c, json_array_get(value, i)))
            return false;
    return true;
}

static bool read_sign_key(struct kit_config *c, const char *key, const json_t *value)
{
    const char *text = json_string_value(value);
    size_t digits = text ? strspn(text, "0123456789abcdefABCDEF") : 0;
    if (!text || text[digits] != '\0' || digits % 2 != 0 || digits < 2 * IMAGE_SIGN_KEY_BYTES_MIN ||
        digits > 2 * IMAGE_SIGN_KEY_BYTES_MAX)
        return kit_wrong(c, "\"%s\" must be 16 to 64 bytes in hexadecimal", key);
    own(c)->sign_key_bytes = digits / 2;
    for (size_t i = 0; i < digits / 2; i++) {
        char byte[3] = {text[2 * i], text[2 * i + 1], '\0'};
        own(c)->sign_key[i] = (unsigned char)strtoul(byte, NULL, 16);
    }
    return true;
}

#define NUMBER(key, member, least, most) KIT_NUMBER_KEY(key, struct image_config, member, least, most)

static const struct kit_key keys[] = {
    NUMBER("width", width, 1, IMAGE_SIDE_MAX),
    NUMBER("height", height, 1, IMAGE_SIDE_MAX),
    KIT_OTHER_KEY("dpr", read_dpr),
    KIT_WORD_KEY("fit", struct image_config, fit, image_fits),
    KIT_WORD_KEY("gravity", struct image_config, gravity, image_gravities),
    KIT_BOOL_KEY("enlarge", struct image_config, enlarge),
    KIT_WORD_KEY("format", struct image_config, format, image_formats_written),
    NUMBER("quality", quality, 1, 100),
    KIT_BOOL_KEY("strip", struct image_config, strip),
    KIT_OTHER_KEY("background", read_background),
    KIT_OTHER_KEY("sources", read_sources),
    NUMBER("max_bytes", source_bytes_max, 1, 1u << 30),
    NUMBER("max_pixels", pixels_max, 1, 1000000000),
    NUMBER("max_side", side_max, 1, 1000000),
    NUMBER("max_frames", frames_max, 1, 100000),
    KIT_OTHER_KEY("allow_query", read_allow),
    KIT_OTHER_KEY("watermark", read_watermark),
    KIT_OTHER_KEY("sign_key", read_sign_key),
};

int image_config_new(const void *payload, size_t size, struct image_config **config)
{
    struct image_config *made = malloc(sizeof(*made));
    if (!made)
        return OBJLENS_ENOMEM;
    *made = (struct image_config){
        .dpr = 1,
        .strip = true,
        .background = {255, 255, 255},
        .quality = 80,
        .sources = IMAGE_FORMAT_BIT(IMAGE_JPEG) | IMAGE_FORMAT_BIT(IMAGE_PNG) |
                   IMAGE_FORMAT_BIT(IMAGE_WEBP),
        .source_bytes_max = 32u << 20,
        .pixels_max = 50000000,
        .side_max = 20000,
        .frames_max = 1,
        .allow_query = IMAGE_MAY_WIDTH | IMAGE_MAY_HEIGHT | IMAGE_MAY_FORMAT,
    };
    int rc = kit_payload_read(&made->kit, keys, sizeof(keys) / sizeof(keys[0]), payload, size);
    if (rc == OBJLENS_OK)
        *config = made;
    else
        image_config_destroy(made);
    return rc;
}

void image_config_destroy(struct image_config *config)
{
    for (unsigned i = 0; i < config->mark_count; i++)
        image_mark_fini(&config->marks[i]);
    explicit_bzero(config->sign_key, sizeof(config->sign_key));
    free(config);
}
