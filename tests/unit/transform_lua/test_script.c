/* SPDX-License-Identifier: MIT */
/*
 * What a script sees and does: loading, event, object, response, log.
 */
#include "fake_job.c"

#define GET "return function(event, object, response) "
#define DEPENDS(what, body)                                                                        \
    "return {depends = {" what "}, get = function(event, object, response) " body " end}"

static const char *const event[] = {"protocolVersion", "1.00",
                                    "xAmzRequestId", "1a5e",
                                    "time", "2026-11-20T23:30:47.123Z",
                                    "userIdentity.arn", "arn:aws:iam::1:user/ann",
                                    "userIdentity.type", "IAMUser",
                                    "userIdentity.sessionContext.attributes.mfaAuthenticated", "false",
                                    "userRequest.url", "https://door/k.txt?x=1",
                                    "userRequest.query.x", "1",
                                    "userRequest.query.a.b", "dots",
                                    "userRequest.query.empty", "",
                                    "userRequest.headers.X-Tone", "loud",
                                    "userRequest.headers.Accept", "text/plain",
                                    "configuration.payload", "{}",
                                    "configuration.accessPointArn", "arn:olap",
                                    "object.size", "11",
                                    "object.etag", "\"abc\"",
                                    "object.lastModified", "Fri, 20 Nov 2026 23:30:47 GMT",
                                    "object.header.Content-Type", "text/plain",
                                    "object.metadata.owner", "ann",
                                    NULL};

static fake_result run_of(const char *source, const fake_options *given)
{
    fake_options options = given ? *given : (fake_options){0};
    fake_result result;
    fake_engine e;

    if (!options.event)
        options.event = event;
    if (!options.original.data)
        options.original = OL_SLICE_LIT("hello\nworld");
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    fake_engine_close(&e);
    return result;
}

static void expect_with(const char *source, const fake_options *options, const char *want)
{
    fake_result result = run_of(source, options);

    if (result.rc != OL_DONE)
        print_error("%s\nlog: %s\n", source, ol_buf_cstr(&result.log));
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(want));
    fake_result_fini(&result);
}

static void expect(const char *source, const char *want)
{
    expect_with(source, NULL, want);
}

/* The script fails with an uncaught error whose text, in the log, has this in it. */
static void expect_failure(const char *source, const char *text)
{
    fake_result result = run_of(source, NULL);

    assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
    if (!strstr(ol_buf_cstr(&result.log), text))
        print_error("log: %s\n", ol_buf_cstr(&result.log));
    assert_non_null(strstr(ol_buf_cstr(&result.log), text));
    fake_result_fini(&result);
}

/* ---- loading ---- */

static void expect_load(const char *source, int code, const char *detail_has)
{
    fake_engine e;

    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), code, &e.err);
    if (!strstr(e.err.detail, detail_has))
        print_error("detail is \"%s\"\n", e.err.detail);
    assert_non_null(strstr(e.err.detail, detail_has));
    assert_null(e.engine);
}

