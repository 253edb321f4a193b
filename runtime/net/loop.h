/* SPDX-License-Identifier: MIT */
/*
 * One event loop, one thread. Everything asynchronous in objlens belongs to exactly one
 * loop and is touched only from its thread; `ol_loop_post` is the only way in from others.
 */
#ifndef OL_NET_LOOP_H
#define OL_NET_LOOP_H

#include <uv.h>

#include "base/error.h"

typedef struct ol_loop ol_loop;
typedef void (*ol_loop_fn)(void *arg);

/* A thing to be done on a loop. The memory is the caller's (usually embedded in a larger
 * struct) and must stay valid until `fn` has been called. */
typedef struct ol_post {
    ol_loop_fn fn;
    void *arg;
    struct ol_post *next_; /* private */
} ol_post;

/* `index` is the loop's number, 0 upwards. OL_OK or OL_ENOMEM. */
int ol_loop_new(ol_loop **loop, unsigned index);
/* Run until ol_loop_stop and every handle is closed. On the loop's own thread. */
void ol_loop_run(ol_loop *loop);
/* From any thread. */
void ol_loop_stop(ol_loop *loop);
/* Only after run has returned. Asserts that no handle is left open. */
void ol_loop_destroy(ol_loop *loop);

uv_loop_t *ol_loop_uv(ol_loop *loop);
unsigned ol_loop_index(const ol_loop *loop);
/* The loop's cached monotonic time. */
uint64_t ol_loop_now_ms(const ol_loop *loop);
/* The wall clock as it was when that was taken, or a little later: read once for all that happens
 * in the same millisecond. On the loop's own thread. */
int64_t ol_loop_wall_ms(ol_loop *loop);
bool ol_loop_is_current(const ol_loop *loop);

/* From any thread: have `post->fn(post->arg)` called on the loop. Never fails, keeps order. */
void ol_loop_post(ol_loop *loop, ol_post *post);
/* From the loop's own thread only: call on a later turn, before the loop sleeps again.
 * Costs no system call. */
void ol_loop_defer(ol_loop *loop, ol_post *post);

/* From the loop's own thread only: call on a later turn, in order, a few each turn (OL_LOOP_SLICE, or
 * a quarter of those that wait): for work that comes in heaps and is not urgent. Between the slices
 * the loop looks at its sockets, so that what is urgent waits for one slice and not for the heap. */
#define OL_LOOP_SLICE 8
void ol_loop_line_up(ol_loop *loop, ol_post *post);
/* True: nobody is waiting and this turn's slice is not used up, so the caller may do it at once. It
 * counts as one of the slice. */
bool ol_loop_may_go(ol_loop *loop);
/* From any thread: something is under way that will come back through ol_loop_post; run does
 * not return before it is let go. (ol_offload holds the loop for its tasks by itself.) */
void ol_loop_hold(ol_loop *loop);
void ol_loop_unhold(ol_loop *loop);

#endif
