/* SPDX-License-Identifier: MIT */
/* What part of a view is asked for: what is read of a request, and what is sent of a length. */
#include "front/views/view_want.h"

#include "base/alloc.h"
#include "lib/check.h"

#define PART OL_VIEW_PART_BYTES
#define ETAG "0011223344556677-v"

typedef struct rig {
    ol_arena *arena;
    ol_http_request http;
    ol_realm_olap olap;
    ol_s3_param params[1];
    ol_request request;
    ol_program program;
    ol_view_chain chain;
    ol_view_want want;
    ol_view_part part;
    ol_error err;
} rig;

static void set_up(rig *r)
{
    memset(r, 0, sizeof(*r));
    r->arena = ol_arena_new(16 * 1024);
    assert_non_null(r->arena);
    ol_headers_init(&r->http.headers, r->arena);
    r->request = (ol_request){.http = &r->http, .arena = r->arena, .target.olap = &r->olap};
    r->request.address.params = r->params;
    r->chain.count = 1;
    r->chain.programs[0] = &r->program;
}

static void tear_down(rig *r)
{
    ol_arena_destroy(r->arena);
}

static void header(rig *r, const char *name, const char *value)
{
    assert_code(ol_headers_add(&r->http.headers, ol_slice_cstr(name), ol_slice_cstr(value)), OL_OK);
}

static void part_number(rig *r, const char *value)
{
    r->params[0] = (ol_s3_param){OL_SLICE_LIT("partNumber"), ol_slice_cstr(value)};
    r->request.address.param_count = 1;
}

static int read_want(rig *r)
{
    r->err = (ol_error){0};
    return ol_view_want_read(&r->want, &r->request, &r->err);
}

static int resolve(rig *r, uint64_t length)
{
    r->err = (ol_error){0};
    r->request.unsatisfied_range[0] = 0;
    return ol_view_want_resolve(&r->want, &r->request, ETAG, length, &r->part, &r->err);
}

/* ---- ranges ---- */

typedef struct range_case {
    const char *range, *if_range;
    uint64_t length;
    int code;
    bool whole;
    uint64_t start, bytes;
} range_case;

static void resolves_ranges(void **state)
{
    (void)state;
    static const range_case cases[] = {
        {"bytes=0-0", NULL, 10, OL_OK, false, 0, 1},
        {"bytes=3-", NULL, 10, OL_OK, false, 3, 7},
        {"bytes=-4", NULL, 10, OL_OK, false, 6, 4},
        {"bytes=-40", NULL, 10, OL_OK, false, 0, 10},
        {"bytes=9-99999999999999999999", NULL, 10, OL_OK, false, 9, 1},
        {"bytes=0-9", NULL, 10, OL_OK, false, 0, 10},
        {"bytes=10-", NULL, 10, OL_ERANGE, false, 0, 0},
        {"bytes=-0", NULL, 10, OL_ERANGE, false, 0, 0},
        {"bytes=0-", NULL, 0, OL_ERANGE, false, 0, 0},
        {"bytes=-5", NULL, 0, OL_ERANGE, false, 0, 0},
        {"bytes=18446744073709551615-", NULL, INT64_MAX, OL_ERANGE, false, 0, 0},
        {"bytes=5-2", NULL, 10, OL_OK, true, 0, 10},
        {"bytes=0-1,3-4", NULL, 10, OL_OK, true, 0, 10},
        {"lines=0-1", NULL, 10, OL_OK, true, 0, 10},
        {"bytes", NULL, 10, OL_OK, true, 0, 10},
        {"", NULL, 10, OL_OK, true, 0, 10},
        {"bytes=0-1", "\"" ETAG "\"", 10, OL_OK, false, 0, 2},
        {"bytes=0-1", "\"another-v\"", 10, OL_OK, true, 0, 10},
        {"bytes=0-1", "W/\"" ETAG "\"", 10, OL_OK, true, 0, 10},
        {"bytes=0-1", "*", 10, OL_OK, true, 0, 10},
        {"bytes=99-", "\"another-v\"", 10, OL_OK, true, 0, 10},
        {"bytes=0-1", "Sat, 21 Nov 2026 00:00:00 GMT", 10, OL_OK, true, 0, 10},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const range_case *c = &cases[i];
        rig r;
        set_up(&r);
        header(&r, "Range", c->range);
        if (c->if_range)
            header(&r, "If-Range", c->if_range);
        assert_code_of(read_want(&r), OL_OK, &r.err);
        assert_true(r.want.names_part);
        assert_code_of(resolve(&r, c->length), c->code, &r.err);
        if (c->code == OL_ERANGE) {
            char text[40];
            snprintf(text, sizeof(text), "bytes */%llu", (unsigned long long)c->length);
            assert_string_equal(r.request.unsatisfied_range, text);
        } else {
            assert_int_equal(r.part.whole, c->whole);
            assert_int_equal(r.part.bytes.start, c->start);
            assert_int_equal(r.part.bytes.length, c->bytes);
            assert_int_equal(r.part.part_count, 0);
        }
        tear_down(&r);
    }
}

static void two_range_headers_are_none(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    header(&r, "Range", "bytes=0-1");
    header(&r, "Range", "bytes=0-1");
    assert_code(read_want(&r), OL_OK);
    assert_null(ol_view_want_spec(&r.want));
    assert_code(resolve(&r, 10), OL_OK);
    assert_true(r.part.whole);
    tear_down(&r);
}

