/* SPDX-License-Identifier: MIT */
/* What the reader tells of a document, and what it refuses. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/buf.h"
#include "base/limits.h"
#include "s3/documents/xml_reader.h"

#define S3 "http://s3.amazonaws.com/doc/2006-03-01/"

static int on_open(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)err;
    return ol_buf_addf(arg, "<%s ", path->names[path->depth - 1]);
}

static int on_close(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    (void)err;
    return ol_buf_addf(arg, "[%.*s] %s>", (int)text.len, (const char *)text.data, path->names[path->depth - 1]);
}

static int read_text(const char *xml, ol_buf *told, ol_error *err)
{
    static const ol_xml_bounds bounds = {.text_bytes_max = 8};
    const ol_xml_events events = {told, on_open, on_close};
    ol_buf_init(told, 4096);
    return ol_xml_read_as(ol_slice_cstr(xml), &bounds, &events, err);
}

static void tells(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *told;
    } cases[] = {
        {"<a/>", "<a [] a>"},
        {"\xef\xbb\xbf<?xml version='1.0' encoding='UTF-16'?>\n<a>x</a>\n", "<a [x] a>"},
        {"<a> x&lt;&#233;\r\n</a>", "<a [ x<\xc3\xa9\n] a>"},
        {"<a xmlns='" S3 "'><x:b xmlns:x='" S3 "'>1</x:b></a>", "<a <b [1] b>[] a>"},
        {"<a xmlns='" S3 "'><b xmlns=''>1</b></a>", "<a <b [1] b>[] a>"},
        {"<a>1<!-- c -->2<![CDATA[<3]]></a>", "<a [12<3] a>"},
        /* Blanks behind a child are layout, and as long as they like; what else is there is text. */
        {"<a>\n <b/>                    <b/>\n</a>", "<a <b [] b><b [] b>[\n ] a>"},
        {"<a><b/>  x <b/> <!-- -->y</a>", "<a <b [] b><b [] b>[  x y] a>"},
        {"<a><b/> <![CDATA[ z]]></a>", "<a <b [] b>[ z] a>"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ol_buf told;
        ol_error err = {0};
        assert_code(read_text(cases[i].xml, &told, &err), OL_OK);
        assert_string_equal(ol_buf_cstr(&told), cases[i].told);
        ol_buf_fini(&told);
    }
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        const char *xml, *why;
    } cases[] = {
        {"", "empty"},
        {"<a>\xff</a>", "not UTF-8"},
        {"<a>", "not well-formed"},
        {"<a></b>", "not well-formed"},
        {"<a/><a/>", "not well-formed"},
        {"<a b='1' b='2'/>", "not well-formed"},
        {"<x:a/>", "not well-formed"},
        {"<a>&b;</a>", "not well-formed"},
        {"<a>&#0;</a>", "not well-formed"},
        {"<!DOCTYPE a><a/>", "a DTD, an entity or a processing instruction"},
        {"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "a DTD, an entity or a processing instruction"},
        {"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "a DTD, an entity or a processing instruction"},
        {"<a><?b c?></a>", "a DTD, an entity or a processing instruction"},
        {"<a xmlns='other'/>", "an element of another namespace"},
        {"<a xmlns='" S3 "&#10;x'/>", "not well-formed"},
        {"<1><2/></1>", "not well-formed"},
        {"<a><a><a><a><a><a><a><a><a/></a></a></a></a></a></a></a></a>", "nested too deeply"},
        {"<a>123456789</a>", "a text is too long"},
        {"<a><b/>         x</a>", "a text is too long"},
        {"<a>         <b/></a>", "a text is too long"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ol_buf told;
        ol_error err = {0};
        assert_code(read_text(cases[i].xml, &told, &err), OL_EMALFORMEDXML);
        assert_string_equal(err.detail, cases[i].why);
        ol_buf_fini(&told);
    }
}

static void refuses_long_names(void **state)
{
    (void)state;
    char xml[OL_XML_TEXT_BYTES_MAX + 8] = "<";
    ol_buf told;
    ol_error err = {0};
    memset(xml + 1, 'a', OL_XML_TEXT_BYTES_MAX + 1);
    memcpy(xml + OL_XML_TEXT_BYTES_MAX + 2, "/>", 3);
    assert_code(read_text(xml, &told, &err), OL_EMALFORMEDXML);
    assert_string_equal(err.detail, "a name is too long");
    ol_buf_fini(&told);
}

static int goes_on(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)path;
    (void)err;
    ++*(int *)arg;
    return OL_OK;
}

static int counts(void *arg, const ol_xml_path *path, ol_slice text, ol_error *err)
{
    (void)path;
    (void)text;
    (void)err;
    ++*(int *)arg;
    return OL_OK;
}

static int refusal_of_namespace(size_t uri_len, unsigned attributes, ol_error *err)
{
    ol_buf xml;
    int told = 0;
    const ol_xml_events events = {&told, goes_on, counts};
    ol_buf_init(&xml, OL_MIB);
    assert_code(ol_buf_add_cstr(&xml, "<a xmlns:n='"), OL_OK);
    for (size_t i = 0; i < uri_len; i++)
        assert_code(ol_buf_add_byte(&xml, 'u'), OL_OK);
    assert_code(ol_buf_add_cstr(&xml, "'><b"), OL_OK);
    for (unsigned i = 0; i < attributes; i++)
        assert_code(ol_buf_addf(&xml, " n:c%u=''", i), OL_OK);
    assert_code(ol_buf_add_cstr(&xml, "/><b n:c=''/></a>"), OL_OK);
    int rc = ol_xml_read(ol_buf_slice(&xml), &events, err);
    ol_buf_fini(&xml);
    return rc;
}

/* The parser copies the name to each attribute. */
static void refuses_namespaces_that_grow(void **state)
{
    (void)state;
    ol_error of_time = {0}, of_memory = {0}, none = {0};
    assert_code(refusal_of_namespace(257, 1, &of_time), OL_EMALFORMEDXML);
    assert_string_equal(of_time.detail, "the name of a namespace is too long");
    assert_code(refusal_of_namespace(256, 12000, &of_memory), OL_EMALFORMEDXML);
    assert_string_equal(of_memory.detail, "reading it takes too much memory");
    assert_code(refusal_of_namespace(256, 1, &none), OL_OK);
}

static int stops(void *arg, const ol_xml_path *path, ol_error *err)
{
    (void)err;
    ++*(int *)arg;
    return path->depth == 2 ? OL_ECONFIG : OL_OK;
}

static void ends_with_an_event(void **state)
{
    (void)state;
    int told = 0;
    ol_error err = {0};
    const ol_xml_events events = {&told, stops, counts};
    assert_code(ol_xml_read(OL_SLICE_LIT("<a><b/><c/></a>"), &events, &err), OL_ECONFIG);
    assert_int_equal(told, 2);
}

static int read_somehow(void *arg)
{
    ol_buf told;
    ol_error err = {0};
    (void)arg;
    int rc = read_text("<a><b>1</b> <c>2<!-- --></c></a>", &told, &err);
    ol_buf_fini(&told);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(read_somehow, NULL) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells),
        cmocka_unit_test(refuses),
        cmocka_unit_test(refuses_long_names),
        cmocka_unit_test(refuses_namespaces_that_grow),
        cmocka_unit_test(ends_with_an_event),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