static void test_refused_modules(void **state)
{
    (void)state;
    expect_load("return function(", OL_ETRANSFORM, "test.lua:1: ");
    expect_load("local a = 1\nreturn a +", OL_ETRANSFORM, "test.lua:2: ");
    expect_load("\n\nerror('boom')", OL_ETRANSFORM, "test.lua:3: boom");
    expect_load("error({})", OL_ETRANSFORM, "test.lua: error value of type table");
    expect_load("", OL_ETRANSFORM, "must return a function");
    expect_load("return 1", OL_ETRANSFORM, "it returns number");
    expect_load("return {}", OL_ETRANSFORM, "has no get");
    expect_load("return {get = 1}", OL_ETRANSFORM, "get must be a function");
    expect_load("return {head = print}", OL_ETRANSFORM, "has no get");
    expect_load("return {get = print, head = 1}", OL_ETRANSFORM, "head must be a function");
    expect_load("return {get = print, list = {}}", OL_ETRANSFORM, "list must be a function");
    expect_load("return {get = print, request = 'x'}", OL_ETRANSFORM, "request must be a function");
    expect_load("return {get = print, depends = {identity = 0}}", OL_ETRANSFORM, "depends.identity must be true or false");
    expect_load("return {get = print, positions = true}", OL_ETRANSFORM, "positions must be a table");
    expect_load("return {get = print, positions = {befor = 1}}", OL_ETRANSFORM, "unknown key 'befor'");
    expect_load("return {get = print, positions = {before = -1}}", OL_ETRANSFORM, "positions.before must be a whole number");
    expect_load("return {get = print, positions = {after = 1048577}}", OL_ETRANSFORM, "from 0 to 1048576");
    expect_load("return {get = print, positions = {after = 1.0}}", OL_ETRANSFORM, "positions.after");
    expect_load("return {get = print, positions = {after = '1'}}", OL_ETRANSFORM, "positions.after");
    expect_load("return {get = print, gte = 1}", OL_ETRANSFORM, "unknown key 'gte'");
    expect_load("return {print}", OL_ETRANSFORM, "key of type number");
    expect_load("return {get = print, depends = 1}", OL_ETRANSFORM, "depends must be a table");
    expect_load("return {get = print, depends = {header = {}}}", OL_ETRANSFORM, "unknown key 'header'");
    expect_load("return {get = print, depends = {request = 1}}", OL_ETRANSFORM, "true or false");
    expect_load("return {get = print, depends = {headers = 'x'}}", OL_ETRANSFORM, "list of names");
    expect_load("return {get = print, depends = {headers = {x = 1}}}", OL_ETRANSFORM, "list of names");
    expect_load("return {get = print, depends = {headers = {1}}}", OL_ETRANSFORM, "list of names");
    expect_load("return {get = print, depends = {headers = {'a b'}}}", OL_ETRANSFORM, "not a header's name");
    expect_load("return {get = print, depends = {headers = {'Authorization'}}}", OL_ETRANSFORM, "never shown");
    expect_load("return {get = print, depends = {headers = {'cookie'}}}", OL_ETRANSFORM, "never shown");
    expect_load("return {get = print, depends = {headers = {'X-Amz-Server-Side-Encryption-Customer-Key'}}}",
                OL_ETRANSFORM, "never shown");
    expect_load("\x1bLua", OL_ETRANSFORM, "bytecode");
    expect_load("while true do end", OL_ETRANSFORMCPU, "loading took more than 5000 ms (load_ms)");
    expect_load("local t = {} while true do t[#t + 1] = {} end", OL_ETRANSFORMMEMORY, "memory_bytes");
    expect_load("coroutine.yield()", OL_ETRANSFORM, "outside a coroutine");
    expect_load("return event.x", OL_ETRANSFORM, "test.lua:1: ");
}

static void test_memory_too_small(void **state)
{
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    e.limits.memory_bytes = 10000;
    assert_code(fake_engine_load(&e, "return print"), OL_ETRANSFORMMEMORY);
    assert_null(e.engine);
}

static void test_declared(void **state)
{
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, "return {get = print, depends = {request = true, headers = "
                                        "{'X-Tone', 'accept', 'x-tone'}}}"), OL_OK, &e.err);
    assert_true(e.declared.has_get);
    assert_true(e.declared.depends_request);
    assert_slice(e.declared.depends_headers, "accept\nx-tone\n");
    fake_engine_close(&e);
    assert_code_of(fake_engine_load(&e, "return print"), OL_OK, &e.err);
    assert_false(e.declared.depends_request);
    assert_slice(e.declared.depends_headers, "");
    fake_engine_close(&e);
}

/* ---- event ---- */

