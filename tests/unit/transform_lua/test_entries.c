/* SPDX-License-Identifier: MIT */
/*
 * The entries beside get: what is declared; head, request and response, what they are given, what they may
 * answer, and what they may not. (List: test_entry_list.c.)
 */
#include "entries_kit.h"

/* ---- declarations ---- */

static void test_declarations(void **state)
{
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, "return function() end"), OL_OK, &e.err);
    assert_true(e.declared.has_get && e.declared.reentrant);
    assert_false(e.declared.has_head || e.declared.has_list || e.declared.has_request);
    assert_false(e.declared.ignores_identity || e.declared.keeps_positions);
    fake_engine_close(&e);
    assert_code_of(fake_engine_load(&e, "local function f() end return {get = f, head = f, list = f, request = f, "
                                        "depends = {identity = false, request = false}, "
                                        "positions = {before = 3, after = 1048576}}"),
                   OL_OK, &e.err);
    assert_true(e.declared.has_head && e.declared.has_list && e.declared.has_request);
    assert_true(e.declared.ignores_identity && e.declared.keeps_positions);
    assert_int_equal(e.declared.positions_before, 3);
    assert_int_equal(e.declared.positions_after, 1048576);
    fake_engine_close(&e);
    assert_code_of(fake_engine_load(&e, MODULE("positions = {}, depends = {identity = true}")), OL_OK, &e.err);
    assert_true(e.declared.keeps_positions);
    assert_false(e.declared.ignores_identity);
    assert_int_equal(e.declared.positions_before + e.declared.positions_after, 0);
    fake_engine_close(&e);
}

/* The server does not ask for what is not declared; were it to, the job ends. */
static void test_absent_entries_are_refused(void **state)
{
    (void)state;
    expect_in("return print", OL_ENTRY_HEAD, "", OL_ETRANSFORM, "test.lua: has no head");
    expect_in("return print", OL_ENTRY_LIST, "{}", OL_ETRANSFORM, "has no list");
    expect_in(HEAD(""), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "has no request");
}

static void test_identity_is_out_of_reach(void **state)
{
    static const char *const source =
        "return {depends = {identity = false}, get = function(event, object, response) "
        "for k in pairs(event) do response:write(k, ';') end "
        "log.info(select(2, pcall(function() return event.userIdentity end))) "
        "return event.userIdentity.arn end}";
    fake_result result;

    (void)state;
    run_entry(source, OL_ENTRY_GET, "", NULL, &result);
    assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
    assert_slice(ol_buf_slice(&result.out), "configuration;");
    assert_non_null(strstr(ol_buf_cstr(&result.log), "info: test.lua:1: event.userIdentity is out of reach"));
    fake_result_fini(&result);
}

/* ---- head ---- */

static void test_head(void **state)
{
    fake_result result;

    (void)state;
    run_entry(HEAD("response.status = 203 response.headers['X-A'] = object.size response.metadata.o = object.metadata.owner "
                   "response.size = object.size * 2 + #object:read_at(1, 2) log.info(response.size)"),
              OL_ENTRY_HEAD, "abc", &(fake_options){.wait_always = true}, &result);
    if (result.rc != OL_DONE)
        show(&result, "head");
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_int_equal(result.out.len, 0);
    assert_string_equal(ol_buf_cstr(&result.log), "info: 86\n");
    assert_true(head_has(&result, "status", "203") && head_has(&result, "size", "86"));
    assert_true(head_has(&result, "header.x-a", "42") && head_has(&result, "metadata.o", "ann"));
    fake_result_fini(&result);
}

