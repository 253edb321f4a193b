/* SPDX-License-Identifier: MIT */
/*
 * One worker: a thread with its loop, listeners, transform hosts and counters. Workers share
 * the origins, the generation and the realm, nothing else.
 */
#ifndef OL_FRONT_WORKER_H
#define OL_FRONT_WORKER_H

#include "access/session_token.h"
#include "access/totp.h"
#include "control/state/control.h"
#include "front/keys/key_service.h"
#include "front/originals/opened.h"
#include "front/server/generation.h"
#include "front/server/rate_limiter.h"
#include "front/views/view_hints.h"
#include "front/views/view_identity.h"
#include "net/offload.h"
#include "net/tls.h"
#include "observe/access_log.h"
#include "observe/metrics.h"
#include "origin/origin.h"
#include "s3/sigv4/sigv4.h"
#include "transform/pool.h"
#include "view/cache.h"
#include "view/disk.h"

/* What all workers use; made and freed by the app, unchanged while workers run. */
typedef struct ol_shared {
    ol_origin **origins; /* as in the configuration; NULL where none was opened: [0], the store, when
                            no bucket lives there */
    size_t origin_count;
    ol_key_service *keys;
    ol_control *control;
    ol_session_sealer *sealer;
    ol_totp_guard *totp;
    ol_log *access_log;
    ol_log *transform_log;
    ol_view_key view_key;
    ol_view_memo *view_memo;
    ol_view_cache *view_cache; /* NULL: every request runs its view for itself */
    ol_view_hints *view_hints;
    ol_rate_limiter *rate_limiter;
    ol_opened_book *opened_book; /* of originals that clients encrypted */
    ol_offload *key_pool;        /* where their keys are tried */
    ol_view_disk *spool;         /* where they wait until they are verified; NULL = none */
    struct ol_tls **tls; /* one a listener, NULL for plain ones */
    size_t tls_count;
} ol_shared;

/* What others may read of a worker: it copies its numbers here from time to time, because its
 * pool and its server may only be touched on its own loop. Relaxed atomics. */
enum ol_worker_figure {
    OL_FIGURE_HOSTS,
    OL_FIGURE_HOSTS_STARTED,
    OL_FIGURE_HOSTS_DIED,
    OL_FIGURE_JOBS_RUNNING,
    OL_FIGURE_JOBS_QUEUED,
    OL_FIGURE_JOBS_REFUSED,
    OL_FIGURE_CONNECTIONS,
    OL_FIGURE_CONNECTIONS_REFUSED,
    OL_FIGURE_PROTOCOL_ERRORS,
    OL_FIGURE_COUNT
};

typedef struct ol_worker {
    unsigned index;
    ol_shared *shared;
    ol_loop *loop;
    uv_thread_t thread;
    ol_http_server *server;
    ol_sigv4 *sigv4;
    ol_pool *pool;
    ol_metrics *metrics;
    uint64_t figures[OL_FIGURE_COUNT];
    uv_timer_t figures_timer;
    ol_generation *generation; /* this worker's reference to the current one */
    ol_realm *realm;           /* likewise; made of the generation's configuration */
    size_t attached;           /* origins that have been told of this loop */
    bool keys_attached;        /* so has the key service */
    struct ol_view_run *view_runs; /* these three belong to view_run.h */
    void (*on_view_runs_over)(void *arg);
    void *view_runs_arg;
    ol_arena *spare_arenas[64];
    unsigned spare_arena_count;
} ol_worker;

int ol_worker_init(ol_worker *worker, unsigned index, ol_shared *shared, ol_generation *generation,
                   ol_realm *realm, ol_error *err);
/* Bind every listener of the configuration; a port of 0 in *ports is chosen by the first
 * worker and used by the others. */
int ol_worker_listen(ol_worker *worker, uint16_t *ports, ol_error *err);
/* On the worker's loop: serve by these from now on (takes references of its own). */
void ol_worker_use(ol_worker *worker, ol_generation *generation, ol_realm *realm);
void ol_worker_use_realm(ol_worker *worker, ol_realm *realm);
/* On the worker's loop: finish what runs, then close everything; `cb` when nothing is left. */
void ol_worker_drain(ol_worker *worker, uint32_t drain_ms, void (*cb)(void *arg), void *arg);
/* After the loop has ended. */
void ol_worker_fini(ol_worker *worker);

/* Memory for one request, recycled. */
ol_arena *ol_worker_arena_take(ol_worker *worker);
void ol_worker_arena_give(ol_worker *worker, ol_arena *arena);

#endif