static void test_event(void **state)
{
    (void)state;
    expect(GET "local i = event.userIdentity response:write(i.arn, ' ', i.type, ' ', tostring(i.userName), ' ', "
               "i.sessionContext.attributes.mfaAuthenticated) end",
           "arn:aws:iam::1:user/ann IAMUser nil false");
    expect(GET "local r = event.userRequest response:write(r.url, ' ', r.query.x, ' ', r.query['a.b'], ' [', "
               "r.query.empty, '] ', tostring(r.query.none), ' ', event:query('x'), ' ', tostring(event:query('y'))) end",
           "https://door/k.txt?x=1 1 dots [] nil 1 nil");
    expect(GET "local c = event.configuration response:write(c.payload, ' ', c.accessPointArn, ' ', "
               "tostring(c.supportingAccessPointArn), ' ', event.protocolVersion, ' ', tostring(event.getObjectContext), "
               "' ', tostring(event.object), ' ', tostring(event[1])) end",
           "{} arn:olap nil 1.00 nil nil nil");
    expect(GET "local o = {} for k, v in pairs(event.userRequest.query) do o[#o + 1] = k .. '=' .. v end "
               "response:write(table.concat(o, ' ')) end",
           "a.b=dots empty= x=1");
    expect(GET "local o = {} for k, v in pairs(event) do o[#o + 1] = k end response:write(table.concat(o, ' ')) end",
           "configuration protocolVersion userIdentity userRequest");
    expect(GET "response:write(tostring(pcall(function() event.x = 1 end)), ' ', tostring(getmetatable(event))) end",
           "false false");
}

static void test_what_is_not_declared(void **state)
{
    (void)state;
    expect_failure(GET "return event.xAmzRequestId end", "event.xAmzRequestId is not declared");
    expect_failure(GET "return event.time end", "event.time is not declared");
    expect_failure(GET "return event.userRequest.headers['x-tone'] end", "'x-tone' is not declared");
    expect(GET "local n = 0 for k in pairs(event.userRequest.headers) do n = n + 1 end response:write(n) end", "0");
    expect(DEPENDS("headers = {'X-Tone', 'x-none'}",
                   "local h = event.userRequest.headers response:write(h['X-TONE'], ' ', h['x-tone'], ' ', "
                   "tostring(h['X-None']), ' ', tostring(pcall(function() return h.Accept end)))"),
           "loud loud nil false");
    expect(DEPENDS("request = true", "response:write(event.xAmzRequestId, ' ', event.time)"), "1a5e 2026-11-20T23:30:47.123Z");
}

/* Without a "time" in the event the host's own clock stands in. */
static void test_time_without_field(void **state)
{
    static const char *const none[] = {NULL};
    fake_options options = {.event = none};

    (void)state;
    expect_with(DEPENDS("request = true", "response:write(tostring(event.time > '2024'), #event.time)"), &options, "true24");
}

/* ---- object ---- */

static void test_object_fields(void **state)
{
    (void)state;
    expect(GET "response:write(object.size, ' ', math.type(object.size), ' ', object.etag, ' ', object.lastModified, ' ', "
               "object.headers['content-type'], object.headers['CONTENT-TYPE'], ' ', object.metadata.Owner, ' ', "
               "tostring(object.headers.none), tostring(object.none)) end",
           "11 integer \"abc\" Fri, 20 Nov 2026 23:30:47 GMT text/plaintext/plain ann nilnil");
    expect(GET "for k, v in pairs(object.headers) do response:write(k, v) end "
               "response:write(tostring(pcall(function() object.size = 1 end)), "
               "tostring(pcall(function() object.headers.x = 1 end))) end",
           "Content-Typetext/plainfalsefalse");
}