static void test_head_without_a_word(void **state)
{
    fake_result result;

    (void)state;
    run_entry(HEAD(""), OL_ENTRY_HEAD, "", NULL, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_int_equal(result.head.len, 0);
    fake_result_fini(&result);
    run_entry(HEAD("response.size = 1 response.size = nil assert(response.size == nil)"), OL_ENTRY_HEAD, "", NULL,
              &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_false(head_has(&result, "size", "1"));
    fake_result_fini(&result);
}

/* As AWS's functions tell it. */
static void test_head_with_a_content_length(void **state)
{
    static const char *const sources[] = {HEAD("response.headers['Content-Length'] = object.size * 2"),
                                          HEAD("response.headers['content-length'] = '84'"),
                                          HEAD("response.headers = {['Content-Length'] = 84.0, a = 'b'}")};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        fake_result result;

        run_entry(sources[i], OL_ENTRY_HEAD, "", NULL, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_true(head_has(&result, "size", "84"));
        assert_false(head_has(&result, "header.content-length", "84"));
        fake_result_fini(&result);
    }
    expect_in(HEAD("response.headers['content-length'] = 'x'"), OL_ENTRY_HEAD, "", OL_ETRANSFORM, "number expected");
    expect_in(HEAD("response.metadata['content-length'] = '1'"), OL_ENTRY_HEAD, "", OL_DONE, "");
    expect_in("return function(e, o, r) r.headers['content-length'] = 1 end", OL_ENTRY_GET, "", OL_ETRANSFORM,
              "is the server's to set");
}

static void test_head_refuses(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {HEAD("response:write('x')"), "head has no body to write"},
        {HEAD("object:read(1)"), "head gets no body"},
        {HEAD("object:read('a')"), "head gets no body"},
        {HEAD("for c in object:chunks() do end"), "head gets no body"},
        {HEAD("for l in object:lines() do end"), "head gets no body"},
        {HEAD("response.size = -1"), "must not be negative"},
        {HEAD("response.size = 0/0"), "number has no integer representation"},
        {HEAD("response.size = 1.5"), "number has no integer representation"},
        {HEAD("response.size = {}"), "number expected"},
        {HEAD("return 1"), "head returned a number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_in(cases[i].body, OL_ENTRY_HEAD, "abc", OL_ETRANSFORM, cases[i].text);
    expect_in("return function(e, o, r) r.size = 1 end", OL_ENTRY_GET, "", OL_ETRANSFORM, "response.size is for head");
}

static void test_errors_of_the_scripts_own(void **state)
{
    static const char *const sources[] = {HEAD("response:error(404, 'NoSuchKey', 'gone')"),
                                          LIST("response:error(404, 'NoSuchKey', 'gone')"),
                                          REQUEST("response:error(404, 'NoSuchKey', 'gone')"),
                                          LIST("return {statusCode = '404', errorCode = 'NoSuchKey', "
                                               "errorMessage = 'gone'}")};
    static const enum ol_transform_entry entries[] = {OL_ENTRY_HEAD, OL_ENTRY_LIST, OL_ENTRY_REQUEST, OL_ENTRY_LIST};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        fake_result result;

        run_entry(sources[i], entries[i], page, NULL, &result);
        assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
        assert_int_equal(result.err.status, 404);
        assert_string_equal(result.err.s3_code, "NoSuchKey");
        assert_string_equal(result.err.message, "gone");
        fake_result_fini(&result);
    }
}

/* ---- positions ---- */

#define POSITIONS(body) "return {positions = {}, get = function(event, object, response) " body " end}"

static void test_positions_read_a_piece(void **state)
{
    (void)state;
    /* object.size is the whole's, far beyond the memory limit: a piece of it is read all the same. */
    static const char *const far[] = {"object.size", "10000000000", NULL};
    fake_options options = {.event = far, .original = OL_SLICE_LIT("abc")};
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, POSITIONS("response:write(object:read('a'), object.size)")), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_slice(ol_buf_slice(&result.out), "abc10000000000");
    fake_result_fini(&result);
    fake_engine_close(&e);
    expect_in(POSITIONS("object:read_at(0, 1)"), OL_ENTRY_GET, "abc", OL_ETRANSFORM, "reads its input only");
    expect_in(POSITIONS("response.status = 206"), OL_ENTRY_GET, "abc", OL_ETRANSFORM, "answers 200");
    expect_in(POSITIONS("response.status = 200 response:write('ok')"), OL_ENTRY_GET, "abc", OL_DONE, "ok");
}

/* ---- request ---- */

static void expect_key(const char *source, const char *want)
{
    for (size_t i = 0; i < 4; i++) {
        fake_options options = {.wait_always = i & 1, .room_bytes = i & 2 ? 1 : 0};
        fake_result result;

        run_entry(source, OL_ENTRY_REQUEST, "", &options, &result);
        if (result.rc != OL_DONE)
            show(&result, source);
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(want ? want : ""));
        assert_int_equal(head_has(&result, "status", "404"), want == NULL);
        fake_result_fini(&result);
    }
}

static void test_request(void **state)
{
    (void)state;
    expect_key(REQUEST("return key"), "asked/for \xc3\xa4");
    expect_key(REQUEST("return 'team/' .. event.userIdentity.arn:match('%w+$') .. '/' .. key"),
               "team/ann/asked/for \xc3\xa4");
    expect_key(REQUEST("return coroutine.wrap(function() return key:upper() end)()"), "ASKED/FOR \xc3\xa4");
    expect_key(REQUEST("return nil"), NULL);
    expect_key(REQUEST(""), NULL);
    char longest[1025] = "";
    memset(longest, 'k', 1024);
    expect_key(REQUEST("return ('k'):rep(1024), 'more', 'of it'"), longest);
}

