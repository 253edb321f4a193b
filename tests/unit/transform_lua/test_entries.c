/* SPDX-License-Identifier: MIT */
/*
 * The entries beside get: head, list and request, what they are given, what they may answer, and
 * what they may not.
 */
#include "fake_job.c"

#include "lib/alloc_check.h"

#define MODULE(more) "return {get = function() end, " more "}"
#define HEAD(body) MODULE("head = function(event, object, response) " body " end")
#define LIST(body) MODULE("list = function(event, listing, response) " body " end")
#define REQUEST(body) MODULE("request = function(event, key, response) " body " end")

static const char page[] =
    "{\"name\":\"b\",\"prefix\":\"\",\"startAfter\":\"a\",\"keyCount\":3,\"maxKeys\":1000,\"isTruncated\":true,"
    "\"nextContinuationToken\":\"t\\u0041k\",\"contents\":["
    "{\"key\":\"a/one\",\"originalKey\":\"a/one\",\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":10,"
    "\"storageClass\":\"STANDARD\"},"
    "{\"key\":\"a/two\",\"originalKey\":\"a/two\",\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":20,"
    "\"owner\":{\"displayName\":\"ann\",\"id\":\"1\"}}],"
    "\"commonPrefixes\":[{\"prefix\":\"c/\",\"originalPrefix\":\"c/\"}]}";

static const char *const event[] = {"userIdentity.arn", "arn:ann", "configuration.payload", "{}", "object.key",
                                    "asked/for \xc3\xa4", "object.size", "42", "object.metadata.owner", "ann", NULL};

static void run_entry(const char *source, enum ol_transform_entry entry, const char *input,
                      const fake_options *given, fake_result *result)
{
    fake_options options = given ? *given : (fake_options){0};
    fake_engine e;

    options.entry = entry;
    options.event = options.event ? options.event : event;
    options.original = ol_slice_cstr(input);
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, result);
    fake_engine_close(&e);
}

static void show(const fake_result *result, const char *source)
{
    print_error("%s\nlog: %sdetail: %s\nout: %.*s\n", source, ol_buf_cstr((ol_buf *)&result->log),
                result->err.detail, OL_SLICE_FMT(ol_buf_slice(&result->out)));
}

/* The output, or the error's detail or log, has this in it. */
static void expect_in(const char *source, enum ol_transform_entry entry, const char *input, int rc,
                      const char *text)
{
    fake_result result;

    run_entry(source, entry, input, NULL, &result);
    ol_slice out = ol_buf_slice(&result.out);
    bool found = strstr(result.err.detail, text) || strstr(ol_buf_cstr(&result.log), text) ||
                 (out.len && memmem(out.data, out.len, text, strlen(text)));
    if (result.rc != rc || !found)
        show(&result, source);
    assert_code(result.rc, rc);
    assert_true(found);
    if (rc != OL_DONE) /* all or nothing */
        assert_int_equal(out.len, 0);
    fake_result_fini(&result);
}

static void expect_list(const char *body, const char *text)
{
    expect_in(body, OL_ENTRY_LIST, page, OL_DONE, text);
}

static void expect_no_list(const char *body, const char *text)
{
    expect_in(body, OL_ENTRY_LIST, page, OL_ETRANSFORMRESPONSE, text);
}

static bool head_has(const fake_result *result, const char *name, const char *value)
{
    ol_slice found;

    return ol_fields_get(ol_buf_slice(&result->head), name, &found) && ol_slice_eq_cstr(found, value);
}

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

/* ---- list ---- */

static const char page_back[] =
    "{\"name\":\"b\",\"prefix\":\"\",\"startAfter\":\"a\",\"nextContinuationToken\":\"tAk\",\"keyCount\":3,"
    "\"maxKeys\":1000,\"isTruncated\":true,\"contents\":["
    "{\"key\":\"a/one\",\"originalKey\":\"a/one\",\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":10,"
    "\"storageClass\":\"STANDARD\"},"
    "{\"key\":\"a/two\",\"originalKey\":\"a/two\",\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":20,"
    "\"owner\":{\"displayName\":\"ann\",\"id\":\"1\"}}],"
    "\"commonPrefixes\":[{\"prefix\":\"c/\",\"originalPrefix\":\"c/\"}]}";

