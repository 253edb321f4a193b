/* SPDX-License-Identifier: MIT */
#include "crypto/kms/kms_keyring.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/keys/secret.h"
#include "observe/log.h"

typedef struct kms_keyring {
    ol_kms base; /* first */
    ol_kms_keyring_options options;
    char *path;
    pthread_mutex_t lock; /* all below */
    pthread_cond_t changed;
    ol_keyring *ring;
    ol_keyring_stamp stamp;     /* of the file that `ring` was read from */
    ol_keyring_stamp bad_stamp; /* of one that could not be used */
    unsigned working; /* default keys being made */
    bool ending, has_thread;
    pthread_t thread;
} kms_keyring;

/* A call that waits for the default key. */
typedef struct making {
    uv_work_t work;
    kms_keyring *self;
    ol_kms_call *call; /* NULL: its caller is gone; the loop's */
    int rc;
    ol_error err;
} making;

static kms_keyring *self_of(ol_kms *kms)
{
    return (kms_keyring *)kms;
}

static void warn(const kms_keyring *self, const ol_error *err)
{
    char line[400];
    snprintf(line, sizeof line, "%s; the old keys stay in use", err->message);
    if (self->options.warn)
        self->options.warn(self->options.warn_arg, line);
    else
        ol_say("warn", "%s", line);
}

/* ---- answers; under the lock ---- */

static int name_key(const kms_keyring *self, const ol_keyring_key *key, ol_kms_call *call,
                    ol_error *err)
{
    char arn[OL_KEYRING_ARN_SIZE];
    ol_keyring_arn(self->ring, key, arn);
    call->used_key = ol_arena_copy(call->arena, ol_slice_cstr(arn));
    call->cached = false;
    return call->used_key.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "keyring: answer");
}

static int wrap_into(const kms_keyring *self, const ol_keyring_key *key, ol_slice data_key,
                     ol_kms_call *call, ol_error *err)
{
    uint8_t wrapped[OL_KEYRING_WRAPPED_BYTES_MAX];
    size_t len;
    int rc = ol_keyring_wrap(self->ring, key, &call->context, data_key, wrapped, &len, err);
    if (rc == OL_OK)
        rc = name_key(self, key, call, err);
    if (rc != OL_OK)
        return rc;
    call->wrapped = ol_arena_copy(call->arena, ol_slice_of(wrapped, len));
    call->key_version = (uint32_t)key->version_count;
    return call->wrapped.data ? OL_OK : ol_error_set(err, OL_ENOMEM, "keyring: answer");
}

static int generate_from(const kms_keyring *self, const ol_keyring_key *key, ol_kms_call *call,
                         ol_error *err)
{
    size_t len = call->key_bytes ? call->key_bytes : OL_DATA_KEY_BYTES;
    uint8_t *data_key = len <= 64 ? ol_secret_alloc(len) : NULL;
    if (!data_key)
        return ol_error_set(err, OL_ENOMEM, "keyring: data key");
    int rc = RAND_priv_bytes(data_key, (int)len) == 1
                 ? wrap_into(self, key, ol_slice_of(data_key, len), call, err)
                 : ol_error_set(err, OL_EINTERNAL, "keyring: no random numbers");
    if (rc != OL_OK) {
        ol_secret_free(data_key, len);
        return rc;
    }
    call->key = data_key;
    call->key_len = len;
    return OL_OK;
}

static int generate_now(kms_keyring *self, ol_kms_call *call, ol_error *err)
{
    ol_keyring_key *key;
    pthread_mutex_lock(&self->lock);
    int rc = ol_keyring_find(self->ring, call->key_id, &key, err);
    if (rc == OL_OK)
        rc = generate_from(self, key, call, err);
    pthread_mutex_unlock(&self->lock);
    return rc;
}

static int open_blob(const kms_keyring *self, const ol_kms_call *call, ol_keyring_opened *opened,
                     ol_error *err)
{
    ol_keyring_key *wanted = NULL;
    int rc = call->key_id.len > 0 ? ol_keyring_find(self->ring, call->key_id, &wanted, err) : OL_OK;
    if (rc == OL_OK)
        rc = ol_keyring_open(self->ring, wanted, &call->context, call->blob, opened, err);
    if (rc == OL_OK && call->key_bytes > 0 && opened->data_key_len != call->key_bytes) {
        ol_secret_free(opened->data_key, opened->data_key_len);
        rc = ol_error_set(err, OL_EDECRYPT, "keyring: a data key of another length");
    }
    return rc;
}

