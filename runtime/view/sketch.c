/* SPDX-License-Identifier: MIT */
/*
 * Four rows of small counters; each row looks at the hash in its own way. All are halved when ten
 * times as many have been counted as a row is wide.
 */
#include "view/sketch.h"

#include <stdatomic.h>

#include "base/alloc.h"

#define ROWS 4u
#define WIDTH_MIN 256u
#define WIDTH_MAX (64u * 1024)
#define AGE_FACTOR 10u

struct ol_view_sketch {
    unsigned shift; /* 64 - log2(width) */
    size_t width;
    _Atomic uint64_t added; /* since the last ageing */
    atomic_uchar counters[]; /* ROWS times width */
};

static const uint64_t odd[ROWS] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u,
                                   0xD6E8FEB86659FD93u};

ol_view_sketch *ol_view_sketch_new(size_t width)
{
    size_t size = WIDTH_MIN;
    unsigned bits = 8;
    for (; size < width && size < WIDTH_MAX; bits++)
        size *= 2;
    ol_view_sketch *sketch = ol_calloc(1, sizeof *sketch + ROWS * size);
    if (!sketch)
        return NULL;
    sketch->shift = 64 - bits;
    sketch->width = size;
    return sketch;
}

void ol_view_sketch_destroy(ol_view_sketch *sketch)
{
    ol_free(sketch);
}

static size_t place(const ol_view_sketch *sketch, unsigned row, uint64_t hash)
{
    return row * sketch->width + (size_t)((hash * odd[row]) >> sketch->shift);
}

static void age(ol_view_sketch *sketch)
{
    for (size_t i = 0; i < ROWS * sketch->width; i++) {
        unsigned char count = atomic_load_explicit(&sketch->counters[i], memory_order_relaxed);
        if (count > 0)
            atomic_store_explicit(&sketch->counters[i], count / 2, memory_order_relaxed);
    }
}

unsigned ol_view_sketch_estimate(const ol_view_sketch *sketch, uint64_t hash)
{
    unsigned least = OL_VIEW_SKETCH_MAX;
    for (unsigned row = 0; row < ROWS; row++) {
        unsigned count = atomic_load_explicit(&sketch->counters[place(sketch, row, hash)],
                                              memory_order_relaxed);
        least = count < least ? count : least;
    }
    return least;
}

/* Only the lowest of its counters grow: what shares the others is not counted up with it. */
void ol_view_sketch_add(ol_view_sketch *sketch, uint64_t hash)
{
    unsigned least = ol_view_sketch_estimate(sketch, hash);
    for (unsigned row = 0; row < ROWS && least < OL_VIEW_SKETCH_MAX; row++) {
        atomic_uchar *counter = &sketch->counters[place(sketch, row, hash)];
        if (atomic_load_explicit(counter, memory_order_relaxed) == least)
            atomic_store_explicit(counter, (unsigned char)(least + 1), memory_order_relaxed);
    }
    uint64_t limit = AGE_FACTOR * sketch->width;
    uint64_t before = atomic_fetch_add_explicit(&sketch->added, 1, memory_order_relaxed);
    if (before + 1 != limit)
        return;
    /* What was counted is half as much now; who gets here is one thread. */
    age(sketch);
    atomic_fetch_sub_explicit(&sketch->added, limit / 2, memory_order_relaxed);
}
