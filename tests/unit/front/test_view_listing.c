/* SPDX-License-Identifier: MIT */
/* A page of a listing as JSON, and what a host may make of it. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/limits.h"
#include "front/views/view_listing.h"

typedef struct rig {
    ol_arena *arena;
    ol_s3_list_page page;
    ol_list_result origin;
    ol_view_listing given, read;
    ol_error err;
} rig;

static ol_object_info objects[] = {
    {.key = {(const uint8_t *)"a.csv", 5}, .size = 1, .etag = {(const uint8_t *)"0123456789abcdef", 16}},
    {.key = {(const uint8_t *)"a.d.csv", 7}, .size = 22},
    {.key = {(const uint8_t *)"secret", 6}, .size = 333, .last_modified_ms = 1767225600000},
};
static ol_slice prefixes[] = {{(const uint8_t *)"dir/", 4}, {(const uint8_t *)"hidden/", 7}};

static void open_rig(rig *r)
{
    *r = (rig){
        .page = {.v2 = true, .name = OL_SLICE_LIT("alias"), .max_keys = 10},
        .origin = {.objects = objects, .object_count = 3},
    };
    r->arena = ol_arena_new(4 * OL_MIB);
    assert_non_null(r->arena);
}

static int read_text(rig *r, ol_slice text)
{
    if (r->page.delimiter.len > 0) {
        r->origin.common_prefixes = prefixes;
        r->origin.common_prefix_count = 2;
    }
    ol_error_clear(&r->err);
    int rc = ol_view_listing_make(&r->given, &r->origin, r->arena);
    if (rc != OL_OK)
        return rc;
    /* The answer is gone when it has been read. */
    uint8_t *lent = test_malloc(text.len + 1);
    memcpy(lent, text.data, text.len);
    rc = ol_view_listing_read(&r->read, ol_slice_of(lent, text.len), &r->given, &r->page, r->arena,
                              &r->err);
    memset(lent, '#', text.len);
    test_free(lent);
    return rc;
}

static int read_cstr(rig *r, const char *text)
{
    return read_text(r, ol_slice_cstr(text));
}

static void close_rig(rig *r)
{
    ol_arena_destroy(r->arena);
}

/* ---- to a program ---- */

static void a_program_sees_names_dates_and_sizes_alone(void **state)
{
    (void)state;
    rig r;
    ol_buf out;
    open_rig(&r);
    ol_buf_init(&out, OL_VIEW_LISTING_BYTES_MAX);
    r.page.delimiter = OL_SLICE_LIT("/");
    r.page.prefix = OL_SLICE_LIT("");
    r.page.start_after = OL_SLICE_LIT("Z\"\x01\n");
    r.page.encoding_url = true;
    r.origin.common_prefixes = prefixes;
    r.origin.common_prefix_count = 1;
    r.origin.object_count = 1;
    assert_code(ol_view_listing_make(&r.given, &r.origin, r.arena), OL_OK);
    const ol_view_listing_frame frame = {
        .page = &r.page, .truncated = true, .next = OL_SLICE_LIT("sealed")};
    assert_code(ol_view_listing_write(&out, &r.given, &frame), OL_OK);
    assert_slice(ol_buf_slice(&out),
                 "{\"name\":\"alias\",\"prefix\":\"\",\"startAfter\":\"Z\\\"\\u0001\\n\","
                 "\"nextContinuationToken\":\"sealed\",\"keyCount\":2,\"maxKeys\":10,"
                 "\"delimiter\":\"/\",\"encodingType\":\"url\",\"isTruncated\":true,"
                 "\"contents\":[{\"key\":\"a.csv\",\"originalKey\":\"a.csv\","
                 "\"lastModified\":\"1970-01-01T00:00:00.000Z\",\"size\":1,"
                 "\"storageClass\":\"STANDARD\"}],"
                 "\"commonPrefixes\":[{\"prefix\":\"dir/\",\"originalPrefix\":\"dir/\"}]}");
    ol_buf_fini(&out);
    close_rig(&r);
}

static void version_1_has_a_marker(void **state)
{
    (void)state;
    rig r;
    ol_buf out;
    open_rig(&r);
    ol_buf_init(&out, OL_VIEW_LISTING_BYTES_MAX);
    r.page.v2 = false;
    r.page.marker = OL_SLICE_LIT("m");
    const ol_view_listing_frame frame = {.page = &r.page};
    assert_code(ol_view_listing_write(&out, &r.given, &frame), OL_OK);
    assert_slice(ol_buf_slice(&out),
                 "{\"name\":\"alias\",\"prefix\":\"\",\"marker\":\"m\",\"maxKeys\":10,"
                 "\"isTruncated\":false,\"contents\":[],\"commonPrefixes\":[]}");
    ol_buf_fini(&out);
    close_rig(&r);
}

