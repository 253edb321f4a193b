/* SPDX-License-Identifier: MIT */
/*
 * Takes a request target apart and settles which host is meant.
 */
#ifndef OL_HTTP_TARGET_H
#define OL_HTTP_TARGET_H

#include "http/head_scan.h"
#include "http/server.h"

/* Fills target, path, query and host. `host_header` is empty with data NULL when there is
 * none (HTTP/1.0). OL_OK or OL_EPROTOCOL with *fault. */
int ol_http_split_target(ol_http_request *request, ol_slice target, ol_slice host_header,
                         ol_http_fault *fault);
enum ol_http_method ol_http_method_of(ol_slice name);

#endif
