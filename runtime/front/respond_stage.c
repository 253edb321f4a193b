/* SPDX-License-Identifier: MIT */
#include "front/respond_stage.h"

typedef struct respond {
    ol_request *request;
    ol_head *head; /* kept until the first byte; arena memory of the stage that sent it */
} respond;

static void drained(ol_request *request)
{
    if (request->sink)
        ol_stage_ready(request->sink);
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
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    respond *self = st->state;
    self->head = ol_arena_alloc(ol_stage_arena(st), sizeof(*head));
    if (!self->head)
        return ol_error_set(err, OL_ENOMEM, "response head");
    *self->head = *head;
    return OL_OK;
}

/* The head as the transform and the stages left it, plus what every response bears. */
static int add_headers(ol_request *request, const ol_head *head, ol_headers **out)
{
    ol_headers *headers = ol_request_headers(request);
    if (!headers)
        return OL_ENOMEM;
    for (size_t i = 0; i < head->headers.count; i++) {
        int rc = ol_headers_add(headers, head->headers.items[i].name, head->headers.items[i].value);
        if (rc != OL_OK)
            return rc;
    }
    *out = headers;
    return OL_OK;
}

static int send_head(respond *self, ol_error *err)
{
    ol_request *request = self->request;
    if (request->answered)
        return OL_OK;
    ol_headers *headers;
    int rc = add_headers(request, self->head, &headers);
    if (rc != OL_OK)
        return ol_error_set(err, rc == OL_ENOMEM ? OL_ENOMEM : OL_EINTERNAL, "response headers");
    ol_http_response response = {
        .status = self->head->status,
        .headers = headers,
        .content_length = self->head->content_length,
        .no_body = request->head_only,
    };
    request->answered = true;
    request->line.status = response.status;
    rc = ol_http_respond(request->x, &response);
    return rc == OL_OK ? OL_OK : ol_error_set(err, OL_EPEER, "the response could not be begun");
}

static int write_out(ol_stage *st, ol_slice in, ol_error *err)
{
    respond *self = st->state;
    if (self->request->gone)
        return ol_error_set(err, OL_EPEER, "the client left before the end");
    int rc = send_head(self, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_http_write(self->request->x, in);
    if (rc < 0)
        return ol_error_set(err, OL_EPEER, "the client left before the end");
    self->request->write_waits = rc == OL_WAIT;
    return rc;
}

static int finish(ol_stage *st, ol_error *err)
{
    respond *self = st->state;
    if (self->request->gone)
        return ol_error_set(err, OL_EPEER, "the client left before the end");
    int rc = send_head(self, err);
    if (rc != OL_OK)
        return rc;
    ol_http_end(self->request->x);
    return ol_stage_finish(st, err);
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
    .close = close_stage,
};
