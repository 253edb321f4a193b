/* SPDX-License-Identifier: MIT */
/*
 * The KMS that looks into the cache first. The first who wants a key asks, on its own loop, with
 * copies of everything, so that it may go away; whoever comes meanwhile waits. When the answer is there
 * each gets a copy of the key on its own loop. When the loop that asked is closed, those on other
 * loops ask for themselves.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/keys/data_key_private.h"
#include "crypto/keys/secret.h"
#include "s3/sigv4/hmac.h"

#define ARENA_BYTES_MAX (128u * 1024)
#define CONTEXT_TEXT_MAX (64u * 1024)

typedef struct cached_kms {
    ol_kms base; /* first */
    ol_data_key_cache *cache;
    ol_kms *kms;
    uint8_t id[OL_SHA256_BYTES];
} cached_kms;

/* Of a call's private memory: what of ours it is about; NULL: the KMS's own business alone, which has
 * the first of them. */
#define OURS 8

enum errand { WAITS, MAKES };

struct ol_data_key_waiter {
    enum errand errand; /* first */
    ol_data_key_waiter *next;
    ol_data_key_entry *entry; /* NULL: answered, the post is under way */
    cached_kms *self;
    ol_kms_call *call; /* NULL: gone; its loop's */
    bool elsewhere;    /* it was asked on another loop */
    enum ol_kms_state *state; /* of a look: where it goes; NULL: a key is opened */
    ol_data_key_answer answer;
    ol_post post;
};

/* The KMS is being asked for an entry. */
typedef struct flight {
    ol_kms_call call;
    cached_kms *self;
    ol_data_key_entry *entry;
    uint64_t asked_ms;
    ol_arena *arena;
    bool looks; /* at the key's state; else a data key is opened */
    enum ol_kms_state state;
} flight;

/* A data key is being made. */
typedef struct making {
    enum errand errand; /* first */
    ol_kms_call call;
    ol_kms_call *outer;
    cached_kms *self;
    uint64_t asked_ms;
} making;

static cached_kms *self_of(ol_kms *kms)
{
    return (cached_kms *)kms;
}

/* ---- what an entry is known by ---- */

static void add_part(ol_sha256 *sha, ol_slice part)
{
    uint64_t len = part.len;
    ol_sha256_update(sha, &len, sizeof len);
    ol_sha256_update(sha, part.data, part.len);
}

/* Of a wrapped key; without a blob: of the key's state. */
static int hash_of(const cached_kms *self, const ol_kms_call *call, ol_slice key_id, ol_slice blob,
                   uint8_t out[OL_DATA_KEY_HASH_BYTES])
{
    ol_buf context;
    ol_sha256 sha;
    uint64_t key_bytes = call->key_bytes;
    ol_buf_init(&context, CONTEXT_TEXT_MAX);
    int rc = ol_context_write(&call->context, &context);
    if (rc == OL_OK) {
        ol_sha256_init(&sha);
        add_part(&sha, ol_slice_of(self->id, sizeof self->id));
        add_part(&sha, blob);
        add_part(&sha, ol_buf_slice(&context));
        add_part(&sha, key_id);
        add_part(&sha, ol_slice_of(&key_bytes, sizeof key_bytes));
        ol_sha256_final(&sha, out);
    }
    ol_buf_fini(&context);
    return rc;
}

/* ---- answers ---- */

static int give(ol_data_key_answer *answer, ol_kms_call *call, enum ol_kms_state *state,
                ol_error *err)
{
    if (answer->code != OL_OK) {
        *err = answer->err;
        return answer->code;
    }
    call->used_key = ol_arena_copy(call->arena, ol_slice_cstr(answer->used_key));
    if (!call->used_key.data) {
        ol_data_key_answer_fini(answer);
        return ol_error_set(err, OL_ENOMEM, "data key");
    }
    call->key = answer->key;
    call->key_len = answer->key_len;
    call->key_version = answer->key_version;
    call->cached = answer->cached;
    call->until_ms = answer->until_ms;
    if (state)
        *state = answer->state;
    answer->key = NULL;
    ol_data_key_answer_fini(answer);
    return OL_OK;
}

static int seek(cached_kms *self, ol_kms_call *call, enum ol_kms_state *state, ol_error *err);

