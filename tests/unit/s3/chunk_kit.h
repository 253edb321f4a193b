/* SPDX-License-Identifier: MIT */
/*
 * The client's side of aws-chunked, for tests: frames a body and signs it as the protocol says,
 * independently of the decoder.
 */
#ifndef OL_TESTS_S3_CHUNK_KIT_H
#define OL_TESTS_S3_CHUNK_KIT_H

#include <stdio.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "lib/check.h"
#include "s3/sigv4/sigv4_keys.h"
#include "s3/upload/aws_chunked.h"

#define EXAMPLE_SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define EXAMPLE_DATE "20130524T000000Z"
#define EXAMPLE_SCOPE "20130524/us-east-1/s3/aws4_request"
#define SEED_PLAIN "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9"
#define SEED_TRAILER "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e"

/* The proof of AWS's example request. */
static inline ol_sigv4_result example_auth(enum ol_payload_kind kind, const char *seed)
{
    ol_sigv4_result auth = {.payload = kind};
    const ol_sigv4_key_of of = {.secret = OL_SLICE_LIT(EXAMPLE_SECRET),
                                .date = OL_SLICE_LIT("20130524"),
                                .region = OL_SLICE_LIT("us-east-1"),
                                .service = OL_SLICE_LIT("s3")};
    assert_true(ol_sigv4_key_derive(&of, auth.signing_key));
    memcpy(auth.seed_signature, seed, 64);
    strcpy(auth.scope, EXAMPLE_SCOPE);
    strcpy(auth.amz_date, EXAMPLE_DATE);
    return auth;
}

typedef struct test_framer {
    ol_buf out;
    bool is_signed;
    uint8_t key[32];
    char previous[65];
} test_framer;

static inline void framer_open(test_framer *f, const ol_sigv4_result *auth)
{
    memset(f, 0, sizeof *f);
    ol_buf_init(&f->out, 64u << 20);
    f->is_signed = auth && auth->payload != OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER;
    if (f->is_signed) {
        memcpy(f->key, auth->signing_key, 32);
        memcpy(f->previous, auth->seed_signature, 65);
    }
}

static inline void framer_close(test_framer *f)
{
    ol_buf_fini(&f->out);
}

static inline void framer_text(test_framer *f, const char *text)
{
    assert_code(ol_buf_add_cstr(&f->out, text), OL_OK);
}

static inline void framer_sign(test_framer *f, const char *kind, bool with_empty, ol_slice data)
{
    char text[512], hex[65];
    uint8_t digest[32];
    ol_sha256_of(data, digest);
    ol_hex_encode(digest, 32, hex);
    snprintf(text, sizeof text,
             "AWS4-HMAC-SHA256-%s\n" EXAMPLE_DATE "\n" EXAMPLE_SCOPE "\n%s\n%s%s", kind,
             f->previous,
             with_empty ? "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" : "",
             hex);
    ol_hmac_sha256(ol_slice_of(f->key, 32), ol_slice_cstr(text), digest);
    ol_hex_encode(digest, 32, f->previous);
}

/* One chunk; the empty one is the last, without its final CR LF. */
static inline void framer_chunk(test_framer *f, ol_slice data)
{
    char header[128];
    if (f->is_signed)
        framer_sign(f, "PAYLOAD", true, data);
    snprintf(header, sizeof header, "%zx%s%s\r\n", data.len,
             f->is_signed ? ";chunk-signature=" : "", f->is_signed ? f->previous : "");
    framer_text(f, header);
    if (data.len == 0)
        return;
    assert_code(ol_buf_add(&f->out, data), OL_OK);
    framer_text(f, "\r\n");
}

static inline void framer_body(test_framer *f, ol_slice data, size_t chunk)
{
    for (size_t at = 0; at < data.len; at += chunk) {
        size_t left = data.len - at;
        framer_chunk(f, ol_slice_of(data.data + at, left < chunk ? left : chunk));
    }
    framer_chunk(f, OL_SLICE_NONE);
}

/* "name:value" and its signature, up to the empty line. */
static inline void framer_trailer(test_framer *f, const char *name, const char *value)
{
    char line[256];
    snprintf(line, sizeof line, "%s:%s\n", name, value);
    if (f->is_signed)
        framer_sign(f, "TRAILER", false, ol_slice_cstr(line));
    snprintf(line, sizeof line, "%s:%s\r\n", name, value);
    framer_text(f, line);
    if (f->is_signed) {
        snprintf(line, sizeof line, "x-amz-trailer-signature:%s\r\n", f->previous);
        framer_text(f, line);
    }
}

#endif
