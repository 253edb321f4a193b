/* SPDX-License-Identifier: MIT */
/* A keyring, options and collected error extras, for tests of signatures. */
#ifndef OL_TESTS_S3_SIGV4_KIT_H
#define OL_TESTS_S3_SIGV4_KIT_H

#include <stdio.h>

#include "unit/s3/request_kit.h"

#include "base/alloc.h"
#include "s3/sigv4/sigv4.h"

#define KEY_ID "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define SESSION_KEY "ASIAIOSFODNN7EXAMPLE"
#define SESSION_SECRET "derived-from-the-token"
#define SESSION_TOKEN "FwoGZXIvYXdzE+x/=="
#define NOW_MS 1369353600000 /* 2013-05-24T00:00:00Z */
#define NOTHING_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define SCOPE "/20130524/us-east-1/s3/aws4_request"
#define AUTH(headers, signature)                                                                   \
    "AWS4-HMAC-SHA256 Credential=" KEY_ID SCOPE ", SignedHeaders=" headers                         \
    ", Signature=" signature
/* What most requests here have. */
#define HOST "Host", "localhost:9000"
#define DATE "x-amz-date", "20130524T000000Z"
#define EMPTY "x-amz-content-sha256", NOTHING_SHA256
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define USUAL "host;x-amz-content-sha256;x-amz-date"

typedef struct sigv4_kit {
    ol_sigv4 *sigv4;
    ol_sigv4_options options;
    ol_slice region;
    const char *secret; /* of KEY_ID; NULL: it is unknown */
    int asked;
    char noted[40000]; /* "Name=value\n"… */
    ol_sigv4_result result;
    ol_error err;
} sigv4_kit;

static inline int kit_find_key(void *arg, ol_slice access_key, ol_slice token,
                               ol_sigv4_found_key *found, ol_error *err)
{
    sigv4_kit *kit = arg;
    kit->asked++;
    found->owner = kit;
    if (ol_slice_eq_cstr(access_key, SESSION_KEY)) {
        if (!ol_slice_eq_cstr(token, SESSION_TOKEN))
            return ol_error_set(err, OL_EINVALIDTOKEN, NULL);
        memcpy(found->room, SESSION_SECRET, sizeof SESSION_SECRET);
        found->secret = ol_slice_cstr(found->room);
        return OL_OK;
    }
    if (token.data)
        return ol_error_set(err, OL_EINVALIDTOKEN, NULL);
    if (ol_slice_eq_cstr(access_key, KEY_ID))
        found->secret = ol_slice_cstr(kit->secret);
    return OL_OK;
}

static inline void kit_note(void *arg, const char *name, ol_slice value)
{
    sigv4_kit *kit = arg;
    size_t len = strlen(kit->noted);
    snprintf(kit->noted + len, sizeof kit->noted - len, "%s=%.*s\n", name, OL_SLICE_FMT(value));
}

static inline sigv4_kit *kit_new(void)
{
    sigv4_kit *kit = ol_calloc(1, sizeof *kit);
    assert_non_null(kit);
    assert_code(ol_sigv4_new(&kit->sigv4), OL_OK);
    kit->region = OL_SLICE_LIT("us-east-1");
    kit->secret = SECRET;
    kit->options = (ol_sigv4_options){
        .now_ms = NOW_MS,
        .regions = &kit->region,
        .region_count = 1,
        .services = OL_SIGV4_S3 | OL_SIGV4_OBJECT_LAMBDA,
        .find_key = kit_find_key,
        .arg = kit,
        .note = kit_note,
        .note_arg = kit,
    };
    return kit;
}

static inline void kit_free(sigv4_kit *kit)
{
    ol_sigv4_destroy(kit->sigv4);
    ol_free(kit);
}

/* Into kit->result, kit->err and kit->noted. */
static inline int kit_check(sigv4_kit *kit, const test_request *t)
{
    ol_error_clear(&kit->err);
    kit->noted[0] = '\0';
    kit->asked = 0;
    kit->options.arena = t->arena;
    int rc = ol_sigv4_check(kit->sigv4, &t->req, &kit->options, &kit->result, &kit->err);
    assert_int_equal(rc, kit->err.code);
    return rc;
}

/* What a check of its own comes to, with nothing remembered from others. */
typedef struct outcome {
    int code;
    ol_error err;
    ol_sigv4_result result; /* its owner is gone */
} outcome;

static inline outcome check_at(const test_request *t, int64_t now_ms, const char *region, const char *secret)
{
    sigv4_kit *kit = kit_new();
    kit->region = ol_slice_cstr(region);
    kit->secret = secret;
    kit->options.now_ms = now_ms;
    outcome o = {.code = kit_check(kit, t)};
    o.err = kit->err;
    o.result = kit->result;
    kit_free(kit);
    return o;
}

static inline outcome check(const test_request *t)
{
    return check_at(t, NOW_MS, "us-east-1", SECRET);
}

#endif
