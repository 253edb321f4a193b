/* SPDX-License-Identifier: MIT */
/*
 * AWS Signature Version 4, checked: the Authorization header, presigned URLs, the fields of a
 * POST form, and (through aws_chunked.h) the chunk signatures of bodies. Derived signing keys are
 * cached a loop (bounded); nothing here is logged. sigv4_sign.h makes signatures.
 *
 * The order is AWS's: syntax, then date, then the key and its token, then the signature. What the
 * caller may do is decided elsewhere.
 */
#ifndef OL_S3_SIGV4_H
#define OL_S3_SIGV4_H

#include "http/server.h"
#include "s3/documents/error_document.h"

typedef struct ol_sigv4 ol_sigv4; /* one loop's key cache and digest contexts */

int ol_sigv4_new(ol_sigv4 **sigv4);
void ol_sigv4_destroy(ol_sigv4 *sigv4);

enum ol_auth_type {
    OL_AUTH_ANONYMOUS,
    OL_AUTH_HEADER, /* s3:authType REST-HEADER */
    OL_AUTH_QUERY,  /* REST-QUERY-STRING: a presigned URL */
    OL_AUTH_POST    /* POST: a signed policy in a form */
};

enum ol_payload_kind {
    OL_PAYLOAD_NONE,     /* header absent */
    OL_PAYLOAD_SHA256,   /* the digest is in `sha256` and must match the body */
    OL_PAYLOAD_UNSIGNED, /* UNSIGNED-PAYLOAD */
    OL_PAYLOAD_STREAMING_SIGNED,           /* STREAMING-AWS4-HMAC-SHA256-PAYLOAD */
    OL_PAYLOAD_STREAMING_SIGNED_TRAILER,   /* …-PAYLOAD-TRAILER */
    OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER  /* STREAMING-UNSIGNED-PAYLOAD-TRAILER */
};

typedef struct ol_sigv4_result {
    enum ol_auth_type type;
    bool v2; /* a form with the older signature: s3:signatureversion AWS */
    ol_slice access_key;
    ol_slice token;  /* the session token; data NULL = none came. A secret: not for logs */
    const void *owner; /* what find_key said */
    ol_slice signed_headers; /* "host;x-amz-date"; empty for forms */
    char region[32];
    char service[24]; /* "s3", "s3-object-lambda" or "sts" */
    int64_t signed_ms;  /* when it was signed (wall clock) */
    int64_t age_ms;     /* now - signed_ms, never negative: s3:signatureAge */
    int64_t expires_ms; /* when a presigned URL ends (wall clock); 0 = not presigned */
    enum ol_payload_kind payload;
    uint8_t sha256[32];
    /* For chunk signatures; wiped by ol_sigv4_result_fini. */
    uint8_t signing_key[32];
    char seed_signature[65];
    char scope[96];     /* date/region/service/aws4_request */
    char amz_date[17];
} ol_sigv4_result;

#define OL_SECRET_KEY_BYTES_MAX 128

/* What find_key answers. */
typedef struct ol_sigv4_found_key {
    ol_slice secret;   /* borrowed until the check returns; may point to `room` */
    const void *owner; /* ends up in the result; may be NULL */
    char room[OL_SECRET_KEY_BYTES_MAX]; /* for a secret that was derived; wiped by the check */
} ol_sigv4_found_key;

/* Finds the secret of an access key. Called once, when everything but the signature is known to
 * be right; `token` is what came along, not yet covered by a checked signature (data NULL = none).
 * OL_OK, or the error that the client shall read: OL_EACCESSKEY, OL_EINVALIDTOKEN,
 * OL_EEXPIREDTOKEN, … An OL_OK with an empty secret is OL_EACCESSKEY too. */
typedef int (*ol_sigv4_find_key_fn)(void *arg, ol_slice access_key, ol_slice token,
                                    ol_sigv4_found_key *found, ol_error *err);

enum ol_sigv4_service {
    OL_SIGV4_S3 = 1 << 0,
    OL_SIGV4_OBJECT_LAMBDA = 1 << 1, /* s3-object-lambda */
    OL_SIGV4_STS = 1 << 2
};

typedef struct ol_sigv4_options {
    int64_t now_ms;          /* the wall clock */
    const ol_slice *regions; /* those that may be in a scope; the first is named in errors */
    size_t region_count;     /* 1 or more */
    unsigned services;       /* enum ol_sigv4_service: which may be in a scope */
    ol_sigv4_find_key_fn find_key;
    void *arg;
    ol_arena *arena;         /* what a presigned URL is decoded into */
    bool allow_anonymous;    /* no signature at all: OL_OK with OL_AUTH_ANONYMOUS */
    bool object_lambda;      /* an OLAP is asked: there SigV2 is no authentication at all */
    bool form_v2;            /* forms only: the older signature is taken too */
    /* Services other than S3 sign over the body's digest and send no x-amz-content-sha256: 32
     * bytes, or NULL. When the header is there after all, it must say the same. */
    const uint8_t *body_sha256;
    ol_s3_error_note_fn note; /* the extra elements of an error document; may be NULL */
    void *note_arg;
} ol_sigv4_options;

/* OL_OK; or OL_EMISSINGAUTH (no signature; the client reads AccessDenied), OL_EAUTHHEADER,
 * OL_EAUTHQUERY, OL_EACCESSKEY, OL_ESIGNATURE, OL_ESKEW (15 minutes), OL_EACCESS (no date, an
 * x-amz-* header that is not signed, a presigned URL that has expired or is not valid yet),
 * OL_EINVALIDREQUEST (SigV2, or no x-amz-content-sha256), OL_ENOTIMPLEMENTED (SigV4A), OL_EINVAL
 * (two mechanisms, …), OL_EINVALIDURI, OL_ELIMIT, OL_ENOMEM, or what find_key said. After an error
 * *out is all zeros. A header signature costs no allocation once warm. */
int ol_sigv4_check(ol_sigv4 *sigv4, const ol_http_request *req, const ol_sigv4_options *options,
                   ol_sigv4_result *out, ol_error *err);
void ol_sigv4_result_fini(ol_sigv4_result *result);

/* The fields of a browser's form (names without case); data NULL = not there. */
typedef struct ol_sigv4_form {
    ol_slice policy;     /* base64, exactly as it came */
    ol_slice algorithm;  /* x-amz-algorithm */
    ol_slice credential; /* x-amz-credential */
    ol_slice date;       /* x-amz-date */
    ol_slice signature;  /* x-amz-signature */
    ol_slice token;      /* x-amz-security-token */
    ol_slice v2_access_key, v2_signature; /* AWSAccessKeyId, signature */
} ol_sigv4_form;

/* Without any of the fields: anonymous, as above. Whether the policy allows the form, and when
 * it ends, is s3/upload/post_policy.h's business; the date alone has no 15 minutes here. Errors as above;
 * OL_EINVAL (fields missing, wrong algorithm, …). Slices of the result point into the form. */
int ol_sigv4_check_form(ol_sigv4 *sigv4, const ol_sigv4_form *form,
                        const ol_sigv4_options *options, ol_sigv4_result *out, ol_error *err);

/* "REST-HEADER", "REST-QUERY-STRING", "POST"; empty for the anonymous. */
ol_slice ol_auth_type_name(enum ol_auth_type type);

#endif
