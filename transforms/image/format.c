/* SPDX-License-Identifier: MIT */
#include "format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

const struct kit_word image_formats_written[] = {
    {"same", IMAGE_SAME}, {"jpeg", IMAGE_JPEG}, {"jpg", IMAGE_JPEG}, {"png", IMAGE_PNG},
    {"webp", IMAGE_WEBP}, {"avif", IMAGE_AVIF}, {"heic", IMAGE_HEIC}, {"accept", IMAGE_ACCEPT},
    {NULL, 0}};

static const char *const types[] = {
    [IMAGE_JPEG] = "image/jpeg", [IMAGE_PNG] = "image/png",   [IMAGE_WEBP] = "image/webp",
    [IMAGE_AVIF] = "image/avif", [IMAGE_HEIC] = "image/heic", [IMAGE_GIF] = "image/gif",
    [IMAGE_ACCEPT] = NULL,        [IMAGE_COMMON] = NULL};

const char *image_media_type(enum image_format format)
{
    return types[format];
}

void image_format_names(unsigned bits, char *names, size_t size)
{
    static const char *const shown[] = {[IMAGE_JPEG] = "JPEG", [IMAGE_PNG] = "PNG",   [IMAGE_WEBP] = "WebP",
                                        [IMAGE_AVIF] = "AVIF", [IMAGE_HEIC] = "HEIC", [IMAGE_GIF] = "GIF"};
    size_t used = 0;
    names[0] = '\0';
    for (unsigned i = IMAGE_JPEG; i <= IMAGE_GIF; i++) {
        int length = bits & IMAGE_FORMAT_BIT(i)
                         ? snprintf(names + used, size - used, "%s%s", used ? ", " : "", shown[i])
                         : 0;
        if (length < 0 || (size_t)length >= size - used)
            return;
        used += (size_t)length;
    }
}

/* ---- Accept ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* "q=0", "q=0.", "q=0.000": not wanted. */
static bool weighs_nothing(const char *at, const char *end)
{
    for (; at < end; at++) {
        if ((*at != 'q' && *at != 'Q') || end - at < 3 || at[1] != '=' || at[2] != '0')
            continue;
        for (at += 3; at < end && (*at == '.' || *at == '0'); at++)
            ;
        return at == end || is_blank(*at) || *at == ';';
    }
    return false;
}

/* One member of the list, from `at` to `end`. */
static bool member_is(const char *at, const char *end, const char *type)
{
    size_t size = strlen(type);
    while (at < end && is_blank(*at))
        at++;
    if ((size_t)(end - at) < size || strncasecmp(at, type, size) != 0)
        return false;
    at += size;
    if (at < end && *at != ';' && !is_blank(*at))
        return false;
    return !weighs_nothing(at, end);
}

static bool accepts(const char *list, size_t size, const char *type)
{
    const char *end = list + size;
    while (list < end) {
        const char *comma = memchr(list, ',', (size_t)(end - list));
        const char *member_end = comma ? comma : end;
        if (member_is(list, member_end, type))
            return true;
        list = comma ? comma + 1 : end;
    }
    return false;
}

enum image_format image_format_accepted(const char *accept, size_t size, enum image_format original,
                                        unsigned writable)
{
    static const enum image_format smaller[] = {IMAGE_AVIF, IMAGE_WEBP};
    for (size_t i = 0; i < sizeof(smaller) / sizeof(smaller[0]); i++)
        if ((writable & IMAGE_FORMAT_BIT(smaller[i])) && accepts(accept, size, types[smaller[i]]))
            return smaller[i];
    /* What not every browser shows is not answered to one that did not ask for it. */
    bool rare = original == IMAGE_AVIF || original == IMAGE_HEIC || original == IMAGE_WEBP;
    if (original == IMAGE_GIF)
        return IMAGE_PNG;
    return rare ? IMAGE_COMMON : original;
}
