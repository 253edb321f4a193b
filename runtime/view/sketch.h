/* SPDX-License-Identifier: MIT */
/*
 * How often something was asked for lately, roughly: a count-min sketch whose counters are halved
 * from time to time, so that what was hot once is forgotten. For deciding what a cache keeps. Any
 * thread, no lock; a count that two threads race for may get lost.
 */
#ifndef OL_VIEW_SKETCH_H
#define OL_VIEW_SKETCH_H

#include <stddef.h>
#include <stdint.h>

#define OL_VIEW_SKETCH_MAX 15u /* what it counts to */

typedef struct ol_view_sketch ol_view_sketch;

/* `width`: about as many as there will be things that are told apart; rounded up to a power of two.
 * NULL: out of memory. */
ol_view_sketch *ol_view_sketch_new(size_t width);
void ol_view_sketch_destroy(ol_view_sketch *sketch);
void ol_view_sketch_add(ol_view_sketch *sketch, uint64_t hash);
/* Never too low, but for ageing; 0 … OL_VIEW_SKETCH_MAX. */
unsigned ol_view_sketch_estimate(const ol_view_sketch *sketch, uint64_t hash);

#endif
