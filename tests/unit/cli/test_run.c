/* SPDX-License-Identifier: MIT */
/*
 * objlens run: whole and partial output, exit codes, what a transform sees, and that it ends
 * whatever its neighbours do.
 */
#include "process.h"

#include <sys/stat.h>

static ol_test_scratch s;

/* Three digits and more in a row become asterisks: a byte depends on two neighbours on either side. */
#define MASK(before, after)                                                                         \
    "return {\n  positions = { before = " before ", after = " after " },\n"                          \
    "  get = function(event, object, response)\n"                                                   \
    "    response:write((object:read(\"a\"):gsub(\"%d%d%d+\", function(d) return (\"*\"):rep(#d) end)))\n" \
    "  end,\n}\n"

static const struct {
    const char *name, *text;
} scripts[] = {
    {"upper.lua", "return function(event, object, response)\n"
                  "  for chunk in object:chunks() do response:write(chunk:upper()) end\nend\n"},
    {"early.lua", "return function(event, object, response)\n  local x = nil + 1\nend\n"},
    {"late.lua", "return function(event, object, response)\n"
                 "  response:write((\"x\"):rep(300000))\n  error(\"boom\")\nend\n"},
    {"own.lua", "return function(event, object, response)\n"
                "  response:error(403, \"AccessDenied\", \"Not for you.\")\nend\n"},
    {"loop.lua", "return function() while true do end end\n"},
    {"broken.lua", "return function(\n"},
    {"first.lua", "return function(event, object, response)\n"
                  "  response:write(object:read(3))\nend\n"},
    {"sizes.lua", "return function(event, object, response)\n"
                  "  for chunk in object:chunks() do response:write(tostring(#chunk), \" \") end\nend\n"},
    {"logs.lua", "return function(event, object, response)\n  log.info(\"one\\27[31m\\ntwo\")\nend\n"},
    {"read_at.lua", "return function(event, object, response)\n"
                    "  response:write(object:read_at(3, 4), \"/\", tostring(object.size))\nend\n"},
    {"event.lua", "local function get(event, object, response)\n"
                  "  response:write(event.configuration.payload, \"|\", event.userIdentity.userName or \"\", \"|\",\n"
                  "    event.userRequest.url, \"|\", event.userRequest.headers[\"x-shown\"] or \"none\")\nend\n"
                  "return { get = get, depends = { headers = { \"x-shown\" } } }\n"},
    {"hidden.lua", "return function(event, object, response)\n"
                   "  response:write(event.userRequest.headers[\"x-shown\"])\nend\n"},
    {"entries.lua", "return {\n"
                    "  get = function() end,\n"
                    "  head = function(event, object, response)\n"
                    "    response.size = object.size * 2\n"
                    "    response.headers[\"content-type\"] = \"text/\" .. object:read_at(0, 5)\n  end,\n"
                    "  list = function(event, listing)\n"
                    "    table.remove(listing.contents, 1)\n    return listing\n  end,\n"
                    "  request = function(event, key)\n"
                    "    if key ~= \"hidden\" then return \"of/\" .. key end\n  end,\n}\n"},
    {"wide.lua", MASK("3", "2")},
    {"narrow.lua", MASK("1", "2")},
    {"grows.lua", "return {\n  positions = {},\n  get = function(event, object, response)\n"
                  "    response:write(object:read(\"a\"), \"!\")\n  end,\n}\n"},
    {"anybody.lua", "return {\n  depends = { identity = false },\n  get = function(event)\n"
                    "    log.info(pcall(function() return event.userIdentity end))\n  end,\n}\n"},
};

static char *path_of(const char *name)
{
    return (char *)(uintptr_t)ol_test_scratch_path(&s, name);
}

static int setup(void **state)
{
    (void)state;
    ol_test_scratch_open(&s);
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        ol_test_file_write(path_of(scripts[i].name), ol_slice_cstr(scripts[i].text));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_test_scratch_close(&s);
    return 0;
}

static void fill_text(ol_buf *text, size_t len)
{
    ol_test_random random = {.state = 3};
    ol_buf_init(text, 16 * OL_MIB);
    while (text->len < len)
        ol_buf_add_byte(text, (uint8_t)('a' + ol_test_random_below(&random, 26)));
}