static void what_is_written_is_read_again(void **state)
{
    (void)state;
    rig r;
    ol_buf out;
    open_rig(&r);
    ol_buf_init(&out, OL_VIEW_LISTING_BYTES_MAX);
    const ol_view_listing_frame frame = {.page = &r.page};
    assert_code(ol_view_listing_make(&r.given, &r.origin, r.arena), OL_OK);
    assert_code(ol_view_listing_write(&out, &r.given, &frame), OL_OK);
    assert_code_of(read_text(&r, ol_buf_slice(&out)), OL_OK, &r.err);
    assert_int_equal(r.read.count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_slices(r.read.entries[i].key, objects[i].key);
        assert_slices(r.read.entries[i].original, objects[i].key);
        assert_ptr_equal(r.read.entries[i].info, &objects[i]);
        assert_int_equal(r.read.entries[i].size, objects[i].size);
    }
    ol_buf_fini(&out);
    close_rig(&r);
}

static void a_page_that_is_too_large_is_told(void **state)
{
    (void)state;
    rig r;
    ol_buf out;
    open_rig(&r);
    ol_buf_init(&out, 100);
    const ol_view_listing_frame frame = {.page = &r.page};
    assert_code(ol_view_listing_make(&r.given, &r.origin, r.arena), OL_OK);
    assert_code(ol_view_listing_write(&out, &r.given, &frame), OL_ELIMIT);
    ol_buf_fini(&out);
    close_rig(&r);
}

/* ---- and back ---- */

static void entries_may_be_hidden_renamed_resized_and_made_up(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    assert_code_of(read_cstr(&r, "{\"isTruncated\":\"TRUE\",\"maxKeys\":\"7\",\"unknown\":[1,{}],"
                                 "\"nextMarker\":null,\"contents\":["
                                 "{\"key\":\"a.json\",\"originalKey\":\"a.csv\",\"size\":\"9\"},"
                                 "{\"key\":\"a.d.json\",\"originalKey\":\"a.d.csv\"},"
                                 "{\"key\":\"new\",\"size\":5,\"eTag\":\"x\"}]}"),
                   OL_OK, &r.err);
    assert_int_equal(r.read.count, 3);
    /* By key: a suffix that changes may change the order. */
    assert_slice(r.read.entries[0].key, "a.d.json");
    assert_slice(r.read.entries[0].original, "a.d.csv");
    assert_int_equal(r.read.entries[0].size, 22);
    assert_slice(r.read.entries[1].key, "a.json");
    assert_int_equal(r.read.entries[1].size, 9);
    assert_ptr_equal(r.read.entries[1].info, &objects[0]);
    assert_slice(r.read.entries[2].original, "new");
    assert_null(r.read.entries[2].info);
    assert_int_equal(r.read.entries[2].size, 5);
    close_rig(&r);
}

static void an_empty_listing_may_be_written_in_many_ways(void **state)
{
    (void)state;
    const char *const ways[] = {"{}", "{\"contents\":[]}", "{\"contents\":{}}",
                                "{\"contents\":null,\"commonPrefixes\":{}}"};
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        rig r;
        open_rig(&r);
        assert_code_of(read_cstr(&r, ways[i]), OL_OK, &r.err);
        assert_int_equal(r.read.count + r.read.prefix_count, 0);
        close_rig(&r);
    }
}

static void what_was_not_asked_for_is_left_out(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    r.page.prefix = OL_SLICE_LIT("a.");
    assert_code_of(read_cstr(&r, "{\"contents\":[{\"key\":\"b\",\"originalKey\":\"a.csv\"},"
                                 "{\"key\":\"a.d.csv\"},{\"key\":\"../a.x\"}]}"),
                   OL_OK, &r.err);
    assert_int_equal(r.read.count, 1);
    assert_slice(r.read.entries[0].key, "a.d.csv");
    close_rig(&r);
}

