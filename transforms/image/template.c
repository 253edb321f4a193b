/* SPDX-License-Identifier: MIT */
#include "template.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define PATH_BYTES_MAX 128u
#define ELLIPSIS 0x2026u
#define REPLACEMENT 0xfffdu

/* ---- plain text ---- */

/* Controls, and what makes text look as it does not read. */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c || c == 0x180e ||
           (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff0 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe0fff);
}

/* What leaves nothing to be seen: a value of nothing else names nobody. */
static bool is_blank(uint32_t c)
{
    return is_hidden(c) || c == ' ' || c == 0xa0 || c == 0x34f || c == 0x115f || c == 0x1160 || c == 0x1680 ||
           c == 0x17b4 || c == 0x17b5 || (c >= 0x180b && c <= 0x180f) || (c >= 0x2000 && c <= 0x200a) ||
           c == 0x202f || c == 0x205f || c == 0x2800 || c == 0x3000 || c == 0x3164 ||
           (c >= 0xfe00 && c <= 0xfe0f) || c == 0xffa0;
}

/* One code point, at least one byte; what is not UTF-8 is U+FFFD, byte by byte. */
static size_t decode(const unsigned char *at, size_t size, uint32_t *point)
{
    size_t length = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    uint32_t c = length == 1 ? at[0] : at[0] & (0x7fu >> length);
    *point = REPLACEMENT;
    if (length == 0 || length > size)
        return 1;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 1;
        c = c << 6 | (at[i] & 0x3f);
    }
    bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
    if (overlong || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 1;
    *point = c;
    return length;
}

static void add_point(struct image_text *out, uint32_t point)
{
    if (out->count < IMAGE_TEXT_MAX)
        out->points[out->count++] = is_hidden(point) ? ' ' : point;
}

static void add_text(struct image_text *out, const void *text, size_t size, size_t points_max)
{
    const unsigned char *at = text, *end = at + size;
    for (size_t points = 0; at < end; points++) {
        uint32_t point;
        at += decode(at, (size_t)(end - at), &point);
        if (points + 1 == points_max && at < end) {
            add_point(out, ELLIPSIS);
            return;
        }
        add_point(out, point);
    }
}

static bool is_all_blank(struct objlens_bytes value)
{
    const unsigned char *at = value.data, *end = at + value.size;
    uint32_t point;
    while (at < end) {
        at += decode(at, (size_t)(end - at), &point);
        if (!is_blank(point))
            return false;
    }
    return true;
}

/* ---- templates ---- */

/* A field between braces. */
struct field {
    const char *path, *other; /* `other`: behind the bar, NULL when there is none */
    size_t path_size, other_size;
    const char *end; /* behind the closing brace; NULL: there is none */
};

static struct field parse_field(const char *brace)
{
    struct field field = {.path = brace + 1};
    const char *close = strchr(brace, '}');
    if (!close)
        return field;
    const char *bar = memchr(brace, '|', (size_t)(close - brace));
    field.path_size = (size_t)((bar ? bar : close) - field.path);
    field.other = bar ? bar + 1 : NULL;
    field.other_size = bar ? (size_t)(close - bar - 1) : 0;
    field.end = close + 1;
    return field;
}

static bool is_path(const char *path, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)path[i]) && !strchr("._-", path[i]))
            return false;
    return size > 0 && size < PATH_BYTES_MAX;
}

const char *image_template_wrong(const char *text)
{
    while (*text) {
        if (*text == '{' && text[1] != '{') {
            struct field field = parse_field(text);
            if (!field.end)
                return "has a { without a }";
            if (!is_path(field.path, field.path_size))
                return "has braces around something else than the path of a field";
            text = field.end;
        } else {
            text += *text == '{' ? 2 : 1;
        }
    }
    return NULL;
}

#define QUERY "userRequest.query."

static int get_field(const struct image_asker *asker, const char *path, struct objlens_bytes *value)
{
    if (!asker->is_signed && strncmp(path, QUERY, strlen(QUERY)) == 0)
        return OBJLENS_ENOTFOUND;
    int rc = asker->host->event_get(asker->call, path, value);
    if (rc != OBJLENS_OK || asker->is_signed || strcmp(path, "userRequest.url") != 0)
        return rc;
    const char *query = memchr(value->data, '?', value->size);
    value->size = query ? (size_t)(query - (const char *)value->data) : value->size;
    return OBJLENS_OK;
}

static int add_field(const struct field *field, const struct image_asker *asker, struct image_text *out,
                     char *missing, size_t size)
{
    char path[PATH_BYTES_MAX];
    struct objlens_bytes value;
    snprintf(path, sizeof(path), "%.*s", (int)field->path_size, field->path);
    int rc = get_field(asker, path, &value);
    if (rc == OBJLENS_OK && !is_all_blank(value))
        add_text(out, value.data, value.size, IMAGE_VALUE_MAX);
    else if (field->other)
        add_text(out, field->other, field->other_size, IMAGE_VALUE_MAX);
    else {
        snprintf(missing, size, "%s", path);
        return OBJLENS_ENOTFOUND;
    }
    return OBJLENS_OK;
}

int image_template_expand(const char *text, const struct image_asker *asker, struct image_text *out,
                          char *missing, size_t missing_size)
{
    int rc = OBJLENS_OK;
    out->count = 0;
    while (*text && rc == OBJLENS_OK) {
        size_t plain = strcspn(text, "{");
        add_text(out, text, plain, IMAGE_TEXT_MAX + 1);
        text += plain;
        if (*text == '\0')
            break;
        if (text[1] == '{') {
            add_point(out, '{');
            text += 2;
            continue;
        }
        struct field field = parse_field(text);
        if (!field.end)
            return OBJLENS_EINVAL;
        rc = add_field(&field, asker, out, missing, missing_size);
        text = field.end;
    }
    return rc;
}
