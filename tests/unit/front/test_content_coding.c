/* SPDX-License-Identifier: MIT */
/* What a client asks for, what is worth it, and which ETags mean what. */
#include "lib/check.h"

#include "front/answer/content_coding.h"

#define BOTH (OL_VIEW_GZIP | OL_VIEW_ZSTD)
#define ETAG "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-v"

typedef struct fixture {
    ol_arena *arena;
    ol_headers headers;
} fixture;

static fixture open_fixture(void)
{
    fixture f = {.arena = ol_arena_new(64 * 1024)};
    assert_non_null(f.arena);
    ol_headers_init(&f.headers, f.arena);
    return f;
}

static void add(fixture *f, const char *name, const char *value)
{
    assert_code(ol_headers_add(&f->headers, ol_slice_cstr(name), ol_slice_cstr(value)), OL_OK);
}

static void the_clients_weights_decide(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        unsigned offered, want;
    } rows[] = {
        {NULL, BOTH, 0},
        {"", BOTH, 0},
        {"identity", BOTH, 0},
        {"*", BOTH, 0},
        {"br, deflate", BOTH, 0},
        {"gzip", BOTH, OL_VIEW_GZIP},
        {"GZip", BOTH, OL_VIEW_GZIP},
        {"x-gzip", BOTH, OL_VIEW_GZIP},
        {"gzip", 0, 0},
        {"gzip", OL_VIEW_ZSTD, 0},
        {"gzip, deflate, br, zstd", BOTH, OL_VIEW_ZSTD},
        {"gzip, deflate, br, zstd", OL_VIEW_GZIP, OL_VIEW_GZIP},
        {"zstd;q=0.5, gzip;q=0.9", BOTH, OL_VIEW_GZIP},
        {"zstd ; q=0.5 , gzip ;Q=0.5", BOTH, OL_VIEW_ZSTD},
        {"gzip;q=0", BOTH, 0},
        {"gzip;q=0.000", BOTH, 0},
        {"gzip;q=0.001", BOTH, OL_VIEW_GZIP},
        {"gzip;q=1.000", BOTH, OL_VIEW_GZIP},
        {"gzip;q=1.001", BOTH, 0},
        {"gzip;q=", BOTH, 0},
        {"gzip;q=x", BOTH, 0},
        {"gzip;q=2", BOTH, 0},
        {"gzip;q=-1", BOTH, 0},
        {"gzip;q=0.5555", BOTH, 0},
        {"identity;q=1, gzip;q=0.5", BOTH, 0},
        {"identity;q=0.5, gzip;q=0.5", BOTH, OL_VIEW_GZIP},
        {",,gzip,", BOTH, OL_VIEW_GZIP},
        {";q=1", BOTH, 0},
        {"gzipped", BOTH, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f = open_fixture();
        if (rows[i].accept)
            add(&f, "Accept-Encoding", rows[i].accept);
        if (ol_coding_choose(rows[i].offered, &f.headers) != rows[i].want)
            fail_msg("%s", rows[i].accept ? rows[i].accept : "(none)");
        add(&f, "Range", "bytes=0-1");
        assert_int_equal(ol_coding_choose(rows[i].offered, &f.headers), 0);
        ol_arena_destroy(f.arena);
    }
}

static void several_lines_are_one_list(void **state)
{
    (void)state;
    fixture f = open_fixture();
    add(&f, "accept-encoding", "gzip;q=0.4");
    add(&f, "accept-encoding", "zstd;q=0.3");
    assert_int_equal(ol_coding_choose(BOTH, &f.headers), OL_VIEW_GZIP);
    ol_arena_destroy(f.arena);
}

static void only_what_shrinks_is_worth_it(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value; /* beside the type */
        const char *type;
        int status;
        int64_t length;
        bool want;
    } rows[] = {
        {NULL, NULL, "text/plain", 200, -1, true},
        {NULL, NULL, "text/plain; charset=utf-8", 200, 5000, true},
        {NULL, NULL, "TEXT/CSV", 200, 1024, true},
        {NULL, NULL, "text/csv", 200, 1023, false},
        {NULL, NULL, "text/csv", 200, 0, false},
        {NULL, NULL, "application/json", 200, -1, true},
        {NULL, NULL, "application/vnd.api+json", 200, -1, true},
        {NULL, NULL, "image/svg+xml", 200, -1, true},
        {NULL, NULL, "application/xhtml+xml;x=y", 200, -1, true},
        {NULL, NULL, "image/png", 200, -1, false},
        {NULL, NULL, "text/", 200, -1, false},
        {NULL, NULL, "textual/plain", 200, -1, false},
        {NULL, NULL, "binary/octet-stream", 200, -1, false},
        {NULL, NULL, "", 200, -1, false},
        {NULL, NULL, "text/plain", 206, -1, false},
        {NULL, NULL, "text/plain", 304, -1, false},
        {"Content-Encoding", "br", "text/plain", 200, -1, false},
        {"Content-Range", "bytes 0-1/2", "text/plain", 200, -1, false},
        {"Cache-Control", "public, no-transform", "text/plain", 200, -1, false},
        {"Cache-Control", "public", "text/plain", 200, -1, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f = open_fixture();
        add(&f, "Content-Type", rows[i].type);
        if (rows[i].name)
            add(&f, rows[i].name, rows[i].value);
        ol_head head = {.status = rows[i].status,
                        .content_length = rows[i].length,
                        .headers = f.headers};
        if (ol_coding_suits(&head) != rows[i].want)
            fail_msg("row %zu: %s", i, rows[i].type);
        ol_arena_destroy(f.arena);
    }
}

