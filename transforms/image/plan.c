/* SPDX-License-Identifier: MIT */
#include "plan.h"

#include <math.h>

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

/* How much it is scaled by in each direction. */
static void scales(const struct image_config *c, double width, double height, double *across,
                   double *down)
{
    double x = (double)c->width * c->dpr / width, y = (double)c->height * c->dpr / height;
    if ((x == 0 && y == 0) || c->fit == IMAGE_CROP) {
        x = y = 1;
    } else if (x == 0 || y == 0) {
        x = y = x + y;
    } else if (c->fit == IMAGE_FIT) {
        x = y = smaller(x, y);
    } else if (c->fit == IMAGE_FILL) {
        x = y = x > y ? x : y;
    }
    if (!c->enlarge) {
        x = smaller(x, 1);
        y = smaller(y, 1);
    }
    *across = x;
    *down = y;
}

static bool side(double length, unsigned *made)
{
    double rounded = floor(length + 0.5);
    *made = rounded < 1 ? 1 : (unsigned)smaller(rounded, IMAGE_SIDE_MAX);
    return rounded <= IMAGE_SIDE_MAX;
}

static unsigned cut(uint64_t wanted, double dpr, unsigned there)
{
    unsigned length = there;
    if (wanted > 0)
        side((double)wanted * dpr, &length);
    return length < there ? length : there;
}

bool image_plan_make(struct image_plan *plan, const struct image_config *c, unsigned width,
                     unsigned height)
{
    double x, y;
    scales(c, width, height, &x, &y);
    *plan = (struct image_plan){0};
    if (!side(width * x, &plan->width) || !side(height * y, &plan->height) ||
        (uint64_t)plan->width * plan->height > c->pixels_max)
        return false;
    if (c->fit == IMAGE_CROP || (c->fit == IMAGE_FILL && c->width && c->height)) {
        plan->crop_width = cut(c->width, c->dpr, plan->width);
        plan->crop_height = cut(c->height, c->dpr, plan->height);
    }
    return true;
}

unsigned image_plan_across(const struct image_plan *plan)
{
    return plan->crop_width ? plan->crop_width : plan->width;
}

unsigned image_plan_down(const struct image_plan *plan)
{
    return plan->crop_height ? plan->crop_height : plan->height;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

double image_plan_mark_scale(const struct image_plan *plan, const struct image_config *config, unsigned width,
                             unsigned height)
{
    struct image_plan usual;
    const struct image_config *payload = config->payload;
    if (!payload)
        return config->dpr;
    if (!image_plan_make(&usual, payload, width, height)) /* without the query it would be too large to make */
        return larger(config->dpr, payload->dpr);
    double across = (double)image_plan_across(plan) / image_plan_across(&usual);
    double down = (double)image_plan_down(plan) / image_plan_down(&usual);
    return larger(config->dpr, payload->dpr * larger(1, larger(across, down)));
}
