/* SPDX-License-Identifier: MIT */
#include "front/request/request.h"

#include "base/clock.h"
#include "front/request/authorize.h"
#include "front/request/dev.h"
#include "s3/documents/error_document.h"
#include "s3/request/sse_headers.h"

/* ---- lifetime ---- */

ol_request *ol_request_acquire(ol_request *request)
{
    request->references++;
    return request;
}

static void count(ol_request *request)
{
    ol_metrics *metrics = request->worker->metrics;
    const ol_access_line *line = &request->line;
    static const enum ol_counter classes[] = {OL_COUNTER_requests_2xx, OL_COUNTER_requests_3xx,
                                              OL_COUNTER_requests_4xx, OL_COUNTER_requests_5xx};
    ol_metrics_add(metrics, OL_COUNTER_requests, 1);
    if (line->status >= 200 && line->status < 600)
        ol_metrics_add(metrics, classes[line->status / 100 - 2], 1);
    if (line->broken)
        ol_metrics_add(metrics, OL_COUNTER_responses_broken, 1);
    if (request->target.via == OL_VIA_OBJECT_LAMBDA)
        ol_metrics_add(metrics, OL_COUNTER_requests_object_lambda, 1);
    ol_metrics_add(metrics, OL_COUNTER_bytes_in, line->bytes_in);
    ol_metrics_add(metrics, OL_COUNTER_bytes_out, line->bytes_out);
    ol_metrics_latency(metrics, line->first_byte_us, line->total_us);
}

/* What only the exchange knows, taken before it goes. */
static void note_exchange(ol_request *request, int code)
{
    ol_access_line *line = &request->line;
    uint64_t began = request->http->started_ns;
    uint64_t first = ol_http_first_byte_ns(request->x);
    line->peer = ol_arena_strdup(request->arena, request->http->peer);
    line->bytes_out = ol_http_bytes_sent(request->x);
    line->total_us = (ol_clock_mono_ns() - began) / 1000;
    line->first_byte_us = first > began ? (first - began) / 1000 : line->total_us;
    if (request->error.code == OL_OK && code != OL_OK)
        ol_error_set(&request->error, code, "the client left before the end");
    line->broken = request->answered && code != OL_OK;
}

static void write_log(ol_request *request)
{
    static const char *const vias[] = {"service", "bucket", "access-point", "object-lambda"};
    ol_access_line *line = &request->line;
    line->request_id = request->id;
    line->who = request->who ? ol_identity_label(request->who) : OL_SLICE_NONE;
    if (!line->operation) /* another API's have been named already */
        line->operation = ol_s3_operation_name(request->address.operation);
    line->via = vias[request->target.via];
    line->target = request->address.bucket;
    line->key = request->address.key;
    line->code = request->error.code;
    line->error = request->error.code ? request->error.s3_code : NULL;
    if (request->error.detail[0])
        line->detail = request->error.detail;
    count(request);
    ol_access_log_write(request->worker->shared->access_log, line);
}

void ol_request_release(ol_request *request)
{
    if (--request->references > 0)
        return;
    ol_worker *worker = request->worker;
    write_log(request);
    ol_sigv4_result_fini(&request->auth);
    ol_realm_release(request->realm);
    ol_generation_release(request->generation);
    ol_worker_arena_give(worker, request->arena);
}

/* ---- the exchange's callbacks ---- */

static void on_drain(void *arg)
{
    ol_request *request = arg;
    request->write_waits = false;
    if (ol_answer_drained(request) && request->on_drain)
        request->on_drain(request);
}

static void on_gone(void *arg, int code)
{
    ol_request *request = arg;
    if (request->gone)
        return;
    request->gone = true;
    ol_error_set(&request->error, code, "the client left before the end");
    if (request->on_gone)
        request->on_gone(request);
}

static void on_close(void *arg, int code)
{
    ol_request *request = arg;
    bool told = request->gone;
    request->gone = true;
    if (!told && request->on_gone)
        request->on_gone(request);
    note_exchange(request, code);
    ol_s3_sse_forget_keys(&request->http->headers);
    if (request->fields)
        ol_s3_sse_forget_keys(request->fields);
    request->x = NULL;
    request->http = NULL;
    ol_request_release(request);
}

static const ol_http_exchange_ops exchange_ops = {
    .on_drain = on_drain,
    .on_gone = on_gone,
    .on_close = on_close,
};

/* A reload does not change listeners; should it ever, nothing is served by guessed rules. */
static const ol_config_listener *listener_of(const ol_request *request)
{
    const ol_config *config = request->generation->config;
    unsigned index = request->http->listener;
    return index < config->listener_count ? &config->listeners[index] : NULL;
}

