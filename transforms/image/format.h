/* SPDX-License-Identifier: MIT */
/* The formats that are read and written: their names, and which of them a browser asked for. */
#ifndef IMAGE_FORMAT_H
#define IMAGE_FORMAT_H

#include "../kit/payload.h"

enum image_format {
    IMAGE_SAME, /* as the original */
    IMAGE_JPEG,
    IMAGE_PNG,
    IMAGE_WEBP,
    IMAGE_AVIF,
    IMAGE_HEIC,
    IMAGE_GIF,    /* read, never written */
    IMAGE_ACCEPT, /* what the header Accept asks for */
    IMAGE_COMMON  /* what every browser shows: PNG where something may be transparent, else JPEG */
};

#define IMAGE_FORMAT_BIT(format) (1u << (format))

/* What can be asked for, with enum image_format as values. */
extern const struct kit_word image_formats_written[];
/* Lists the formats of these IMAGE_FORMAT_BITs: "JPEG, PNG, WebP"; as many as `size` has room for. */
void image_format_names(unsigned bits, char *names, size_t size);
/* NULL for what has none. */
const char *image_media_type(enum image_format format);
/* The answer's format by the header Accept: AVIF, else WebP, where `accept` names it itself with q > 0 (a wildcard
 * does not say that a browser knows it); else the original's, or one that every browser shows in its place.
 * `writable`: IMAGE_FORMAT_BITs. */
enum image_format image_format_accepted(const char *accept, size_t size, enum image_format original,
                                        unsigned writable);

#endif
