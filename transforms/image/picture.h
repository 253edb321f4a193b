/* SPDX-License-Identifier: MIT */
/* One image, from bytes to bytes. */
#ifndef IMAGE_PICTURE_H
#define IMAGE_PICTURE_H

#include "config.h"
#include "header.h"

enum image_result {
    IMAGE_OK,
    IMAGE_DAMAGED,     /* truncated or corrupt */
    IMAGE_TOO_LARGE,   /* more pixels or a longer side than the configuration allows */
    IMAGE_MANY_FRAMES, /* more frames than it allows */
    IMAGE_TOO_MUCH,    /* it would take more memory than there is */
    IMAGE_MANY_SCANS,  /* of a JPEG: more than any program writes */
    IMAGE_MUCH_TEXT,   /* of a PNG: more than goes with a picture */
    IMAGE_NO_SIZE,     /* what is asked for is too large */
    IMAGE_NO_FORMAT,   /* it cannot be written in that format here */
    IMAGE_NO_FONT,     /* the watermark's font is not there */
    IMAGE_NO_MARK      /* the watermark's image cannot be decoded */
};

/* Whether an original with that header may be decoded. memory_bytes: what there is for everything. */
enum image_result image_picture_admit(const struct image_config *config,
                                      const struct image_header *header, uint64_t memory_bytes);

struct image_picture {
    void *bytes; /* image_picture_fini */
    size_t size;
    enum image_format format;
};

/* An admitted original. */
struct image_original {
    const struct image_header *header;
    const void *bytes;
    size_t size;
};

/* `texts`: one for each of the configuration's watermarks. `made` is filled when it went well. */
enum image_result image_picture_make(const struct image_config *config,
                                     const struct image_original *original,
                                     const struct image_text *texts, struct image_picture *made);
void image_picture_fini(struct image_picture *made);

#endif
