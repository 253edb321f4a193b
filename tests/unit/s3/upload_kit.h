/* SPDX-License-Identifier: MIT */
/* An upload through its stages, its body cut and delayed in all the ways of the pipeline kit. */
#ifndef OL_TESTS_S3_UPLOAD_KIT_H
#define OL_TESTS_S3_UPLOAD_KIT_H

#include "unit/s3/request_kit.h"

#include "lib/pipeline_kit.h"
#include "s3/upload/upload_stages.h"

#define MAX_BYTES (1u << 20)

typedef struct upload {
    test_request t;
    ol_upload_plan plan;
    ol_error err; /* of making the plan */
    int code;
} upload;

static inline void upload_open(upload *u, const char *const *fields, const ol_sigv4_result *auth)
{
    memset(u, 0, sizeof *u);
    test_request_open(&u->t, "PUT", "/b/k", fields);
    if (ol_headers_find(&u->t.req.headers, OL_SLICE_LIT("transfer-encoding")))
        u->t.req.chunked = true;
    u->code = ol_upload_plan_make(&u->plan, &u->t.req, auth, MAX_BYTES, u->t.arena, &u->err);
    assert_int_equal(u->err.code, u->code);
}

static inline void upload_close(upload *u)
{
    test_request_close(&u->t);
}

typedef struct sent {
    int code;
    ol_error err;
    bool finished;
    int64_t head_length;
} sent;

/* Sends `body` through the plan's stages in one of the kit's ways; `wanted` is what must come
 * out when all is well. */
static inline sent send_in_way(const upload *u, ol_slice body, ol_slice wanted, unsigned way)
{
    ol_test_bench bench;
    ol_test_feed feed = {.body = body};
    ol_test_collect collect = {0};
    ol_test_pedant pedant = {0};
    sent s = {0};
    ol_test_bench_open(&bench);
    ol_test_bench_feed(&bench, &feed);
    ol_test_bench_above(&bench, way);
    assert_code(ol_upload_plan_add(&u->plan, bench.pipeline), OL_OK);
    bench.phase = OL_PHASE_VERIFY;
    ol_test_bench_below(&bench, way, &pedant);
    ol_test_bench_collect(&bench, &collect);
    s.code = ol_test_bench_run(&bench);
    s.err = bench.err;
    s.finished = collect.finished;
    s.head_length = collect.head.content_length;
    if (s.code == OL_OK)
        assert_slices(ol_test_collect_out(&collect), wanted);
    if (u->plan.content_length >= 0)
        assert_true(collect.len <= (size_t)u->plan.content_length);
    ol_test_collect_fini(&collect);
    ol_test_bench_close(&bench);
    return s;
}

/* In every way; the same must happen in each. */
static inline void expect_sent(const upload *u, ol_slice body, ol_slice wanted, int code,
                        const char *s3_code)
{
    assert_code_of(u->code, OL_OK, &u->err);
    for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
        sent s = send_in_way(u, body, wanted, way);
        if (s.code != code || (code != OL_OK && strcmp(s.err.s3_code, s3_code) != 0))
            fail_msg("way %u: %s, %s (%s; %s)", way, ol_code_name(s.code), s.err.s3_code,
                     s.err.message, s.err.detail);
        assert_int_equal(s.finished, code == OL_OK);
        if (code == OL_OK)
            assert_int_equal(s.head_length, (int64_t)wanted.len);
    }
}

/* Of "hello". */
#define HELLO_SHA256                                                                               \
    {                                                                                              \
        0x2c, 0xf2, 0x4d, 0xba, 0x5f, 0xb0, 0xa3, 0x0e, 0x26, 0xe8, 0x3b, 0x2a, 0xc5, 0xb9, 0xe2,  \
            0x9e, 0x1b, 0x16, 0x1e, 0x5c, 0x1f, 0xa7, 0x42, 0x5e, 0x73, 0x04, 0x33, 0x62, 0x93,    \
            0x8b, 0x98, 0x24                                                                       \
    }
#define HELLO_MD5 "XUFAKrxLKna5cZ2REBfFkg=="
#define HELLO_CRC32 "NhCmhg=="
#define HELLO_CRC64NVME "M3eFcAZSQlc="
#define LENGTH "Content-Length", "5"
#define DECODED "x-amz-decoded-content-length", "5"

#endif