/* Its turn, in a line of those that change something. */
static void on_turn(void *arg)
{
    ol_request *request = arg;
    if (!request->gone)
        ol_request_dispatch(request);
    ol_request_release(request);
}

/* Whoever reads is served as soon as the socket has been read. In a storm of PUTs the others stand in
 * line: a reader then waits for a few of them and not for all. */
static void start(ol_request *request)
{
    ol_loop *loop = request->worker->loop;
    enum ol_http_method method = request->http->method;
    if (method == OL_HTTP_GET || method == OL_HTTP_HEAD || ol_loop_may_go(loop)) {
        ol_request_dispatch(request);
        return;
    }
    request->turn = (ol_post){.fn = on_turn, .arg = ol_request_acquire(request)};
    ol_loop_line_up(loop, &request->turn);
}

void ol_request_begin(ol_worker *worker, ol_http_exchange *x)
{
    ol_arena *arena = ol_worker_arena_take(worker);
    ol_request *request = arena ? ol_arena_calloc(arena, sizeof(*request)) : NULL;
    if (!request) {
        if (arena)
            ol_worker_arena_give(worker, arena);
        ol_http_abort(x);
        return;
    }
    request->worker = worker;
    request->x = x;
    request->http = ol_http_request_of(x);
    request->arena = arena;
    request->generation = ol_generation_acquire(worker->generation);
    request->realm = ol_realm_acquire(worker->realm);
    request->listener = listener_of(request);
    request->references = 1;
    request->head_only = request->http->method == OL_HTTP_HEAD;
    request->line.wall_ms = ol_loop_wall_ms(worker->loop);
    ol_request_id_make(request->id);
    ol_headers_init(&request->standing, arena);
    ol_http_exchange_set(x, &exchange_ops, request);
    if (request->listener && ol_dev_begin(request) == OL_OK)
        start(request);
    else
        ol_http_abort(x);
}

/* ---- answers ---- */

ol_headers *ol_request_headers(ol_request *request)
{
    ol_headers *headers = ol_arena_calloc(request->arena, sizeof(*headers));
    if (!headers)
        return NULL;
    ol_headers_init(headers, request->arena);
    ol_slice id = ol_slice_cstr(request->id);
    if (ol_headers_borrow(headers, OL_SLICE_LIT("x-amz-request-id"), id) != OL_OK ||
        ol_headers_borrow(headers, OL_SLICE_LIT("x-amz-id-2"), id) != OL_OK ||
        ol_headers_borrow(headers, OL_SLICE_LIT("Server"), OL_SLICE_LIT("objlens")) != OL_OK ||
        ol_headers_join(headers, &request->standing) != OL_OK)
        return NULL;
    return headers;
}

int ol_request_standing_header(ol_request *request, const char *name, ol_slice value)
{
    return ol_headers_add(&request->standing, ol_slice_cstr(name), value);
}

static void send_answer(ol_request *request, const ol_http_response *response, ol_slice body)
{
    request->answered = true;
    request->line.status = response->status;
    int rc = ol_http_respond(request->x, response);
    /* A waiting body stays in the arena, or hangs on it, until the exchange is over. */
    if (rc == OL_OK && !response->no_body && body.len > 0)
        rc = ol_http_write(request->x, body);
    if (rc < 0)
        ol_http_abort(request->x);
    else
        ol_http_end(request->x);
}

static void respond(ol_request *request, int status, const ol_headers *headers, ol_slice body)
{
    ol_http_response response = {
        .status = status,
        .headers = headers,
        .content_length = (int64_t)body.len,
        .no_body = request->head_only || status == 204 || status == 304,
    };
    send_answer(request, &response, body);
}

void ol_request_error_extra(ol_request *request, const char *name, ol_slice value)
{
    ol_slice copy = ol_arena_copy(request->arena, value);
    if (!copy.data || request->error_extra_count == OL_REQUEST_ERROR_EXTRAS_MAX)
        return;
    request->error_extras[request->error_extra_count++] =
        (ol_s3_error_extra){.name = name, .value = copy};
}

static void free_buf(void *arg)
{
    ol_buf_fini(arg);
}

/* A document may be larger than the request's arena: the buffer only hangs on it. */
static ol_buf *keep_buf(ol_request *request, ol_buf *buf)
{
    ol_buf *kept = ol_arena_alloc(request->arena, sizeof(*kept));
    if (!kept || ol_arena_on_end(request->arena, free_buf, kept) != OL_OK)
        return NULL;
    *kept = *buf;
    ol_buf_init(buf, buf->max);
    return kept;
}

