/* SPDX-License-Identifier: MIT */
/*
 * The HTTP server with nothing behind it: what a request costs before objlens does any work.
 * Usage: http_floor PORT [CERT KEY]; GET /N answers with N bytes. Built by hand against
 * ol_http; measured with wrk.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "http/server.h"
#include "net/tls.h"

#define BLOCK_BYTES (256 * 1024)

static uint8_t block[BLOCK_BYTES];

typedef struct job {
    ol_http_exchange *x;
    size_t left;
} job;

static void more(job *j)
{
    while (j->left > 0) {
        size_t len = j->left < BLOCK_BYTES ? j->left : BLOCK_BYTES;
        j->left -= len;
        if (ol_http_write(j->x, ol_slice_of(block, len)) != OL_OK)
            return;
    }
    ol_http_end(j->x);
}

static void on_drain(void *arg)
{
    more(arg);
}

static void on_close(void *arg, int code)
{
    (void)arg;
    (void)code;
}

static const ol_http_exchange_ops ops = {.on_drain = on_drain, .on_close = on_close};

static void on_request(void *arg, ol_http_exchange *x)
{
    (void)arg;
    job *j = ol_arena_alloc(ol_http_arena(x), sizeof(*j));
    if (!j) {
        ol_http_abort(x);
        return;
    }
    j->x = x;
    j->left = strtoul((const char *)ol_http_request_of(x)->path.data + 1, NULL, 10);
    ol_headers headers;
    ol_headers_init(&headers, ol_http_arena(x));
    ol_headers_add(&headers, OL_SLICE_LIT("Content-Type"), OL_SLICE_LIT("binary/octet-stream"));
    ol_headers_add(&headers, OL_SLICE_LIT("ETag"),
                   OL_SLICE_LIT("\"0123456789abcdef0123456789abcdef\""));
    ol_http_response r = {
        .status = 200, .headers = &headers, .content_length = (int64_t)j->left};
    ol_http_exchange_set(x, &ops, j);
    if (ol_http_respond(x, &r) != OL_OK) {
        ol_http_abort(x);
        return;
    }
    more(j);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 4) {
        fprintf(stderr, "usage: http_floor PORT [CERT KEY]\n");
        return 2;
    }
    ol_loop *loop;
    ol_http_server *server;
    ol_error err = {0};
    struct ol_tls *tls = NULL;
    ol_http_limits limits;
    ol_http_limits_default(&limits);
    ol_http_handler handler = {.on_request = on_request};
    const ol_tls_certificate certificate = {argc == 4 ? argv[2] : NULL, argc == 4 ? argv[3] : NULL};
    const ol_tls_server_options options = {.certificates = &certificate, .certificate_count = 1};
    if (argc == 4 && ol_tls_server_new(&tls, &options, &err) != OL_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    ol_http_listen listen = {"127.0.0.1", (uint16_t)atoi(argv[1]), tls};
    if (ol_loop_new(&loop, 0) != OL_OK ||
        ol_http_server_new(&server, loop, &limits, &handler) != OL_OK ||
        ol_http_server_listen(server, &listen, NULL, &err) != OL_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    ol_loop_run(loop);
    return 0;
}