static int open_key(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    kms_keyring *self = self_of(kms);
    ol_keyring_opened opened;
    pthread_mutex_lock(&self->lock);
    int rc = open_blob(self, call, &opened, err);
    if (rc == OL_OK && (rc = name_key(self, opened.key, call, err)) != OL_OK)
        ol_secret_free(opened.data_key, opened.data_key_len);
    bool stale = rc == OL_OK && opened.version < opened.key->version_count;
    pthread_mutex_unlock(&self->lock);
    if (rc != OL_OK)
        return rc;
    call->key = opened.data_key;
    call->key_len = opened.data_key_len;
    call->key_version = opened.version;
    call->stale = stale;
    call->until_ms = UINT64_MAX; /* or a change: see options.changed */
    return OL_OK;
}

static int state(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *out, ol_error *err)
{
    kms_keyring *self = self_of(kms);
    ol_keyring_key *key;
    ol_error missing = {0};
    int rc = OL_OK;
    pthread_mutex_lock(&self->lock);
    if (ol_keyring_find(self->ring, call->key_id, &key, &missing) == OL_OK) {
        rc = name_key(self, key, call, err);
        *out = key->state;
        call->key_version = (uint32_t)key->version_count;
    } else {
        *out = OL_KMS_MISSING;
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}

bool ol_kms_keyring_has(ol_kms *kms, ol_slice name)
{
    kms_keyring *self = self_of(kms);
    ol_keyring_key *key;
    ol_error unused = {0};
    pthread_mutex_lock(&self->lock);
    bool has = ol_keyring_find(self->ring, name, &key, &unused) == OL_OK;
    pthread_mutex_unlock(&self->lock);
    return has;
}

int ol_kms_keyring_rewrap(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    kms_keyring *self = self_of(kms);
    ol_keyring_opened opened;
    pthread_mutex_lock(&self->lock);
    int rc = open_blob(self, call, &opened, err);
    if (rc == OL_OK) {
        ol_slice data_key = ol_slice_of(opened.data_key, opened.data_key_len);
        bool newest = opened.version == opened.key->version_count;
        rc = newest ? OL_SKIP : wrap_into(self, opened.key, data_key, call, err);
        ol_secret_free(opened.data_key, opened.data_key_len);
    }
    pthread_mutex_unlock(&self->lock);
    return rc;
}

/* ---- reading the file again ---- */

static bool same(const ol_keyring_stamp *a, const ol_keyring_stamp *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->changed_ns == b->changed_ns;
}

static void swap(kms_keyring *self, ol_keyring *ring, const ol_keyring_stamp *stamp)
{
    pthread_mutex_lock(&self->lock);
    ol_keyring *old = self->ring;
    self->ring = ring;
    self->stamp = *stamp;
    pthread_mutex_unlock(&self->lock);
    if (self->options.changed)
        self->options.changed(self->options.changed_arg);
    ol_keyring_destroy(old);
}

int ol_kms_keyring_refresh(ol_kms *kms, ol_error *err)
{
    kms_keyring *self = self_of(kms);
    ol_keyring_stamp now;
    ol_keyring *ring = NULL;
    int rc = ol_keyring_look(self->path, &now, err);
    if (rc != OL_OK)
        return rc;
    pthread_mutex_lock(&self->lock);
    bool is_same = same(&now, &self->stamp);
    pthread_mutex_unlock(&self->lock);
    if (is_same)
        return OL_SKIP;
    rc = ol_keyring_load(&ring, self->path, &now, err);
    if (rc == OL_OK)
        swap(self, ring, &now);
    return rc;
}

/* The same bad file is not complained about again. */
static void refresh(kms_keyring *self, bool *complained)
{
    ol_error err = {0};
    ol_keyring_stamp now = {0};
    ol_error unused = {0};
    ol_keyring_look(self->path, &now, &unused);
    if (*complained && same(&now, &self->bad_stamp))
        return;
    *complained = ol_kms_keyring_refresh(&self->base, &err) < 0;
    self->bad_stamp = now; /* this thread's alone */
    if (*complained)
        warn(self, &err);
}

static void *watch(void *arg)
{
    kms_keyring *self = arg;
    bool complained = false;
    pthread_mutex_lock(&self->lock);
    while (!self->ending) {
        struct timespec until;
        clock_gettime(CLOCK_MONOTONIC, &until);
        uint64_t ns = (uint64_t)until.tv_nsec + (uint64_t)self->options.refresh_ms * 1000000;
        until.tv_sec += (time_t)(ns / 1000000000);
        until.tv_nsec = (long)(ns % 1000000000);
        if (pthread_cond_timedwait(&self->changed, &self->lock, &until) == 0)
            continue;
        pthread_mutex_unlock(&self->lock);
        refresh(self, &complained);
        pthread_mutex_lock(&self->lock);
    }
    pthread_mutex_unlock(&self->lock);
    return NULL;
}

/* ---- the default key, on demand ---- */

/* Nobody else changes the file meanwhile; somebody may have, before. */
static int add_default(ol_keyring *ring, const char *path, ol_error *err)
{
    ol_keyring_key *key;
    ol_error unused = {0};
    if (ol_keyring_find(ring, OL_SLICE_NONE, &key, &unused) == OL_OK)
        return OL_OK;
    int rc = ol_keyring_add_key(ring, NULL, ol_clock_wall_ms(), &key, err);
    if (rc == OL_OK)
        rc = ol_keyring_set_alias(ring, OL_KEYRING_DEFAULT_ALIAS, key, err);
    return rc == OL_OK ? ol_keyring_save(ring, path, err) : rc;
}

static int make_default(kms_keyring *self, ol_error *err)
{
    int lock;
    ol_keyring *ring = NULL;
    ol_keyring_stamp stamp;
    int rc = ol_keyring_lock(self->path, &lock, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_keyring_load(&ring, self->path, &stamp, err);
    if (rc == OL_OK)
        rc = add_default(ring, self->path, err);
    if (rc == OL_OK)
        rc = ol_keyring_look(self->path, &stamp, err);
    if (rc == OL_OK)
        swap(self, ring, &stamp);
    else
        ol_keyring_destroy(ring);
    ol_keyring_unlock(lock);
    return rc;
}

static void work(uv_work_t *item)
{
    making *job = item->data;
    kms_keyring *self = job->self;
    job->rc = make_default(self, &job->err);
    OPENSSL_thread_stop(); /* this thread's random numbers: it will hardly need them again */
    pthread_mutex_lock(&self->lock);
    self->working--;
    pthread_cond_broadcast(&self->changed);
    pthread_mutex_unlock(&self->lock);
}

static void after_work(uv_work_t *item, int status)
{
    making *job = item->data;
    ol_kms_call *call = job->call;
    ol_error err = {0};
    (void)status;
    if (call && job->rc == OL_OK)
        generate_now(job->self, call, &err);
    else if (call)
        ol_error_set(&err, OL_EKMSUNAVAILABLE, "%s%s", job->err.message, job->err.detail);
    ol_free(job);
    if (call)
        call->cb(call, err.code != OL_OK ? &err : NULL);
}

static int wait_for_default(kms_keyring *self, ol_kms_call *call, ol_error *err)
{
    making *job = ol_calloc(1, sizeof *job);
    if (!job)
        return ol_error_set(err, OL_ENOMEM, "keyring: default key");
    *job = (making){.work.data = job, .self = self, .call = call};
    pthread_mutex_lock(&self->lock);
    self->working++;
    pthread_mutex_unlock(&self->lock);
    if (uv_queue_work(ol_loop_uv(call->loop), &job->work, work, after_work) != 0) {
        pthread_mutex_lock(&self->lock);
        self->working--;
        pthread_mutex_unlock(&self->lock);
        ol_free(job);
        return ol_error_set(err, OL_EKMSUNAVAILABLE, "keyring: default key");
    }
    call->private_[0] = job;
    return OL_WAIT;
}

static bool is_default(kms_keyring *self, ol_slice name)
{
    char arn[OL_KEYRING_ARN_SIZE];
    pthread_mutex_lock(&self->lock);
    snprintf(arn, sizeof arn, "arn:aws:kms:%s:%s:" OL_KEYRING_DEFAULT_ALIAS, self->ring->region,
             self->ring->account);
    pthread_mutex_unlock(&self->lock);
    return name.len == 0 || ol_slice_eq_cstr(name, OL_KEYRING_DEFAULT_ALIAS) ||
           ol_slice_eq_cstr(name, arn);
}

static int generate(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    kms_keyring *self = self_of(kms);
    ol_error why = {0};
    int rc = generate_now(self, call, &why);
    if (rc == OL_EKMSNOTFOUND && is_default(self, call->key_id) && call->loop)
        return wait_for_default(self, call, err);
    if (rc != OL_OK)
        *err = why;
    return rc;
}

static void cancel(ol_kms *kms, ol_kms_call *call)
{
    (void)kms;
    making *job = call->private_[0];
    job->call = NULL;
}

/* ---- life ---- */

static void destroy(ol_kms *kms)
{
    kms_keyring *self = self_of(kms);
    pthread_mutex_lock(&self->lock);
    self->ending = true;
    pthread_cond_broadcast(&self->changed);
    while (self->working > 0)
        pthread_cond_wait(&self->changed, &self->lock);
    pthread_mutex_unlock(&self->lock);
    if (self->has_thread)
        pthread_join(self->thread, NULL);
    ol_keyring_destroy(self->ring);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
    ol_free(self->path);
    ol_free(self);
}

static const ol_kms_ops operations = {.name = "keyring",
                                      .generate = generate,
                                      .open = open_key,
                                      .state = state,
                                      .cancel = cancel,
                                      .rewrap = ol_kms_keyring_rewrap,
                                      .destroy = destroy};

void ol_kms_keyring_options_default(ol_kms_keyring_options *options)
{
    *options = (ol_kms_keyring_options){
        .create = true, .region = "us-east-1", .account = "000000000000", .refresh_ms = 1000};
}

/* Whoever else creates it at the same time: one of them wins, both load what is there. */
static int create(const ol_kms_keyring_options *options, ol_error *err)
{
    int lock;
    ol_keyring *ring = NULL;
    ol_keyring_stamp stamp;
    ol_error missing = {0};
    int rc = ol_keyring_lock(options->path, &lock, err);
    if (rc != OL_OK)
        return rc;
    if (ol_keyring_look(options->path, &stamp, &missing) != OL_OK) {
        rc = ol_keyring_new(&ring, options->region, options->account, err);
        if (rc == OL_OK)
            rc = ol_keyring_save(ring, options->path, err);
        ol_keyring_destroy(ring);
    }
    ol_keyring_unlock(lock);
    return rc;
}

static int load(kms_keyring *self, const ol_kms_keyring_options *options, ol_error *err)
{
    ol_error why = {0};
    int rc = ol_keyring_load(&self->ring, self->path, &self->stamp, &why);
    if (rc == OL_ENOSUCHKEY && options->create) {
        rc = create(options, err);
        return rc == OL_OK ? ol_keyring_load(&self->ring, self->path, &self->stamp, err) : rc;
    }
    if (rc != OL_OK)
        *err = why;
    return rc;
}

static int start(kms_keyring *self, const ol_kms_keyring_options *options, ol_error *err)
{
    self->path = ol_strdup(options->path);
    if (!self->path)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    int rc = load(self, options, err);
    if (rc != OL_OK)
        return rc;
    self->options.path = self->options.region = self->options.account = NULL;
    if (self->options.refresh_ms == 0)
        return OL_OK;
    self->has_thread = pthread_create(&self->thread, NULL, watch, self) == 0;
    return self->has_thread ? OL_OK : ol_error_set(err, OL_ENOMEM, "keyring: thread");
}

int ol_kms_keyring_new(ol_kms **kms, const ol_kms_keyring_options *options, ol_error *err)
{
    pthread_condattr_t monotonic;
    if (!options->path || !*options->path)
        return ol_error_say(err, OL_ECONFIG, "keyring: its path is missing");
    kms_keyring *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    self->base.ops = &operations;
    self->options = *options;
    pthread_mutex_init(&self->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&self->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    int rc = start(self, options, err);
    if (rc != OL_OK) {
        destroy(&self->base);
        return rc;
    }
    *kms = &self->base;
    return OL_OK;
}
