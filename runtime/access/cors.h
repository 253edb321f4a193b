/* SPDX-License-Identifier: MIT */
/*
 * Cross-origin requests by S3's rules: which headers an answer gets, and what a preflight is
 * answered. Looking is cheap when there is no Origin header; the caller need not ask then.
 */
#ifndef OL_ACCESS_CORS_H
#define OL_ACCESS_CORS_H

#include "http/headers.h"
#include "s3/documents/cors.h"

/* The verdict on an OPTIONS. `cors` NULL: there is no configuration. On OL_OK the headers of the
 * 200 have been added to `answer`. OL_EPROTOCOL (400 BadRequest: no Origin, or a method that is
 * none), OL_EFORBIDDENCORS (403 AccessForbidden; err->message is S3's), OL_ENOMEM. */
int ol_cors_preflight(const ol_cors *cors, const ol_headers *request, ol_headers *answer,
                      ol_error *err);
/* Adds to `answer`, an error's included, what the request's Origin earns; nothing when it earns
 * nothing. `verb` is the HTTP method; Access-Control-Request-Method, where it is sent, takes its
 * place. OL_OK or OL_ENOMEM. */
int ol_cors_actual(const ol_cors *cors, ol_slice verb, const ol_headers *request,
                   ol_headers *answer);

#endif
