/* SPDX-License-Identifier: MIT */
/*
 * A service that answers request after request what a test has written down, byte for byte, and
 * misbehaves where it is told to: cuts, hangs, resets. It lives on the test's loop and keeps what
 * it was sent.
 */
#ifndef OL_TESTS_FAKE_S3_H
#define OL_TESTS_FAKE_S3_H

#include <arpa/inet.h>

#include "origin_kit.h"

#define FAKE_REPLIES_MAX 64
#define FAKE_REQUEST_BYTES_MAX (4u << 20)

enum fake_then {
    FAKE_KEEP,  /* the connection */
    FAKE_CLOSE, /* it properly */
    FAKE_RESET, /* it */
    FAKE_HANG   /* say nothing more, keep it open */
};

typedef struct fake_reply {
    const char *bytes; /* a head and maybe a body; NULL: nothing */
    size_t len;        /* 0: strlen */
    enum fake_then then;
    bool before_body;  /* do not wait for the request's body */
} fake_reply;

typedef struct fake {
    uv_tcp_t listener;
    ol_loop *loop;
    uint16_t port;
    char endpoint[64];
    fake_reply replies[FAKE_REPLIES_MAX];
    size_t reply_count, served;
    char *requests[FAKE_REPLIES_MAX]; /* head and body, as they came */
    size_t request_lens[FAKE_REPLIES_MAX];
    unsigned connections, open, unexpected;
    struct fake_conn *conns;
    bool closing, closed;
} fake;

typedef struct fake_conn {
    uv_tcp_t tcp;
    fake *f;
    struct fake_conn *next;
    char *in;
    size_t len;
    uv_write_t write;
    bool writing, gone, hung, continued;
    enum fake_then then;
} fake_conn;

/* ---- connections ---- */

static void fake_check_closed(fake *f)
{
    if (f->closing && f->open == 0 && !uv_is_active((uv_handle_t *)&f->listener))
        f->closed = true;
}

static void fake_on_conn_closed(uv_handle_t *handle)
{
    fake_conn *c = handle->data;
    fake *f = c->f;
    for (fake_conn **link = &f->conns; *link; link = &(*link)->next) {
        if (*link == c) {
            *link = c->next;
            break;
        }
    }
    f->open--;
    free(c->in);
    free(c);
    fake_check_closed(f);
}

static void fake_drop(fake_conn *c, bool reset)
{
    if (c->gone)
        return;
    c->gone = true;
    if (!reset || uv_tcp_close_reset(&c->tcp, fake_on_conn_closed) != 0)
        uv_close((uv_handle_t *)&c->tcp, fake_on_conn_closed);
}

static void fake_serve(fake_conn *c);

static void fake_on_written(uv_write_t *req, int status)
{
    fake_conn *c = req->data;
    c->writing = false;
    if (status < 0 || c->gone)
        return;
    if (c->then == FAKE_CLOSE || c->then == FAKE_RESET)
        fake_drop(c, c->then == FAKE_RESET);
    else
        fake_serve(c);
}

static void fake_send(fake_conn *c, const char *bytes, size_t len, enum fake_then then)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)bytes, (unsigned)len);
    c->then = then;
    c->write.data = c;
    c->writing = true;
    c->hung = then == FAKE_HANG;
    if (uv_write(&c->write, (uv_stream_t *)&c->tcp, &buf, 1, fake_on_written) != 0)
        fake_drop(c, true);
}

/* ---- requests ---- */

static size_t fake_body_length(const char *head)
{
    const char *field = strcasestr(head, "\r\ncontent-length:");
    return field ? strtoul(field + 17, NULL, 10) : 0;
}

static void fake_keep(fake *f, const char *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    memcpy(copy, bytes, len);
    copy[len] = '\0';
    f->requests[f->served] = copy;
    f->request_lens[f->served] = len;
}

