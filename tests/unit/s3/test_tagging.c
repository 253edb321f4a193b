/* SPDX-License-Identifier: MIT */
/* Tags: both forms in which clients send them, the one in which they are kept, and every limit. */
#include "document_kit.h"

#include "lib/alloc_check.h"
#include "s3/documents/tagging.h"

static ol_slice canonical(const ol_tags *tags)
{
    ol_slice text;
    ol_error err = {0};
    assert_code_of(ol_tags_text(tags, arena, &text, &err), OL_OK, &err);
    return text;
}

static int query(const char *text, size_t max, ol_tags *tags, ol_error *err)
{
    ol_error_clear(err);
    return ol_tags_parse_query(ol_slice_cstr(text), max, arena, tags, err);
}

static void reads_headers(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"foo=bar&bar", "bar=&foo=bar"},
        {"&&a=1&", "a=1"},
        {"b=2&a=1", "a=1&b=2"},
        {"a+b=c%20d%2Be", "a%20b=c%20d%2Be"},
        {"k=a=b", "k=a%3Db"},
        {"%C3%A9=%E2%82%AC", "%C3%A9=%E2%82%AC"},
        {"a:b/c@d=._-", "a%3Ab%2Fc%40d=._-"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_tags tags;
        ol_error err = {0};
        assert_code_of(query(cases[i][0], 10, &tags, &err), OL_OK, &err);
        assert_slices(canonical(&tags), ol_slice_cstr(cases[i][1]));
        assert_int_equal(ol_tags_count(canonical(&tags)), tags.count);
    }
}

static void refuses_bad_headers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        {"=v", OL_EINVALIDTAG},          {"a=1&a=2", OL_EINVALIDTAG},
        {"%61=1&a=2", OL_EINVALIDTAG},   {"aws:x=1", OL_EINVALIDTAG},
        {"AWS%3Ax=1", OL_EINVALIDTAG},   {"a=%", OL_EINVAL},
        {"a%zz=1", OL_EINVAL},           {"a=%00", OL_EINVALIDTAG},
        {"a=%0a", OL_EINVALIDTAG},       {"a%3Cb=1", OL_EINVALIDTAG},
        {"a=%ff", OL_EINVALIDTAG},       {"a=\"", OL_EINVALIDTAG},
        {"a&b&c&d&e&f&g&h&i&j&k", OL_EINVALIDTAG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_tags tags;
        ol_error err = {0};
        int rc = query(cases[i].text, 10, &tags, &err);
        if (rc != cases[i].code || err.code != rc)
            fail_msg("%s: %s (%s)", cases[i].text, ol_code_name(rc), err.message);
    }
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    ol_tags tags;
    ol_error err = {0};
    query("aws:x=1", 10, &tags, &err);
    assert_string_equal(err.message, "System tags cannot be added/updated by requester");
    query("a=1&a=2", 10, &tags, &err);
    assert_string_equal(err.message, "Cannot provide multiple Tags with the same key");
    query("a&b", 1, &tags, &err);
    assert_string_equal(err.s3_code, "InvalidTag");
    assert_int_equal(err.status, 400);
}

/* Characters count, not bytes. */
static void counts_characters(void **state)
{
    (void)state;
    static const size_t limits[] = {OL_TAG_KEY_CHARS_MAX, OL_TAG_VALUE_CHARS_MAX};
    for (int part = 0; part < 2; part++)
        for (size_t extra = 0; extra < 2; extra++) {
            ol_tags tags;
            ol_error err = {0};
            ol_buf_clear(&out);
            ol_buf_add_cstr(&out, part ? "k=" : "");
            for (size_t i = 0; i < limits[part] + extra; i++)
                ol_buf_add_cstr(&out, "%F0%9F%98%80");
            int rc = ol_tags_parse_query(ol_buf_slice(&out), 10, arena, &tags, &err);
            assert_code_of(rc, extra ? OL_EINVALIDTAG : OL_OK, &err);
            if (extra == 0)
                assert_true(canonical(&tags).len <= OL_TAGS_TEXT_BYTES_MAX);
        }
}

#define TAG(key, value) "<Tag><Key>" key "</Key><Value>" value "</Value></Tag>"
#define TAGGING(tags) "<Tagging" NS "><TagSet>" tags "</TagSet></Tagging>"

static void reads_documents(void **state)
{
    (void)state;
    ol_tags tags;
    ol_error err = {0};
    assert_code(ol_tags_parse_xml(OL_SLICE_LIT(DECLARATION TAGGING(
                                      "\n " TAG("z", "&#x20AC;") TAG(" a b ", "") "\n")),
                                  10, arena, &tags, &err),
                OL_OK);
    assert_slice(canonical(&tags), "%20a%20b%20=&z=%E2%82%AC");
    assert_code(ol_tags_parse_xml(OL_SLICE_LIT("<Tagging><TagSet/></Tagging>"), 10, arena, &tags,
                                  &err),
                OL_OK);
    assert_int_equal(tags.count, 0);
    assert_null(canonical(&tags).data);
}