static void test_reading(void **state)
{
    fake_options by_three = {.piece_bytes = 3}, waiting = {.piece_bytes = 3, .wait_always = true};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        const fake_options *o = i == 0 ? NULL : i == 1 ? &by_three : &waiting;

        expect_with(GET "for s in object:chunks() do response:write(s) end end", o, "hello\nworld");
        expect_with(GET "for b in object:chunks('buffer') do response:write(b) end end", o, "hello\nworld");
        expect_with(GET "for l in object:lines() do response:write('[', l, ']') end end", o, "[hello][world]");
        expect_with(GET "response:write(object:read('a'), '|', object:read('a'), '|', tostring(object:read(1))) end", o,
                    "hello\nworld||nil");
        expect_with(GET "response:write(object:read(4), '|', object:read(4), '|', object:read(0), '|', object:read(99)) end",
                    o, "hell|o\nwo||rld");
        expect_with(GET "response:write(object:read(2)) for l in object:lines() do response:write('[', l, ']') end end", o,
                    "he[llo][world]");
        expect_with(GET "for l in object:lines() do response:write(l) break end for s in object:chunks() do "
                        "response:write('<', s, '>') end end", o, i == 0 ? "hello<world>" : "hello<wor><ld>");
        expect_with(GET "response:write(object:read_at(6, 5), '|', object:read_at(9, 99), '|', object:read_at(50, 1), '|', "
                        "object:read_at(0, 0), '|', object:read('a')) end", o, "world|ld|||hello\nworld");
        expect_with(GET "for s in object:chunks() do end response:write(tostring(object:read(1))) end", o, "nil");
    }
}

static void test_lines(void **state)
{
    fake_options options = {.original = OL_SLICE_LIT("a\r\n\n\nbb\n")}, one = options;
    const char *each = GET "for l in object:lines() do response:write('[', l, ']') end end";

    (void)state;
    one.piece_bytes = 1;
    expect_with(each, &options, "[a\r][][][bb]");
    expect_with(each, &one, "[a\r][][][bb]");
    options.original = ol_slice_of("", 0);
    expect_with(each, &options, "");
    expect(GET "for l in object:lines(5) do response:write(l) end end", "helloworld");
    expect_failure(GET "for l in object:lines(4) do end end", "a line is longer than max_bytes (4)");
    expect_failure(GET "object:lines(0) end", "must be positive");
}

static void test_read_at_refused(void **state)
{
    fake_options options = {.read_at_refused = true};
    fake_result result;

    (void)state;
    expect_with(GET "local ok, e = pcall(object.read_at, object, 0, 1) response:write(tostring(ok), ' ', e) end", &options,
                "false object:read_at: this origin has no ranges");
    result = run_of(GET "object:read_at(0, 1) end", &options);
    assert_code_of(result.rc, OL_EREADAT, &result.err);
    fake_result_fini(&result);
    /* Caught and then failed by something else: that is what counts. */
    result = run_of(GET "pcall(object.read_at, object, 0, 1) error('other') end", &options);
    assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
    fake_result_fini(&result);
    expect_failure(GET "object:read_at(-1, 1) end", "must not be negative");
    expect_failure(GET "object:read_at(1, 1 << 40) end", "beyond memory_bytes");
}

static void test_buffers(void **state)
{
    (void)state;
    expect(GET "for b in object:chunks('buffer') do response:write(#b, b:sub(1, 2), b:sub(-3), b:sub(9, 3), b:byte(1), ' ', "
               "(b:find('wor')), ' ', tostring(b:find('x')), ' ', select(2, b:find('o', 6)), tostring(b) == 'hello\\nworld' and 'y' or 'n', "
               "tostring(b:find('', 99)), #table.pack(b:byte(1, -1))) end end",
           "11herld104 7 nil 8ynil11");
    expect(GET "local kept for b in object:chunks('buffer') do kept = b end "
               "local ok, e = pcall(function() return #kept end) response:write(tostring(ok), e:match('no longer valid')) end",
           "falseno longer valid");
    expect(GET "for b in object:chunks('buffer') do response:write(b) "
               "local ok, e = pcall(function() return b:sub(1) end) response:write(' ', e:match('no longer valid')) end end",
           "hello\nworld no longer valid");
    expect(GET "for b in object:chunks('buffer') do local ok = pcall(function() response:write('-', b, b) end) response:write(tostring(ok)) end end",
           "-hello\nworldfalse");
    expect(GET "local b = object:chunks('buffer')() object:read(1) response:write(tostring(pcall(function() return #b end))) end",
           "false");
    expect_failure(GET "object:chunks('x') end", "invalid option 'x'");
}

