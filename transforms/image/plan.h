/* SPDX-License-Identifier: MIT */
/* How large things become. Sides are those that are seen, after EXIF's turn. */
#ifndef IMAGE_PLAN_H
#define IMAGE_PLAN_H

#include "config.h"

struct image_plan {
    unsigned width, height;           /* what the original is scaled to */
    unsigned crop_width, crop_height; /* what is cut out of that; 0: nothing is cut */
};

/* False when what is asked for has no sound size: it would be scaled to more than IMAGE_SIDE_MAX, or to
 * more pixels than an original may have. */
bool image_plan_make(struct image_plan *plan, const struct image_config *config, unsigned width,
                     unsigned height);

/* The sides of what comes out. */
unsigned image_plan_across(const struct image_plan *plan);
unsigned image_plan_down(const struct image_plan *plan);

/* The factor for a watermark's lengths in pixels: dpr; or more, where a query asked for a larger picture than the
 * payload, so that the mark keeps the share of the picture that it has without the query. */
double image_plan_mark_scale(const struct image_plan *plan, const struct image_config *config, unsigned width,
                             unsigned height);

#endif
