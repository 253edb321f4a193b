/* SPDX-License-Identifier: MIT */
/*
 * The exchange may go on calling back after the pipeline is closed (it drains what the client
 * still sends), so what its callbacks use is arena memory of the request, not stage state.
 */
#include "front/request/body_stage.h"

typedef struct body {
    ol_request *request;
    ol_stage *stage; /* NULL once closed */
    ol_head head;
    bool started;
} body;

static int on_data(void *arg, ol_slice data)
{
    body *self = arg;
    if (!self->stage || ol_stage_is_over(self->stage))
        return OL_ECANCELED;
    self->request->line.bytes_in += data.len;
    ol_error err = {0};
    int rc = ol_stage_write(self->stage, data, &err);
    if (rc < 0)
        ol_stage_fail(self->stage, &err);
    return rc;
}

static void on_end(void *arg, int code)
{
    body *self = arg;
    if (!self->stage || ol_stage_is_over(self->stage))
        return;
    ol_error err = {0};
    if (code != OL_OK)
        ol_error_set(&err, code == OL_EPEER ? OL_EINCOMPLETEBODY : code, "the upload broke off");
    else
        ol_stage_finish(self->stage, &err);
    if (err.code != OL_OK)
        ol_stage_fail(self->stage, &err);
}

static const ol_http_body_ops body_ops = {.on_data = on_data, .on_end = on_end};

static int open_stage(ol_stage *st, ol_error *err)
{
    ol_request *request = (ol_request *)st->config;
    body **state = st->state;
    *state = ol_arena_calloc(request->arena, sizeof(body));
    if (!*state)
        return ol_error_set(err, OL_ENOMEM, "upload");
    (*state)->request = request;
    (*state)->stage = st;
    return OL_OK;
}

static void start(body *self)
{
    ol_error err = {0};
    self->started = true;
    self->head.status = 200;
    self->head.content_length = self->request->http->content_length;
    ol_headers_init(&self->head.headers, self->request->arena);
    if (ol_stage_head(self->stage, &self->head, &err) != OL_OK) {
        ol_stage_fail(self->stage, &err);
        return;
    }
    ol_http_body_start(self->request->x, &body_ops, self);
}

static void resume(ol_stage *st)
{
    body *self = *(body **)st->state;
    if (self->request->gone)
        return;
    if (!self->started)
        start(self);
    else
        ol_http_body_resume(self->request->x);
}

static void close_stage(ol_stage *st)
{
    body *self = *(body **)st->state;
    self->stage = NULL;
}

const ol_stage_ops ol_body_stage_ops = {
    .name = "upload",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(body *),
    .open = open_stage,
    .resume = resume,
    .close = close_stage,
};