/* On the waiter's loop. */
static void on_answered(void *arg)
{
    ol_data_key_waiter *waiter = arg;
    ol_kms_call *call = waiter->call;
    cached_kms *self = waiter->self;
    ol_data_key_answer answer = waiter->answer;
    enum ol_kms_state *state_out = waiter->state;
    bool again = answer.code == OL_ECANCELED && waiter->elsewhere;
    ol_error err = {0};
    ol_free(waiter);
    if (!call) {
        ol_data_key_answer_fini(&answer);
        return;
    }
    ol_loop_unhold(call->loop);
    /* The loop that asked was closed: that is no reason here. */
    int rc = again ? seek(self, call, state_out, &err) : give(&answer, call, state_out, &err);
    if (rc != OL_WAIT)
        call->cb(call, rc == OL_OK ? NULL : &err);
}

/* Whoever waited on another loop learns it there; here too on a later turn. */
static void tell(ol_data_key_waiter *waiters, const ol_loop *loop)
{
    while (waiters) {
        ol_data_key_waiter *next = waiters->next;
        waiters->elsewhere = waiters->call->loop != loop;
        ol_loop_post(waiters->call->loop, &waiters->post);
        waiters = next;
    }
}

/* Every waiter's answer is filled under the lock: none of them can be cancelled in between. */
static void land(flight *f, const ol_error *failure)
{
    ol_data_key_cache *cache = f->self->cache;
    const ol_loop *loop = f->call.loop;
    pthread_mutex_lock(&cache->lock);
    ol_data_key_waiter *waiters = f->entry->waiters;
    for (ol_data_key_waiter *w = waiters; w; w = w->next) {
        ol_data_key_answer_of(&f->call, f->state, failure, &w->answer);
        w->entry = NULL;
    }
    f->entry->waiters = NULL;
    ol_data_key_settle(cache, f->entry, &f->call, f->state, failure, f->asked_ms);
    tell(waiters, loop);
    pthread_mutex_unlock(&cache->lock);
    if (!failure)
        ol_secret_free(f->call.key, f->call.key_len);
    ol_arena_destroy(f->arena);
    ol_free(f);
}

static void on_landed(ol_kms_call *call, const ol_error *failure)
{
    land(call->arg, failure);
}

/* ---- asking ---- */

static int copy_slice(ol_arena *arena, ol_slice *slice)
{
    if (slice->len == 0)
        return OL_OK;
    *slice = ol_arena_copy(arena, *slice);
    return slice->data ? OL_OK : OL_ENOMEM;
}

static int copy_call(flight *f, const ol_kms_call *from)
{
    ol_kms_call *call = &f->call;
    *call = (ol_kms_call){.loop = from->loop,
                          .arena = f->arena,
                          .key_id = from->key_id,
                          .context = from->context,
                          .blob = from->blob,
                          .key_bytes = from->key_bytes,
                          .request_id = from->request_id,
                          .cb = on_landed,
                          .arg = f};
    int rc = copy_slice(f->arena, &call->key_id);
    if (rc == OL_OK)
        rc = copy_slice(f->arena, &call->blob);
    if (rc == OL_OK)
        rc = copy_slice(f->arena, &call->request_id);
    for (size_t i = 0; rc == OL_OK && i < call->context.count; i++) {
        rc = copy_slice(f->arena, &call->context.pairs[i].name);
        if (rc == OL_OK)
            rc = copy_slice(f->arena, &call->context.pairs[i].value);
    }
    return rc;
}

static flight *flight_new(cached_kms *self, const ol_kms_call *call, bool looks)
{
    flight *f = ol_calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->self = self;
    f->looks = looks;
    f->asked_ms = ol_clock_mono_ms();
    f->arena = ol_arena_new(ARENA_BYTES_MAX);
    if (f->arena && copy_call(f, call) == OL_OK)
        return f;
    ol_arena_destroy(f->arena);
    ol_free(f);
    return NULL;
}

static void join(cached_kms *self, ol_data_key_entry *entry, ol_data_key_waiter *waiter,
                 ol_kms_call *call)
{
    *waiter = (ol_data_key_waiter){.errand = WAITS,
                                   .state = waiter->state,
                                   .next = entry->waiters,
                                   .entry = entry,
                                   .self = self,
                                   .call = call,
                                   .post = {.fn = on_answered, .arg = waiter}};
    entry->waiters = waiter;
    ol_loop_hold(call->loop);
    call->private_[OURS] = waiter;
}