static void fake_answer(fake_conn *c, size_t used)
{
    fake *f = c->f;
    fake_keep(f, c->in, used);
    const fake_reply reply = f->replies[f->served++];
    memmove(c->in, c->in + used, c->len - used + 1);
    c->len -= used;
    c->continued = false;
    size_t len = reply.len ? reply.len : reply.bytes ? strlen(reply.bytes) : 0;
    if (len > 0)
        fake_send(c, reply.bytes, len, reply.then);
    else if (reply.then == FAKE_HANG)
        c->hung = true;
    else
        fake_drop(c, reply.then == FAKE_RESET);
}

static void fake_serve(fake_conn *c)
{
    fake *f = c->f;
    if (c->writing || c->gone || c->hung)
        return;
    char *end = c->len ? strstr(c->in, "\r\n\r\n") : NULL;
    if (!end)
        return;
    if (f->served == f->reply_count) {
        print_error("unexpected request: %.300s\n", c->in);
        f->unexpected++;
        fake_drop(c, true);
        return;
    }
    size_t head = (size_t)(end - c->in) + 4, body = fake_body_length(c->in);
    bool early = f->replies[f->served].before_body;
    if (early || c->len >= head + body) {
        fake_answer(c, early ? c->len : head + body);
    } else if (!c->continued && strcasestr(c->in, "expect: 100-continue")) {
        c->continued = true;
        fake_send(c, "HTTP/1.1 100 Continue\r\n\r\n", 25, FAKE_KEEP);
    }
}

static void fake_on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *buf)
{
    fake_conn *c = handle->data;
    (void)size;
    *buf = uv_buf_init(c->in + c->len, (unsigned)(FAKE_REQUEST_BYTES_MAX - c->len));
}

static void fake_on_read(uv_stream_t *stream, ssize_t got, const uv_buf_t *buf)
{
    fake_conn *c = stream->data;
    (void)buf;
    if (got < 0) {
        fake_drop(c, false);
        return;
    }
    c->len += (size_t)got;
    c->in[c->len] = '\0';
    fake_serve(c);
}

static void fake_on_connection(uv_stream_t *listener, int status)
{
    fake *f = listener->data;
    assert_int_equal(status, 0);
    fake_conn *c = calloc(1, sizeof *c);
    c->f = f;
    c->in = malloc(FAKE_REQUEST_BYTES_MAX + 1);
    uv_tcp_init(listener->loop, &c->tcp);
    c->tcp.data = c;
    c->next = f->conns;
    f->conns = c;
    f->open++;
    f->connections++;
    assert_int_equal(uv_accept(listener, (uv_stream_t *)&c->tcp), 0);
    uv_read_start((uv_stream_t *)&c->tcp, fake_on_alloc, fake_on_read);
}

/* ---- life ---- */

static void fake_listen(fake *f)
{
    struct sockaddr_in at;
    int len = sizeof at;
    uv_tcp_init(ol_loop_uv(f->loop), &f->listener);
    f->listener.data = f;
    uv_ip4_addr("127.0.0.1", f->port, &at);
    assert_int_equal(uv_tcp_bind(&f->listener, (struct sockaddr *)&at, 0), 0);
    assert_int_equal(uv_listen((uv_stream_t *)&f->listener, 16, fake_on_connection), 0);
    uv_tcp_getsockname(&f->listener, (struct sockaddr *)&at, &len);
    f->port = ntohs(at.sin_port);
    snprintf(f->endpoint, sizeof f->endpoint, "http://127.0.0.1:%u", (unsigned)f->port);
}

static void fake_on_listener_closed(uv_handle_t *handle)
{
    fake *f = handle->data;
    fake_check_closed(f);
}

static KIT_UNUSED void fake_close(fake *f, ol_test_loop *loop)
{
    f->closing = true;
    for (fake_conn *c = f->conns, *next; c; c = next) {
        next = c->next;
        fake_drop(c, false);
    }
    uv_close((uv_handle_t *)&f->listener, fake_on_listener_closed);
    ol_test_loop_until(loop, &f->closed, OL_TEST_BOUND_MS);
    for (size_t i = 0; i < f->served; i++)
        free(f->requests[i]);
}

