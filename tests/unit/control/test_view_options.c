/* SPDX-License-Identifier: MIT */
/* How a view answers and what is kept of it: keys, defaults, and what is refused. */
#include "lib/check.h"

#include "scratch.h"

#define BASE                                                                                       \
    "root { access_key = 'rootkey', secret_key = 'rootsecret' }\n"                                 \
    "bucket 'orders'\n"                                                                            \
    "access_point 'orders-ap' { bucket = 'orders' }\n"                                             \
    "transform 'shout' { file = 'shout.lua' }\n"
#define OLAP(rest)                                                                                 \
    BASE "object_lambda 'view' { access_point = 'orders-ap', transforms = 'shout',\n" rest " }\n"

#define HEX_KEY "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define BASE64_KEY "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static int open_folder(void **state)
{
    static scratch s;
    ol_test_scratch_open(&s);
    scratch_write(&s, "shout.lua", OL_SLICE_LIT("x"), 0600);
    *state = &s;
    return 0;
}

static int close_folder(void **state)
{
    ol_test_scratch_close(*state);
    return 0;
}

static ol_config *load(void **state, const char *text)
{
    ol_config *config = NULL;
    ol_config_report report;
    int rc = scratch_load(*state, ol_slice_cstr(text), &config, &report);
    print_report(&report);
    ol_config_report_fini(&report);
    assert_code(rc, OL_OK);
    return config;
}

static void defaults_are_zeroes(void **state)
{
    ol_config *config = load(state, OLAP(""));
    const ol_view_options none = {0};
    assert_int_equal(config->olap_count, 1);
    ol_view_options got = config->olaps[0].options;
    got.headers = NULL;
    assert_memory_equal(&got, &none, sizeof(none));
    assert_true(config->view_cache_enabled);
    assert_int_equal(config->view_cache.memory_bytes, 64 * OL_MIB);
    assert_int_equal(config->view_cache.memory_entry_bytes, 16 * OL_MIB);
    assert_null(config->view_cache.disk_folder);
    assert_int_equal(config->view_cache.disk_bytes, 0);
    assert_string_equal(config->view_memo.folder, config->data_path);
    assert_int_equal(config->view_memo.rows_max, 1000000);
    assert_int_equal(config->view_memo.memory_rows_max, 32768);
    assert_int_equal(config->view_key.len, 0);
    ol_config_release(config);
}

static void every_option_is_read(void **state)
{
    ol_config *config = load(
        state, OLAP("  ranges = 'transform', head = 'cheap', unconfigured = 'delegate',\n"
                    "  list = { sizes = 'known' }, metadata = 'forward', cache = false,\n"
                    "  encodings = { 'zstd', 'gzip' },\n"
                    "  headers = { ['Cache-Control'] = 'max-age=60', ['X-A'] = 5 }"));
    const ol_view_options *got = &config->olaps[0].options;
    assert_int_equal(got->ranges, OL_VIEW_RANGES_TRANSFORM);
    assert_int_equal(got->head, OL_VIEW_HEAD_CHEAP);
    assert_int_equal(got->unconfigured, OL_VIEW_UNCONFIGURED_DELEGATE);
    assert_int_equal(got->list_sizes, OL_VIEW_SIZES_KNOWN);
    assert_true(got->forward_metadata);
    assert_true(got->uncached);
    assert_int_equal(got->encodings, OL_VIEW_GZIP | OL_VIEW_ZSTD);
    assert_int_equal(got->header_count, 2);
    assert_slice(got->headers[0].name, "Cache-Control");
    assert_slice(got->headers[0].value, "max-age=60");
    assert_slice(got->headers[1].name, "X-A");
    assert_slice(got->headers[1].value, "5");
    ol_config_release(config);

    config = load(state, OLAP("ranges = 'refuse', list = { sizes = 'original' }"));
    assert_int_equal(config->olaps[0].options.ranges, OL_VIEW_RANGES_REFUSE);
    assert_int_equal(config->olaps[0].options.list_sizes, OL_VIEW_SIZES_ORIGINAL);
    ol_config_release(config);
}

static void the_cache_and_the_memo_are_sized(void **state)
{
    ol_config *config = load(state, OLAP("") "view_cache { enabled = false, memory_bytes = '8 MiB',\n"
                                             "  disk = 'views', disk_bytes = '1 GiB' }\n"
                                             "view_memo { rows_max = 0, memory_rows_max = 16 }\n");
    char folder[256];
    scratch_path(*state, "views", folder);
    assert_false(config->view_cache_enabled);
    assert_int_equal(config->view_cache.memory_bytes, 8 * OL_MIB);
    assert_int_equal(config->view_cache.memory_entry_bytes, 2 * OL_MIB);
    assert_string_equal(config->view_cache.disk_folder, folder);
    assert_int_equal(config->view_cache.disk_bytes, 1024 * OL_MIB);
    assert_int_equal(config->view_cache.disk_entry_bytes, 256 * OL_MIB);
    assert_null(config->view_memo.folder);
    assert_int_equal(config->view_memo.memory_rows_max, 16);
    ol_config_release(config);

    config = load(state, OLAP("") "view_cache { memory_bytes = 0, memory_entry_bytes = 0, disk = '/v',\n"
                                  "  disk_entry_bytes = 5 }\n");
    assert_int_equal(config->view_cache.memory_bytes, 0);
    assert_string_equal(config->view_cache.disk_folder, "/v");
    assert_int_equal(config->view_cache.disk_bytes, 4096ull * OL_MIB);
    assert_int_equal(config->view_cache.disk_entry_bytes, 5);
    ol_config_release(config);
}