static void what_lies_behind_a_delimiter_is_a_prefix(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    r.page.delimiter = OL_SLICE_LIT("/");
    assert_code_of(
        read_cstr(&r, "{\"contents\":[{\"key\":\"x/1\",\"originalKey\":\"secret\"},"
                      "{\"key\":\"x/2\",\"originalKey\":\"a.csv\"},{\"key\":\"a.d.csv\"}],"
                      "\"commonPrefixes\":[{\"prefix\":\"open/\",\"originalPrefix\":\"hidden/\"},"
                      "{\"prefix\":\"dir/\"}]}"),
        OL_OK, &r.err);
    assert_int_equal(r.read.count, 1);
    assert_int_equal(r.read.prefix_count, 3);
    assert_slice(r.read.prefixes[0].prefix, "dir/");
    assert_slice(r.read.prefixes[0].original, "dir/");
    assert_slice(r.read.prefixes[1].prefix, "open/");
    assert_slice(r.read.prefixes[1].original, "hidden/");
    assert_slice(r.read.prefixes[2].prefix, "x/");
    assert_slice(r.read.prefixes[2].original, "a.csv"); /* the first of them */
    close_rig(&r);
}

static void delimiters_count_behind_the_prefix(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    r.page.delimiter = OL_SLICE_LIT("/");
    r.page.prefix = OL_SLICE_LIT("x/");
    assert_code_of(read_cstr(&r, "{\"contents\":[{\"key\":\"x/1\"},{\"key\":\"x/y/2\"}],"
                                 "\"commonPrefixes\":[{\"prefix\":\"x/a/\"},{\"prefix\":\"b/\"}]}"),
                   OL_OK, &r.err);
    assert_int_equal(r.read.count, 1);
    assert_slice(r.read.entries[0].key, "x/1");
    assert_int_equal(r.read.prefix_count, 2);
    assert_slice(r.read.prefixes[0].prefix, "x/a/");
    assert_slice(r.read.prefixes[1].prefix, "x/y/");
    close_rig(&r);
}

static void hostile_answers_are_refused(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "", " ", "null", "[]", "1", "\"text\"", "{", "{}x", "{\"contents\":1}",
        "{\"contents\":\"\"}",
        "{\"contents\":[1]}",
        "{\"contents\":[null]}",
        "{\"contents\":[[]]}",
        "{\"contents\":{\"key\":\"a\"}}",
        "{\"contents\":[{}]}",
        "{\"contents\":[{\"key\":\"\"}]}",
        "{\"contents\":[{\"key\":null}]}",
        "{\"contents\":[{\"key\":7}]}",
        "{\"contents\":[{\"key\":\"a\\u0000b\"}]}",
        "{\"contents\":[{\"key\":\"a\\ud800\"}]}",
        "{\"contents\":[{\"key\":\"a\xff\"}]}",
        "{\"contents\":[{\"key\":\"a\",\"key\":\"b\"}]}",
        "{\"contents\":[{\"key\":\"a\",\"size\":-1}]}",
        "{\"contents\":[{\"key\":\"a\",\"size\":1.5}]}",
        "{\"contents\":[{\"key\":\"a\",\"size\":1e3}]}",
        "{\"contents\":[{\"key\":\"a\",\"size\":9223372036854775808}]}",
        "{\"contents\":[{\"key\":\"a\",\"size\":\"x\"}]}",
        "{\"contents\":[{\"key\":\"a\",\"size\":true}]}",
        "{\"contents\":[{\"key\":\"a\",\"eTag\":1}]}",
        "{\"contents\":[{\"key\":\"a\",\"lastModified\":1}]}",
        "{\"contents\":[{\"key\":\"a\",\"originalKey\":\"elsewhere\"}]}",
        "{\"contents\":[{\"key\":\"a\",\"originalKey\":\"\"}]}",
        "{\"contents\":[{\"key\":\"a\"},{\"key\":\"b\"},{\"key\":\"a\"}]}",
        "{\"isTruncated\":1}", "{\"isTruncated\":\"yes\"}", "{\"maxKeys\":\"\"}",
        "{\"keyCount\":{}}", "{\"name\":1}", "{\"prefix\":[]}", "{\"nextMarker\":false}",
        "{\"commonPrefixes\":[\"a\"]}",
        "{\"commonPrefixes\":[{\"prefix\":\"\"}]}",
        "{\"commonPrefixes\":[{\"prefix\":1}]}",
        "{\"commonPrefixes\":[{\"prefix\":\"x/\",\"originalPrefix\":\"elsewhere/\"}]}",
        "{\"x\":[[[[[[[[[[]]]]]]]]]]}",
        "<", "<a/>", "<ListBucketResult>", "<ListBucketResult/><x/>", "<Error/>",
        "<!DOCTYPE x [<!ENTITY e \"x\">]><ListBucketResult>&e;</ListBucketResult>",
        "<ListBucketResult><?php x?></ListBucketResult>",
        "<ListBucketResult>\xff</ListBucketResult>",
    };
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        rig r;
        open_rig(&r);
        int rc = read_cstr(&r, answers[i]);
        if (rc != OL_ETRANSFORMRESPONSE)
            print_message("answer %zu: %s\n", i, answers[i]);
        assert_code(rc, OL_ETRANSFORMRESPONSE);
        assert_int_equal(r.err.code, rc);
        close_rig(&r);
    }
}

