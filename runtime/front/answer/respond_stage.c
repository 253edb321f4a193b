/* SPDX-License-Identifier: MIT */
#include "front/answer/respond_stage.h"

typedef struct respond {
    ol_request *request;
    bool waits; /* a write returned OL_WAIT */
} respond;

/* The request's own: held bytes may also drain while no write waits. */
static void drained(ol_request *request)
{
    ol_stage *st = request->sink;
    respond *self = st ? st->state : NULL;
    if (!self || !self->waits)
        return;
    self->waits = false;
    ol_stage_ready(st);
}

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    respond *self = st->state;
    /* The pipeline's config pointers are const because stages share them; the request is
     * this stage's own. */
    self->request = (ol_request *)st->config;
    self->request->sink = st;
    self->request->on_drain = drained;
    ol_answer_open(self->request);
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)err;
    ol_answer_begin(((respond *)st->state)->request, head);
    return OL_OK;
}

static int write_out(ol_stage *st, ol_slice in, ol_error *err)
{
    respond *self = st->state;
    int rc = ol_answer_write(self->request, in, err);
    self->waits = rc == OL_WAIT;
    return rc;
}

static bool takes_piped(ol_stage *st)
{
    return ol_answer_takes_piped(((respond *)st->state)->request);
}

static int finish(ol_stage *st, ol_error *err)
{
    int rc = ol_answer_end(((respond *)st->state)->request, err);
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static void close_stage(ol_stage *st)
{
    respond *self = st->state;
    if (self->request->sink == st) {
        self->request->sink = NULL;
        self->request->on_drain = NULL;
    }
}

const ol_stage_ops ol_respond_stage_ops = {
    .name = "respond",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(respond),
    .open = open_stage,
    .head = take_head,
    .write = write_out,
    .finish = finish,
    .takes_piped = takes_piped,
    .close = close_stage,
};
