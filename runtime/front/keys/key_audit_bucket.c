/* SPDX-License-Identifier: MIT */
/*
 * Happy path: lines come in under the lock → the timer, or a post when there are enough, takes what has
 * gathered → one object → the next batch. A batch that could not be put stays the batch under way and is
 * put again after a while, under the same name; that it is there already means that it had been put.
 */
#include "front/keys/key_audit_bucket.h"

#include <inttypes.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/encode.h"
#include "control/state/kept_object.h"
#include "observe/log.h"

#define LOOP_INDEX 255
#define NAME_SIZE 640
#define AGAIN_MS_MIN 250u
#define AGAIN_MS_MAX 30000u
#define RANDOM_BYTES 8

struct ol_key_audit_bucket {
    ol_key_audit_bucket_options options;
    char *names; /* bucket and prefix */
    ol_loop *loop;
    pthread_t thread;
    uv_timer_t timer;
    ol_post hurry, close;

    pthread_mutex_t lock;
    ol_buf gathering; /* the next five */
    bool hurried;     /* the loop has been told that there is enough */
    bool posted;      /* and has not heard it yet */
    size_t flying;    /* bytes of the batch under way: they count against the bound */
    ol_key_audit_bucket_stats stats;

    /* the loop's */
    ol_buf batch;
    ol_kept_object *object; /* of the batch; NULL: there is none */
    bool putting, closing, told;
    bool attached, detaching, timer_closed;
    uint32_t again_ms;
    uint64_t number, close_by_ms;
};

/* ---- lines ---- */

void ol_key_audit_bucket_line(void *bucket, ol_slice line)
{
    ol_key_audit_bucket *self = bucket;
    pthread_mutex_lock(&self->lock);
    size_t held = self->gathering.len + self->flying;
    if (held + line.len + 1 > self->options.buffer_bytes ||
        ol_buf_reserve(&self->gathering, line.len + 1) != OL_OK) {
        self->stats.dropped++;
    } else {
        ol_buf_add(&self->gathering, line);
        ol_buf_add_byte(&self->gathering, '\n');
    }
    bool hurry = !self->hurried && !self->posted &&
                 self->gathering.len >= self->options.object_bytes;
    self->hurried |= hurry;
    self->posted |= hurry;
    pthread_mutex_unlock(&self->lock);
    if (hurry)
        ol_loop_post(self->loop, &self->hurry);
}

void ol_key_audit_bucket_read_stats(ol_key_audit_bucket *self, ol_key_audit_bucket_stats *stats)
{
    pthread_mutex_lock(&self->lock);
    *stats = self->stats;
    stats->waiting_bytes = self->gathering.len + self->flying;
    pthread_mutex_unlock(&self->lock);
}

/* ---- one object ---- */

static bool write_name(ol_key_audit_bucket *self, char out[NAME_SIZE])
{
    uint8_t random[RANDOM_BYTES];
    char digits[2 * RANDOM_BYTES + 1];
    struct tm utc;
    time_t now = (time_t)(ol_clock_wall_ms() / 1000);
    if (RAND_bytes(random, sizeof random) != 1 || !gmtime_r(&now, &utc))
        return false;
    ol_hex_encode(random, sizeof random, digits);
    int len = snprintf(out, NAME_SIZE, "%.*s%04d/%02d/%02d/%02d%02d%02dZ-%06" PRIu64 "-%s.jsonl",
                       OL_SLICE_FMT(self->options.prefix), utc.tm_year + 1900, utc.tm_mon + 1,
                       utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, self->number, digits);
    return len > 0 && len < NAME_SIZE;
}

/* What has gathered becomes the batch. */
static bool take_batch(ol_key_audit_bucket *self)
{
    char name[NAME_SIZE];
    if (!self->object) {
        if (!write_name(self, name))
            return false;
        const ol_kept_object_options options = {.loop = self->loop,
                                                .origin = self->options.origin,
                                                .bucket = self->options.bucket,
                                                .key = ol_slice_cstr(name),
                                                .bytes_max = self->options.buffer_bytes};
        self->object = ol_kept_object_new(&options);
        if (!self->object)
            return false;
    }
    pthread_mutex_lock(&self->lock);
    ol_buf empty = self->batch;
    self->batch = self->gathering;
    self->gathering = empty;
    self->flying = self->batch.len;
    self->hurried = false;
    pthread_mutex_unlock(&self->lock);
    return true;
}