static int write_error(ol_request *request, const ol_error *err, ol_slice *body)
{
    const ol_s3_error_document document = {.shape = request->error_shape,
                                           .err = err,
                                           .resource = request->http->path,
                                           .request_id = request->id,
                                           .extras = request->error_extras,
                                           .extra_count = request->error_extra_count};
    ol_buf xml;
    ol_buf_init(&xml, OL_S3_ERROR_DOCUMENT_BYTES_MAX);
    int rc = ol_s3_error_document_write(&xml, &document);
    ol_buf *kept = rc == OL_OK ? keep_buf(request, &xml) : NULL;
    ol_buf_fini(&xml);
    if (!kept)
        return OL_ENOMEM;
    *body = ol_buf_slice(kept);
    return OL_OK;
}

/* A HEAD answer announces the length of the document that a GET would have got: none here, so
 * that no client waits for a body. */
static void respond_error(ol_request *request, const ol_error *err)
{
    ol_headers *headers = ol_request_headers(request);
    ol_slice body = OL_SLICE_NONE;
    if (!headers) {
        ol_http_abort(request->x);
        return;
    }
    if (err->code == OL_ERANGE && request->unsatisfied_range[0])
        ol_headers_add(headers, OL_SLICE_LIT("Content-Range"),
                       ol_slice_cstr(request->unsatisfied_range));
    if (request->head_only || err->status == 304) {
        respond(request, err->status, headers, OL_SLICE_NONE);
        return;
    }
    ol_dev_explain(request, err);
    if (write_error(request, err, &body) != OL_OK ||
        ol_headers_add(headers, OL_SLICE_LIT("content-type"), OL_SLICE_LIT("application/xml"))) {
        ol_http_abort(request->x);
        return;
    }
    respond(request, err->status, headers, body);
}

void ol_request_fail(ol_request *request, const ol_error *err)
{
    ol_error hidden = ol_error_none();
    if (err->code == OL_ENOSUCHKEY && !request->answered && ol_authorize_is_read(request) &&
        !ol_authorize_missing(request)) {
        ol_error_set(&hidden, OL_EACCESS, "there is no such key, and the caller may not list");
        err = &hidden;
    }
    if (request->error.code == OL_OK)
        request->error = *err;
    if (request->gone)
        return;
    if (request->answered) {
        ol_http_abort(request->x);
        return;
    }
    respond_error(request, err);
}

static void fail_out_of_memory(ol_request *request)
{
    ol_error err = ol_error_none();
    ol_error_set(&err, OL_ENOMEM, "the request's arena is full");
    ol_request_fail(request, &err);
}

void ol_request_reply_document(ol_request *request, int status, const char *content_type,
                               ol_headers *headers, ol_buf *document)
{
    if (request->gone)
        return;
    if (!headers)
        headers = ol_request_headers(request);
    ol_buf *body = headers ? keep_buf(request, document) : NULL;
    ol_slice type = ol_slice_cstr(content_type);
    if (!body || ol_headers_add(headers, OL_SLICE_LIT("content-type"), type)) {
        fail_out_of_memory(request);
        return;
    }
    respond(request, status, headers, ol_buf_slice(body));
}

void ol_request_reply_xml(ol_request *request, int status, ol_buf *xml)
{
    ol_request_reply_document(request, status, "application/xml", NULL, xml);
}

void ol_request_reply_empty(ol_request *request, int status, const ol_headers *headers)
{
    if (request->gone)
        return;
    const ol_headers *all = headers ? headers : ol_request_headers(request);
    if (!all) {
        fail_out_of_memory(request);
        return;
    }
    respond(request, status, all, OL_SLICE_NONE);
}

void ol_request_reply_head(ol_request *request, int status, const ol_head *head)
{
    if (request->gone)
        return;
    ol_headers *all = ol_request_headers(request);
    int rc = all ? ol_headers_join(all, &head->headers) : OL_ENOMEM;
    if (rc != OL_OK) {
        fail_out_of_memory(request);
        return;
    }
    ol_http_response response = {
        .status = status,
        .headers = all,
        .content_length = status == 304 ? 0 : head->content_length,
        .no_body = true,
    };
    send_answer(request, &response, OL_SLICE_NONE);
}

void ol_request_note_stages(ol_request *request, const ol_pipeline *pipeline)
{
    ol_access_line *line = &request->line;
    const size_t max = sizeof(line->stages) / sizeof(line->stages[0]);
    line->stage_count = 0;
    for (const ol_stage *st = ol_pipeline_first(pipeline); st && line->stage_count < max;
         st = st->down)
        line->stages[line->stage_count++] = (ol_access_stage){
            .name = st->ops->name,
            .busy_us = st->busy_ns / 1000,
            .bytes_in = st->bytes_in,
            .bytes_out = st->bytes_out,
        };
}
