/* SPDX-License-Identifier: MIT */
/*
 * The entry list: the page that it is given, what it may answer, and what it may not. And what all entries share:
 * they are preempted, give the same bytes in any state, and end well when given up or without memory.
 */
#include "entries_kit.h"

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
    bool preempted = false;
    for (unsigned tries = 0; !preempted && tries < 3; tries++) { /* one step may be stretched by the machine */
        uint64_t begin_ns = ol_clock_thread_cpu_ns();
        fake_run(&e, &options, &result);
        uint64_t took_us = (ol_clock_thread_cpu_ns() - begin_ns) / 1000;
        assert_code_of(result.rc, OL_DONE, &result.err);
        preempted = result.longest_step_us * 3 < took_us;
        fake_result_fini(&result);
    }
    assert_true(preempted);
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
