/* SPDX-License-Identifier: MIT */
/*
 * An endpoint's URL taken apart: scheme, host, port, nothing else.
 */
#ifndef OL_HTTP_ENDPOINT_H
#define OL_HTTP_ENDPOINT_H

#include "base/error.h"

#define OL_HTTP_HOST_SIZE 256

typedef struct ol_http_endpoint {
    bool tls;
    char host[OL_HTTP_HOST_SIZE]; /* lower case; an IPv6 address without brackets */
    uint16_t port;
    char authority[OL_HTTP_HOST_SIZE + 10]; /* for the Host header: the port unless it is the usual */
    bool is_address;
} ol_http_endpoint;

/* OL_OK or OL_ECONFIG, the message saying what is wrong with it. */
int ol_http_endpoint_parse(ol_http_endpoint *out, const char *url, ol_error *err);

#endif