static void what_was_true_of_the_plain_bytes_goes(void **state)
{
    (void)state;
    fixture f = open_fixture();
    add(&f, "Content-Type", "text/plain");
    add(&f, "ETag", "\"" ETAG "\"");
    add(&f, "Accept-Ranges", "bytes");
    add(&f, "x-amz-checksum-crc64nvme", "AAAAAAAAAAA=");
    add(&f, "x-amz-checksum-type", "FULL_OBJECT");
    add(&f, "x-amz-meta-a", "b");
    ol_head head = {.status = 200, .content_length = 5000, .headers = f.headers};
    assert_code(ol_coding_apply(OL_VIEW_GZIP, &head), OL_OK);
    assert_int_equal(head.content_length, -1);
    assert_int_equal(head.headers.count, 4);
    assert_slice(ol_headers_get(&head.headers, "content-encoding"), "gzip");
    assert_slice(ol_headers_get(&head.headers, "etag"), "\"" ETAG ".gzip\"");
    assert_slice(ol_headers_get(&head.headers, "x-amz-meta-a"), "b");
    ol_arena_destroy(f.arena);
}

static void etags_of_coded_answers_stand_for_the_view(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        unsigned offered;
        const char *want;
    } rows[] = {
        {"\"" ETAG ".gzip\"", BOTH, "\"" ETAG "\""},
        {ETAG ".zstd", BOTH, ETAG},
        {"\"" ETAG ".gzip\", \"x-v.zstd\" , W/\"y-v.gzip\"", BOTH,
         "\"" ETAG "\", \"x-v\" , W/\"y-v\""},
        {"\"" ETAG ".gzip\"", OL_VIEW_ZSTD, "\"" ETAG ".gzip\""},
        {"\"" ETAG ".gzip\"", 0, "\"" ETAG ".gzip\""},
        {"\"" ETAG ".gzips\"", BOTH, "\"" ETAG ".gzips\""},
        {"\"" ETAG ".gzip.gzip\"", BOTH, "\"" ETAG ".gzip.gzip\""},
        {"\"" ETAG "\"", BOTH, "\"" ETAG "\""},
        {"-v.gzip", BOTH, "-v"},
        {"-v", BOTH, "-v"},
        {"*", BOTH, "*"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f = open_fixture();
        ol_headers out;
        add(&f, "If-None-Match", rows[i].given);
        add(&f, "If-Match", rows[i].given);
        add(&f, "X-Other", rows[i].given);
        assert_code(ol_coding_plain_conditions(rows[i].offered, &f.headers, f.arena, &out), OL_OK);
        assert_int_equal(out.count, 2);
        assert_slices(ol_headers_get(&out, "if-none-match"), ol_slice_cstr(rows[i].want));
        assert_slices(ol_headers_get(&out, "if-match"), ol_slice_cstr(rows[i].want));
        ol_arena_destroy(f.arena);
    }
}

/* The bytes of a range are the plain ones: the ETag of a coded answer does not name them. */
static void with_a_range_they_stand_for_themselves(void **state)
{
    (void)state;
    fixture f = open_fixture();
    ol_headers out;
    add(&f, "If-Match", "\"" ETAG ".gzip\"");
    add(&f, "Range", "bytes=0-1");
    assert_code(ol_coding_plain_conditions(BOTH, &f.headers, f.arena, &out), OL_OK);
    assert_slice(ol_headers_get(&out, "if-match"), "\"" ETAG ".gzip\"");
    ol_arena_destroy(f.arena);
}

static void what_the_client_holds_is_known_by_its_etag(void **state)
{
    (void)state;
    static const struct {
        const char *given;
        unsigned offered, want;
    } rows[] = {
        {"\"" ETAG ".gzip\"", BOTH, OL_VIEW_GZIP},     {"\"x\", \"" ETAG ".zstd\"", BOTH, OL_VIEW_ZSTD},
        {"\"" ETAG "\"", BOTH, 0},                     {"\"" ETAG ".gzip\"", OL_VIEW_ZSTD, 0},
        {"\"" ETAG ".gzipx\"", BOTH, 0},               {"*", BOTH, 0},
        {NULL, BOTH, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        fixture f = open_fixture();
        if (rows[i].given)
            add(&f, "If-None-Match", rows[i].given);
        assert_int_equal(ol_coding_held(rows[i].offered, &f.headers, OL_SLICE_LIT(ETAG)),
                         rows[i].want);
        assert_int_equal(ol_coding_held(rows[i].offered, &f.headers, OL_SLICE_NONE), 0);
        ol_arena_destroy(f.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clients_weights_decide),
        cmocka_unit_test(several_lines_are_one_list),
        cmocka_unit_test(only_what_shrinks_is_worth_it),
        cmocka_unit_test(what_was_true_of_the_plain_bytes_goes),
        cmocka_unit_test(etags_of_coded_answers_stand_for_the_view),
        cmocka_unit_test(with_a_range_they_stand_for_themselves),
        cmocka_unit_test(what_the_client_holds_is_known_by_its_etag),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
