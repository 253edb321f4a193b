/* SPDX-License-Identifier: MIT */
/*
 * The body of ol_loop, for this room only.
 */
#ifndef OL_NET_LOOP_PRIVATE_H
#define OL_NET_LOOP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/loop.h"
#include "net/page_pipe.h"

struct ol_read_pool;

struct ol_loop {
    uv_loop_t uv;
    uv_async_t async;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_idle_t idle; /* active while something is deferred or lined up: keeps the poll from sleeping */
    unsigned index;
    _Atomic(pthread_t) owner;
    _Atomic(ol_post *) posted; /* newest first */
    atomic_bool stopping;
    atomic_int holds;
    atomic_int posting; /* calls of ol_loop_post that may still touch the loop */
    ol_post *deferred;
    ol_post **deferred_tail;
    ol_post *lined;
    ol_post **lined_tail;
    size_t lined_count, gone_ahead; /* gone_ahead: on this turn */
    struct ol_read_pool *reads; /* read_pool.h */
    ol_page_pipe page_pipe;
    struct ol_pipes *pipes; /* pipe.h; NULL until one is asked for */
    uint64_t wall_read_ms;      /* the loop's time when wall_ms was read; UINT64_MAX: never */
    int64_t wall_ms;
};

#endif