static void there_are_no_more_entries_than_asked_for(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    r.page.max_keys = 2;
    assert_code(read_cstr(&r, "{\"contents\":[{\"key\":\"1\"},{\"key\":\"2\"}]}"), OL_OK);
    assert_code(read_cstr(&r, "{\"contents\":[{\"key\":\"1\"},{\"key\":\"2\"},{\"key\":\"3\"}]}"),
                OL_ETRANSFORMRESPONSE);
    assert_code(read_cstr(&r, "{\"contents\":[{\"key\":\"1\"},{\"key\":\"2\"}],"
                              "\"commonPrefixes\":[{\"prefix\":\"3\"}]}"),
                OL_ETRANSFORMRESPONSE);
    close_rig(&r);
}

static int read_key_of(rig *r, size_t len)
{
    char text[OL_KEY_BYTES_MAX + 64];
    char key[OL_KEY_BYTES_MAX + 2];
    memset(key, 'k', len);
    key[len] = '\0';
    snprintf(text, sizeof(text), "{\"contents\":[{\"key\":\"%s\"}]}", key);
    return read_cstr(r, text);
}

static void keys_have_a_longest_length(void **state)
{
    (void)state;
    rig r;
    open_rig(&r);
    assert_code(read_key_of(&r, OL_KEY_BYTES_MAX), OL_OK);
    assert_code(read_key_of(&r, OL_KEY_BYTES_MAX + 1), OL_ETRANSFORMRESPONSE);
    close_rig(&r);
}

static void a_document_is_passed_on_as_it_is(void **state)
{
    (void)state;
    rig r;
    const char *xml = "\n<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
                      "<Name>x</Name><Contents><Key>k</Key></Contents></ListBucketResult>\n";
    open_rig(&r);
    assert_code_of(read_cstr(&r, xml), OL_OK, &r.err);
    assert_slices(r.read.xml, ol_slice_cstr(xml));
    assert_int_equal(r.read.count, 0);
    close_rig(&r);
}

static void cut_anywhere_it_is_never_believed(void **state)
{
    (void)state;
    const char *texts[] = {
        "{\"contents\":[{\"key\":\"a.csv\",\"size\":1}],\"commonPrefixes\":[{\"prefix\":\"d/\"}]}",
        "<ListBucketResult><Contents><Key>k</Key></Contents></ListBucketResult>"};
    for (size_t t = 0; t < 2; t++) {
        ol_slice text = ol_slice_cstr(texts[t]);
        for (size_t len = 0; len < text.len; len++) {
            rig r;
            open_rig(&r);
            ol_slice cut = ol_arena_copy(r.arena, ol_slice_first(text, len));
            assert_code(read_text(&r, cut), OL_ETRANSFORMRESPONSE);
            close_rig(&r);
        }
    }
}

static int read_with_little_memory(void *arg)
{
    rig r = {
        .page = {.name = OL_SLICE_LIT("alias"), .max_keys = 10, .delimiter = OL_SLICE_LIT("/")},
        .origin = {.objects = objects, .object_count = 3},
        .arena = ol_arena_new(4 * OL_MIB),
    };
    if (!r.arena)
        return OL_ENOMEM;
    int rc = read_cstr(&r, arg);
    close_rig(&r);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_with_little_memory,
                                  "{\"contents\":[{\"key\":\"d\\u00e4/1\"}]}") > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_sees_names_dates_and_sizes_alone),
        cmocka_unit_test(version_1_has_a_marker),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test(a_page_that_is_too_large_is_told),
        cmocka_unit_test(entries_may_be_hidden_renamed_resized_and_made_up),
        cmocka_unit_test(an_empty_listing_may_be_written_in_many_ways),
        cmocka_unit_test(what_was_not_asked_for_is_left_out),
        cmocka_unit_test(what_lies_behind_a_delimiter_is_a_prefix),
        cmocka_unit_test(delimiters_count_behind_the_prefix),
        cmocka_unit_test(hostile_answers_are_refused),
        cmocka_unit_test(there_are_no_more_entries_than_asked_for),
        cmocka_unit_test(keys_have_a_longest_length),
        cmocka_unit_test(a_document_is_passed_on_as_it_is),
        cmocka_unit_test(cut_anywhere_it_is_never_believed),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