/* ---- what it may say ---- */

#define ETAG "0123456789abcdef0123456789abcdef"
#define OBJECT "ETag: \"" ETAG "\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
#define OK_BODY(length, body) "HTTP/1.1 200 OK\r\n" OBJECT "Content-Length: " length "\r\n\r\n" body
#define PART_BODY(range, length, body)                                                             \
    "HTTP/1.1 206 Partial Content\r\n" OBJECT "Content-Range: bytes " range                        \
    "\r\nContent-Length: " length "\r\n\r\n" body
#define STATUS(line) "HTTP/1.1 " line "\r\nContent-Length: 0\r\n\r\n"

/* ---- a test's fixture ---- */

typedef struct fixture {
    okit *k;
    fake f;
} fixture;

static KIT_UNUSED void fake_say(fixture *x, const char *bytes, enum fake_then then)
{
    x->f.replies[x->f.reply_count++] = (fake_reply){.bytes = bytes, .then = then};
}

/* The same with its length counted; the text lives as long as the test program. */
static KIT_UNUSED void fake_say_document(fixture *x, const char *status, const char *fields,
                                         const char *body)
{
    static char texts[FAKE_REPLIES_MAX][8192];
    static unsigned next;
    char *text = texts[next++ % FAKE_REPLIES_MAX];
    snprintf(text, sizeof texts[0], "HTTP/1.1 %s\r\n%sContent-Length: %zu\r\n\r\n%s", status, fields,
             strlen(body), body);
    fake_say(x, text, FAKE_KEEP);
}

static KIT_UNUSED fixture *fixture_new(void)
{
    fixture *x = calloc(1, sizeof *x);
    x->k = okit_new(x->f.endpoint);
    return x;
}

/* The fake listens first, so that the endpoint is known. */
static KIT_UNUSED void fixture_open(fixture *x)
{
    okit *k = x->k;
    ol_error err = {0};
    ol_test_bench_open(&k->bench);
    x->f.loop = k->bench.loop.loop;
    fake_listen(&x->f);
    assert_code_of(ol_s3_origin_new(&k->origin, &k->options, &err), OL_OK, &err);
    assert_code_of(ol_s3_origin_attach(k->origin, x->f.loop, &err), OL_OK, &err);
    k->attached = true;
}

static KIT_UNUSED fixture *opened(void)
{
    fixture *x = fixture_new();
    fixture_open(x);
    return x;
}

static KIT_UNUSED void fixture_free(fixture *x)
{
    okit *k = x->k;
    ol_test_bench_again(&k->bench);
    okit_detach(k);
    fake_close(&x->f, &k->bench.loop);
    ol_test_bench_close(&k->bench);
    ol_s3_origin_destroy(k->origin);
    free(k);
    free(x);
}

/* The body of "k", or of `hint` of it; `out` is to be given back. */
static KIT_UNUSED int fixture_get(fixture *x, const char *hint, ol_buf *out, okit_answer *a)
{
    ol_buf_init(out, 1 << 20);
    return okit_get(x->k, "b", "k", hint, out, a);
}

static KIT_UNUSED ol_s3_origin_stats fixture_stats(fixture *x)
{
    ol_s3_origin_stats stats;
    ol_s3_origin_stats_get(x->k->origin, &stats);
    return stats;
}

/* Every reply was asked for, none more. */
#define assert_served(x)                                                                           \
    do {                                                                                           \
        assert_int_equal((x)->f.served, (x)->f.reply_count);                                       \
        assert_int_equal((x)->f.unexpected, 0);                                                    \
    } while (0)
#define assert_sent(x, i, text) assert_non_null(strcasestr((x)->f.requests[i], text))
#define assert_not_sent(x, i, text) assert_null(strcasestr((x)->f.requests[i], text))

#endif
