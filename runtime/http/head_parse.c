/* SPDX-License-Identifier: MIT */
/* Heads by llhttp, which sees only what head_scan.c let through, in one piece; then framing. */
#include "http/head_parse.h"

#include <llhttp.h>

#include "http/syntax.h"

static int refuse(ol_http_fault *fault, int status, const char *why)
{
    *fault = (ol_http_fault){status, why};
    return OL_EPROTOCOL;
}

/* ---- llhttp ---- */

typedef struct parse {
    ol_http_head *head;
    bool done;
    bool no_memory;
} parse;

/* The head lies in one piece, so a span that continues another directly follows it. */
static void extend(ol_slice *slice, const char *at, size_t len)
{
    if (!slice->data)
        *slice = ol_slice_of(at, len);
    else
        slice->len = (size_t)((const uint8_t *)at + len - slice->data);
}

static int on_method(llhttp_t *parser, const char *at, size_t len)
{
    extend(&((parse *)parser->data)->head->method, at, len);
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    extend(&((parse *)parser->data)->head->target, at, len);
    return 0;
}

static int on_field(llhttp_t *parser, const char *at, size_t len)
{
    parse *p = parser->data;
    if (ol_headers_borrow(&p->head->headers, ol_slice_of(at, len), OL_SLICE_NONE) == OL_OK)
        return 0;
    p->no_memory = true;
    return -1;
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    ol_headers *headers = &((parse *)parser->data)->head->headers;
    extend(&headers->items[headers->count - 1].value, at, len);
    return 0;
}

/* The body is read by body_reader.c; the parser stops here. */
static int on_headers_complete(llhttp_t *parser)
{
    ((parse *)parser->data)->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_method = on_method,
    .on_url = on_url,
    .on_header_field = on_field,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

/* Without blanks around it; a value that is there and empty is not NULL. */
static void tidy(ol_header *header)
{
    if (!header->value.data)
        header->value = ol_slice_of(header->name.data + header->name.len, 0);
    header->value = ol_slice_trim(header->value);
}

static int run_parser(ol_http_head *head, ol_slice bytes, llhttp_type_t type, ol_http_fault *fault)
{
    llhttp_t parser;
    parse p = {.head = head};
    llhttp_init(&parser, type, &settings);
    parser.data = &p;
    llhttp_errno_t rc = llhttp_execute(&parser, (const char *)bytes.data, bytes.len);
    if (p.no_memory)
        return OL_ENOMEM;
    if (!p.done || rc != HPE_PAUSED) {
        if (rc == HPE_INVALID_METHOD)
            return refuse(fault, 501, "unknown method");
        return refuse(fault, 400, "malformed head");
    }
    head->http_1_0 = parser.http_minor == 0;
    head->status = parser.status_code;
    for (size_t i = 0; i < head->headers.count; i++)
        tidy(&head->headers.items[i]);
    return OL_OK;
}

/* ---- framing ---- */

typedef struct fields {
    unsigned lengths, codings, hosts, expects;
    ol_slice length, coding, expect;
    bool close, keep_alive;
} fields;

static void on_connection_token(void *arg, ol_slice token)
{
    fields *f = arg;
    if (ol_slice_ieq(token, OL_SLICE_LIT("close")))
        f->close = true;
    else if (ol_slice_ieq(token, OL_SLICE_LIT("keep-alive")))
        f->keep_alive = true;
}

/* One pass over the fields; the length of a name rules most of them out at once. */
static void collect(const ol_headers *headers, fields *f)
{
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *h = &headers->items[i];
        switch (h->name.len) {
        case 4:
            f->hosts += ol_slice_ieq(h->name, OL_SLICE_LIT("host"));
            break;
        case 6:
            if (ol_slice_ieq(h->name, OL_SLICE_LIT("expect"))) {
                f->expects++;
                f->expect = h->value;
            }
            break;
        case 10:
            if (ol_slice_ieq(h->name, OL_SLICE_LIT("connection")))
                ol_http_each_token(h->value, on_connection_token, f);
            break;
        case 14:
            if (ol_slice_ieq(h->name, OL_SLICE_LIT("content-length"))) {
                f->lengths++;
                f->length = h->value;
            }
            break;
        case 17:
            if (ol_slice_ieq(h->name, OL_SLICE_LIT("transfer-encoding"))) {
                f->codings++;
                f->coding = h->value;
            }
            break;
        default:
            break;
        }
    }
}

static int decide_length(const fields *f, bool http_1_0, ol_http_framing *framing,
                         ol_http_fault *fault)
{
    framing->content_length = -1;
    if (f->lengths > 1)
        return refuse(fault, 400, "more than one Content-Length");
    if (f->codings > 0 && f->lengths > 0)
        return refuse(fault, 400, "Content-Length beside Transfer-Encoding");
    if (f->codings > 1)
        return refuse(fault, 400, "more than one Transfer-Encoding");
    if (f->codings == 1) {
        if (http_1_0)
            return refuse(fault, 400, "Transfer-Encoding in HTTP/1.0");
        if (!ol_slice_ieq(f->coding, OL_SLICE_LIT("chunked")))
            return refuse(fault, 501, "unknown transfer coding");
        framing->chunked = true;
    }
    if (f->lengths == 1) {
        uint64_t length;
        if (f->length.len > 18 || !ol_slice_u64(f->length, &length))
            return refuse(fault, 400, "malformed Content-Length");
        framing->content_length = (int64_t)length;
    }
    return OL_OK;
}

static int frame(ol_http_head *head, fields *f, ol_http_fault *fault)
{
    collect(&head->headers, f);
    int rc = decide_length(f, head->http_1_0, &head->framing, fault);
    if (rc != OL_OK)
        return rc;
    head->framing.keep_alive = !f->close && (!head->http_1_0 || f->keep_alive);
    return OL_OK;
}

int ol_http_parse_request(ol_http_head *head, ol_slice bytes, ol_http_fault *fault)
{
    int rc = run_parser(head, bytes, HTTP_REQUEST, fault);
    if (rc != OL_OK)
        return rc;
    fields f = {0};
    rc = frame(head, &f, fault);
    if (rc != OL_OK)
        return rc;
    if (f.hosts > 1 || (f.hosts == 0 && !head->http_1_0))
        return refuse(fault, 400, f.hosts ? "more than one Host" : "no Host");
    /* Another expectation is left unmet and unmentioned, as HTTP allows and S3 does. */
    if (f.expects == 1 && !head->http_1_0)
        head->framing.expect_continue = ol_slice_ieq(f.expect, OL_SLICE_LIT("100-continue"));
    return OL_OK;
}

int ol_http_parse_response(ol_http_head *head, ol_slice bytes, ol_http_fault *fault)
{
    int rc = run_parser(head, bytes, HTTP_RESPONSE, fault);
    if (rc != OL_OK)
        return rc;
    fields f = {0};
    return frame(head, &f, fault);
}
