/* SPDX-License-Identifier: MIT */
/*
 * The insides of remote KMS, for kms_remote*.c and the dialects.
 *
 *   kms_remote.c         the provider, what one loop has of it, attach and detach
 *   kms_remote_call.c    a call's tries
 *   kms_reply.c          secrets out of JSON answers
 */
#ifndef OL_CRYPTO_KMS_REMOTE_PRIVATE_H
#define OL_CRYPTO_KMS_REMOTE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/kms/kms_remote.h"
#include "http/breaker.h"
#include "http/client.h"
#include "http/endpoint.h"

#define OL_KMS_LOOPS_MAX 256
#define OL_KMS_ANSWER_BYTES_MAX (32u * 1024)
#define OL_KMS_ARENA_BYTES_MAX (256u * 1024)

typedef struct ol_kms_remote ol_kms_remote;
typedef struct ol_kms_attachment ol_kms_attachment;
typedef struct ol_kms_question ol_kms_question;

enum ol_kms_verb { OL_KMS_GENERATE, OL_KMS_OPEN, OL_KMS_STATE };

typedef struct ol_kms_reply {
    int status;
    const ol_headers *headers;
    ol_span body; /* the dialect may overwrite it; it is wiped behind it */
} ol_kms_reply;

typedef struct ol_kms_dialect {
    /* Once a call: fills question->target and ->body, in question->arena. */
    int (*compose)(ol_kms_question *question, ol_error *err);
    /* Once a try: headers, the signature included. */
    int (*dress)(ol_kms_question *question, ol_headers *headers, ol_error *err);
    /* Fills the call's answer (by ol_kms_question_take) or says what is wrong; *again: it may be
     * different next time. */
    int (*judge)(ol_kms_question *question, const ol_kms_reply *reply, bool *again, ol_error *err);
    /* What a loop has of its own: *own, NULL is fine. Both may be NULL. */
    int (*loop_init)(ol_kms_remote *remote, void **own);
    void (*loop_fini)(void *own);
} ol_kms_dialect;

struct ol_kms_remote {
    ol_kms base; /* first */
    const ol_kms_dialect *dialect;
    ol_kms_remote_options options;
    char *name, *ca_file;
    ol_http_endpoint endpoint;
    ol_tls *tls; /* NULL: plain */
    pthread_mutex_t lock; /* attaching, detaching */
    _Atomic(ol_kms_attachment *) slots[OL_KMS_LOOPS_MAX];
    struct {
        _Atomic uint64_t calls, requests, retries, throttled, denied, failures, late,
            breaker_opened, breaker_refused, quota_refused, breakers_open;
    } counters;
    _Atomic uint64_t quota_ns; /* when what was sent would have been due, one after the other */
};

struct ol_kms_attachment {
    ol_kms_remote *remote;
    ol_loop *loop;
    unsigned refs;
    ol_http_client *client;
    ol_http_breaker breaker;
    void *own; /* the dialect's */
    uint64_t random;
    ol_kms_question *questions;
    bool closing, client_closed;
    bool breaker_open; /* it is counted among those */
    void (*on_detached)(void *arg);
    void *detached_arg;
};

struct ol_kms_question {
    ol_kms_attachment *at;
    ol_kms_question *prev, *next;
    enum ol_kms_verb verb;
    ol_kms_call *call;        /* NULL: its caller is gone */
    enum ol_kms_state *state; /* of OL_KMS_STATE; borrowed as the call */
    ol_arena *arena;          /* the request, what the answer says */
    ol_slice method, target, body; /* POST unless the dialect says otherwise */

    ol_http_call *http; /* of the try under way */
    uv_timer_t timer;   /* the next try, or the deadline */
    uint64_t deadline_ms;
    uint32_t tries;
    bool resting, late, ended, probe, judged, written, closed;
    int status;
    const ol_http_answer *answer;
    ol_buf document;
};

static inline void ol_kms_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* ---- kms_remote.c ---- */

/* Into memory of the dialect's (zeroed), whose first member it is. */
int ol_kms_remote_init(ol_kms_remote *remote, const ol_kms_ops *ops, const ol_kms_dialect *dialect,
                       const ol_kms_remote_options *options, ol_error *err);
void ol_kms_remote_fini(ol_kms_remote *remote);
int ol_kms_remote_attach(ol_kms *kms, ol_loop *loop, ol_error *err);
void ol_kms_remote_detach(ol_kms *kms, ol_loop *loop, void (*cb)(void *arg), void *arg);
/* Whom it trusts, by the options; the caller's to destroy. */
int ol_kms_remote_tls_new(const ol_kms_remote *remote, ol_tls **tls, ol_error *err);
/* May one more request be sent now? */
bool ol_kms_remote_quota(ol_kms_remote *remote);
ol_kms_attachment *ol_kms_remote_at(ol_kms_remote *remote, const ol_loop *loop);
void ol_kms_attachment_check_done(ol_kms_attachment *at);

/* ---- kms_remote_call.c ---- */

/* What the operations of every remote provider are. */
int ol_kms_remote_generate(ol_kms *kms, ol_kms_call *call, ol_error *err);
int ol_kms_remote_open(ol_kms *kms, ol_kms_call *call, ol_error *err);
int ol_kms_remote_state(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *state, ol_error *err);
void ol_kms_remote_cancel(ol_kms *kms, ol_kms_call *call);
/* The attachment closes: whatever is under way ends with OL_ECANCELED. */
void ol_kms_questions_cancel(ol_kms_attachment *at);

/* What a KMS gave, into the call: `key` (secret memory) is taken over whatever happens, slices are
 * copied. Checks the key's length and that there is a name and, of a made key, its wrapped form. */
typedef struct ol_kms_given {
    uint8_t *key;
    size_t key_len;
    ol_slice wrapped, used_key;
    uint32_t key_version;
} ol_kms_given;
int ol_kms_question_take(ol_kms_question *question, const ol_kms_given *given, ol_error *err);
/* "kms NAME: …", as OL_EKMSUNAVAILABLE: the answer is none. */
int ol_kms_garbage(const ol_kms_question *question, const char *what, ol_error *err);

/* ---- kms_reply.c ---- */

/* Takes the text member `name` (wherever it stands, compared with case) out of a JSON text: decoded
 * from base64 into secret memory, and overwritten in the text, so that what parses it further on
 * never sees it. OL_OK with *secret NULL when it is not there; OL_EINVAL when it is there twice,
 * is no text or no base64; OL_ENOMEM. */
int ol_kms_reply_take(ol_span text, const char *name, uint8_t **secret, size_t *len);

#endif
