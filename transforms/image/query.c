/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <stdio.h>
#include <string.h>

#define VALUE_BYTES_MAX IMAGE_TEMPLATE_BYTES_MAX

static bool read_whole(const char *text, uint64_t max, uint64_t *number)
{
    uint64_t value = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9' || value > max)
            return false;
        value = value * 10 + (uint64_t)(*c - '0');
    }
    *number = value;
    return value >= 1 && value <= max;
}

static bool read_width(struct image_config *config, const char *text)
{
    return read_whole(text, IMAGE_SIDE_MAX, &config->width);
}

static bool read_height(struct image_config *config, const char *text)
{
    return read_whole(text, IMAGE_SIDE_MAX, &config->height);
}

static bool read_quality(struct image_config *config, const char *text)
{
    return read_whole(text, 100, &config->quality);
}

/* Digits, and perhaps a point and digits. Not strtod: its point is the locale's. */
static bool read_dpr(struct image_config *config, const char *text)
{
    double value = 0, unit = 1;
    bool behind = false;
    for (const char *c = text; *c; c++) {
        if (*c == '.' && !behind && c > text) {
            behind = true;
            continue;
        }
        if (*c < '0' || *c > '9')
            return false;
        if (behind)
            unit /= 10;
        value = behind ? value + unit * (*c - '0') : value * 10 + (*c - '0');
    }
    config->dpr = value;
    return value >= IMAGE_DPR_MIN && value <= IMAGE_DPR_MAX;
}

static bool read_word(const struct kit_word *words, const char *text, int *value)
{
    for (; words->name; words++)
        if (strcmp(words->name, text) == 0) {
            *value = words->value;
            return true;
        }
    return false;
}

static bool read_format(struct image_config *config, const char *text)
{
    int value;
    if (!read_word(image_formats_written, text, &value) || value == IMAGE_ACCEPT)
        return false;
    config->format = (enum image_format)value;
    return true;
}

static bool read_fit(struct image_config *config, const char *text)
{
    int value;
    if (!read_word(image_fits, text, &value))
        return false;
    config->fit = (enum image_fit)value;
    return true;
}

static bool read_gravity(struct image_config *config, const char *text)
{
    int value;
    if (!read_word(image_gravities, text, &value))
        return false;
    config->gravity = (enum image_gravity)value;
    return true;
}

static bool read_watermark(struct image_config *config, const char *text)
{
    config->mark_count = 0;
    return strcmp(text, "none") == 0;
}

/* In place of the first one's text, which it is laid over the picture like. */
static bool read_watermark_text(struct image_config *config, const char *text)
{
    struct image_mark *mark = &config->marks[0];
    if (image_template_wrong(text) || config->mark_count == 0 || mark->image)
        return false;
    memcpy(mark->text, text, strlen(text) + 1);
    return true;
}

#define QUERY "userRequest.query."

static const struct parameter {
    unsigned bit;
    const char *path;
    bool (*read)(struct image_config *config, const char *text);
    const char *wrong;
} parameters[] = {
    {IMAGE_MAY_WIDTH, QUERY "width", read_width, "a whole number from 1 to 16383"},
    {IMAGE_MAY_HEIGHT, QUERY "height", read_height, "a whole number from 1 to 16383"},
    {IMAGE_MAY_QUALITY, QUERY "quality", read_quality, "a whole number from 1 to 100"},
    {IMAGE_MAY_DPR, QUERY "dpr", read_dpr, "a number from 0.1 to 8"},
    {IMAGE_MAY_FORMAT, QUERY "format", read_format, "same, jpeg, png, webp, avif or heic"},
    {IMAGE_MAY_FIT, QUERY "fit", read_fit, "fit, fill, crop or force"},
    {IMAGE_MAY_GRAVITY, QUERY "gravity", read_gravity, "centre, north, south-east, …, or smart"},
    {IMAGE_MAY_WATERMARK, QUERY "watermark_text", read_watermark_text, "a text for the watermark that there is"},
    {IMAGE_MAY_WATERMARK, QUERY "watermark", read_watermark, "none"},
};

/* False when it is there and wrong. */
static bool read_parameter(struct image_config *config, const struct parameter *parameter,
                           const struct objlens_host *host, struct objlens_call *call)
{
    char text[VALUE_BYTES_MAX + 1];
    struct objlens_bytes value;
    if (host->event_get(call, parameter->path, &value) != OBJLENS_OK)
        return true;
    if (value.size == 0 || value.size > VALUE_BYTES_MAX || memchr(value.data, 0, value.size))
        return false;
    memcpy(text, value.data, value.size);
    text[value.size] = '\0';
    return parameter->read(config, text);
}

bool image_query_read(struct image_config *config, const struct objlens_host *host,
                      struct objlens_call *call, bool is_signed, char *reason, size_t reason_size)
{
    unsigned allowed = is_signed ? IMAGE_MAY_ALL : config->allow_query;
    for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        const struct parameter *parameter = &parameters[i];
        if (!(allowed & parameter->bit) ||
            read_parameter(config, parameter, host, call))
            continue;
        snprintf(reason, reason_size, "%s must be %s", parameter->path + strlen(QUERY),
                 parameter->wrong);
        return false;
    }
    return true;
}