/* Not under the lock: the answer may come at once, and ends up in the waiter all the same. */
static void take_off(flight *f)
{
    ol_error err = {0};
    ol_kms *kms = f->self->kms;
    int rc = f->looks ? kms->ops->state(kms, &f->call, &f->state, &err)
                      : kms->ops->open(kms, &f->call, &err);
    if (rc != OL_WAIT)
        land(f, rc == OL_OK ? NULL : &err);
}

/* Decides under the lock. OL_OK and errors: answered. OL_WAIT: the waiter has joined, and `f` is to
 * take off if it has got an entry. OL_SKIP: nothing is known, and there is no waiter, or no memory. */
static int look(cached_kms *self, const uint8_t *hash, ol_kms_call *call,
                ol_data_key_waiter *waiter, flight *f, ol_data_key_answer *answer)
{
    ol_data_key_cache *cache = self->cache;
    ol_data_key_entry *entry = ol_data_key_find(cache, hash, ol_clock_mono_ms());
    if (entry && !entry->asking) {
        ol_data_key_use(cache, entry, answer);
        return answer->code;
    }
    if (!waiter || (!entry && !f))
        return OL_SKIP;
    if (entry) {
        cache->stats.shared++;
        join(self, entry, waiter, call);
        return OL_WAIT;
    }
    entry = ol_data_key_begin(cache, hash);
    if (!entry)
        return OL_SKIP;
    cache->stats.misses++;
    f->entry = entry;
    join(self, entry, waiter, call);
    return OL_WAIT;
}

static int ask(cached_kms *self, const uint8_t *hash, ol_kms_call *call, enum ol_kms_state *state,
               ol_error *err)
{
    ol_data_key_answer answer = {0};
    ol_data_key_waiter *waiter = ol_calloc(1, sizeof *waiter);
    flight *f = waiter ? flight_new(self, call, state != NULL) : NULL;
    if (waiter)
        waiter->state = state;
    pthread_mutex_lock(&self->cache->lock);
    int rc = look(self, hash, call, waiter, f, &answer);
    pthread_mutex_unlock(&self->cache->lock);
    bool flies = rc == OL_WAIT && f && f->entry;
    if (rc != OL_WAIT)
        ol_free(waiter);
    if (f && !flies) {
        ol_arena_destroy(f->arena);
        ol_free(f);
    }
    if (flies)
        take_off(f);
    if (rc == OL_SKIP)
        return ol_error_set(err, OL_ENOMEM, "data key");
    return rc == OL_WAIT ? OL_WAIT : give(&answer, call, state, err);
}

/* What is known, else what the KMS says: of a wrapped key, or with `state` of the key itself. */
static int seek(cached_kms *self, ol_kms_call *call, enum ol_kms_state *state, ol_error *err)
{
    ol_data_key_answer answer = {0};
    uint8_t hash[OL_DATA_KEY_HASH_BYTES];
    int rc = hash_of(self, call, call->key_id, state ? OL_SLICE_NONE : call->blob, hash);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "data key");
    /* Most are hits, and those take no memory. */
    pthread_mutex_lock(&self->cache->lock);
    rc = look(self, hash, call, NULL, NULL, &answer);
    pthread_mutex_unlock(&self->cache->lock);
    if (rc != OL_SKIP)
        return give(&answer, call, state, err);
    if (call->loop)
        return ask(self, hash, call, state, err);
    call->private_[OURS] = NULL;
    return state ? self->kms->ops->state(self->kms, call, state, err)
                 : self->kms->ops->open(self->kms, call, err);
}

static int open_key(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    if (call->blob.len == 0)
        return ol_error_set(err, OL_EDECRYPT, "data key: nothing to open");
    return seek(self_of(kms), call, NULL, err);
}

/* ---- making: always asks, and remembers what it will be opened as ---- */

static void remember(making *m)
{
    cached_kms *self = m->self;
    uint8_t hash[OL_DATA_KEY_HASH_BYTES];
    ol_data_key_cache *cache = self->cache;
    if (hash_of(self, &m->call, m->call.used_key, m->call.wrapped, hash) != OL_OK)
        return;
    pthread_mutex_lock(&cache->lock);
    if (!ol_data_key_find(cache, hash, ol_clock_mono_ms())) {
        ol_data_key_entry *entry = ol_data_key_begin(cache, hash);
        if (entry)
            ol_data_key_settle(cache, entry, &m->call, OL_KMS_ENABLED, NULL, m->asked_ms);
    }
    pthread_mutex_unlock(&cache->lock);
}

