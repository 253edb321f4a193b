/* SPDX-License-Identifier: MIT */
/* What the head of a view says beside what its transform set, and what it never says. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "front/views/head_stage.h"

#define ORIGINAL_ETAG "0f343b0931126a20f133d67c2b018a3b"
#define VIEW_ETAG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-v"

/* An original that says everything that an origin can say. */
static const ol_header original_headers[] = {
    {OL_SLICE_LIT("content-type"), OL_SLICE_LIT("text/csv")},
    {OL_SLICE_LIT("content-encoding"), OL_SLICE_LIT("gzip")},
    {OL_SLICE_LIT("content-disposition"), OL_SLICE_LIT("attachment; filename=\"ann.csv\"")},
    {OL_SLICE_LIT("content-language"), OL_SLICE_LIT("de")},
    {OL_SLICE_LIT("cache-control"), OL_SLICE_LIT("public, max-age=9")},
    {OL_SLICE_LIT("expires"), OL_SLICE_LIT("Thu, 01 Jan 1970 00:00:00 GMT")},
    {OL_SLICE_LIT("x-amz-version-id"), OL_SLICE_LIT("v1")},
    {OL_SLICE_LIT("x-amz-storage-class"), OL_SLICE_LIT("GLACIER_IR")},
    {OL_SLICE_LIT("x-amz-checksum-crc32"), OL_SLICE_LIT("AAAAAA==")},
    {OL_SLICE_LIT("x-amz-meta-owner"), OL_SLICE_LIT("ann")},
    {OL_SLICE_LIT("X-Amz-Meta-Mtime"), OL_SLICE_LIT("1700000000.5")},
    {OL_SLICE_LIT("x-amz-meta-md5chksum"), OL_SLICE_LIT("DzQ7CTESaiDxM9Z8KwGKOw==")},
    {OL_SLICE_LIT("x-amz-meta-s3cmd-attrs"), OL_SLICE_LIT("md5:0f34/uid:0")},
    {OL_SLICE_LIT("x-amz-meta-x-amz-key-v2"), OL_SLICE_LIT("a2V5")},
    {OL_SLICE_LIT("x-amz-meta-copy-of"), OL_SLICE_LIT("\"" ORIGINAL_ETAG "\"")},
};

typedef struct fixture {
    ol_arena *arena;
    ol_object_info original;
    ol_view_options options;
    ol_view_answer answer;
    ol_http_request http;
    ol_s3_param params[2];
    ol_request request;
    ol_head_plan plan;
    ol_head head; /* as the transform said it */
} fixture;

static fixture *open_fixture(void)
{
    static fixture f;
    f = (fixture){.arena = ol_arena_new(256 * 1024)};
    assert_non_null(f.arena);
    f.original = (ol_object_info){
        .etag = OL_SLICE_LIT(ORIGINAL_ETAG),
        .last_modified_ms = 1700000000000,
        .headers = (ol_header *)(uintptr_t)original_headers,
        .header_count = sizeof(original_headers) / sizeof(original_headers[0]),
    };
    f.answer = (ol_view_answer){.options = &f.options, .original = &f.original, .stable = true};
    ol_headers_init(&f.http.headers, f.arena);
    f.request.http = &f.http;
    f.plan = (ol_head_plan){.request = &f.request,
                            .etag = VIEW_ETAG,
                            .last_modified_ms = f.original.last_modified_ms,
                            .content_length = 5000,
                            .view = &f.answer};
    f.head = (ol_head){.status = 200, .content_length = -1};
    ol_headers_init(&f.head.headers, f.arena);
    return &f;
}

static void close_fixture(fixture *f)
{
    ol_arena_destroy(f->arena);
}

static void add(ol_headers *headers, const char *name, const char *value)
{
    assert_code(ol_headers_add(headers, ol_slice_cstr(name), ol_slice_cstr(value)), OL_OK);
}

static void said(const fixture *f, const char *name, const char *value)
{
    ol_slice got = ol_headers_get(&f->head.headers, name);
    if (!value)
        assert_null(got.data);
    else
        assert_slices(got, ol_slice_cstr(value));
}

static void nothing_of_the_original_is_told(void **state)
{
    (void)state;
    fixture *f = open_fixture();
    add(&f->head.headers, "content-type", "text/csv"); /* which the transform stage hands on */
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    assert_int_equal(f->head.headers.count, 5);
    said(f, "content-type", "text/csv");
    said(f, "etag", "\"" VIEW_ETAG "\"");
    said(f, "last-modified", "Tue, 14 Nov 2023 22:13:20 GMT");
    said(f, "accept-ranges", "bytes");
    said(f, "cache-control", "private");
    assert_int_equal(f->head.content_length, 5000);
    close_fixture(f);
}

