/* SPDX-License-Identifier: MIT */
/* Which path and method of the s3control API are which call. */
#include "lib/check.h"

#include "front/control_api/control_call.h"

static int find(const char *path, enum ol_http_method method, ol_control_route *route,
                const ol_control_row **row, ol_arena *arena, ol_error *err)
{
    ol_error_clear(err);
    int rc = ol_control_route_parse(ol_slice_cstr(path), arena, route, err);
    return rc == OL_OK ? ol_control_row_find(route, method, row, err) : rc;
}

static void finds_calls(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum ol_http_method method;
        const char *action, *name;
    } cases[] = {
        {"accesspoint", OL_HTTP_GET, "ListAccessPoints", ""},
        {"accesspoint/", OL_HTTP_GET, "ListAccessPoints", ""},
        {"accesspoint/a", OL_HTTP_PUT, "CreateAccessPoint", "a"},
        {"accesspoint/a%2Db", OL_HTTP_GET, "GetAccessPoint", "a-b"},
        {"accesspoint/a", OL_HTTP_DELETE, "DeleteAccessPoint", "a"},
        {"accesspoint/a/policy", OL_HTTP_PUT, "PutAccessPointPolicy", "a"},
        {"accesspoint/a/policyStatus", OL_HTTP_GET, "GetAccessPointPolicyStatus", "a"},
        {"accesspoint/a/scope", OL_HTTP_GET, "GetAccessPointScope", "a"},
        {"accesspointforobjectlambda", OL_HTTP_GET, "ListAccessPointsForObjectLambda", ""},
        {"accesspointforobjectlambda/v", OL_HTTP_PUT, "CreateAccessPointForObjectLambda", "v"},
        {"accesspointforobjectlambda/v/configuration", OL_HTTP_PUT,
         "PutAccessPointConfigurationForObjectLambda", "v"},
        {"accesspointforobjectlambda/v/policy", OL_HTTP_DELETE,
         "DeleteAccessPointPolicyForObjectLambda", "v"},
        {"configuration/publicAccessBlock", OL_HTTP_DELETE, "PutAccountPublicAccessBlock", ""},
        {"tags/arn%3Aaws%3As3%3Ar%3Aa%3Aaccesspoint%2Fx", OL_HTTP_GET, "ListTagsForResource",
         "arn:aws:s3:r:a:accesspoint/x"},
        {"tags/arn:aws:s3:r:a:accesspoint/x", OL_HTTP_GET, "ListTagsForResource",
         "arn:aws:s3:r:a:accesspoint/x"},
    };
    ol_arena *arena = ol_arena_new(64 * 1024);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_control_route route;
        const ol_control_row *row;
        ol_error err = {0};
        char *path = ol_arena_printf(arena, OL_CONTROL_PATH "%s", cases[i].path);
        assert_code_of(find(path, cases[i].method, &route, &row, arena, &err), OL_OK, &err);
        assert_string_equal(row->action, cases[i].action);
        assert_slices(route.name, ol_slice_cstr(cases[i].name));
    }
    ol_arena_destroy(arena);
}

static void refuses_others(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum ol_http_method method;
        int code;
    } cases[] = {
        {"", OL_HTTP_GET, OL_ENOTIMPLEMENTED},
        {"jobs", OL_HTTP_GET, OL_ENOTIMPLEMENTED},
        {"accesspoints/a", OL_HTTP_GET, OL_ENOTIMPLEMENTED},
        {"accesspoint/a/configuration", OL_HTTP_GET, OL_ENOTIMPLEMENTED},
        {"accesspoint/a/policy/more", OL_HTTP_GET, OL_ENOTIMPLEMENTED},
        {"configuration", OL_HTTP_GET, OL_ENOTIMPLEMENTED},
        {"accesspoint", OL_HTTP_PUT, OL_EMETHOD},
        {"accesspoint/a/scope", OL_HTTP_PUT, OL_EMETHOD},
        {"accesspoint/a/policyStatus", OL_HTTP_PUT, OL_EMETHOD},
        {"accesspoint/%zz", OL_HTTP_GET, OL_EINVALIDURI},
    };
    ol_arena *arena = ol_arena_new(64 * 1024);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_control_route route;
        const ol_control_row *row;
        ol_error err = {0};
        char *path = ol_arena_printf(arena, OL_CONTROL_PATH "%s", cases[i].path);
        assert_code_of(find(path, cases[i].method, &route, &row, arena, &err), cases[i].code, &err);
    }
    ol_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_calls),
                                       cmocka_unit_test(refuses_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