static void test_list_as_it_was(void **state)
{
    (void)state;
    for (size_t piece = 0; piece < 40; piece += 1 + piece / 8) {
        fake_options options = {.piece_bytes = piece, .wait_always = piece % 2, .room_bytes = piece};
        fake_result result;

        run_entry(LIST("return listing"), OL_ENTRY_LIST, page, &options, &result);
        if (result.rc != OL_DONE)
            show(&result, "as it was");
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(page_back));
        assert_true(head_has(&result, "header.content-type", "application/json"));
        fake_result_fini(&result);
    }
}

static void test_list_as_the_script_sees_it(void **state)
{
    (void)state;
    expect_list(LIST("log.info(listing.nextContinuationToken, math.type(listing.keyCount), listing.isTruncated, "
                     "#listing.contents, listing.contents[2].owner.id, event.userIdentity.arn) return listing"),
                "info: tAk integer true 2 1 arn:ann");
    /* The order of pairs is the same everywhere. */
    expect_list(LIST("local t = {} for k in pairs(listing.contents[1]) do t[#t + 1] = k end "
                     "log.info(table.concat(t, ' ')) return listing"),
                "info: key lastModified originalKey size storageClass");
    expect_list(LIST("log.info(tostring(event.object)) return listing"), "info: nil");
}

static void test_list_changes(void **state)
{
    (void)state;
    expect_list(LIST("table.remove(listing.contents, 1) return listing"), "\"contents\":[{\"key\":\"a/two\"");
    expect_list(LIST("listing.contents = {} return listing"), "\"contents\":[],\"commonPrefixes\":[{");
    expect_list(LIST("listing.contents, listing.commonPrefixes = nil return listing"),
                "\"contents\":[],\"commonPrefixes\":[]}");
    expect_list(LIST("return {}"), "{\"contents\":[],\"commonPrefixes\":[]}");
    expect_list(LIST("listing.contents[1].key = 'one \"\\n\\\\' return listing"),
                "{\"key\":\"one \\u0022\\u000a\\u005c\",\"originalKey\":\"a/one\"");
    expect_list(LIST("listing.contents[1].size = '7' listing.contents[2].size = 8.0 listing.isTruncated = 'false' "
                     "listing.maxKeys = '3' return listing"),
                "\"maxKeys\":3,\"isTruncated\":false,\"contents\":[{\"key\":\"a/one\",\"originalKey\":\"a/one\","
                "\"lastModified\":\"2026-11-21T06:00:00.000Z\",\"size\":7,");
    expect_list(LIST("return {contents = {{key = 'new'}, {key = 'b', originalKey = 'a/two', owner = {}}}}"),
                "{\"contents\":[{\"key\":\"new\"},{\"key\":\"b\",\"originalKey\":\"a/two\",\"owner\":{}}],");
    expect_list(LIST("return {statusCode = 200, listBucketResult = {name = 'x'}}"),
                "{\"name\":\"x\",\"contents\":[],\"commonPrefixes\":[]}");
}

static void test_list_as_a_document(void **state)
{
    static const char *const sources[] = {LIST("return '<ListBucketResult/>'"),
                                          LIST("return {statusCode = '200', listResultXml = '<ListBucketResult/>'}")};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        fake_result result;

        run_entry(sources[i], OL_ENTRY_LIST, page, &(fake_options){.room_bytes = 3, .wait_always = true}, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_slice(ol_buf_slice(&result.out), "<ListBucketResult/>");
        assert_true(head_has(&result, "header.content-type", "application/xml"));
        fake_result_fini(&result);
    }
}