static void metadata_is_forwarded_when_it_may_be(void **state)
{
    (void)state;
    fixture *f = open_fixture();
    f->options.forward_metadata = true;
    add(&f->head.headers, "x-amz-meta-owner", "redacted");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "x-amz-meta-owner", "redacted"); /* the transform's own wins */
    said(f, "x-amz-meta-mtime", "1700000000.5");
    said(f, "content-disposition", "attachment; filename=\"ann.csv\"");
    said(f, "content-language", "de");
    said(f, "cache-control", "public, max-age=9");
    said(f, "expires", "Thu, 01 Jan 1970 00:00:00 GMT");
    static const char *const never[] = {
        "content-encoding", "x-amz-version-id", "x-amz-storage-class", "x-amz-checksum-crc32",
        "x-amz-meta-md5chksum", "x-amz-meta-s3cmd-attrs", "x-amz-meta-x-amz-key-v2",
        "x-amz-meta-copy-of"};
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
        said(f, never[i], NULL);
    close_fixture(f);
}

static void names_that_tell_are_known(void **state)
{
    (void)state;
    static const char *const telling[] = {
        "md5chksum", "MD5", "content-md5", "etag", "s3-ETag", "sha1", "sha256", "SHA-512",
        "codebuild-content-sha256", "crc32c", "checksum", "source-checksum", "digest",
        "file-hash", "contenthash", "size", "filesize", "content-length", "original_length",
        "x-amz-unencrypted-content-length", "x-amz-iv", "x-amz-key", "X-Amz-Matdesc", "x-amz-c",
        "s3cmd-attrs", "fingerprint", "bytes", "signature"};
    static const char *const silent[] = {"owner", "mtime", "mode", "uid", "author", "sized",
                                         "hashtag", "lengthy-title", "camera", "x-amzn", "keys",
                                         "", "-"};
    for (size_t i = 0; i < sizeof(telling) / sizeof(telling[0]); i++)
        if (!ol_view_metadata_is_telling(ol_slice_cstr(telling[i]), OL_SLICE_LIT("x"),
                                         OL_SLICE_LIT(ORIGINAL_ETAG)))
            fail_msg("%s is not known to tell", telling[i]);
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        if (ol_view_metadata_is_telling(ol_slice_cstr(silent[i]), OL_SLICE_LIT("x"), OL_SLICE_NONE))
            fail_msg("%s tells nothing", silent[i]);
}

static void the_access_points_headers_stand_under_the_transforms(void **state)
{
    (void)state;
    static const ol_header own[] = {
        {OL_SLICE_LIT("Cache-Control"), OL_SLICE_LIT("max-age=60")},
        {OL_SLICE_LIT("Content-Disposition"), OL_SLICE_LIT("inline")},
        {OL_SLICE_LIT("Content-Type"), OL_SLICE_LIT("application/json")},
        {OL_SLICE_LIT("X-Frame-Options"), OL_SLICE_LIT("DENY")},
    };
    fixture *f = open_fixture();
    f->options.headers = own;
    f->options.header_count = 4;
    f->options.forward_metadata = true;
    add(&f->head.headers, "content-type", "text/csv"); /* handed on from the original */
    add(&f->head.headers, "content-disposition", "attachment");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "cache-control", "max-age=60"); /* before the original's */
    said(f, "content-disposition", "attachment");
    said(f, "content-type", "application/json");
    said(f, "x-frame-options", "DENY");
    close_fixture(f);

    f = open_fixture();
    f->options.headers = own;
    f->options.header_count = 4;
    add(&f->head.headers, "content-type", "text/xml"); /* which only the transform can have said */
    add(&f->head.headers, "cache-control", "no-cache");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "content-type", "text/xml");
    said(f, "cache-control", "no-cache");
    close_fixture(f);
}

static void who_may_keep_it_is_said(void **state)
{
    (void)state;
    fixture *f = open_fixture();
    f->answer.shared = true;
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "cache-control", NULL);
    close_fixture(f);

    f = open_fixture();
    f->answer.stable = false;
    f->plan.etag = NULL;
    f->plan.drop_etag = true;
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "cache-control", "no-store");
    said(f, "etag", NULL);
    said(f, "accept-ranges", NULL);
    close_fixture(f);
}