static void test_forwarding_copies_nothing(void **state)
{
    fake_options options = {.piece_bytes = 4, .wait_always = true};
    fake_result result = run_of(GET "for b in object:chunks('buffer') do response:write(b) end end", &options);

    (void)state;
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_int_equal(result.forwarded_bytes, 11);
    fake_result_fini(&result);
    /* A part of a piece is forwarded as well. */
    result = run_of(GET "response:write(object:read(2)) for b in object:chunks('buffer') do response:write(b) end end", NULL);
    assert_int_equal(result.forwarded_bytes, 9);
    assert_slice(ol_buf_slice(&result.out), "hello\nworld");
    fake_result_fini(&result);
}

/* ---- response ---- */

static void expect_head(const char *body, const char *const *fields)
{
    char source[1024];
    fake_result result;
    ol_fields_iter it;
    ol_slice name, value;

    snprintf(source, sizeof(source), GET "%s end", body);
    result = run_of(source, NULL);
    assert_code_of(result.rc, OL_DONE, &result.err);
    if (!*fields) {
        assert_int_equal(result.head.len, 0);
        fake_result_fini(&result);
        return;
    }
    ol_fields_iter_init(&it, ol_buf_slice(&result.head));
    for (; *fields; fields += 2) {
        assert_true(ol_fields_next(&it, &name, &value));
        assert_slices(name, ol_slice_cstr(fields[0]));
        assert_slices(value, ol_slice_cstr(fields[1]));
    }
    assert_false(ol_fields_next(&it, &name, &value));
    fake_result_fini(&result);
}

static void test_head(void **state)
{
    (void)state;
    expect_head("response:write('x')", (const char *[]){NULL});
    expect_head("", (const char *[]){NULL});
    expect_head("response.status = 203 response:write('x')", (const char *[]){"status", "203", NULL});
    /* Sent also when nothing is written. */
    expect_head("response.status = 203", (const char *[]){"status", "203", NULL});
    expect_head("response.headers['X-B'] = 2 response.headers['x-a'] = 'one' response.metadata.Who = 'ann' response:write('x')",
                (const char *[]){"header.x-a", "one", "header.x-b", "2", "metadata.who", "ann", NULL});
    expect_head("response.headers.x = 'a' response.headers.X = 'b' response.headers.y = 'c' response.headers.Y = nil",
                (const char *[]){"header.x", "b", NULL});
    expect_head("response.headers.x = 'a' response.headers = {y = 'c'} response.metadata = {}",
                (const char *[]){"header.y", "c", NULL});
    expect(GET "response.headers.X = 'v' response:write(response.headers.x, response.status, tostring(response.headers.y)) "
               "for k, v in pairs(response.headers) do response:write(k, v) end end", "v200nilxv");
}

