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
    uint32_t pause_ms;    /* between hosts that a trust group loses, after some in a row; 0: none. limits.host_pause_ms */
    uint32_t spin_us;     /* busy-wait before sleeping, both sides; 0 on a machine with few cores */
} ol_pool_options;

void ol_pool_options_default(ol_pool_options *options);
int ol_pool_new(ol_pool **pool, ol_loop *loop, const ol_pool_options *options, ol_error *err);
/* Have a host of this program ready before the first request. */
void ol_pool_warm(ol_pool *pool, ol_program *program);
/* Every pipeline that uses the pool must be closed before. `cb` runs on a later turn; then the
 * pool is gone and so are its processes. */
void ol_pool_close(ol_pool *pool, void (*cb)(void *arg), void *arg);

/* Requests, made by the stage; ticket.h. */
struct ol_ticket;
/* OL_OK: a host has it already. OL_WAIT: on_start follows. OL_ESLOWDOWN: the queue is full. The
 * ticket's memory stays until ol_pool_leave. */
int ol_pool_enter(ol_pool *pool, struct ol_ticket *ticket, ol_error *err);
/* No callback follows. Harmless when it never entered. */
void ol_pool_leave(struct ol_ticket *ticket);

typedef struct ol_pool_stats {
    uint64_t hosts, hosts_started, hosts_died;
    uint64_t jobs, jobs_running, jobs_queued, jobs_refused, preempted;
} ol_pool_stats;
/* Any thread, while the pool is open. */
void ol_pool_stats_get(const ol_pool *pool, ol_pool_stats *out);

#endif
