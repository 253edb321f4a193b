/* SPDX-License-Identifier: MIT */
/*
 * The text of a watermark: "for {userIdentity.userName}". What stands in braces is a field of the
 * event; behind a bar, what stands there when the request has no such field. What comes of it is plain
 * text of a bounded length: code points, without controls and without what turns the direction of
 * writing around. No markup is known anywhere.
 */
#ifndef IMAGE_TEMPLATE_H
#define IMAGE_TEMPLATE_H

#include <objlens/transform.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IMAGE_TEMPLATE_BYTES_MAX 512u
#define IMAGE_TEXT_MAX 256u  /* code points of all */
#define IMAGE_VALUE_MAX 64u  /* of one field; what is cut off ends in an ellipsis */

struct image_text {
    uint32_t points[IMAGE_TEXT_MAX];
    size_t count;
};

/* Who asks. What a query says that is not signed, no template shows: a caller could write there at will. */
struct image_asker {
    const struct objlens_host *host;
    struct objlens_call *call;
    bool is_signed;
};

/* NULL when the template is sound; else what is wrong with it. */
const char *image_template_wrong(const char *text);
/* OBJLENS_OK; OBJLENS_ENOTFOUND: the request lacks a field, whose path is in `missing`. */
int image_template_expand(const char *text, const struct image_asker *asker, struct image_text *out,
                          char *missing, size_t missing_size);

#endif
