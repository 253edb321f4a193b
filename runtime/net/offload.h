/* SPDX-License-Identifier: MIT */
/*
 * Blocking work off the loop. An offload pool is a set of threads with one bounded queue;
 * `work` runs on one of them, then `done` on the loop that asked. Pools are separate so that
 * reads never queue behind fsyncs.
 */
#ifndef OL_NET_OFFLOAD_H
#define OL_NET_OFFLOAD_H

#include "net/loop.h"

typedef struct ol_offload ol_offload;

typedef struct ol_task {
    void (*work)(struct ol_task *task); /* on a pool thread; must not touch loop state */
    void (*done)(struct ol_task *task); /* on the loop */
    ol_loop *loop; /* NULL: nobody is told, and `work` may free the task */
    void *arg;
    ol_post post_;         /* private */
    struct ol_task *next_; /* private */
} ol_task;

/* `name` (15 chars at most) names the threads. */
int ol_offload_new(ol_offload **pool, const char *name, unsigned threads, size_t queue_max);
/* Finishes what is queued, joins the threads. Not from a pool thread. */
void ol_offload_destroy(ol_offload *pool);
/* The task's memory is the caller's until `done` ran. OL_OK, or OL_ESLOWDOWN when the queue is
 * full (then neither function is called). A task without a loop is always taken: it gives
 * something back, and refusing it would keep what it frees. */
int ol_offload_submit(ol_offload *pool, ol_task *task);

#endif
