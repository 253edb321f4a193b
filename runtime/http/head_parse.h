/* SPDX-License-Identifier: MIT */
/*
 * From the bytes of a scanned head (head_scan.h) to its fields, in place, by llhttp; and what
 * the fields say about the framing of the body that follows.
 */
#ifndef OL_HTTP_HEAD_PARSE_H
#define OL_HTTP_HEAD_PARSE_H

#include "http/head_scan.h"
#include "http/headers.h"

typedef struct ol_http_framing {
    int64_t content_length; /* -1: not given */
    bool chunked;
    bool keep_alive;        /* by version and Connection */
    bool expect_continue;
} ol_http_framing;

typedef struct ol_http_head {
    bool http_1_0;
    ol_slice method; /* requests */
    ol_slice target;
    int status;      /* responses */
    ol_headers headers;
    ol_http_framing framing;
} ol_http_head;

/* `bytes` must live as long as *head. head->headers must be initialised. OL_OK, OL_ENOMEM, or
 * OL_EPROTOCOL with *fault. */
int ol_http_parse_request(ol_http_head *head, ol_slice bytes, ol_http_fault *fault);
int ol_http_parse_response(ol_http_head *head, ol_slice bytes, ol_http_fault *fault);

#endif