static void test_request_refuses(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {REQUEST("return ''"), "is empty"},
        {REQUEST("return ('k'):rep(1025)"), "longer than 1024 bytes"},
        {REQUEST("return '\\xff'"), "not UTF-8"},
        {REQUEST("return 'a\\0b'"), "not UTF-8"},
        {REQUEST("return false"), "returned a boolean"},
        {REQUEST("return 12"), "returned a number"},
        {REQUEST("return setmetatable({}, {__tostring = function() return 'k' end})"), "returned a table"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_in(cases[i].body, OL_ENTRY_REQUEST, "", OL_ETRANSFORMRESPONSE, cases[i].text);
    expect_in(REQUEST("response:write('k')"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "request has no body");
    expect_in(REQUEST("response.status = 200"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "request has no head");
    expect_in(REQUEST("response.headers.a = 'b'"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "request has no head");
    expect_in(REQUEST("error('mine')"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "mine");
}

/* ---- limits ---- */

static void test_request_limits(void **state)
{
    fake_options options = {0};
    fake_result result;

    (void)state;
    run_entry(REQUEST("response:limit(event.userIdentity.arn, 0.5) response:limit('all', 2.5, 9) return key"),
              OL_ENTRY_REQUEST, "", &options, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_false(head_has(&result, "status", "404"));
    ol_fields_iter it;
    ol_slice name, value;
    int limits = 0;
    ol_fields_iter_init(&it, ol_buf_slice(&result.head));
    while (ol_fields_next(&it, &name, &value)) {
        assert_slice(name, "limit");
        /* The first 16 bytes of SHA-256("all"). */
        if (limits++ == 1)
            assert_slice(value, "2500 9 5ef5ef0364b6939c4ca61f34b393f7b3");
    }
    assert_int_equal(limits, 2);
    fake_result_fini(&result);
    expect_in(REQUEST("for i = 1, 9 do response:limit('x', 1) end"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM,
              "more than 8 limits");
    expect_in(REQUEST("response:limit('', 1)"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "1 to 1024 bytes");
    expect_in(REQUEST("response:limit('x', 0)"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "0.001 to");
    expect_in(REQUEST("response:limit('x', 0/0)"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "0.001 to");
    expect_in(REQUEST("response:limit('x', 1, 0)"), OL_ENTRY_REQUEST, "", OL_ETRANSFORM, "a burst is");
    expect_in("return function(e, o, response) response:limit('x', 1) end", OL_ENTRY_GET, "", OL_ETRANSFORM,
              "for request only");
}

/* ---- response, and modules without get ---- */

static void test_bodies_pass(void **state)
{
    static const char *const pass[] = {
        "return {request = function(event, key) return key end}",
        "return {response = function(event, object, response) end}",
        "return {list = function(event, listing) return listing end}",
    };
    fake_engine e;

    (void)state;
    for (size_t i = 0; i < sizeof(pass) / sizeof(pass[0]); i++) {
        expect_in(pass[i], OL_ENTRY_GET, "the original", OL_DONE, "the original");
        fake_engine_init(&e);
        assert_code_of(fake_engine_load(&e, pass[i]), OL_OK, &e.err);
        assert_true(e.declared.has_get && e.declared.has_head && e.declared.keeps_positions);
        fake_engine_close(&e);
    }
    fake_engine_init(&e);
    assert_code(fake_engine_load(&e, "return {head = print, request = print}"), OL_ETRANSFORM);
    fake_engine_close(&e);
    fake_engine_init(&e);
    assert_code(fake_engine_load(&e, "return {response = 1}"), OL_ETRANSFORM);
    fake_engine_close(&e);
}

static void test_response_runs_first(void **state)
{
    static const char both[] =
        "return {response = function(event, object, response)\n"
        "  if event.userIdentity.arn:find('mallory') then response:error(403, 'AccessDenied') end\n"
        "  response.headers['cache-control'] = 'no-store' end,\n"
        "get = function(event, object, response) response:write('body') end,\n"
        "head = function(event, object, response) response.size = 4 end}";
    fake_options options = {0};
    fake_result result;

    (void)state;
    for (int entry = OL_ENTRY_GET; entry <= OL_ENTRY_HEAD; entry++) {
        run_entry(both, (enum ol_transform_entry)entry, "x", &options, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_true(head_has(&result, "header.cache-control", "no-store"));
        fake_result_fini(&result);
    }
    run_entry("return {response = function(e, o, response) response.headers.expires = '0' end}", OL_ENTRY_HEAD,
              "", &(fake_options){.event = (const char *const[]){"object.size", "12", NULL}}, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_true(head_has(&result, "header.expires", "0"));
    assert_true(head_has(&result, "size", "12"));
    fake_result_fini(&result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_declarations),
        cmocka_unit_test(test_absent_entries_are_refused),
        cmocka_unit_test(test_identity_is_out_of_reach),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_head_without_a_word),
        cmocka_unit_test(test_head_with_a_content_length),
        cmocka_unit_test(test_head_refuses),
        cmocka_unit_test(test_errors_of_the_scripts_own),
        cmocka_unit_test(test_positions_read_a_piece),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_request_refuses),
        cmocka_unit_test(test_request_limits),
        cmocka_unit_test(test_bodies_pass),
        cmocka_unit_test(test_response_runs_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
