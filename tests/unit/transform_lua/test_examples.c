/* SPDX-License-Identifier: MIT */
/*
 * The Lua examples that ship, as they are written, whole and in pieces of every small size. And
 * the API's page: it names everything a script can reach.
 */
#include "fake_job.c"

static char *read_file(const char *folder, const char *name)
{
    char path[512];
    char *text;
    FILE *file;
    long size;

    snprintf(path, sizeof(path), "%s/%s/%s", OBJLENS_SOURCE_DIR, folder, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    text = calloc(1, (size_t)size + 1);
    assert_int_equal(fread(text, 1, (size_t)size, file), size);
    fclose(file);
    return text;
}

static void expect_example(const char *name, const char *payload, const char *query, const char *original,
                           const char *want)
{
    char *source = read_file("examples", name);
    const char *event[] = {"configuration.payload", payload, query ? "userRequest.query.level" : NULL, query, NULL};
    fake_options options = {.event = event, .original = ol_slice_cstr(original)};
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    e.path = name;
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    for (size_t piece = 0; piece < 20; piece++) {
        options.piece_bytes = piece;
        options.wait_always = piece % 2;
        fake_run(&e, &options, &result);
        if (result.rc != OL_DONE)
            print_error("%s: %s\n", name, ol_buf_cstr(&result.log));
        assert_code_of(result.rc, OL_DONE, &result.err);
        assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(want));
        fake_result_fini(&result);
    }
    fake_engine_close(&e);
    free(source);
}

static void test_shout(void **state)
{
    (void)state;
    expect_example("shout.lua", "", NULL, "Hello, \xc3\xa4 world 12!\n", "HELLO, \xc3\xa4 WORLD 12!\n");
    expect_example("shout.lua", "", NULL, "", "");
}

static void test_csv_columns(void **state)
{
    static const char *const table = "id,name,\"e-mail\",note\r\n"
                                     "1,Ann,a@b.c,\"likes \"\"tea\"\", and\ncake\"\r\n"
                                     "2,Bob,,\r\n"
                                     "3,\"O, C\",o@c.d";

    (void)state;
    expect_example("csv_columns.lua", "{\"keep\": \"id, note\"}", NULL, table,
                   "id,note\r\n1,\"likes \"\"tea\"\", and\ncake\"\r\n2,\r\n3,\n");
    expect_example("csv_columns.lua", "{\"drop\":\"e-mail,note\"}", NULL, table,
                   "id,name\r\n1,Ann\r\n2,Bob\r\n3,\"O, C\"\n");
    expect_example("csv_columns.lua", "", NULL, "a,b\n1,2\n", "a,b\n1,2\n");
}

static void test_jsonl_filter(void **state)
{
    static const char *const log = "{\"level\":\"debug\",\"m\":1}\n{\"level\": \"WARN\",\"m\":2}\nplain\n"
                                   "{\"level\":\"error\",\"m\":3}";

    (void)state;
    expect_example("jsonl_filter.lua", "{\"level\":\"warn\"}", NULL, log,
                   "{\"level\": \"WARN\",\"m\":2}\nplain\n{\"level\":\"error\",\"m\":3}\n");
    expect_example("jsonl_filter.lua", "{\"level\":\"warn\"}", "error", log, "plain\n{\"level\":\"error\",\"m\":3}\n");
}

/* ---- positions ---- */

static void test_mask_cards(void **state)
{
    (void)state;
    expect_example("mask_cards.lua", "", NULL, "", "");
    expect_example("mask_cards.lua", "", NULL, "4111111111111111", "************1111");
    expect_example("mask_cards.lua", "", NULL, "pay 4111111111111111, ref 123456789012; 12345678901234567890!",
                   "pay ************1111, ref 123456789012; 12345678901234567890!");
    expect_example("mask_cards.lua", "", NULL, "a1234567890123b1234567890123456789c", "a*********0123b***************6789c");
}

/* Every range of a text, made from its piece and context, is that of the whole view. */
static void test_mask_cards_keeps_positions(void **state)
{
    static const char text[] = "5500005555555559 x 12345678901234567890123456789012345678901 4111111111111111";
    size_t len = sizeof(text) - 1;
    char *source = read_file("examples", "mask_cards.lua");
    fake_options options = {.original = ol_slice_of(text, len)};
    fake_result whole, result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    assert_true(e.declared.keeps_positions && e.declared.ignores_identity);
    fake_run(&e, &options, &whole);
    assert_int_equal(whole.out.len, len);
    for (size_t start = 0; start < len; start++)
        for (size_t end = start + 1; end <= len; end += 1 + (end - start) / 4) {
            size_t from = start > e.declared.positions_before ? start - e.declared.positions_before : 0;
            size_t to = end + e.declared.positions_after < len ? end + e.declared.positions_after : len;

            options.original = ol_slice_of(text + from, to - from);
            options.piece_bytes = 1 + end % 7;
            fake_run(&e, &options, &result);
            assert_code_of(result.rc, OL_DONE, &result.err);
            assert_int_equal(result.out.len, to - from);
            assert_memory_equal(result.out.data + (start - from), whole.out.data + start, end - start);
            fake_result_fini(&result);
        }
    fake_result_fini(&whole);
    fake_engine_close(&e);
    free(source);
}