static void test_the_whole_output_comes_through(void **state)
{
    (void)state;
    static char *const chunks[] = {NULL, "4KiB", "65536", "4 MiB"};
    ol_buf text;
    fill_text(&text, 3000017);
    for (size_t i = 0; i < 4; i++) {
        process p = PROCESS_INIT;
        p.in = ol_buf_slice(&text);
        if (chunks[i])
            process_run(&p, "run", path_of("upper.lua"), "--chunk", chunks[i]);
        else
            process_run(&p, "run", path_of("upper.lua"));
        assert_ended(&p, 0);
        assert_int_equal(p.out.len, text.len);
        for (size_t b = 0; b < text.len; b++)
            if (p.out.data[b] != text.data[b] - 'a' + 'A')
                fail_msg("byte %zu differs", b);
        assert_int_equal(p.err.len, 0);
        process_fini(&p);
    }
    ol_buf_fini(&text);
}

/* However the bytes arrive: chunks are cut in the same places. */
static void test_chunks_have_the_size_that_is_asked_for(void **state)
{
    (void)state;
    ol_buf text;
    fill_text(&text, 10000);
    process p = PROCESS_INIT;
    p.in = ol_buf_slice(&text);
    process_run(&p, "run", path_of("sizes.lua"), "--chunk=4KiB");
    assert_ended(&p, 0);
    assert_string_equal(ol_buf_cstr(&p.out), "4096 4096 1808 ");
    process_fini(&p);
    ol_buf_fini(&text);
}

static void test_no_input_is_input(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "run", path_of("upper.lua"));
    assert_ended(&p, 0);
    assert_int_equal(p.out.len, 0);
    process_fini(&p);
}

static void assert_fails(const char *name, int code, const char *says)
{
    process p = PROCESS_INIT;
    p.in = OL_SLICE_LIT("some input");
    process_run(&p, "run", path_of(name), "--limit", "cpu_ms=300");
    assert_ended(&p, code);
    assert_says(&p, says);
    assert_says(&p, "objlens: ");
    assert_true((code == 3) == (p.out.len > 0));
    process_fini(&p);
}

static void test_failures(void **state)
{
    (void)state;
    assert_fails("early.lua", 1, "LambdaRuntimeError");
    assert_fails("early.lua", 1, "early.lua:2:");
    assert_fails("late.lua", 3, "late.lua:3:");
    assert_fails("own.lua", 1, "AccessDenied: Not for you.");
    assert_fails("loop.lua", 1, "cpu_ms");
    assert_fails("broken.lua", 1, "broken.lua:2:");
    assert_fails("absent.lua", 1, "absent.lua: does not exist");
    assert_fails("read_at.lua", 1, "LambdaRuntimeError"); /* not from a pipe */
    assert_fails("hidden.lua", 1, "x-shown");
}

static void test_an_unknown_name(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "run", "pji");
    assert_ended(&p, 1);
    assert_says(&p, "no transform \"pji\" ships with objlens; did you mean \"pii\"?");
    process_fini(&p);
}

static void test_a_shipped_transform(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    p.in = OL_SLICE_LIT("write to ann@example.com, please\n");
    process_run(&p, "run", "pii");
    assert_ended(&p, 0);
    assert_string_equal(ol_buf_cstr(&p.out), "write to [EMAIL_ADDRESS], please\n");
    process_fini(&p);
}

static void test_logs_are_escaped(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "run", path_of("logs.lua"));
    assert_ended(&p, 0);
    assert_says(&p, "info: one\\x1b[31m");
    assert_null(memchr(p.err.data, 0x1b, p.err.len));
    process_fini(&p);
}

static void test_a_file_can_be_read_anywhere(void **state)
{
    (void)state;
    ol_test_file_write(path_of("input"), OL_SLICE_LIT("0123456789"));
    process p = PROCESS_INIT;
    p.in_fd = open(path_of("input"), O_RDONLY | O_CLOEXEC);
    process_run(&p, "run", path_of("read_at.lua"));
    assert_ended(&p, 0);
    assert_string_equal(ol_buf_cstr(&p.out), "3456/10");
    process_fini(&p);

    /* Where some of it was read before, offsets would lie: then it is a stream. */
    assert_int_equal(lseek(p.in_fd, 2, SEEK_SET), 2);
    process q = PROCESS_INIT;
    q.in_fd = p.in_fd;
    process_run(&q, "run", path_of("read_at.lua"));
    assert_ended(&q, 1);
    process_fini(&q);
    close(p.in_fd);
}

