/* SPDX-License-Identifier: MIT */
/*
 * The Authorization header of Signature Version 4, taken apart; a presigned URL and a form bring
 * the same parts one by one. Pure syntax: nothing is looked up and no signature is computed.
 * Slices point into what was parsed.
 */
#ifndef OL_S3_SIGV4_AUTHORIZATION_H
#define OL_S3_SIGV4_AUTHORIZATION_H

#include "base/error.h"
#include "base/limits.h"

#define OL_ACCESS_KEY_BYTES_MAX 128

typedef struct ol_sigv4_authorization {
    ol_slice access_key;
    ol_slice date;           /* 8 digits */
    ol_slice region;         /* 1..31 bytes */
    ol_slice service;        /* 1..23 bytes */
    ol_slice scope;          /* date/region/service/aws4_request */
    ol_slice signed_headers; /* as sent: lower-case names, ascending, ';' between */
    ol_slice names[OL_HTTP_HEADERS_MAX]; /* the same, split */
    size_t name_count;
    ol_slice signature; /* 64 lower-case hex digits */
} ol_sigv4_authorization;

/* OL_OK, OL_EAUTHHEADER, OL_EINVAL (not an authorization at all), OL_EINVALIDREQUEST (SigV2) or
 * OL_ENOTIMPLEMENTED (SigV4A). */
int ol_sigv4_authorization_parse(ol_slice header, ol_sigv4_authorization *out, ol_error *err);

/* How a fault is told: its code, and what the message begins with. */
typedef struct ol_sigv4_wording {
    int code;
    const char *lead;
} ol_sigv4_wording;

extern const ol_sigv4_wording ol_sigv4_header_wording;

/* One part each, decoded. The wording's code or OL_OK. */
int ol_sigv4_credential_parse(ol_slice text, const ol_sigv4_wording *wording,
                              ol_sigv4_authorization *out, ol_error *err);
int ol_sigv4_signed_headers_parse(ol_slice text, const ol_sigv4_wording *wording,
                                  ol_sigv4_authorization *out, ol_error *err);
int ol_sigv4_signature_parse(ol_slice text, const ol_sigv4_wording *wording,
                             ol_sigv4_authorization *out, ol_error *err);

bool ol_sigv4_is_signed(const ol_sigv4_authorization *auth, ol_slice name);

#endif
