/* SPDX-License-Identifier: MIT */
/*
 * Lets reads pass between writes. A loop takes all requests that have come since its last poll in
 * one go; in a storm of PUTs a GET that comes meanwhile waits for all of them. So only a few
 * requests that write begin in each turn; the others wait in the order in which they came.
 *
 * Each waits at most for those before it, and there are no more than connections. A request that
 * waits is referenced; when its client has left meanwhile, it is not begun.
 */
#ifndef OL_FRONT_WRITE_LANE_H
#define OL_FRONT_WRITE_LANE_H

#include "net/loop.h"

/* A write costs the loop some 50 us: with four, a read waits a fifth of a millisecond. Fewer would
 * make more turns than work. */
#define OL_WRITE_LANE_BEGUN_MAX 4

struct ol_request;

/* In each worker; zeroed. Private to write_lane.c. */
typedef struct ol_write_lane {
    struct ol_request *first, *last; /* that wait */
    unsigned begun; /* in this turn */
    ol_post turn;
    bool turn_posted;
} ol_write_lane;

/* Dispatch the request now or on a later turn. */
void ol_write_lane_enter(struct ol_request *request);

#endif