static void refuses_bad_documents(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        int code;
    } cases[] = {
        {"", OL_EMALFORMEDXML},
        {"<Tagging/>", OL_EMALFORMEDXML},
        {"<TagSet/>", OL_EMALFORMEDXML},
        {"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", OL_EMALFORMEDXML},
        {"<Tagging><TagSet><Tag><Value>a</Value></Tag></TagSet></Tagging>", OL_EMALFORMEDXML},
        {"<Tagging><TagSet>x</TagSet></Tagging>", OL_EMALFORMEDXML},
        {"<Tagging><TagSet>" TAG("a", "1") "x</TagSet></Tagging>", OL_EMALFORMEDXML},
        {"<Tagging><TagSet><Other/></TagSet></Tagging>", OL_EMALFORMEDXML},
        {"<Tagging><TagSet/><TagSet/></Tagging>", OL_EMALFORMEDXML},
        {"<!DOCTYPE d [<!ENTITY e \"x\">]>" TAGGING(TAG("a", "&e;")), OL_EMALFORMEDXML},
        {TAGGING(TAG("a", "1") TAG("a", "2")), OL_EINVALIDTAG},
        {TAGGING(TAG("", "1")), OL_EINVALIDTAG},
        {TAGGING(TAG("aws:a", "1")), OL_EINVALIDTAG},
        {TAGGING(TAG("a", "1") TAG("b", "1") TAG("c", "1")), OL_EINVALIDTAG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_tags tags;
        ol_error err = {0};
        int rc = ol_tags_parse_xml(ol_slice_cstr(cases[i].xml), 2, arena, &tags, &err);
        if (rc != cases[i].code || err.code != rc)
            fail_msg("%s: %s (%s)", cases[i].xml, ol_code_name(rc), err.detail);
    }
}

static void writes_documents(void **state)
{
    (void)state;
    assert_code(ol_tags_write_xml(&out, OL_SLICE_LIT("a%26b=%3C&k=v")), OL_OK);
    assert_document(TAGGING(TAG("a&amp;b", "&lt;") TAG("k", "v")));
    assert_code(ol_tags_write_xml(&out, OL_SLICE_NONE), OL_OK);
    assert_document(TAGGING(""));
    assert_code(ol_tags_write_xml(&out, OL_SLICE_LIT("a=%")), OL_EINVAL);
}

static void finds_tags(void **state)
{
    (void)state;
    static const struct {
        const char *text, *key, *value; /* value NULL: not there */
    } cases[] = {
        {"", "a", NULL},
        {"a=1&b=2", "b", "2"},
        {"a=1&b=2", "B", NULL},
        {"a=&b=2", "a", ""},
        {"aa=1&a=2", "a", "2"},
        {"a%20b=c%26d", "a b", "c&d"},
        {"ab=1", "a", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_slice value;
        assert_code(ol_tags_find(ol_slice_cstr(cases[i].text), ol_slice_cstr(cases[i].key), arena,
                                 &value),
                    OL_OK);
        assert_true((value.data != NULL) == (cases[i].value != NULL));
        if (cases[i].value)
            assert_slices(value, ol_slice_cstr(cases[i].value));
    }
}

/* What an origin kept may be more than we would take. */
static void reads_what_others_kept(void **state)
{
    (void)state;
    ol_tags tags;
    ol_error err = {0};
    assert_code(ol_tags_read(OL_SLICE_LIT("b=1&aws:a=%3C&c"), arena, &tags, &err), OL_OK);
    assert_int_equal(tags.count, 3);
    assert_slice(tags.items[1].key, "aws:a");
    assert_slice(tags.items[1].value, "<");
    assert_code(ol_tags_read(OL_SLICE_LIT("b=%1"), arena, &tags, &err), OL_EINVAL);
}

static int there_and_back(void *arg)
{
    (void)arg;
    ol_arena *own = ol_arena_new(1 << 20);
    ol_tags tags;
    ol_slice text;
    ol_error err = {0};
    ol_buf xml;
    if (!own)
        return OL_ENOMEM;
    ol_buf_init(&xml, 4096);
    int rc = ol_tags_parse_xml(OL_SLICE_LIT(TAGGING(TAG("b", "2") TAG("a", "1"))), 10, own, &tags,
                               &err);
    if (rc == OL_OK)
        rc = ol_tags_text(&tags, own, &text, &err);
    assert_int_equal(rc, err.code);
    if (rc == OL_OK)
        rc = ol_tags_write_xml(&xml, text);
    if (rc == OL_OK)
        assert_non_null(strstr(ol_buf_cstr(&xml), TAG("a", "1") TAG("b", "2")));
    ol_buf_fini(&xml);
    ol_arena_destroy(own);
    return rc;
}

static void survives_failing_allocations(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(there_and_back, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_headers),     TEST(refuses_bad_headers),    TEST(says_what_is_wrong),
        TEST(counts_characters), TEST(reads_documents),        TEST(refuses_bad_documents),
        TEST(writes_documents),  TEST(finds_tags),             TEST(reads_what_others_kept),
        TEST(survives_failing_allocations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
