/* SPDX-License-Identifier: MIT */
/*
 * The hosts of one loop: started, kept warm, given work, replaced when they die. A host runs
 * one program for one trust group at a time. Requests that find no room wait in a bounded
 * queue; past it they fail with OL_ESLOWDOWN.
 */
#ifndef OL_TRANSFORM_POOL_H
#define OL_TRANSFORM_POOL_H

#include "net/loop.h"
#include "transform/program.h"

typedef struct ol_pool ol_pool;

typedef struct ol_pool_options {
    unsigned hosts_max;   /* processes on this loop */
    unsigned jobs_max;    /* requests a host */
    unsigned queue_max;
    uint32_t slot_bytes;
    uint32_t slots;       /* a host */
    uint32_t spin_us;     /* busy-wait before sleeping, both sides; 0 on a machine with few cores */
} ol_pool_options;

void ol_pool_options_default(ol_pool_options *options);
int ol_pool_new(ol_pool **pool, ol_loop *loop, const ol_pool_options *options, ol_error *err);
/* Have a host of this program ready before the first request. */
void ol_pool_warm(ol_pool *pool, ol_program *program);
void ol_pool_close(ol_pool *pool, void (*cb)(void *arg), void *arg);

typedef struct ol_pool_stats {
    uint64_t hosts, hosts_started, hosts_died, jobs, jobs_running, jobs_queued, jobs_refused, preempted;
} ol_pool_stats;
void ol_pool_stats_get(const ol_pool *pool, ol_pool_stats *out);

#endif