static void a_key_is_hex_or_base64(void **state)
{
    static const char *const texts[] = {"view_key = '" HEX_KEY "'\n" OLAP(""),
                                        "view_key = '" BASE64_KEY "'\n" OLAP("")};
    uint8_t want[32];
    for (unsigned i = 0; i < 32; i++)
        want[i] = (uint8_t)i;
    for (size_t i = 0; i < 2; i++) {
        ol_config *config = load(state, texts[i]);
        assert_int_equal(config->view_key.len, OL_CONFIG_VIEW_KEY_BYTES);
        assert_memory_equal(config->view_key.data, want, 32);
        ol_config_release(config);
    }
}

/* ---- what answers an action ---- */

static const ol_realm_view *view_for(const ol_realm_olap *olap, enum ol_realm_action action,
                                     bool suffices)
{
    assert_int_equal(ol_realm_view_suffices(olap, action), suffices);
    return ol_realm_view_for(olap, action);
}

static void what_is_not_configured_describes_the_view(void **state)
{
    ol_config *config = load(
        state,
        BASE "object_lambda 'get' { access_point = 'orders-ap',\n"
             "  transformations = { { actions = 'GetObject', transforms = 'shout' } } }\n"
             "object_lambda 'both' { access_point = 'orders-ap', transformations = {\n"
             "  { actions = 'GetObject', transforms = 'shout' },\n"
             "  { actions = 'HeadObject', transforms = { 'shout', 'shout' } } } }\n"
             "object_lambda 'aws' { access_point = 'orders-ap', unconfigured = 'delegate',\n"
             "  transformations = { { actions = 'GetObject', transforms = 'shout' } } }\n"
             "object_lambda 'list' { access_point = 'orders-ap',\n"
             "  transformations = { { actions = 'ListObjectsV2', transforms = 'shout' } } }\n");
    ol_realm *realm = scratch_realm(config);
    ol_slice account = config->accounts[0].id;
    const ol_realm_olap *get = ol_realm_find_olap(realm, account, OL_SLICE_LIT("get"));
    const ol_realm_olap *both = ol_realm_find_olap(realm, account, OL_SLICE_LIT("both"));
    const ol_realm_olap *aws = ol_realm_find_olap(realm, account, OL_SLICE_LIT("aws"));
    const ol_realm_olap *list = ol_realm_find_olap(realm, account, OL_SLICE_LIT("list"));
    for (unsigned action = 0; action < OL_ACTIONS; action++)
        assert_ptr_equal(view_for(get, action, true), &get->views[0]);
    assert_ptr_equal(view_for(both, OL_ACTION_HEAD_OBJECT, true), &both->views[1]);
    assert_ptr_equal(view_for(both, OL_ACTION_LIST_OBJECTS, true), &both->views[0]);
    assert_ptr_equal(view_for(aws, OL_ACTION_GET_OBJECT, true), &aws->views[0]);
    assert_null(view_for(aws, OL_ACTION_HEAD_OBJECT, false));
    assert_null(view_for(aws, OL_ACTION_LIST_OBJECTS_V2, false));
    assert_null(view_for(list, OL_ACTION_GET_OBJECT, false));
    assert_null(view_for(list, OL_ACTION_HEAD_OBJECT, false));
    /* It lists originals: who reads it needs their permission too. */
    assert_ptr_equal(view_for(list, OL_ACTION_LIST_OBJECTS_V2, false), &list->views[0]);
    ol_realm_release(realm);
    ol_config_release(config);
}

/* ---- what is refused ---- */