/* ---- parts ---- */

static void parts_cover_the_view(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {1, PART - 1, PART, PART + 1, 3 * PART, 3 * PART + 7};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint64_t at = 0;
        unsigned number = 0;
        rig r;
        set_up(&r);
        while (at < lengths[i]) {
            char text[12];
            snprintf(text, sizeof(text), "%u", ++number);
            part_number(&r, text);
            assert_code(read_want(&r), OL_OK);
            assert_non_null(ol_view_want_spec(&r.want));
            assert_code(resolve(&r, lengths[i]), OL_OK);
            assert_false(r.part.whole);
            assert_int_equal(r.part.bytes.start, at);
            assert_in_range(r.part.bytes.length, 1, PART);
            at += r.part.bytes.length;
        }
        assert_int_equal(at, lengths[i]);
        assert_int_equal(r.part.part_count, number);
        char behind[12];
        snprintf(behind, sizeof(behind), "%u", number + 1);
        part_number(&r, behind);
        assert_code(read_want(&r), OL_OK);
        assert_code(resolve(&r, lengths[i]), OL_ERANGE);
        assert_string_equal(r.request.unsatisfied_range, "");
        tear_down(&r);
    }
}

static void nothing_is_one_whole_part(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    part_number(&r, "1");
    assert_code(read_want(&r), OL_OK);
    assert_code(resolve(&r, 0), OL_OK);
    assert_true(r.part.whole);
    assert_int_equal(r.part.part_count, 1);
    assert_code(ol_view_want_resolve_indivisible(&r.want, &r.part, &r.err), OL_OK);
    assert_int_equal(r.part.part_count, 1);
    part_number(&r, "2");
    assert_code(read_want(&r), OL_OK);
    assert_code(resolve(&r, 0), OL_ERANGE);
    assert_code(ol_view_want_resolve_indivisible(&r.want, &r.part, &r.err), OL_ERANGE);
    tear_down(&r);
}

static void refuses_what_is_no_part(void **state)
{
    (void)state;
    static const char *const numbers[] = {"", "0", "-1", "10001", "4294967297", "1x", " 1"};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        rig r;
        set_up(&r);
        part_number(&r, numbers[i]);
        assert_code(read_want(&r), OL_EINVAL);
        tear_down(&r);
    }
    rig r;
    set_up(&r);
    part_number(&r, "1");
    header(&r, "Range", "lines=0-1"); /* of whatever form */
    assert_code(read_want(&r), OL_EINVALIDREQUEST);
    tear_down(&r);
}

/* ---- who answers ---- */

static void an_access_point_may_refuse_ranges(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    r.olap.options.ranges = OL_VIEW_RANGES_REFUSE;
    assert_code(read_want(&r), OL_OK);
    header(&r, "Range", "bytes=0-1");
    assert_code(read_want(&r), OL_ENOTIMPLEMENTED);
    tear_down(&r);
}

static bool is_handed(rig *r, const char *etag)
{
    assert_code(read_want(r), OL_OK);
    return ol_view_want_is_handed(&r->want, &r->request, &r->chain, etag);
}

static void a_transform_may_take_ranges(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    r.olap.options.ranges = OL_VIEW_RANGES_TRANSFORM;
    assert_false(is_handed(&r, ETAG));
    header(&r, "Range", "bytes=0-1");
    assert_true(is_handed(&r, ETAG));
    r.olap.options.ranges = OL_VIEW_RANGES_RUNTIME;
    assert_false(is_handed(&r, ETAG));
    r.olap.features = OL_CONTROL_GET_OBJECT_RANGE;
    assert_false(is_handed(&r, ETAG)); /* it does not look at it */
    r.program.declared.depends_headers = OL_SLICE_LIT("x-lang\nRange\n");
    assert_true(is_handed(&r, ETAG));
    r.request.head_only = true;
    assert_false(is_handed(&r, ETAG));
    tear_down(&r);
}

/* Else the client puts a part of this version behind what it holds of another. */
static void no_part_is_handed_of_another_version(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    r.olap.options.ranges = OL_VIEW_RANGES_TRANSFORM;
    header(&r, "Range", "bytes=5-");
    header(&r, "If-Range", "\"" ETAG "\"");
    assert_true(is_handed(&r, ETAG));
    assert_false(is_handed(&r, "another-v"));
    assert_false(is_handed(&r, NULL));
    tear_down(&r);
}

static void reads_what_the_client_checks(void **state)
{
    (void)state;
    rig r;
    set_up(&r);
    assert_code(read_want(&r), OL_OK);
    assert_false(r.want.checksums || r.want.trailers || r.want.names_part);
    header(&r, "x-amz-checksum-mode", " enabled ");
    header(&r, "TE", "gzip;q=0.5 , Trailers");
    assert_code(read_want(&r), OL_OK);
    assert_true(r.want.checksums && r.want.trailers);
    tear_down(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resolves_ranges),
        cmocka_unit_test(two_range_headers_are_none),
        cmocka_unit_test(parts_cover_the_view),
        cmocka_unit_test(nothing_is_one_whole_part),
        cmocka_unit_test(refuses_what_is_no_part),
        cmocka_unit_test(an_access_point_may_refuse_ranges),
        cmocka_unit_test(a_transform_may_take_ranges),
        cmocka_unit_test(no_part_is_handed_of_another_version),
        cmocka_unit_test(reads_what_the_client_checks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
