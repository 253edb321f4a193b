/* SPDX-License-Identifier: MIT */
/*
 * Heap memory, because a timer's handle is given back on a later turn than the operation's end.
 */
#include "front/operations/late_answer.h"

#include "base/alloc.h"
#include "front/server/generation.h"

/* In what the server itself takes for a dead connection, this many signs of life. */
#define SIGNS 3

static const char declaration[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>";

struct ol_late_answer {
    uv_timer_t timer;
    ol_operation *op;
    bool begun;
    bool stuck; /* a byte has not left: nothing more can be written */
};

static void write_some(struct ol_late_answer *self, ol_slice bytes)
{
    int rc = ol_http_write(self->op->request->x, bytes);
    self->stuck = rc == OL_WAIT;
    if (rc < 0)
        ol_http_abort(self->op->request->x);
}

static void on_drain(ol_request *request)
{
    ol_operation *op = request->operation;
    if (op && op->late_)
        op->late_->stuck = false;
}

static bool begin(struct ol_late_answer *self)
{
    ol_request *request = self->op->request;
    ol_headers *headers = ol_request_headers(request);
    if (!headers || ol_headers_add(headers, OL_SLICE_LIT("content-type"),
                                   OL_SLICE_LIT("application/xml")) != OL_OK)
        return false; /* perhaps there is memory next time */
    const ol_http_response response = {.status = 200, .headers = headers, .content_length = -1};
    request->answered = true;
    request->line.status = response.status;
    request->on_drain = on_drain;
    self->begun = true;
    if (ol_http_respond(request->x, &response) == OL_OK)
        return true;
    ol_http_abort(request->x);
    return false;
}

static void on_timer(uv_timer_t *timer)
{
    struct ol_late_answer *self = timer->data;
    if (self->op->request->gone || self->stuck)
        return;
    if (self->begun)
        write_some(self, OL_SLICE_LIT(" "));
    else if (begin(self))
        write_some(self, ol_slice_cstr(declaration));
}

static void on_closed(uv_handle_t *handle)
{
    ol_free(handle->data);
}

int ol_late_answer_watch(ol_operation *op, ol_error *err)
{
    const ol_limits *limits = &op->request->generation->config->limits;
    struct ol_late_answer *self = ol_calloc(1, sizeof(*self));
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "a late answer");
    self->op = op;
    self->timer.data = self;
    op->late_ = self;
    uint64_t patience_ms = limits->http.body_timeout_ms / SIGNS;
    uv_timer_init(ol_loop_uv(op->request->worker->loop), &self->timer);
    uv_timer_start(&self->timer, on_timer, patience_ms, patience_ms);
    return OL_OK;
}

bool ol_late_answer_finish(ol_operation *op, ol_slice xml)
{
    struct ol_late_answer *self = op->late_;
    if (!self || !self->begun)
        return false;
    ol_request *request = op->request;
    ol_slice first = OL_SLICE_LIT("<?xml");
    ptrdiff_t end = ol_slice_starts(xml, first) ? ol_slice_find(xml, '>') : -1;
    ol_slice rest = ol_arena_copy(request->arena, ol_slice_from(xml, (size_t)(end + 1)));
    /* What is written may have to wait for the socket: it stays with the request. */
    if (self->stuck || !rest.data || ol_http_write(request->x, rest) < 0)
        ol_http_abort(request->x);
    else
        ol_http_end(request->x);
    return true;
}

void ol_late_answer_stop(ol_operation *op)
{
    struct ol_late_answer *self = op->late_;
    if (!self)
        return;
    op->late_ = NULL;
    op->request->on_drain = NULL;
    uv_timer_stop(&self->timer);
    uv_close((uv_handle_t *)&self->timer, on_closed);
}
