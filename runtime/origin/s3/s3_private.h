/* SPDX-License-Identifier: MIT */
/*
 * The insides of a remote origin. For origin/s3/ only.
 *
 *   origin.c       the origin and its options      attach.c       what one loop has of it
 *   call.c         one request with its tries      call_judge.c   what a try that failed means
 *   wire.c         a request's text, signed        outcome.c      an answer that is no success
 *   object.c       open, info, close               body.c         a body downwards
 *   read_at.c      reads here and there            put.c          a body upwards (put_config.c:
 *   document.c     small requests and their XML                   its request; put_unknown.c: of
 *   document_if.c  the same with conditions                       unknown length)
 */
#ifndef OL_ORIGIN_S3_S3_PRIVATE_H
#define OL_ORIGIN_S3_S3_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "http/client.h"
#include "http/breaker.h"
#include "http/endpoint.h"
#include "origin/s3/s3_origin.h"
#include "origin/s3/sign.h"

#define OL_S3_SPARE_MAX 64 /* calls and arenas that an attachment keeps for the next ones */
#define OL_S3_ERROR_BYTES_MAX (64 * OL_KIB)
#define OL_S3_DOCUMENT_BYTES_MAX (8 * OL_MIB)
#define OL_S3_ARENA_BYTES_MAX (512 * OL_KIB)
#define OL_S3_SMALL_PUT_BYTES_MAX (64 * OL_KIB)
#define OL_S3_TICK_MS 250

typedef struct ol_s3_origin ol_s3_origin;
typedef struct ol_s3_attachment ol_s3_attachment;
typedef struct ol_s3_call ol_s3_call;

/* One loop writes, any thread reads. */
typedef struct ol_s3_counters {
    _Atomic uint64_t requests, retries, resumes, failures, breaker_opened, breaker_refused,
        bytes_in, bytes_out, credentials_read;
    _Atomic uint32_t breaker_open;
    _Atomic size_t connections, idle, waiting;
} ol_s3_counters;

static inline void ol_s3_count(_Atomic uint64_t *counter, uint64_t more)
{
    uint64_t now = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, now + more, memory_order_relaxed);
}

struct ol_s3_origin {
    ol_origin base;
    ol_s3_origin_options options; /* its strings are in `texts` */
    ol_arena *texts;
    ol_http_endpoint endpoint;
    ol_tls *tls; /* NULL: plain */
    bool sign_chunks, checksums;
    ol_s3_credentials *credentials;
    pthread_mutex_t lock; /* attaching, and `gone` */
    _Atomic(ol_s3_attachment *) slots[OL_S3_ORIGIN_LOOPS_MAX];
    ol_s3_origin_stats gone; /* counters of loops that were detached */
};

struct ol_s3_attachment {
    ol_s3_origin *origin;
    ol_loop *loop;
    unsigned refs;
    ol_http_client *client;
    ol_http_breaker breaker;
    ol_s3_signer signer;
    ol_s3_counters counters;
    uint64_t random;
    uv_timer_t timer;    /* tries that rest, and deadlines */
    uint64_t rings_ms;   /* when; 0 = it does not run */
    uv_timer_t refresh;  /* credentials in a file */
    uv_work_t reading;
    bool is_reading, closing, client_closed;
    ol_error read_err;
    int read_rc;
    unsigned handles;    /* timers that are not closed yet */
    ol_s3_call *calls;
    ol_s3_call *spare_calls;
    unsigned spare_call_count, spare_arena_count;
    ol_arena *spare_arenas[OL_S3_SPARE_MAX];
    void (*on_detached)(void *arg);
    void *detached_arg;
};

static inline ol_s3_origin *ol_s3_origin_of(ol_origin *o)
{
    return (ol_s3_origin *)o;
}

/* ---- attach.c ---- */

/* NULL when the loop has not been attached (err is filled). */
ol_s3_attachment *ol_s3_attachment_of(ol_s3_origin *origin, ol_loop *loop, ol_error *err);
/* An arena for one request. NULL: out of memory (err is filled). */
ol_arena *ol_s3_arena_take(ol_s3_attachment *at, ol_error *err);
void ol_s3_arena_give(ol_s3_attachment *at, ol_arena *arena);
/* Have the timer ring then, or sooner. Loop time; UINT64_MAX: never. */
void ol_s3_attachment_arm(ol_s3_attachment *at, uint64_t due_ms);
/* Look for new credentials now. */
void ol_s3_attachment_refresh(ol_s3_attachment *at);
uint32_t ol_s3_attachment_random(ol_s3_attachment *at);
void ol_s3_warn(const ol_s3_origin *origin, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* To be called by what the end of an attachment waits for. */
void ol_s3_attachment_check_done(ol_s3_attachment *at);

/* ---- call.c, for attach.c ---- */

/* Begin again what has rested long enough, give up what is late; when something is next due, as
 * loop time (UINT64_MAX: never). */
uint64_t ol_s3_calls_tick(ol_s3_attachment *at, uint64_t now_ms);
/* The attachment goes: every resting call ends with OL_ECANCELED. */
void ol_s3_calls_cancel(ol_s3_attachment *at);
void ol_s3_calls_free_spare(ol_s3_attachment *at);

#endif
