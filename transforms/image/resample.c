/* SPDX-License-Identifier: MIT */
#include "resample.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LOBES 3.0
#define BYTES_MAX (8u << 20) /* of rows, and of weights in each direction */
#define PAD 4u                /* a load may reach so many floats too far */

/* Rows of floats are read four at a time, from anywhere. */
typedef float four __attribute__((vector_size(16), aligned(4), may_alias));

/* What one pixel of the result comes from: `count` neighbours from `first` on, with their weights. */
struct taps {
    unsigned first, count;
};

struct axis {
    struct taps *taps; /* one for each pixel of the result */
    float *weights;    /* `most` for each */
    unsigned most;
};

struct image_resampler {
    struct image_size from, to;
    unsigned bands;
    unsigned char *out;
    struct axis across, down;
    float *row;   /* of the original */
    float *rows;  /* down.most of them, already as wide as the result: number n lies at n % down.most */
    float *sum;
    size_t pitch; /* of those, in floats */
    unsigned taken, made;
};

/* ---- weights ---- */

static double lanczos(double x)
{
    if (x == 0)
        return 1;
    if (fabs(x) >= LOBES)
        return 0;
    double turn = M_PI * x;
    return LOBES * sin(turn) * sin(turn / LOBES) / (turn * turn);
}

static void weigh(struct taps *taps, float *weights, unsigned at, unsigned from, double by, double stretch)
{
    double centre = (at + 0.5) * by, sum = 0;
    double first = floor(centre - LOBES * stretch), last = ceil(centre + LOBES * stretch);
    taps->first = first < 0 ? 0 : (unsigned)first;
    taps->count = (last > from ? from : (unsigned)last) - taps->first;
    for (unsigned i = 0; i < taps->count; i++)
        sum += lanczos((taps->first + i + 0.5 - centre) / stretch);
    for (unsigned i = 0; i < taps->count; i++)
        weights[i] = (float)(lanczos((taps->first + i + 0.5 - centre) / stretch) / sum);
}

static bool axis_init(struct axis *axis, unsigned from, unsigned to)
{
    double by = (double)from / to, stretch = by > 1 ? by : 1;
    axis->most = 2 * (unsigned)ceil(LOBES * stretch) + 2;
    if ((uint64_t)axis->most * to * sizeof(float) > BYTES_MAX)
        return false;
    axis->taps = calloc(to, sizeof(*axis->taps));
    axis->weights = calloc((size_t)axis->most * to, sizeof(float));
    if (!axis->taps || !axis->weights)
        return false;
    for (unsigned at = 0; at < to; at++)
        weigh(&axis->taps[at], axis->weights + (size_t)at * axis->most, at, from, by, stretch);
    return true;
}

/* ---- rows ---- */

static void to_floats(const unsigned char *restrict from, float *restrict to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = from[i];
}

/* The fourth float of each is the next pixel's first, or of the pad. */
static void squeeze_color(const struct axis *axis, const float *from, float *to, unsigned width)
{
    for (unsigned x = 0; x < width; x++) {
        const float *weight = axis->weights + (size_t)x * axis->most;
        const float *pixel = from + 3 * (size_t)axis->taps[x].first;
        four sum = {0};
        for (unsigned i = 0; i < axis->taps[x].count; i++)
            sum += *(const four *)(pixel + 3 * (size_t)i) * weight[i];
        *(four *)(to + 3 * (size_t)x) = sum;
    }
}

static void squeeze_grey(const struct axis *axis, const float *from, float *to, unsigned width)
{
    for (unsigned x = 0; x < width; x++) {
        const float *weight = axis->weights + (size_t)x * axis->most;
        const float *pixel = from + axis->taps[x].first;
        float sum = 0;
        for (unsigned i = 0; i < axis->taps[x].count; i++)
            sum += pixel[i] * weight[i];
        to[x] = sum;
    }
}

static float *row_at(const struct image_resampler *r, unsigned number)
{
    return r->rows + r->pitch * (number % r->down.most);
}

static void add_row(float *restrict sum, const float *restrict row, float weight, size_t count)
{
    for (size_t i = 0; i < count; i += 4)
        *(four *)(sum + i) += *(const four *)(row + i) * weight;
}

static void make_row(struct image_resampler *r)
{
    const struct taps *taps = &r->down.taps[r->made];
    const float *weights = r->down.weights + (size_t)r->made * r->down.most;
    size_t count = (size_t)r->to.width * r->bands;
    unsigned char *to = r->out + count * r->made;
    memset(r->sum, 0, r->pitch * sizeof(float));
    for (unsigned i = 0; i < taps->count; i++)
        add_row(r->sum, row_at(r, taps->first + i), weights[i], count);
    for (size_t i = 0; i < count; i++) {
        float value = r->sum[i] + 0.5f;
        value = value < 0 ? 0 : value;
        to[i] = (unsigned char)(value > 255 ? 255 : value);
    }
    r->made++;
}

void image_resampler_row(struct image_resampler *r, const unsigned char *row)
{
    if (r->taken == r->from.height)
        return;
    to_floats(row, r->row, (size_t)r->from.width * r->bands);
    if (r->bands == 3)
        squeeze_color(&r->across, r->row, row_at(r, r->taken), r->to.width);
    else
        squeeze_grey(&r->across, r->row, row_at(r, r->taken), r->to.width);
    r->taken++;
    while (r->made < r->to.height &&
           r->down.taps[r->made].first + r->down.taps[r->made].count <= r->taken)
        make_row(r);
}

/* ---- life ---- */

static bool make_room(struct image_resampler *r)
{
    if (!axis_init(&r->across, r->from.width, r->to.width) ||
        !axis_init(&r->down, r->from.height, r->to.height))
        return false;
    r->pitch = (size_t)r->to.width * r->bands + PAD;
    if ((uint64_t)r->pitch * r->down.most * sizeof(float) > BYTES_MAX)
        return false;
    r->row = calloc((size_t)r->from.width * r->bands + PAD, sizeof(float));
    r->rows = calloc(r->pitch * r->down.most, sizeof(float));
    r->sum = calloc(r->pitch, sizeof(float));
    return r->row && r->rows && r->sum;
}

struct image_resampler *image_resampler_new(struct image_size from, struct image_size to, unsigned bands,
                                            unsigned char *out)
{
    struct image_resampler *r = calloc(1, sizeof(*r));
    if (!r)
        return NULL;
    r->from = from;
    r->to = to;
    r->bands = bands;
    r->out = out;
    if (make_room(r))
        return r;
    image_resampler_destroy(r);
    return NULL;
}

static void axis_fini(struct axis *axis)
{
    free(axis->taps);
    free(axis->weights);
}

void image_resampler_destroy(struct image_resampler *r)
{
    if (!r)
        return;
    axis_fini(&r->across);
    axis_fini(&r->down);
    free(r->row);
    free(r->rows);
    free(r->sum);
    free(r);
}