static void hand_over(making *m)
{
    ol_kms_call *outer = m->outer;
    remember(m);
    outer->key = m->call.key;
    outer->key_len = m->call.key_len;
    outer->wrapped = m->call.wrapped;
    outer->used_key = m->call.used_key;
    outer->key_version = m->call.key_version;
    outer->cached = false;
}

static void on_made(ol_kms_call *call, const ol_error *err)
{
    making *m = call->arg;
    ol_kms_call *outer = m->outer;
    if (!err)
        hand_over(m);
    ol_error copy;
    if (err)
        copy = *err;
    ol_free(m);
    outer->cb(outer, err ? &copy : NULL);
}

static int generate(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    cached_kms *self = self_of(kms);
    making *m = ol_malloc(sizeof *m);
    if (!m)
        return ol_error_set(err, OL_ENOMEM, "data key");
    *m = (making){.errand = MAKES,
                  .call = *call,
                  .outer = call,
                  .self = self,
                  .asked_ms = ol_clock_mono_ms()};
    m->call.cb = on_made;
    m->call.arg = m;
    if (m->call.key_bytes == 0)
        m->call.key_bytes = OL_DATA_KEY_BYTES;
    call->private_[OURS] = m;
    int rc = self->kms->ops->generate(self->kms, &m->call, err);
    if (rc == OL_WAIT)
        return rc;
    if (rc == OL_OK)
        hand_over(m);
    ol_free(m);
    return rc;
}

static int state(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *out, ol_error *err)
{
    return seek(self_of(kms), call, out, err);
}

/* ---- cancelling ---- */

static void leave(ol_data_key_entry *entry, const ol_data_key_waiter *waiter)
{
    ol_data_key_waiter **at = &entry->waiters;
    while (*at != waiter)
        at = &(*at)->next;
    *at = waiter->next;
}

static void cancel(ol_kms *kms, ol_kms_call *call)
{
    cached_kms *self = self_of(kms);
    ol_data_key_waiter *waiter = call->private_[OURS];
    if (!waiter) {
        self->kms->ops->cancel(self->kms, call);
        return;
    }
    if (waiter->errand == MAKES) {
        making *m = call->private_[OURS];
        self->kms->ops->cancel(self->kms, &m->call);
        ol_free(m);
        return;
    }
    pthread_mutex_lock(&self->cache->lock);
    bool waits = waiter->entry != NULL;
    if (waits)
        leave(waiter->entry, waiter);
    else
        waiter->call = NULL; /* its post is on the way, on this loop */
    pthread_mutex_unlock(&self->cache->lock);
    ol_loop_unhold(call->loop);
    if (waits)
        ol_free(waiter);
}

/* ---- life ---- */

static int attach(ol_kms *kms, ol_loop *loop, ol_error *err)
{
    ol_kms *inner = self_of(kms)->kms;
    return inner->ops->attach ? inner->ops->attach(inner, loop, err) : OL_OK;
}

static void detach(ol_kms *kms, ol_loop *loop, void (*cb)(void *arg), void *arg)
{
    ol_kms *inner = self_of(kms)->kms;
    if (inner->ops->detach)
        inner->ops->detach(inner, loop, cb, arg);
    else if (cb)
        cb(arg);
}

static void destroy(ol_kms *kms)
{
    ol_free(self_of(kms));
}

static const ol_kms_ops operations = {.name = "cache",
                                      .generate = generate,
                                      .open = open_key,
                                      .state = state,
                                      .cancel = cancel,
                                      .attach = attach,
                                      .detach = detach,
                                      .destroy = destroy};

int ol_data_key_cache_wrap(ol_data_key_cache *cache, ol_kms *kms, ol_slice id, ol_kms **wrapper,
                           ol_error *err)
{
    cached_kms *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "data-key cache");
    self->base.ops = &operations;
    self->cache = cache;
    self->kms = kms;
    ol_sha256_of(id, self->id);
    *wrapper = &self->base;
    return OL_OK;
}