/* ---- listings ---- */

/* `want` NULL: the key is hidden. */
static void expect_entry(const char *name, enum ol_transform_entry entry, const char *user, const char *in,
                         const char *want)
{
    char *source = read_file("examples", name);
    const char *event[] = {"configuration.payload", "{\"hide\": \"private/,hr/\", \"staff\": \"ann,bob\", \"ending\": \".raw\"}",
                           "userIdentity.userName", user, "object.key", in, NULL};
    fake_options options = {.entry = entry, .event = event, .wait_always = true, .original = ol_slice_cstr(in)};
    fake_result result;
    fake_engine e;

    fake_engine_init(&e);
    e.path = name;
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    assert_slices(ol_buf_slice(&result.out), ol_slice_cstr(want ? want : ""));
    assert_int_equal(result.head.len > 0, entry == OL_ENTRY_LIST || !want);
    fake_result_fini(&result);
    fake_engine_close(&e);
    free(source);
}

static void test_hidden_folders(void **state)
{
    static const char name[] = "hidden_folders.lua";
    static const char page[] =
        "{\"name\":\"b\",\"contents\":["
        "{\"key\":\"a.csv.raw\",\"originalKey\":\"a.csv.raw\",\"size\":1},"
        "{\"key\":\"plain\",\"originalKey\":\"plain\",\"size\":2},"
        "{\"key\":\"private/x.raw\",\"originalKey\":\"private/x.raw\",\"size\":3}],"
        "\"commonPrefixes\":[{\"prefix\":\"hr/\",\"originalPrefix\":\"hr/\"},{\"prefix\":\"pub/\"}]}";

    (void)state;
    expect_entry(name, OL_ENTRY_GET, "eve", "as it was", "as it was");
    expect_entry(name, OL_ENTRY_REQUEST, "eve", "a.csv", "a.csv.raw");
    expect_entry(name, OL_ENTRY_REQUEST, "eve", "private/x", NULL);
    expect_entry(name, OL_ENTRY_REQUEST, "ann", "private/x", "private/x.raw");
    expect_entry(name, OL_ENTRY_LIST, "eve", page,
                 "{\"name\":\"b\",\"contents\":[{\"key\":\"a.csv\",\"originalKey\":\"a.csv.raw\",\"size\":1}],"
                 "\"commonPrefixes\":[{\"prefix\":\"pub/\"}]}");
    expect_entry(name, OL_ENTRY_LIST, "bob", page,
                 "{\"name\":\"b\",\"contents\":[{\"key\":\"a.csv\",\"originalKey\":\"a.csv.raw\",\"size\":1},"
                 "{\"key\":\"private/x\",\"originalKey\":\"private/x.raw\",\"size\":3}],"
                 "\"commonPrefixes\":[{\"prefix\":\"hr/\",\"originalPrefix\":\"hr/\"},{\"prefix\":\"pub/\"}]}");
    expect_entry(name, OL_ENTRY_LIST, "eve", "{}", "{\"contents\":[],\"commonPrefixes\":[]}");
}

static void test_jsonl_filter_refuses(void **state)
{
    char *source = read_file("examples", "jsonl_filter.lua");
    fake_options options = {.event = (const char *[]){"userRequest.query.level", "loud", NULL}};
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, source), OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, OL_ETRANSFORM, &result.err);
    assert_int_equal(result.err.status, 400);
    assert_string_equal(result.err.s3_code, "InvalidArgument");
    fake_result_fini(&result);
    fake_engine_close(&e);
    free(source);
}

/* Every global, and the functions of the libraries of which only some are there. */
static void test_the_page_names_everything(void **state)
{
    fake_options options = {0};
    char *page = read_file("docs", "lua_api.md"), *line, *rest;
    fake_result result;
    fake_engine e;

    (void)state;
    fake_engine_init(&e);
    assert_code_of(fake_engine_load(&e, "return function(event, object, response) local function say(...) response:write(...) end "
                                        "for name, value in pairs(_G) do say(type(value) == 'table' and name ~= '_G' and '**' or '`', name, "
                                        "name == 'log' and '.' or '', '\\n') end "
                                        "for name in pairs(string) do say('`', name, '`\\n') end "
                                        "for name in pairs(log) do say('`log.', name, '(\\n') end end"),
                   OL_OK, &e.err);
    fake_run(&e, &options, &result);
    assert_code_of(result.rc, OL_DONE, &result.err);
    line = strtok_r((char *)(uintptr_t)ol_buf_cstr(&result.out), "\n", &rest);
    for (; line; line = strtok_r(NULL, "\n", &rest)) {
        if (strcmp(line, "**log.") != 0 && !strstr(page, line))
            print_error("docs/lua_api.md does not name %s\n", line);
        assert_true(strcmp(line, "**log.") == 0 || strstr(page, line));
    }
    fake_result_fini(&result);
    fake_engine_close(&e);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shout),
        cmocka_unit_test(test_csv_columns),
        cmocka_unit_test(test_jsonl_filter),
        cmocka_unit_test(test_jsonl_filter_refuses),
        cmocka_unit_test(test_mask_cards),
        cmocka_unit_test(test_mask_cards_keeps_positions),
        cmocka_unit_test(test_hidden_folders),
        cmocka_unit_test(test_the_page_names_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
