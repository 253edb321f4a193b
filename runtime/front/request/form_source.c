/* SPDX-License-Identifier: MIT */
/*
 * States: the fields are being read; they are in and are judged, the body held; the file flows; it
 * has ended, and what still comes is dropped; over: nobody wants anything any more.
 */
#include "front/request/form_source.h"

#include "base/alloc.h"

enum state { READING, JUDGING, FLOWING, ENDED, OVER };

/* ---- the fields ---- */

static void fail(ol_form_source *self, const ol_error *err)
{
    self->state_ = OVER;
    self->op->on_gone = NULL;
    ol_operation_fail(self->op, err);
}

static void on_turn(void *arg)
{
    ol_form_source *self = arg;
    ol_operation *op = self->op;
    if (ol_operation_lives(op, NULL))
        self->then_(op);
}

/* The exchange keeps the rest of its bytes for us until the file is asked for; what follows may
 * do just that, so it waits until this callback has returned. */
static int hold(ol_form_source *self, ol_slice rest)
{
    self->state_ = JUDGING;
    self->rest_ = rest;
    self->op->on_gone = NULL;
    self->turn_ = (ol_post){.fn = on_turn, .arg = self};
    ol_loop_defer(self->op->request->worker->loop, &self->turn_);
    return OL_WAIT;
}

static int read_fields(ol_form_source *self, ol_slice data)
{
    ol_error err = {0};
    ol_slice piece, read = data;
    int rc = ol_post_form_next(self->form, &data, &piece, &err);
    /* Fields may be keys, and the form has copies of its own. */
    ol_wipe_slice(rc == OL_POST_FILE ? ol_slice_first(read, read.len - data.len) : read);
    if (rc == OL_POST_MORE)
        return OL_OK;
    if (rc == OL_POST_FILE)
        return hold(self, data);
    ol_error_set(&err, rc < 0 ? rc : OL_EMALFORMEDPOST, "a form's fields");
    fail(self, &err);
    return OL_ECANCELED;
}

/* ---- the file ---- */

static int take(ol_form_source *self, ol_slice piece, ol_error *err)
{
    uint64_t min, max;
    self->bytes_ += piece.len;
    if (self->policy) {
        ol_post_policy_range(self->policy, &min, &max);
        if (self->bytes_ > max)
            return ol_post_policy_check_size(self->policy, self->bytes_, err);
    }
    return ol_stage_write(self->stage_, piece, err);
}

static int end_file(ol_form_source *self, ol_error *err)
{
    self->state_ = ENDED;
    int rc = self->policy ? ol_post_policy_check_size(self->policy, self->bytes_, err) : OL_OK;
    return rc == OL_OK ? ol_stage_finish(self->stage_, err) : rc;
}

/* OL_OK: more of the body may come. OL_WAIT: the stage below will say when to go on. */
static int pump(ol_form_source *self)
{
    ol_error err = {0};
    ol_slice piece;
    int rc;
    do {
        rc = ol_post_form_next(self->form, &self->rest_, &piece, &err);
        if (rc == OL_POST_DATA) {
            rc = take(self, piece, &err);
        } else if (rc == OL_POST_END) {
            ol_wipe_slice(self->rest_); /* more fields, which mean nothing */
            rc = end_file(self, &err) == OL_OK ? OL_POST_MORE : OL_ECANCELED;
        }
    } while (rc == OL_OK);
    if (rc < 0)
        ol_stage_fail(self->stage_, &err);
    return rc == OL_POST_MORE ? OL_OK : rc;
}

static bool is_live(const ol_form_source *self)
{
    return self->state_ == FLOWING && self->stage_ && !ol_stage_is_over(self->stage_);
}

/* ---- the exchange's callbacks ---- */

static int on_data(void *arg, ol_slice data)
{
    ol_form_source *self = arg;
    if (self->state_ == ENDED) {
        ol_wipe_slice(data);
        return OL_OK;
    }
    if (self->state_ == READING || is_live(self))
        self->op->request->line.bytes_in += data.len;
    if (self->state_ == READING)
        return read_fields(self, data);
    if (!is_live(self)) {
        ol_wipe_slice(data);
        return OL_ECANCELED;
    }
    self->rest_ = data;
    return pump(self);
}

static void on_end(void *arg, int code)
{
    ol_form_source *self = arg;
    ol_error err = {0};
    if (self->state_ != READING && !is_live(self))
        return;
    if (code != OL_OK)
        ol_error_set(&err, code == OL_EPEER ? OL_EINCOMPLETEBODY : code, "the form broke off");
    else if (ol_post_form_finish(self->form, &err) == OL_OK)
        ol_error_set(&err, OL_EMALFORMEDPOST, "the form ended early");
    if (self->state_ == READING)
        fail(self, &err);
    else
        ol_stage_fail(self->stage_, &err);
}

static const ol_http_body_ops body_ops = {.on_data = on_data, .on_end = on_end};

/* While the fields are read nothing else runs for the operation. */
static void on_gone(ol_operation *op)
{
    ol_form_source *self = op->step_;
    self->state_ = OVER;
    op->on_gone = NULL;
    ol_operation_end(op);
}

void ol_form_source_begin(ol_form_source *self, ol_operation *op, ol_operation_fn then)
{
    ol_request *request = op->request;
    ol_error err = {0};
    self->op = op;
    self->then_ = then;
    op->step_ = self;
    op->on_gone = on_gone;
    ol_slice type = ol_headers_get(&request->http->headers, "content-type");
    int rc = ol_operation_keep(op, &type, &err);
    if (rc == OL_OK)
        rc = ol_post_form_new(&self->form, type, request->arena, &err);
    if (rc == OL_OK)
        ol_http_body_start(request->x, &body_ops, self);
    else
        fail(self, &err);
}

/* ---- the stage ---- */

static int open_stage(ol_stage *st, ol_error *err)
{
    ol_form_source *self = (ol_form_source *)st->config;
    (void)err;
    self->stage_ = st;
    return OL_OK;
}

static int start(ol_form_source *self, ol_error *err)
{
    self->state_ = FLOWING;
    self->head_.status = 200;
    self->head_.content_length = -1;
    ol_headers_init(&self->head_.headers, self->op->request->arena);
    return ol_stage_head(self->stage_, &self->head_, err);
}

static void resume(ol_stage *st)
{
    ol_form_source *self = (ol_form_source *)st->config;
    ol_error err = {0};
    if (self->op->request->gone)
        return;
    if (self->state_ == JUDGING && start(self, &err) != OL_OK) {
        ol_stage_fail(st, &err);
        return;
    }
    if (self->state_ == FLOWING && pump(self) == OL_OK)
        ol_http_body_resume(self->op->request->x);
}

static void close_stage(ol_stage *st)
{
    ol_form_source *self = (ol_form_source *)st->config;
    self->stage_ = NULL;
    if (self->state_ != ENDED)
        self->state_ = OVER;
}

const ol_stage_ops ol_form_stage_ops = {
    .name = "form",
    .phase = OL_PHASE_SOURCE,
    .open = open_stage,
    .resume = resume,
    .close = close_stage,
};