static void test_head_refused(void **state)
{
    (void)state;
    expect_failure(GET "response:write('x') response.status = 201 end", "response.status cannot change");
    expect_failure(GET "response:write('x') response.headers.y = '1' end", "response.headers cannot change");
    expect_failure(GET "response:write('') response.metadata = {} end", "response.metadata cannot change");
    expect_failure(GET "response.status = 99 end", "from 200 to 599");
    expect_failure(GET "response.status = 'x' end", "number expected");
    expect_failure(GET "response.state = 1 end", "response has no field 'state'");
    expect_failure(GET "response.headers['a b'] = 1 end", "not a valid name");
    expect_failure(GET "response.headers['a'] = 'x\\r\\ny: z' end", "control characters");
    expect_failure(GET "response.headers.a = {} end", "must be a string or a number");
    expect_failure(GET "response.headers[1] = 'x' end", "a name must be a string");
    expect_failure(GET "response.headers['Content-Length'] = 1 end", "'content-length' is the server's to set");
    expect_failure(GET "response.headers = {['Transfer-Encoding'] = 'chunked'} end", "is the server's to set");
    expect_error(GET "for i = 1, 65 do response.headers['h' .. i] = i end response:write('x') end",
                 OL_ETRANSFORMRESPONSE, "too many");
    expect_error(GET "for i = 1, 9 do response.headers['h' .. i] = ('x'):rep(4000) end end", OL_ETRANSFORMRESPONSE,
                 "too long");
}

static void test_write(void **state)
{
    fake_options one = {.room_bytes = 1, .wait_always = true};

    (void)state;
    for (unsigned i = 0; i < 2; i++)
        expect_with(GET "response:write('a', 1, 2.5, '', 'b') response:write() response:write('c') "
                        "for b in object:chunks('buffer') do response:write('<', b, '>') end end",
                    i ? &one : NULL, "a12.5bc<hello\nworld>");
    expect_failure(GET "response:write('a', {}) end", "string, number or buffer expected, got table");
    expect_failure(GET "response.write('a') end", "response expected");
    expect_failure(GET "response:write(nil) end", "got nil");
    expect_error(GET "return 'text' end", OL_ETRANSFORM, "get returned a string");
    expect(GET "return nil end", "");
}

static void test_response_error(void **state)
{
    fake_result result = run_of(GET "\npcall(function() response:error(403, 'NotYours', 'No entry') end) response:write('never') end", NULL);

    (void)state;
    assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
    assert_int_equal(result.err.status, 403);
    assert_string_equal(result.err.s3_code, "NotYours");
    assert_string_equal(result.err.message, "No entry");
    assert_string_equal(result.err.detail, "test.lua:2: response:error");
    assert_int_equal(result.out.len, 0);
    fake_result_fini(&result);
    /* From the depth of coroutines and callbacks, too. */
    result = run_of(GET "coroutine.wrap(function() table.sort({3, 2, 1}, function() xpcall(function() "
                        "response:error(404, 'Gone') end, print) end) end)() response:write('never') end", NULL);
    assert_int_equal(result.err.status, 404);
    assert_int_equal(result.out.len, 0);
    fake_result_fini(&result);
    expect_failure(GET "response:error(200, 'OK') end", "from 400 to 599");
    expect_failure(GET "response:error(400, 'a b') end", "short word");
    expect_failure(GET "response:error(400, 'X', '\\xff') end", "UTF-8");
}

/* ---- errors and log ---- */

static void test_errors_do_not_leak(void **state)
{
    fake_result result = run_of(GET "\n\nerror('card 4111') end", NULL);

    (void)state;
    assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
    assert_string_equal(result.err.detail, "test.lua:3: uncaught error (string); the transform log has its text");
    assert_null(strstr(result.err.message, "4111"));
    assert_string_equal(ol_buf_cstr(&result.log), "error: test.lua:3: card 4111\n");
    fake_result_fini(&result);
    expect_failure(GET "error(setmetatable({}, {__tostring = function() while true do end end})) end", "error value of type table");
    expect_failure(GET "error() end", "error value of type nil");
    expect_failure(GET "error(12) end", "error value 12");
    expect_failure(GET "coroutine.wrap(function() error('deep') end)() end", "deep");
    expect_error(GET "\n\n\nlocal x = nil + 1 end", OL_ETRANSFORM, "test.lua:4: uncaught");
    /* The position is the script's, not that of the library in between. */
    expect_error(GET "\ntable.sort({1, 'a', 2}) end", OL_ETRANSFORM, "test.lua:2: uncaught");
}