static void test_the_event(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "run", path_of("event.lua"), "--payload", "{\"a\": 1}");
    assert_ended(&p, 0);
    assert_string_equal(ol_buf_cstr(&p.out), "{\"a\": 1}||https://run--ol-s3/stdin|none");
    process_fini(&p);

    ol_test_file_write(path_of("event.json"),
                       OL_SLICE_LIT("{\"userIdentity\": {\"userName\": \"ann\"},\n"
                                    " \"configuration\": {\"payload\": \"theirs\"},\n"
                                    " \"userRequest\": {\"url\": \"https://x/k\", \"headers\": {\"X-Shown\": \"h\"}}}"));
    process q = PROCESS_INIT;
    process_run(&q, "run", path_of("event.lua"), "--event", path_of("event.json"));
    assert_ended(&q, 0);
    assert_string_equal(ol_buf_cstr(&q.out), "theirs|ann|https://x/k|h");
    process_fini(&q);

    ol_test_file_write(path_of("event.json"), OL_SLICE_LIT("{\n\"a\": }"));
    process r = PROCESS_INIT;
    process_run(&r, "run", path_of("event.lua"), "--event", path_of("event.json"));
    assert_ended(&r, 1);
    assert_says(&r, "event.json:2:");
    process_fini(&r);
}

/* ---- neighbours ---- */

static void test_input_that_never_ends_is_not_waited_for(void **state)
{
    (void)state;
    ol_buf text;
    fill_text(&text, OL_SLOT_BYTES); /* a whole chunk; then another read waits */
    process p = PROCESS_INIT;
    p.in = ol_buf_slice(&text);
    p.leave_in_open = true;
    process_run(&p, "run", path_of("first.lua"));
    assert_ended(&p, 0);
    assert_slices(ol_buf_slice(&p.out), ol_slice_first(ol_buf_slice(&text), 3));
    process_fini(&p);
    ol_buf_fini(&text);
}

static void test_a_reader_that_leaves(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    p.in_fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    p.out_bytes_max = 100000;
    process_run(&p, "run", path_of("upper.lua"));
    assert_ended(&p, 3);
    assert_says(&p, "objlens: standard output: Broken pipe");
    close(p.in_fd);
    process_fini(&p);
}

static void test_a_full_disk(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    p.in = OL_SLICE_LIT("some input");
    p.out_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    process_run(&p, "run", path_of("upper.lua"));
    assert_ended(&p, 1);
    assert_says(&p, "objlens: standard output: No space left on device");
    close(p.out_fd);
    process_fini(&p);
}

static void test_input_that_cannot_be_read(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    p.in_fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    process_run(&p, "run", path_of("upper.lua"));
    assert_ended(&p, 1);
    assert_says(&p, "objlens: standard input: Is a directory");
    close(p.in_fd);
    process_fini(&p);
}

/* Descriptors that are not there must not become those of the next file that is opened. */
static void test_streams_that_came_closed(void **state)
{
    (void)state;
    process p = PROCESS_INIT, q = PROCESS_INIT;
    p.in_fd = PROCESS_CLOSED;
    process_run(&p, "run", path_of("upper.lua"));
    assert_ended(&p, 1);
    assert_says(&p, "objlens: standard input: Bad file descriptor");
    process_fini(&p);
    q.in = OL_SLICE_LIT("some input");
    q.out_fd = PROCESS_CLOSED;
    process_run(&q, "run", path_of("upper.lua"));
    assert_ended(&q, 1);
    assert_says(&q, "objlens: standard output: Bad file descriptor");
    process_fini(&q);
}

/* ---- other entries, and ranges ---- */

static void expect_run(const char *in, int exit_code, const char *out, const char *err, char *script, char *option,
                       char *value)
{
    process p = PROCESS_INIT;
    p.in = ol_slice_cstr(in);
    if (value)
        process_run(&p, "run", script, option, value);
    else
        process_run(&p, "run", script, option);
    assert_ended(&p, exit_code);
    if (!strstr(ol_buf_cstr(&p.out), out) || !strstr(ol_buf_cstr(&p.err), err))
        print_error("out: %s\nerr: %s\n", ol_buf_cstr(&p.out), ol_buf_cstr(&p.err));
    assert_non_null(strstr(ol_buf_cstr(&p.out), out));
    assert_non_null(strstr(ol_buf_cstr(&p.err), err));
    if (exit_code)
        assert_int_equal(p.out.len, 0);
    process_fini(&p);
}

static void test_list(void **state)
{
    (void)state;
    char *script = path_of("entries.lua");
    expect_run("{\"contents\": [{\"key\": \"a\"}, {\"key\": \"b\", \"size\": 3}]}", 0,
               "{\"contents\":[{\"key\":\"b\",\"size\":3}],\"commonPrefixes\":[]}\n", "", script, "--list", NULL);
    expect_run("{\"contents\": 1}", 1, "", "LambdaRuntimeError", script, "--list", NULL);
    expect_run("[", 1, "", "the listing at byte 1", script, "--list", NULL);
}

static void test_request(void **state)
{
    (void)state;
    char *script = path_of("entries.lua");
    expect_run("", 0, "of/a key\n", "", script, "--request", "a key");
    expect_run("", 1, "", "NoSuchKey", script, "--request", "hidden");
}

