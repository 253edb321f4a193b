/* SPDX-License-Identifier: MIT */
/*
 * What an image is to become: the payload of the configuration, then what the query may change. A
 * configuration is read once and shared by all requests that bear it; a request changes a copy of its
 * own, which borrows what the original owns.
 */
#ifndef IMAGE_CONFIG_H
#define IMAGE_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../kit/payload.h"
#include "format.h"
#include "mark.h"

#define IMAGE_SIDE_MAX 16383u /* of what comes out: WebP has no more */
#define IMAGE_MARKS_MAX 4u
#define IMAGE_SIGN_KEY_BYTES_MIN 16u
#define IMAGE_SIGN_KEY_BYTES_MAX 64u
#define IMAGE_DPR_MIN 0.1
#define IMAGE_DPR_MAX 8.0

enum image_fit {
    IMAGE_FIT,  /* as large as it can be inside width and height */
    IMAGE_FILL, /* covers them; what is over is cut away */
    IMAGE_CROP, /* cut out, not scaled */
    IMAGE_FORCE /* exactly so, however it is stretched */
};

enum image_gravity {
    IMAGE_CENTRE,
    IMAGE_NORTH,
    IMAGE_SOUTH,
    IMAGE_EAST,
    IMAGE_WEST,
    IMAGE_NORTH_EAST,
    IMAGE_NORTH_WEST,
    IMAGE_SOUTH_EAST,
    IMAGE_SOUTH_WEST,
    IMAGE_SMART /* where there is most to see */
};

enum {
    IMAGE_MAY_WIDTH = 1,
    IMAGE_MAY_HEIGHT = 2,
    IMAGE_MAY_FORMAT = 4,
    IMAGE_MAY_QUALITY = 8,
    IMAGE_MAY_DPR = 16,
    IMAGE_MAY_FIT = 32,
    IMAGE_MAY_GRAVITY = 64,
    IMAGE_MAY_WATERMARK = 128, /* by a signed query alone */
    IMAGE_MAY_ALL = 255
};

struct image_config {
    struct kit_config kit;
    uint64_t width, height; /* 0: as the other one asks, or as it is */
    double dpr;
    enum image_fit fit;
    enum image_gravity gravity;
    bool enlarge, strip;
    unsigned char background[3]; /* behind what is transparent, where the format has no transparency */
    enum image_format format;
    uint64_t quality;
    unsigned sources; /* formats that are read: IMAGE_FORMAT_BIT */
    uint64_t source_bytes_max, pixels_max, side_max, frames_max; /* of the original */
    unsigned allow_query;
    struct image_mark marks[IMAGE_MARKS_MAX]; /* one over the other */
    unsigned mark_count;
    unsigned char sign_key[IMAGE_SIGN_KEY_BYTES_MAX];
    size_t sign_key_bytes; /* 0: no query is signed */
    const struct image_config *payload; /* of a copy that a query changed: what it was before; borrowed */
};

/* As kit_payload_read: a wrong payload is no failure. */
int image_config_new(const void *payload, size_t size, struct image_config **config);
void image_config_destroy(struct image_config *config);

extern const struct kit_word image_fits[], image_gravities[];
/* Where a piece of that gravity begins in the room around it: 0 to `across`, 0 to `down`. */
void image_gravity_begin(enum image_gravity gravity, int across, int down, int *left, int *top);
/* "#fff" or "#ffffff". */
bool image_color_read(const json_t *value, unsigned char color[3]);

#endif