static void test_log(void **state)
{
    fake_result result = run_of("print('not while loading') " GET "log.debug('d', 1, nil, {}) log.info() log.warn(true) "
                                "log.error(setmetatable({}, {__tostring = function() return 'T' end})) print('p', 2) "
                                "log.info(('x'):rep(10000)) end", NULL);

    (void)state;
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_non_null(strstr(ol_buf_cstr(&result.log), "debug: d 1 nil table\ninfo: \nwarn: true\nerror: T\ninfo: p 2\ninfo: xxx"));
    assert_null(strstr(ol_buf_cstr(&result.log), "loading"));
    assert_true(result.log.len < 5000);
    fake_result_fini(&result);
}

/* ---- coroutines and waiting ---- */

static void test_waiting_inside_coroutines(void **state)
{
    fake_options waiting = {.piece_bytes = 2, .room_bytes = 3, .wait_always = true};

    (void)state;
    expect_with(GET "local next = coroutine.wrap(function() for s in object:chunks() do coroutine.yield(s) end end) "
                    "for s in next do response:write(s) end end", &waiting, "hello\nworld");
    expect_with(GET "local inner = coroutine.create(function() local o = coroutine.wrap(function() for l in object:lines() do "
                    "coroutine.yield(l) response:write('.') end end) for l in o do coroutine.yield(l .. '!') end end) "
                    "while true do local ok, l = coroutine.resume(inner) if not l then break end response:write(l) end "
                    "response:write(coroutine.status(inner)) end", &waiting, "hello!.world!.dead");
    expect_with(GET "local t = {3, 1, 2} table.sort(t, function(a, b) response:write('c') return a < b end) "
                    "response:write((('abc'):gsub('%w', function(c) return object:read(1) .. c end))) end", &waiting, "ccchaeblc");
    expect_with(GET "local m = setmetatable({}, {__index = function(t, k) return object:read(k) end, __tostring = function() "
                    "return object:read(1) end, __pairs = function() object:read(1) return next, {}, nil end}) "
                    "response:write(m[2], string.format('%s%s', m, m), tostring(m)) for _ in pairs(m) do end "
                    "for i, v in ipairs(m) do response:write('<', v, '>') end response:write(pcall(function() return m[9] end) and '' or 'x') end",
                &waiting, "hello<w><or><ld>");
    expect_with(GET "local r = {pcall(function() local x <close> = setmetatable({}, {__close = function() response:write('closed') end}) "
                    "response:write(object:read(2)) error('e', 0) end)} response:write(r[2]) "
                    "response:write(select(2, xpcall(function() error(object:read(1), 0) end, function(e) return e .. object:read(1) end))) end",
                &waiting, "heclosedell");
    /* Where nothing can wait, that is an error and not a hang. */
    expect_with(GET "local c = coroutine.create(function() local x <close> = setmetatable({}, {__close = function() object:read(1) end}) "
                    "coroutine.yield() end) coroutine.resume(c) local ok, e = coroutine.close(c) response:write(e:match('cannot wait')) end",
                &waiting, "cannot wait");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused_modules),     cmocka_unit_test(test_memory_too_small),
        cmocka_unit_test(test_declared),            cmocka_unit_test(test_event),
        cmocka_unit_test(test_what_is_not_declared), cmocka_unit_test(test_time_without_field),
        cmocka_unit_test(test_object_fields),       cmocka_unit_test(test_reading),
        cmocka_unit_test(test_lines),               cmocka_unit_test(test_read_at_refused),
        cmocka_unit_test(test_buffers),             cmocka_unit_test(test_forwarding_copies_nothing),
        cmocka_unit_test(test_head),                cmocka_unit_test(test_head_refused),
        cmocka_unit_test(test_write),               cmocka_unit_test(test_response_error),
        cmocka_unit_test(test_errors_do_not_leak),  cmocka_unit_test(test_log),
        cmocka_unit_test(test_waiting_inside_coroutines)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