static void go_on(ol_key_audit_bucket *self);
static void finish_close(ol_key_audit_bucket *self);

static void settle(ol_key_audit_bucket *self)
{
    ol_kept_object_destroy(self->object);
    self->object = NULL;
    self->number++;
    self->again_ms = 0;
    ol_buf_clear(&self->batch);
    pthread_mutex_lock(&self->lock);
    self->flying = 0;
    self->stats.objects++;
    uint64_t dropped = self->stats.dropped;
    pthread_mutex_unlock(&self->lock);
    if (self->told)
        ol_say("info", "key audit: the bucket takes lines again; %" PRIu64 " were dropped so far",
               dropped);
    self->told = false;
}

static void put_off(ol_key_audit_bucket *self, const ol_error *err)
{
    pthread_mutex_lock(&self->lock);
    self->stats.failures++;
    pthread_mutex_unlock(&self->lock);
    if (!self->told)
        ol_say("error", "key audit: bucket %.*s: %s; lines wait",
               OL_SLICE_FMT(self->options.bucket), err->detail[0] ? err->detail : err->message);
    self->told = true;
    self->again_ms = self->again_ms ? self->again_ms * 2 : AGAIN_MS_MIN;
    if (self->again_ms > AGAIN_MS_MAX)
        self->again_ms = AGAIN_MS_MAX;
}

static void on_put(void *arg, const ol_error *err)
{
    ol_key_audit_bucket *self = arg;
    self->putting = false;
    /* It bears our random name: it is there because it arrived, though nobody told us. */
    if (!err || err->code == OL_EPRECONDITION)
        settle(self);
    else
        put_off(self, err);
    go_on(self);
}

/* ---- when ---- */

static size_t gathered(ol_key_audit_bucket *self)
{
    pthread_mutex_lock(&self->lock);
    size_t len = self->gathering.len;
    pthread_mutex_unlock(&self->lock);
    return len;
}

static void on_timer(uv_timer_t *timer);

static void put(ol_key_audit_bucket *self)
{
    if (self->putting || (self->batch.len == 0 && (gathered(self) == 0 || !take_batch(self))))
        return;
    self->putting = true;
    ol_kept_object_save(self->object, ol_buf_slice(&self->batch), on_put, self);
}

/* After a put, and at a close. */
static void go_on(ol_key_audit_bucket *self)
{
    bool more = self->batch.len > 0 || gathered(self) > 0;
    if (self->closing && (!more || ol_clock_mono_ms() >= self->close_by_ms)) {
        finish_close(self);
        return;
    }
    uint64_t pause = self->again_ms ? self->again_ms : self->options.interval_ms;
    if (!self->again_ms && (self->closing || gathered(self) >= self->options.object_bytes))
        pause = 0;
    if (self->closing && pause > AGAIN_MS_MIN)
        pause = AGAIN_MS_MIN;
    uv_timer_start(&self->timer, on_timer, pause, 0);
}

/* What is under way ends with it. */
static void detach(ol_key_audit_bucket *self);

static void on_timer(uv_timer_t *timer)
{
    ol_key_audit_bucket *self = timer->data;
    if (self->closing && self->putting) {
        detach(self);
        return;
    }
    put(self);
    if (!self->putting)
        go_on(self);
}

static void on_hurry(void *arg)
{
    ol_key_audit_bucket *self = arg;
    pthread_mutex_lock(&self->lock);
    self->posted = false;
    pthread_mutex_unlock(&self->lock);
    if (!self->putting && !self->again_ms)
        put(self);
}

/* ---- life ---- */

static void check_over(ol_key_audit_bucket *self)
{
    if (self->timer_closed && !self->attached)
        ol_loop_stop(self->loop);
}

static void on_detached(void *arg)
{
    ol_key_audit_bucket *self = arg;
    self->attached = false;
    check_over(self);
}