static void test_list_refuses(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {LIST(""), "what it returned is not a table"},
        {LIST("return 1"), "what it returned is not a table"},
        {LIST("return ''"), "the document is empty"},
        {LIST("return ('x'):rep(6 * 1024 * 1024 + 1)"), "the document is too long"},
        {LIST("return {listResultXml = 'x', listBucketResult = {}}"), "not one of listResultXml and listBucketResult"},
        {LIST("return {statusCode = 200}"), "not one of listResultXml and listBucketResult"},
        {LIST("return {statusCode = {}}"), "statusCode is not a number"},
        {LIST("return {listResultXml = 1}"), "listResultXml is not a string"},
        {LIST("listing.content = {} return listing"), "listing has a member that a listing does not have"},
        {LIST("listing[1] = 1 return listing"), "listing has a member"},
        {LIST("listing.name = 1 return listing"), "listing.name is not a string"},
        {LIST("listing.prefix = '\\xff' return listing"), "listing.prefix is not UTF-8"},
        {LIST("listing.isTruncated = 1 return listing"), "listing.isTruncated is not true or false"},
        {LIST("listing.maxKeys = -1 return listing"), "listing.maxKeys is not a whole number"},
        {LIST("listing.contents = 'x' return listing"), "contents is not a table"},
        {LIST("listing.contents = {a = 1} return listing"), "contents is not a list"},
        {LIST("listing.contents[1] = nil return listing"), "contents is not a list: it has holes"},
        {LIST("listing.contents[4] = {key = 'k'} return listing"), "contents is not a list"},
        {LIST("listing.contents[2] = 'x' return listing"), "contents[2] is not a table"},
        {LIST("listing.contents[2].key = nil return listing"), "contents[2].key is missing"},
        {LIST("listing.contents[2].key = '' return listing"), "contents[2].key is empty"},
        {LIST("listing.contents[2].key = 2 return listing"), "contents[2].key is not a string"},
        {LIST("listing.contents[2].key = ('k'):rep(1025) return listing"), "contents[2].key is longer than 1024 bytes"},
        {LIST("listing.contents[2].key = '\\xc3' return listing"), "contents[2].key is not UTF-8"},
        {LIST("listing.contents[2].key = 'a\\0' return listing"), "contents[2].key is not UTF-8"},
        {LIST("listing.contents[2].sise = 1 return listing"), "contents[2] has a member"},
        {LIST("listing.contents[1].size = 0/0 return listing"), "contents[1].size is not a whole number"},
        {LIST("listing.contents[1].size = 1/0 return listing"), "contents[1].size is not a whole number"},
        {LIST("listing.contents[1].size = 1.5 return listing"), "contents[1].size is not a whole number"},
        {LIST("listing.contents[1].size = -1 return listing"), "contents[1].size is not a whole number"},
        {LIST("listing.contents[1].size = '0x10' return listing"), "contents[1].size is not a whole number"},
        {LIST("listing.contents[1].size = '9223372036854775808' return listing"), "contents[1].size is not a whole"},
        {LIST("listing.contents[1].size = true return listing"), "contents[1].size is not a whole number"},
        {LIST("listing.contents[1].originalKey = 'a/other' return listing"), "contents[1].originalKey is not one that came in"},
        {LIST("listing.contents[1].originalKey = 1 return listing"), "contents[1].originalKey is not a string"},
        {LIST("listing.contents[1].owner = 'ann' return listing"), "contents[1].owner is not a table"},
        {LIST("listing.contents[2].owner.id = {} return listing"), "contents[2].owner.id is not a string"},
        {LIST("listing.contents[2].owner.name = 'x' return listing"), "contents[2].owner has a member"},
        {LIST("listing.commonPrefixes[1].prefix = nil return listing"), "commonPrefixes[1].prefix is missing"},
        {LIST("listing.commonPrefixes[1].originalPrefix = 'a/one' .. '/' return listing"), "commonPrefixes[1].originalPrefix is not one"},
        {LIST("listing.commonPrefixes[1].key = 'k' return listing"), "commonPrefixes[1] has a member"},
        {LIST("listing.nextMarker = ('x'):rep(4097) return listing"), "listing.nextMarker is too long"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_no_list(cases[i].body, cases[i].text);
    expect_in(LIST("response:write('x')"), OL_ENTRY_LIST, page, OL_ETRANSFORM, "list has no body");
    expect_in(LIST("response.headers.a = 'b'"), OL_ENTRY_LIST, page, OL_ETRANSFORM, "list has no head");
    expect_in(LIST("return {statusCode = 404, errorCode = 'No such key'}"), OL_ENTRY_LIST, page, OL_ETRANSFORM, "");
}

/* What a hostile script may try: nothing of it runs once it has returned, and no table ties up the
 * encoder. */
static void test_hostile_answers(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {LIST("return setmetatable({}, {__index = function() error('ran') end})"), "has a metatable"},
        {LIST("return setmetatable(listing, {__pairs = function() error('ran') end})"), "has a metatable"},
        {LIST("setmetatable(listing.contents, {__len = function() return 2^60 end}) return listing"), "contents has a metatable"},
        {LIST("setmetatable(listing.contents[1], {__index = {size = 1}}) return listing"), "contents[1] has a metatable"},
        {LIST("setmetatable(listing.contents[2].owner, {__metatable = false}) return listing"), "owner has a metatable"},
        {LIST("listing.contents[1].owner = listing return listing"), "contents[1].owner has a member"},
        {LIST("listing.contents = listing return listing"), "contents is not a list"},
        {LIST("listing.contents[1] = listing.contents return listing"), "contents[1] has a member"},
        {LIST("local c = listing.contents for i = 1, 1001 do c[i] = c[1] end return listing"), "more than 1000 entries"},
        {LIST("local c = {} for i = 1, 200000 do c[i] = 0 end listing.contents = c return listing"), "more than 1000 entries"},
        {LIST("local c = {} for i = 1, 200000 do c['k' .. i] = 0 end listing.contents = c return listing"), "contents is not a list"},
        {LIST("local c = {} for i = 1, 200000 do c['k' .. i] = 0 end return c"), "listing has a member"},
        {LIST("listing.contents = {[math.maxinteger] = {key = 'k'}} return listing"), "contents is not a list"},
        {LIST("listing.contents = {[1] = {key = 'k'}, [2^53] = 1} return listing"), "contents is not a list"},
        {LIST("local t = {} for i = 1, 10000 do t = {owner = t} end listing.contents[1] = t return listing"), "contents[1].key is missing"},
        {LIST("return coroutine.create(print)"), "what it returned is not a table"},
        {LIST("return io, response"), "what it returned is not a table"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_no_list(cases[i].body, cases[i].text);
    /* A cycle through allowed members is only a reference: the same owner everywhere. */
    expect_list(LIST("local c = listing.contents c[1].owner = c[2].owner return listing"),
                "\"owner\":{\"displayName\":\"ann\",\"id\":\"1\"},\"storageClass\"");
    /* The script's own globals are not what stands around it. */
    expect_list("type, table.unpack, pairs, next, ipairs, error = nil "
                "return {get = print, list = function(e, l) return l end}",
                "\"contents\":[{\"key\":\"a/one\"");
    expect_in(LIST("while true do end"), OL_ENTRY_LIST, page, OL_ETRANSFORMCPU, "cpu_ms");
    expect_in(LIST("local t = {} while true do t[#t + 1] = {listing} end"), OL_ENTRY_LIST, page, OL_ETRANSFORMMEMORY,
              "memory_bytes");
}

/* What is wrong with the input is not the script's fault, but its end all the same. */
static void test_listings_that_are_none(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "ends too early"},     {"1", "not an object"},          {"{\"a\":1,\"a\":2}", "stands twice"},
        {"{\"a\":1.5}", "not whole"}, {"{\"a\":\"\\x\"}", "malformed escape"},
        {"{\"a\":[[[[[[[[]]]]]]]]}", "too deeply"}, {"{} {}", "behind its end"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_in(LIST("return listing"), OL_ENTRY_LIST, cases[i].text, OL_ETRANSFORM, cases[i].why);
}

/* ---- around it ---- */

static ol_buf large_page(size_t entries)
{
    ol_buf text;

    ol_buf_init(&text, OL_TRANSFORM_LISTING_BYTES_MAX);
    assert_code(ol_buf_add_cstr(&text, "{\"name\":\"b\",\"contents\":["), OL_OK);
    for (size_t i = 0; i < entries; i++)
        assert_code(ol_buf_addf(&text, "%s{\"key\":\"folder/%07zu\",\"originalKey\":\"folder/%07zu\",\"size\":%zu,"
                                       "\"storageClass\":\"STANDARD\",\"lastModified\":\"2026-11-21T06:00:00.000Z\"}",
                                i ? "," : "", i, i, i), OL_OK);
    assert_code(ol_buf_add_cstr(&text, "]}"), OL_OK);
    return text;
}

/* Reading and writing are cut into slices like the script itself. */
static void test_large_pages_are_preempted(void **state)
{
    ol_buf text = large_page(20000);
    fake_options options = {.entry = OL_ENTRY_LIST, .original = ol_buf_slice(&text), .slice_ms = 1};
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.memory_bytes = 256 * OL_MIB;
    assert_code_of(fake_engine_load(&e, LIST("while #listing.contents > 1000 do listing.contents[#listing.contents] = nil "
                                             "end return listing")),
                   OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_true(result.preempted > 3);
    assert_true(result.out.len > 100000);
    fake_result_fini(&result);
    fake_engine_close(&e);
    ol_buf_fini(&text);
}

/* The same of the reader alone: nothing of the script is long here. */
static void test_reading_is_preempted(void **state)
{
    ol_buf text = large_page(20000);
    fake_options options = {.entry = OL_ENTRY_LIST, .original = ol_buf_slice(&text), .slice_ms = 1};
    fake_result result;
    fake_engine e;
    uint8_t *list = memmem(text.data, text.len, "contents", 8);

    (void)state;
    memcpy(list, "whatever", 8);
    fake_engine_init(&e);
    e.limits.memory_bytes = 256 * OL_MIB;
    assert_code_of(fake_engine_load(&e, LIST("return {}")), OL_OK, &e.err);
    uint64_t begin_ns = ol_clock_thread_cpu_ns();
    fake_run(&e, &options, &result);
    uint64_t took_us = (ol_clock_thread_cpu_ns() - begin_ns) / 1000;
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_true(result.longest_step_us * 3 < took_us);
    fake_result_fini(&result);
    fake_engine_close(&e);
    ol_buf_fini(&text);
}

/* One state serves all entries, one after the other, and each finds it as it was loaded. */
static void test_entries_share_a_state(void **state)
{
    static const char *const source =
        "local n = 0 local function count() n = n + 1 seen = (seen or 0) + 1 return n + seen end "
        "return {get = function(e, o, r) r:write(count()) end, head = function(e, o, r) r.size = count() end, "
        "list = function(e, l) l.keyCount = count() return l end, request = function(e, k) return 'k' .. count() end}";
    static const char *const outs[OL_ENTRIES] = {
        "2", "", "{\"keyCount\":2,\"contents\":[],\"commonPrefixes\":[]}", "k2"};
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    for (int i = 0; i < 40; i++) {
        int entry = (i * 7 + i / 3) % OL_ENTRIES;
        fake_options options = {.entry = (enum ol_transform_entry)entry, .event = event,
                                .original = entry == OL_ENTRY_LIST ? OL_SLICE_LIT("{}") : OL_SLICE_NONE};

        fake_run(&e, &options, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(outs[entry]));
        if (entry == OL_ENTRY_HEAD)
            assert_true(head_has(&result, "size", "2"));
        fake_result_fini(&result);
    }
    fake_engine_close(&e);
}

/* Two states of two engines, side by side and in different rhythms: the same bytes. */
static void test_every_state_gives_the_same_bytes(void **state)
{
    static const char *const source =
        LIST("local out = {} for k, v in pairs(listing) do out[#out + 1] = k .. tostring(v) end "
             "for _, e in ipairs(listing.contents) do for k, v in pairs(e) do out[#out + 1] = k .. tostring(v) end "
             "e.size = math.random(1000) e.storageClass = tostring(print) end "
             "listing.name = table.concat(out, ' '):sub(1, 4000) return listing");
    static const fake_options ways[] = {{.entry = OL_ENTRY_LIST},
                                        {.entry = OL_ENTRY_LIST, .piece_bytes = 7, .room_bytes = 3, .wait_always = true}};
    ol_buf text = large_page(400), first;

    (void)state;
    ol_buf_init(&first, OL_MIB);
    for (int i = 0; i < 6; i++) {
        fake_options options = ways[i % 2];
        fake_result result, other;
        fake_engine e;

        options.original = ol_buf_slice(&text);
        options.slice_ms = i % 2 ? 1 : 50;
        fake_engine_init(&e);
        assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
        fake_run(&e, &options, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        fake_run(&e, &options, &other);
        assert_slices(ol_buf_slice(&other.out), ol_buf_slice(&result.out));
        if (i == 0)
            assert_code(ol_buf_add(&first, ol_buf_slice(&result.out)), OL_OK);
        assert_slices(ol_buf_slice(&result.out), ol_buf_slice(&first));
        fake_result_fini(&result);
        fake_result_fini(&other);
        fake_engine_close(&e);
    }
    ol_buf_fini(&first);
    ol_buf_fini(&text);
}

static void test_given_up_at_every_step(void **state)
{
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, LIST("return listing")), OL_OK, &e.err);
    for (int steps = 1; steps < 60; steps++) {
        fake_options options = {.entry = OL_ENTRY_LIST, .wait_always = true, .piece_bytes = 50, .room_bytes = 50,
                                .steps_max = steps, .original = ol_slice_cstr(page)};
        fake_result result;

        fake_run(&e, &options, &result);
        fake_result_fini(&result);
        options = (fake_options){.entry = OL_ENTRY_LIST, .original = ol_slice_cstr(page)};
        fake_run(&e, &options, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(page_back));
        fake_result_fini(&result);
    }
    fake_engine_close(&e);
}

static int load_once(void *arg)
{
    fake_engine e;

    (void)arg;
    fake_engine_init(&e);
    int rc = fake_engine_load(&e, LIST("return listing"));
    fake_engine_close(&e);
    return rc;
}

static void test_loading_without_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(load_once, NULL) > 0);
}

