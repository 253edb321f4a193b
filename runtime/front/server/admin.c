/* SPDX-License-Identifier: MIT */
#include "front/server/admin.h"

#include "front/request/dev.h"
#include "front/server/admin_metrics.h"

#define METRICS_BYTES_MAX (256 * OL_KIB)

typedef struct answer {
    ol_buf body;
} answer;

static void on_close(void *arg, int code)
{
    (void)code;
    answer *self = arg;
    ol_buf_fini(&self->body);
}

static const ol_http_exchange_ops exchange_ops = {.on_close = on_close};

/* ---- what can be asked ---- */

static int fill(const ol_admin *admin, ol_slice path, ol_buf *body)
{
    if (ol_slice_eq_cstr(path, "/-/health"))
        return ol_buf_add_cstr(body, "ok\n") == OL_OK ? 200 : 500;
    if (ol_slice_eq_cstr(path, "/-/ready")) {
        /* The admin server lives on the first worker's loop, and so may look at its realm. */
        bool ready = __atomic_load_n(&admin->ready, __ATOMIC_ACQUIRE) &&
                     ol_realm_is_complete(admin->workers[0].realm);
        ol_buf_add_cstr(body, ready ? "ready\n" : "not ready\n");
        return ready ? 200 : 503;
    }
    if (ol_slice_eq_cstr(path, "/-/metrics"))
        return ol_admin_metrics(body, admin) == OL_OK ? 200 : 500;
    ol_buf_add_cstr(body, "not found\n");
    return 404;
}

/* Any page that a browser shows on this machine can post here: its Origin gives it away. */
static int act(const ol_admin *admin, const ol_http_request *http, ol_buf *body)
{
    const ol_shared *shared = admin->workers[0].shared;
    bool forget = ol_slice_eq_cstr(http->path, "/-/views/forget");
    if (!forget && !ol_slice_eq_cstr(http->path, "/-/views/purge"))
        return 405;
    if (ol_headers_find(&http->headers, OL_SLICE_LIT("origin")))
        return 403;
    if (shared->view_cache)
        ol_view_cache_purge(shared->view_cache);
    if (forget && shared->view_memo)
        ol_view_memo_purge(shared->view_memo);
    return ol_buf_add_cstr(body, forget ? "forgotten\n" : "purged\n") == OL_OK ? 200 : 500;
}

static int serve(const ol_admin *admin, const ol_http_request *http, ol_buf *body)
{
    if (http->method == OL_HTTP_POST)
        return act(admin, http, body);
    bool known = http->method == OL_HTTP_HEAD || http->method == OL_HTTP_GET;
    return known ? fill(admin, http->path, body) : 405;
}

static bool is_dev(const ol_admin *admin)
{
    return admin->workers[0].generation->config->dev;
}

static void on_request(void *arg, ol_http_exchange *x)
{
    ol_admin *admin = arg;
    const ol_http_request *http = ol_http_request_of(x);
    answer *self = ol_arena_calloc(ol_http_arena(x), sizeof(*self));
    if (!self) {
        ol_http_abort(x);
        return;
    }
    ol_buf_init(&self->body, METRICS_BYTES_MAX);
    ol_http_exchange_set(x, &exchange_ops, self);
    bool head = http->method == OL_HTTP_HEAD;
    int status = serve(admin, http, &self->body);
    ol_headers headers;
    ol_headers_init(&headers, ol_http_arena(x));
    ol_headers_add(&headers, OL_SLICE_LIT("content-type"),
                   OL_SLICE_LIT("text/plain; version=0.0.4; charset=utf-8"));
    if (is_dev(admin))
        ol_headers_add(&headers, OL_SLICE_LIT(OL_DEV_HEADER), OL_SLICE_LIT("true"));
    ol_http_response response = {
        .status = status,
        .headers = &headers,
        .content_length = (int64_t)self->body.len,
        .no_body = head,
    };
    bool ok = ol_http_respond(x, &response) == OL_OK;
    if (ok && !head && self->body.len > 0)
        ok = ol_http_write(x, ol_buf_slice(&self->body)) >= 0;
    if (ok)
        ol_http_end(x);
    else
        ol_http_abort(x);
}

int ol_admin_init(ol_admin *admin, ol_worker *workers, unsigned worker_count, ol_error *err)
{
    ol_http_limits limits;
    ol_http_limits_default(&limits);
    admin->workers = workers;
    ol_http_handler handler = {.arg = admin,
                               .on_request = on_request,
                               .mark = is_dev(admin) ? OL_DEV_HEADER ": true\r\n" : NULL};
    admin->worker_count = worker_count < OL_ADMIN_WORKERS_MAX ? worker_count : OL_ADMIN_WORKERS_MAX;
    if (ol_http_server_new(&admin->server, workers[0].loop, &limits, &handler) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "admin server");
    return OL_OK;
}

int ol_admin_listen(ol_admin *admin, const ol_config_listener *listener, uint16_t *port,
                    ol_error *err)
{
    ol_http_listen listen = {.address = listener->address, .port = listener->port};
    return ol_http_server_listen(admin->server, &listen, port, err);
}

void ol_admin_close(ol_admin *admin, void (*cb)(void *arg), void *arg)
{
    ol_http_server_close(admin->server, cb, arg);
}