static void what_it_differs_by_is_said(void **state)
{
    (void)state;
    static const ol_header own[] = {{OL_SLICE_LIT("Vary"), OL_SLICE_LIT("Origin, accept")}};
    fixture *f = open_fixture();
    f->options.headers = own;
    f->options.header_count = 1;
    f->options.encodings = OL_VIEW_GZIP;
    f->answer.depends_headers = OL_SLICE_LIT("accept\nx-theme\n");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "vary", "Origin, accept, x-theme, Accept-Encoding");
    close_fixture(f);
}

static void too_many_names_vary_by_everything(void **state)
{
    (void)state;
    static char names[8000];
    fixture *f = open_fixture();
    for (size_t i = 0; i + 8 <= sizeof(names); i += 8)
        snprintf(names + i, sizeof(names) - i, "h%06zu\n", i);
    f->answer.depends_headers = ol_slice_of(names, sizeof(names) - 8);
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "vary", "*");
    close_fixture(f);
}

static void the_transforms_date_wins(void **state)
{
    (void)state;
    fixture *f = open_fixture();
    add(&f->head.headers, "last-modified", "Wed, 01 Jan 2020 00:00:00 GMT");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "last-modified", "Wed, 01 Jan 2020 00:00:00 GMT");
    close_fixture(f);
}

static void ranges_are_promised_by_who_serves_them(void **state)
{
    (void)state;
    static const enum ol_view_ranges not_ours[] = {OL_VIEW_RANGES_TRANSFORM, OL_VIEW_RANGES_REFUSE};
    for (size_t i = 0; i < 2; i++) {
        fixture *f = open_fixture();
        f->options.ranges = not_ours[i];
        assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
        said(f, "accept-ranges", NULL);
        close_fixture(f);
    }
}

static void overrides_win_over_all(void **state)
{
    (void)state;
    static const ol_header own[] = {{OL_SLICE_LIT("Content-Type"), OL_SLICE_LIT("text/plain")}};
    fixture *f = open_fixture();
    f->options.headers = own;
    f->options.header_count = 1;
    f->params[0] = (ol_s3_param){.name = OL_SLICE_LIT("response-content-type"),
                                 .value = OL_SLICE_LIT("image/png")};
    f->request.address.params = f->params;
    f->request.address.param_count = 1;
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "content-type", "image/png");
    close_fixture(f);
}

/* A 304 renews what a client holds: nothing in it may take the place of what the transform said. */
static void a_304_says_little(void **state)
{
    (void)state;
    static const ol_header own[] = {{OL_SLICE_LIT("Cache-Control"), OL_SLICE_LIT("max-age=60")}};
    fixture *f = open_fixture();
    f->options.headers = own;
    f->options.header_count = 1;
    f->options.forward_metadata = true;
    f->options.encodings = OL_VIEW_GZIP | OL_VIEW_ZSTD;
    f->head.status = 304;
    add(&f->http.headers, "If-None-Match", "\"x\", \"" VIEW_ETAG ".zstd\"");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "cache-control", NULL);
    said(f, "x-amz-meta-owner", NULL);
    said(f, "vary", "Accept-Encoding");
    said(f, "etag", "\"" VIEW_ETAG ".zstd\"");
    close_fixture(f);
}

static void a_compressed_answer_is_settled_last(void **state)
{
    (void)state;
    fixture *f = open_fixture();
    f->options.encodings = OL_VIEW_GZIP;
    f->answer.compression = ol_compression_new(f->arena, OL_VIEW_GZIP);
    add(&f->head.headers, "content-type", "text/csv");
    assert_code(ol_head_plan_apply(&f->plan, &f->head), OL_OK);
    said(f, "etag", "\"" VIEW_ETAG ".gzip\"");
    said(f, "content-encoding", "gzip");
    said(f, "accept-ranges", NULL);
    said(f, "vary", "Accept-Encoding");
    assert_int_equal(f->head.content_length, -1);
    assert_true(ol_compression_is_active(f->answer.compression));
    close_fixture(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_of_the_original_is_told),
        cmocka_unit_test(metadata_is_forwarded_when_it_may_be),
        cmocka_unit_test(names_that_tell_are_known),
        cmocka_unit_test(the_access_points_headers_stand_under_the_transforms),
        cmocka_unit_test(who_may_keep_it_is_said),
        cmocka_unit_test(what_it_differs_by_is_said),
        cmocka_unit_test(too_many_names_vary_by_everything),
        cmocka_unit_test(the_transforms_date_wins),
        cmocka_unit_test(ranges_are_promised_by_who_serves_them),
        cmocka_unit_test(overrides_win_over_all),
        cmocka_unit_test(a_304_says_little),
        cmocka_unit_test(a_compressed_answer_is_settled_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