static void test_head(void **state)
{
    (void)state;
    ol_test_file_write(path_of("original"), OL_SLICE_LIT("plain text"));
    process p = PROCESS_INIT;
    p.in_fd = open(path_of("original"), O_RDONLY | O_CLOEXEC);
    process_run(&p, "run", path_of("entries.lua"), "--head");
    assert_ended(&p, 0);
    assert_string_equal(ol_buf_cstr(&p.out), "status: 200\ncontent-length: 20\ncontent-type: text/plain\n");
    process_fini(&p);
    close(p.in_fd);
}

static void test_entries_that_are_not_there(void **state)
{
    (void)state;
    expect_run("", 1, "", "upper has no function for this", path_of("upper.lua"), "--head", NULL);
    expect_run("{}", 1, "", "upper has no function for this", path_of("upper.lua"), "--list", NULL);
    expect_run("", 1, "", "upper has no function for this", path_of("upper.lua"), "--request", "k");
    process p = PROCESS_INIT;
    process_run(&p, "run", path_of("entries.lua"), "--head", "--list");
    assert_ended(&p, 2);
    assert_non_null(strstr(ol_buf_cstr(&p.err), "only one of"));
    process_fini(&p);
}

static void test_ranges_are_verified(void **state)
{
    (void)state;
    ol_buf text;
    ol_test_random random = {.state = 3};
    ol_buf_init(&text, OL_MIB);
    while (text.len < 20000) {
        static const char letters[] = "abc0123456789";
        ol_buf_add_byte(&text, (uint8_t)letters[ol_test_random_below(&random, sizeof(letters) - 1)]);
    }
    const char *in = ol_buf_cstr(&text);
    expect_run(in, 0, "200 ranges agree with the whole view (20000 bytes, ", "", path_of("wide.lua"), "--verify-ranges",
               "200");
    expect_run(in, 1, "", "differs from the whole view at byte ", path_of("narrow.lua"), "--verify-ranges", "200");
    expect_run(in, 1, "", "it keeps positions", path_of("grows.lua"), "--verify-ranges", "5");
    expect_run("", 0, "0 ranges agree", "", path_of("wide.lua"), "--verify-ranges", "5");
    expect_run("1", 0, "5 ranges agree", "", path_of("wide.lua"), "--verify-ranges", "5");
    expect_run("", 0, "a range is cut from the whole view", "", path_of("upper.lua"), "--verify-ranges", "5");
    ol_buf_fini(&text);
}

/* The same seed tries the same ranges: a failure can be looked at again. */
static void test_ranges_are_found_again(void **state)
{
    (void)state;
    ol_buf first;
    ol_buf_init(&first, 4096);
    for (int i = 0; i < 2; i++) {
        process p = PROCESS_INIT;
        p.in = OL_SLICE_LIT("12 123 1234 12345 x 123456 1 12 1234567 12345678 123456789 1234567890");
        process_run(&p, "run", path_of("narrow.lua"), "--verify-ranges", "500", "--seed", "11");
        assert_ended(&p, 1);
        assert_non_null(strstr(ol_buf_cstr(&p.err), "seed 11"));
        if (i == 0)
            ol_buf_add(&first, ol_buf_slice(&p.err));
        else
            assert_slices(ol_buf_slice(&p.err), ol_buf_slice(&first));
        process_fini(&p);
    }
    ol_buf_fini(&first);
}

static void test_identity_is_left_out(void **state)
{
    (void)state;
    process p = PROCESS_INIT;
    process_run(&p, "run", path_of("anybody.lua"));
    assert_ended(&p, 0);
    assert_non_null(strstr(ol_buf_cstr(&p.err), "info: false"));
    assert_non_null(strstr(ol_buf_cstr(&p.err), "depends.identity is false"));
    process_fini(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_output_comes_through),
        cmocka_unit_test(test_chunks_have_the_size_that_is_asked_for),
        cmocka_unit_test(test_no_input_is_input),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_an_unknown_name),
        cmocka_unit_test(test_a_shipped_transform),
        cmocka_unit_test(test_logs_are_escaped),
        cmocka_unit_test(test_a_file_can_be_read_anywhere),
        cmocka_unit_test(test_the_event),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_entries_that_are_not_there),
        cmocka_unit_test(test_ranges_are_verified),
        cmocka_unit_test(test_ranges_are_found_again),
        cmocka_unit_test(test_identity_is_left_out),
        cmocka_unit_test(test_input_that_never_ends_is_not_waited_for),
        cmocka_unit_test(test_a_reader_that_leaves),
        cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_input_that_cannot_be_read),
        cmocka_unit_test(test_streams_that_came_closed),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
