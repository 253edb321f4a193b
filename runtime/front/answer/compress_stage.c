/* SPDX-License-Identifier: MIT */
/*
 * The happy path: each slice is compressed as it comes, into `gathered`; when enough is there, or
 * nothing came for a moment (then flushed), the buffers change places and `lent` goes to the stage
 * below, which may keep it for a while. Nothing from above is ever kept uncompressed, so that a
 * pipeline may be closed at any time and the next one goes on.
 */
#include "front/answer/compress_stage.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "front/answer/compressor.h"

#define SEND_BYTES (16 * OL_KIB) /* less waits for more */
#define FLUSH_AFTER_MS 30
/* What one slice may become, and what waited before it. */
#define HELD_BYTES_MAX (64 * OL_MIB)

struct ol_compression {
    unsigned coding;
    bool active;
    ol_compressor *compressor; /* made with the first byte */
    ol_buf gathered, lent;
    bool dirty; /* something went in since the last flush */
};

/* A handle that must outlive the stage until the loop has closed it. */
typedef struct moment {
    uv_timer_t timer;
    ol_stage *st;
} moment;

typedef struct compress {
    ol_compression *on;
    moment *moment;
    bool sending;  /* the stage below keeps `lent` */
    bool up_waits; /* a write from above returned OL_WAIT */
    bool ending;   /* finish was called */
} compress;

/* ---- a compression ---- */

static void end_compression(void *arg)
{
    ol_compression *on = arg;
    ol_compressor_destroy(on->compressor);
    ol_buf_fini(&on->gathered);
    ol_buf_fini(&on->lent);
}

ol_compression *ol_compression_new(ol_arena *arena, unsigned coding)
{
    ol_compression *on = coding ? ol_arena_calloc(arena, sizeof(*on)) : NULL;
    if (!on)
        return NULL;
    on->coding = coding;
    ol_buf_init(&on->gathered, HELD_BYTES_MAX);
    ol_buf_init(&on->lent, HELD_BYTES_MAX);
    return ol_arena_on_end(arena, end_compression, on) == OL_OK ? on : NULL;
}

int ol_compression_settle(ol_compression *on, ol_head *head)
{
    on->active = ol_coding_suits(head);
    return on->active ? ol_coding_apply(on->coding, head) : OL_OK;
}

bool ol_compression_is_active(const ol_compression *on)
{
    return on && on->active;
}

static int add(ol_compression *on, ol_slice in, enum ol_compressor_step step, ol_error *err)
{
    int rc = on->compressor ? OL_OK : ol_compressor_new(&on->compressor, on->coding);
    if (rc == OL_OK)
        rc = ol_compressor_add(on->compressor, in, step, &on->gathered);
    on->dirty = step == OL_COMPRESSOR_MORE;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "compressing");
}

/* ---- sending ---- */

static int send_gathered(ol_stage *st, ol_error *err)
{
    compress *self = st->state;
    ol_compression *on = self->on;
    ol_buf free_one = on->lent;
    on->lent = on->gathered;
    on->gathered = free_one;
    ol_buf_clear(&on->gathered);
    int rc = ol_stage_write(st, ol_buf_slice(&on->lent), err);
    self->sending = rc == OL_WAIT;
    return rc;
}

/* ---- a moment without input ---- */

static void on_moment(uv_timer_t *timer)
{
    ol_stage *st = ((moment *)timer->data)->st;
    compress *self = st->state;
    ol_error err = {0};
    if (self->sending || self->ending || !self->on->dirty || ol_stage_is_over(st))
        return;
    int rc = add(self->on, OL_SLICE_NONE, OL_COMPRESSOR_FLUSH, &err);
    if (rc == OL_OK)
        rc = send_gathered(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
}

static int watch(ol_stage *st, ol_error *err)
{
    compress *self = st->state;
    if (!self->moment) {
        self->moment = ol_calloc(1, sizeof(*self->moment));
        if (!self->moment)
            return ol_error_set(err, OL_ENOMEM, "compressing");
        uv_timer_init(ol_loop_uv(ol_stage_loop(st)), &self->moment->timer);
        self->moment->timer.data = self->moment;
        self->moment->st = st;
    }
    if (!uv_is_active((uv_handle_t *)&self->moment->timer))
        uv_timer_start(&self->moment->timer, on_moment, FLUSH_AFTER_MS, 0);
    return OL_OK;
}

static void on_closed(uv_handle_t *handle)
{
    ol_free(handle->data);
}

/* ---- the stage ---- */

static int open_stage(ol_stage *st, ol_error *err)
{
    compress *self = st->state;
    (void)err;
    /* Configs are const because stages may share them; a compression has one stage at a time. */
    self->on = (ol_compression *)st->config;
    return OL_OK;
}

static int write_on(ol_stage *st, ol_slice in, ol_error *err)
{
    compress *self = st->state;
    if (!self->on->active)
        return ol_stage_write(st, in, err);
    int rc = add(self->on, in, OL_COMPRESSOR_MORE, err);
    if (rc != OL_OK)
        return rc;
    if (!self->sending && self->on->gathered.len < SEND_BYTES)
        return watch(st, err);
    rc = self->sending ? OL_WAIT : send_gathered(st, err);
    self->up_waits = rc == OL_WAIT;
    if (rc == OL_OK && self->on->dirty)
        rc = watch(st, err);
    return rc;
}

static int finish(ol_stage *st, ol_error *err)
{
    compress *self = st->state;
    if (!self->on->active)
        return ol_stage_finish(st, err);
    self->ending = true;
    int rc = add(self->on, OL_SLICE_NONE, OL_COMPRESSOR_END, err);
    if (rc == OL_OK && !self->sending)
        rc = send_gathered(st, err);
    if (rc == OL_WAIT || (rc == OL_OK && self->sending))
        return OL_OK; /* goes on when the stage below is ready */
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

/* The stage below has done with `lent`. */
static void resume(ol_stage *st)
{
    compress *self = st->state;
    ol_error err = {0};
    int rc = OL_OK;
    self->sending = false;
    if (self->on->gathered.len >= SEND_BYTES || (self->ending && self->on->gathered.len > 0))
        rc = send_gathered(st, &err);
    if (rc == OL_OK && self->on->active && self->on->dirty)
        rc = watch(st, &err);
    if (rc == OL_OK && self->ending)
        rc = ol_stage_finish(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
    if (rc != OL_OK || self->ending)
        return;
    if (self->up_waits || !self->on->active) {
        self->up_waits = false;
        ol_stage_ready(st);
    }
}

static void close_stage(ol_stage *st)
{
    compress *self = st->state;
    if (!self->moment)
        return;
    self->moment->st = NULL;
    uv_close((uv_handle_t *)&self->moment->timer, on_closed);
    self->moment = NULL;
}

const ol_stage_ops ol_compress_stage_ops = {
    .name = "compress",
    .phase = OL_PHASE_CHECKSUM,
    .state_size = sizeof(compress),
    .open = open_stage,
    .write = write_on,
    .finish = finish,
    .resume = resume,
    .close = close_stage,
};
