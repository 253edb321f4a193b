/* SPDX-License-Identifier: MIT */
/*
 * Reads a stream of messages without sockets and writes down what it understood. The same
 * bytes must be understood in the same way however they are cut.
 */
#ifndef OL_TESTS_FUZZ_HTTP_MESSAGE_H
#define OL_TESTS_FUZZ_HTTP_MESSAGE_H

#include <stdlib.h>

#include "base/buf.h"
#include "http/body_reader.h"
#include "http/head_parse.h"
#include "http/target.h"

#define FUZZ_MESSAGES_MAX 16

typedef struct reader {
    bool response;
    ol_arena *arena;
    ol_head_scan scan;
    ol_body_reader body;
    bool in_body, dead;
    unsigned messages;
    ol_buf in;  /* unused bytes, in a block that moves, as in a connection */
    ol_buf log; /* what was understood */
} reader;

static inline void require(bool holds)
{
    if (!holds)
        abort();
}

/* What may never get past the scanner, looked for in the dumbest way. */
static inline void check_head_bytes(ol_slice head)
{
    require(head.len >= 4 && memcmp(head.data + head.len - 4, "\r\n\r\n", 4) == 0);
    for (size_t i = 0; i < head.len; i++) {
        uint8_t ch = head.data[i];
        require(ch != 0 && ch != 0x7f && (ch >= 0x20 || ch == '\t' || ch == '\r' || ch == '\n'));
        if (ch == '\n')
            require(i > 0 && head.data[i - 1] == '\r');
        if (ch == '\r')
            require(i + 1 < head.len && head.data[i + 1] == '\n');
        if (ch == '\n' && i + 1 < head.len)
            require(head.data[i + 1] != ' ' && head.data[i + 1] != '\t');
        if (ch == ':' && i > 0 && memchr(head.data, '\n', i))
            require(head.data[i - 1] != '\n');
    }
}

static inline void check_fields(const ol_http_head *head, bool response)
{
    size_t lengths = ol_headers_count_of(&head->headers, "content-length");
    size_t codings = ol_headers_count_of(&head->headers, "transfer-encoding");
    size_t hosts = ol_headers_count_of(&head->headers, "host");
    require(lengths + codings <= 1);
    require(head->framing.chunked == (codings == 1));
    require((head->framing.content_length >= 0) == (lengths == 1));
    require(response || hosts == 1 || (head->http_1_0 && hosts == 0));
    for (size_t i = 0; i < head->headers.count; i++) {
        const ol_header *h = &head->headers.items[i];
        require(h->name.len > 0 && ol_slice_find(h->name, ' ') < 0);
        require(ol_slice_find(h->name, '\t') < 0);
    }
}

static inline void log_slice(reader *r, const char *what, ol_slice s)
{
    ol_buf_addf(&r->log, "%s %zu ", what, s.len);
    ol_buf_add(&r->log, s);
    ol_buf_add_byte(&r->log, '\n');
}

static inline void log_head(reader *r, const ol_http_head *head)
{
    ol_buf_addf(&r->log, "head %d %d %lld %d %d %d\n", head->http_1_0, head->status,
                (long long)head->framing.content_length, head->framing.chunked,
                head->framing.keep_alive, head->framing.expect_continue);
    log_slice(r, "method", head->method);
    log_slice(r, "target", head->target);
    for (size_t i = 0; i < head->headers.count; i++) {
        log_slice(r, "name", head->headers.items[i].name);
        log_slice(r, "value", head->headers.items[i].value);
    }
}

static inline int read_target(reader *r, const ol_http_head *head, ol_http_fault *fault)
{
    ol_http_request request = {.method = ol_http_method_of(head->method)};
    int rc = ol_http_split_target(&request, head->target, ol_headers_get(&head->headers, "host"),
                                  fault);
    if (rc != OL_OK)
        return rc;
    require(request.path.len > 0);
    log_slice(r, "path", request.path);
    log_slice(r, request.query.data ? "query" : "no query", request.query);
    log_slice(r, "host", request.host);
    return OL_OK;
}