static void detach(ol_key_audit_bucket *self)
{
    if (self->attached && !self->detaching) {
        self->detaching = true;
        self->options.detach(self->options.origin, self->loop, on_detached, self);
    }
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_key_audit_bucket *self = handle->data;
    self->timer_closed = true;
    detach(self);
    check_over(self);
}

static uint64_t lines_of(const ol_buf *text)
{
    uint64_t lines = 0;
    for (size_t i = 0; i < text->len; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static void finish_close(ol_key_audit_bucket *self)
{
    uint64_t lost = lines_of(&self->batch) + lines_of(&self->gathering);
    if (lost > 0)
        ol_say("error", "key audit: %" PRIu64 " lines never reached the bucket", lost);
    uv_timer_stop(&self->timer);
    uv_close((uv_handle_t *)&self->timer, on_timer_closed);
}

/* A put that is still under way when the time is up is given up. */
static void on_close(void *arg)
{
    ol_key_audit_bucket *self = arg;
    self->closing = true;
    self->again_ms = 0;
    self->close_by_ms = ol_clock_mono_ms() + self->options.close_ms;
    put(self);
    if (self->putting)
        uv_timer_start(&self->timer, on_timer, self->options.close_ms, 0);
    else
        go_on(self);
}

static void *run(void *arg)
{
    ol_key_audit_bucket *self = arg;
    pthread_setname_np(pthread_self(), "objlens-audit");
    ol_loop_run(self->loop);
    return NULL;
}

static void free_all(ol_key_audit_bucket *self)
{
    if (self->loop)
        ol_loop_destroy(self->loop);
    ol_kept_object_destroy(self->object);
    ol_buf_fini(&self->gathering);
    ol_buf_fini(&self->batch);
    pthread_mutex_destroy(&self->lock);
    ol_free(self->names);
    ol_free(self);
}

static int copy_names(ol_key_audit_bucket *self)
{
    ol_slice bucket = self->options.bucket, prefix = self->options.prefix;
    self->names = ol_malloc(bucket.len + prefix.len + 1);
    if (!self->names)
        return OL_ENOMEM;
    memcpy(self->names, bucket.data, bucket.len);
    if (prefix.len > 0)
        memcpy(self->names + bucket.len, prefix.data, prefix.len);
    self->options.bucket = ol_slice_of(self->names, bucket.len);
    self->options.prefix = ol_slice_of(self->names + bucket.len, prefix.len);
    return ol_loop_new(&self->loop, LOOP_INDEX);
}

/* The loop runs from here on, and is ended by a close. */
static int start(ol_key_audit_bucket *self, ol_error *err)
{
    uv_timer_init(ol_loop_uv(self->loop), &self->timer);
    self->timer.data = self;
    uv_timer_start(&self->timer, on_timer, self->options.interval_ms, 0);
    int rc = self->options.attach
                 ? self->options.attach(self->options.origin, self->loop, err)
                 : OL_OK;
    self->attached = rc == OL_OK && self->options.attach;
    if (rc == OL_OK && pthread_create(&self->thread, NULL, run, self) != 0)
        rc = ol_error_set(err, OL_ENOMEM, "key audit: thread");
    if (rc == OL_OK)
        return OL_OK;
    finish_close(self);
    ol_loop_run(self->loop);
    return rc;
}

int ol_key_audit_bucket_open(ol_key_audit_bucket **out, const ol_key_audit_bucket_options *options,
                             ol_error *err)
{
    ol_key_audit_bucket *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "key audit");
    self->options = *options;
    pthread_mutex_init(&self->lock, NULL);
    ol_buf_init(&self->gathering, options->buffer_bytes);
    ol_buf_init(&self->batch, options->buffer_bytes);
    self->hurry = (ol_post){.fn = on_hurry, .arg = self};
    self->close = (ol_post){.fn = on_close, .arg = self};
    int rc = copy_names(self);
    rc = rc == OL_OK ? start(self, err) : ol_error_set(err, rc, "key audit");
    if (rc != OL_OK) {
        free_all(self);
        return rc;
    }
    *out = self;
    return OL_OK;
}

void ol_key_audit_bucket_close(ol_key_audit_bucket *self)
{
    if (!self)
        return;
    ol_loop_post(self->loop, &self->close);
    pthread_join(self->thread, NULL);
    free_all(self);
}