/* A heap that ends anywhere: the job fails by name, and the state serves on. */
static void test_every_small_heap(void **state)
{
    ol_buf text = large_page(900);

    (void)state;
    for (uint64_t memory = 120 * 1024; memory < 4096 * 1024; memory = memory * 5 / 4) {
        fake_options options = {.entry = OL_ENTRY_LIST, .original = ol_buf_slice(&text)};
        fake_result result;
        fake_engine e;

        fake_engine_init(&e);
        e.limits.memory_bytes = memory;
        int rc = fake_engine_load(&e, LIST("return listing"));
        if (rc != OL_OK) {
            assert_code_of(rc, OL_ETRANSFORMMEMORY, &e.err);
            continue;
        }
        fake_run(&e, &options, &result);
        if (result.rc != OL_DONE) {
            assert_code_of(result.rc, OL_ETRANSFORMMEMORY, &result.err);
            assert_int_equal(result.out.len, 0);
        }
        fake_result_fini(&result);
        options.original = OL_SLICE_LIT("{}");
        fake_run(&e, &options, &result);
        assert_code_of(result.rc, OL_DONE, &result.err);
        fake_result_fini(&result);
        fake_engine_close(&e);
    }
    ol_buf_fini(&text);
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
        cmocka_unit_test(test_list_as_it_was),
        cmocka_unit_test(test_list_as_the_script_sees_it),
        cmocka_unit_test(test_list_changes),
        cmocka_unit_test(test_list_as_a_document),
        cmocka_unit_test(test_list_refuses),
        cmocka_unit_test(test_hostile_answers),
        cmocka_unit_test(test_listings_that_are_none),
        cmocka_unit_test(test_large_pages_are_preempted),
        cmocka_unit_test(test_reading_is_preempted),
        cmocka_unit_test(test_entries_share_a_state),
        cmocka_unit_test(test_every_state_gives_the_same_bytes),
        cmocka_unit_test(test_given_up_at_every_step),
        cmocka_unit_test(test_loading_without_memory),
        cmocka_unit_test(test_every_small_heap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