static const struct {
    const char *config;
    int line;
    const char *text;
} mistakes[] = {
    {OLAP("ranges = 'none'"), 6,
     "object_lambda \"view\": ranges: must be \"runtime\" or \"transform\" or \"refuse\""},
    {OLAP("list = { size = 'exact' }"), 6,
     "object_lambda \"view\": list: unknown key \"size\"; did you mean \"sizes\"?"},
    {OLAP("list = 'exact'"), 6, "object_lambda \"view\": list: must be { sizes = \"exact\" }"},
    {OLAP("cache = 'off'"), 6, "object_lambda \"view\": cache: must be true or false"},
    {OLAP("encodings = { 'gzip',\n 'br' }"), 7,
     "object_lambda \"view\": encodings[2]: \"br\" is no encoding: there are gzip and zstd"},
    {OLAP("headers = {\n ['ETag'] = 'x' }"), 7,
     "object_lambda \"view\": headers: \"ETag\" says something about the bytes, which only the "
     "server knows"},
    {OLAP("headers = { ['x-amz-checksum-crc32'] = 'x' }"), 6,
     "object_lambda \"view\": headers: \"x-amz-checksum-crc32\" is for the server alone to set"},
    {OLAP("headers = { Connection = 'close' }"), 6,
     "object_lambda \"view\": headers: \"Connection\" is for the server alone to set"},
    {OLAP("headers = { ['Access-Control-Allow-Origin'] = '*' }"), 6,
     "object_lambda \"view\": headers: \"Access-Control-Allow-Origin\" belongs into the bucket's cors"},
    {OLAP("headers = { ['a b'] = 'x' }"), 6,
     "object_lambda \"view\": headers: \"a b\" is not a header, or its value is none"},
    {OLAP("headers = { a = 'x\\r\\nSet-Cookie: y' }"), 6,
     "object_lambda \"view\": headers: \"a\" is not a header, or its value is none"},
    {OLAP("headers = { a = { 'x', 'y' } }"), 6,
     "object_lambda \"view\": headers: \"a\" must have one value"},
    {OLAP("headers = { a = 'x', A = 'y' }"), 6,
     "object_lambda \"view\": headers: \"a\" is given twice"},
    {"local long = 'x'\nfor i = 1, 14 do long = long .. long end\n" OLAP("headers = { a = long }"), 7,
     "object_lambda \"view\": headers: more than 32, or more than 8 KiB of them"},
    {OLAP("") "view_cache { memory_bytes = 5, memory_entry_bytes = 6 }\n", 7,
     "view_cache: memory_entry_bytes is above memory_bytes"},
    {OLAP("") "view_cache { disk = 'd', disk_bytes = '1 MiB', disk_entry_bytes = '2 MiB' }\n", 7,
     "view_cache: disk_entry_bytes is above disk_bytes"},
    {OLAP("") "view_cache { disk_entry_bytes = '2 MiB' }\n", 7,
     "view_cache: disk_bytes and disk_entry_bytes are of no use without disk"},
    {OLAP("") "view_cache { }\nview_cache { }\n", 8, "view_cache: stands on line 7 already"},
    {OLAP("") "view_memo { memory_rows_max = 1 }\n", 7,
     "view_memo: memory_rows_max: must be between 16 and 100000000"},
    {OLAP("") "view_key = 'abcd'\n", 7,
     "view_key: must be 32 bytes: 64 hex digits, or 44 characters of base64"},
    {OLAP("") "view_key = string.format('%064d', 1) .. '='\n", 7,
     "view_key: must be 32 bytes: 64 hex digits, or 44 characters of base64"},
    {OLAP("unconfigured = 'delegate'") "user 'ann' { access_key = 'annkey', secret_key = 'annsecret',\n"
                                       "  views = { 'view' } }\n", 8,
     "user \"ann\": views: object_lambda \"view\" has unconfigured = \"delegate\", which tells of "
     "originals"},
    {OLAP("list = { sizes = 'original' }") "role 'r' { trust = { effect = 'Allow', principal = '*',\n"
                                           "  actions = 'sts:AssumeRole' },\n  views = 'view' }\n", 9,
     "role \"r\": views: object_lambda \"view\" has list = { sizes = \"original\" }, which tells of "
     "originals"},
};

static void mistakes_have_their_line(void **state)
{
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        ol_config *config = NULL;
        ol_config_report report;
        int rc = scratch_load(*state, ol_slice_cstr(mistakes[i].config), &config, &report);
        print_report(&report);
        assert_code(rc, OL_ECONFIG);
        assert_int_equal(report.count, 1);
        assert_string_equal(report.mistakes[0].text, mistakes[i].text);
        assert_int_equal(report.mistakes[0].line, mistakes[i].line);
        ol_config_report_fini(&report);
    }
}

/* ---- without a file ---- */

static void the_command_line_sizes_the_cache(void **state)
{
    (void)state;
    ol_config_simple simple = {
        .access_key = "rootkey", .secret_key = "rootsecret", .view_cache = "8 MiB"};
    ol_config *config;
    ol_error err = {0};
    assert_code_of(ol_config_simple_make(&config, &simple, &err), OL_OK, &err);
    assert_int_equal(config->view_cache.memory_bytes, 8 * OL_MIB);
    assert_int_equal(config->view_cache.memory_entry_bytes, 2 * OL_MIB);
    ol_config_release(config);
    simple.view_cache = "much";
    assert_code(ol_config_simple_make(&config, &simple, &err), OL_ECONFIG);
    assert_string_equal(err.detail, "--view-cache much: must be a size, such as \"64 MiB\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_zeroes),
        cmocka_unit_test(every_option_is_read),
        cmocka_unit_test(the_cache_and_the_memo_are_sized),
        cmocka_unit_test(a_key_is_hex_or_base64),
        cmocka_unit_test(what_is_not_configured_describes_the_view),
        cmocka_unit_test(mistakes_have_their_line),
        cmocka_unit_test(the_command_line_sizes_the_cache),
    };
    return cmocka_run_group_tests(tests, open_folder, close_folder);
}