static inline int read_head(reader *r)
{
    ol_slice bytes;
    ol_http_fault fault = {0};
    int rc = ol_head_scan_more(&r->scan, ol_buf_slice(&r->in), &bytes, &fault);
    if (rc == OL_WAIT)
        return rc;
    ol_http_head head = {0};
    ol_headers_init(&head.headers, r->arena);
    if (rc == OL_OK) {
        check_head_bytes(bytes);
        ol_slice copy = ol_arena_copy(r->arena, bytes);
        rc = !copy.data    ? OL_ENOMEM
             : r->response ? ol_http_parse_response(&head, copy, &fault)
                           : ol_http_parse_request(&head, copy, &fault);
    }
    if (rc == OL_OK) {
        check_fields(&head, r->response);
        log_head(r, &head);
        if (!r->response)
            rc = read_target(r, &head, &fault);
    }
    if (rc != OL_OK) {
        require(rc != OL_EPROTOCOL || (fault.status >= 400 && fault.why));
        ol_buf_addf(&r->log, "refused %d %s\n", fault.status, fault.why ? fault.why : "");
        return rc;
    }
    uint64_t length =
        head.framing.content_length > 0 ? (uint64_t)head.framing.content_length : 0;
    ol_body_reader_init(&r->body, head.framing.chunked ? OL_BODY_CHUNKED : OL_BODY_LENGTH, length);
    ol_buf_consume(&r->in, (size_t)(bytes.data + bytes.len - r->in.data));
    r->in_body = true;
    return OL_OK;
}

/* Pieces of a body may be cut differently; their bytes may not. */
static inline int read_body(reader *r)
{
    ol_slice window = ol_buf_slice(&r->in), data;
    size_t before = window.len;
    int rc = ol_body_reader_next(&r->body, &window, &data);
    require(rc != OL_OK || data.len > 0);
    require(rc != OL_WAIT || window.len == 0);
    require(rc != OL_DONE || ol_body_reader_done(&r->body));
    ol_buf_add(&r->log, data);
    ol_buf_consume(&r->in, before - window.len);
    if (rc == OL_DONE) {
        ol_buf_add_cstr(&r->log, "\nend of body\n");
        r->in_body = false;
        ol_head_scan_reset(&r->scan);
        ol_arena_reset(r->arena);
        return ++r->messages < FUZZ_MESSAGES_MAX ? OL_OK : OL_EPROTOCOL;
    }
    if (rc < 0)
        ol_buf_add_cstr(&r->log, "\nbroken body\n");
    return rc;
}

static inline void reader_feed(reader *r, ol_slice bytes)
{
    if (r->dead || ol_buf_add(&r->in, bytes) != OL_OK)
        return;
    int rc = OL_OK;
    while (rc == OL_OK)
        rc = r->in_body ? read_body(r) : read_head(r);
    r->dead = rc < 0;
}

static inline reader reader_make(bool response)
{
    reader r = {.response = response, .arena = ol_arena_new(1 << 20)};
    r.scan = (ol_head_scan){.response = response,
                            .head_bytes_max = 4096,
                            .target_bytes_max = 1024,
                            .headers_max = 32};
    ol_buf_init(&r.in, 16 << 20);
    ol_buf_init(&r.log, 64 << 20);
    return r;
}

static inline void reader_free(reader *r)
{
    ol_arena_destroy(r->arena);
    ol_buf_fini(&r->in);
    ol_buf_fini(&r->log);
}

/* A limit may be noticed on more or fewer bytes of the same line: only the fact counts then. */
static inline void same_understanding(const reader *a, const reader *b)
{
    ol_slice x = ol_buf_slice(&a->log), y = ol_buf_slice(&b->log);
    require(a->dead == b->dead && a->messages == b->messages);
    if (!a->dead)
        require(ol_slice_eq(x, y));
}

static inline int fuzz_messages(const uint8_t *data, size_t size, bool response)
{
    if (size < 2)
        return 0;
    unsigned first = data[0], step = data[1] % 16 + 1u;
    ol_slice bytes = ol_slice_of(data + 2, size - 2);
    reader whole = reader_make(response), cut = reader_make(response);
    reader_feed(&whole, bytes);
    reader_feed(&cut, ol_slice_first(bytes, first));
    for (size_t at = first; at < bytes.len; at += step)
        reader_feed(&cut, ol_slice_first(ol_slice_from(bytes, at), step));
    same_understanding(&whole, &cut);
    reader_free(&whole);
    reader_free(&cut);
    return 0;
}

#endif
