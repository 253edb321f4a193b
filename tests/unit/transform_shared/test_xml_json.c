/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform: by example, against xmltodict over generated documents, over every
 * way of cutting them, and against documents that mean harm.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "direct_host.h"
#include "xml_texts.h"

#define TEXT_MAX (1024 * 1024)

static const struct objlens_transform *xml_json;
static char document[TEXT_MAX + 64], encoded[2 * TEXT_MAX + 64];

static void expect(const char *payload, const char *xml, const char *want)
{
    for (int cut = 0; cut < 3; cut++) {
        struct objlens_call call;
        direct_init(&call, payload, cut ? 5 : 100000, 1);
        int rc = direct_run(xml_json, &call, xml, strlen(xml),
                            cut == 0 ? direct_whole : cut == 1 ? direct_bytes : direct_chopped);
        if (rc != OBJLENS_OK)
            fail_msg("%s: %d %s", xml, rc, call.failed_message);
        if (call.size != strlen(want) || (call.size && memcmp(call.out, want, call.size) != 0))
            fail_msg("%s\n  got    %.*s\n  wanted %s", xml, (int)call.size, (char *)call.out, want);
        assert_string_equal(call.content_type,
                            payload && strstr(payload, "records") ? "application/x-ndjson" : "application/json");
        assert_int_equal(direct_live_blocks(&call), 0);
        direct_fini(&call);
    }
}

static void test_conventions(void **state)
{
    (void)state;
    expect(NULL, "<a/>", "{\"a\":null}");
    expect(NULL, "<a></a>", "{\"a\":null}");
    expect(NULL, "<a>x</a>", "{\"a\":\"x\"}");
    expect(NULL, "<a k=\"v\"/>", "{\"a\":{\"@k\":\"v\"}}");
    expect(NULL, "<a k=\"v\">x</a>", "{\"a\":{\"@k\":\"v\",\"#text\":\"x\"}}");
    expect(NULL, "<a><b>1</b><c>2</c></a>", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}");
    expect(NULL, "<a><b>1</b><c>2</c><b>3</b></a>", "{\"a\":{\"b\":[\"1\",\"3\"],\"c\":\"2\"}}");
    expect(NULL, "<a><b/><b>1</b></a>", "{\"a\":{\"b\":[null,\"1\"]}}");
    expect(NULL, "<p>x <b>y</b> z</p>", "{\"p\":{\"b\":\"y\",\"#text\":\"x  z\"}}");
    expect(NULL, "<a><![CDATA[<&]]></a>", "{\"a\":\"<&\"}");
    expect(NULL, "<a>1<!-- c -->2<?p?></a>", "{\"a\":\"12\"}");
    expect(NULL, "<a> \n\t </a>", "{\"a\":null}");
    expect(NULL, "<a>\xc2\xa0x\xe3\x80\x80</a>", "{\"a\":\"x\"}");
    expect(NULL, "<r xmlns:n=\"u\"><n:x>1</n:x></r>", "{\"r\":{\"@xmlns:n\":\"u\",\"n:x\":\"1\"}}");
    expect(NULL, "<a><i>007</i><t>true</t></a>", "{\"a\":{\"i\":\"007\",\"t\":\"true\"}}");
    expect(NULL, "<a>\"\\&#9;\xf0\x9f\x98\x80\x7f/</a>", "{\"a\":\"\\\"\\\\\\t\xf0\x9f\x98\x80\x7f/\"}");
    expect(NULL, "<a><a><a>1</a><a>2</a></a><a/></a>", "{\"a\":{\"a\":[{\"a\":[\"1\",\"2\"]},null]}}");
    expect(NULL, "<a b=\"1\"><b>2</b></a>", "{\"a\":{\"@b\":\"1\",\"b\":\"2\"}}");
    expect(NULL, "\xef\xbb\xbf<a>x</a>", "{\"a\":\"x\"}");
    expect(NULL, "<!DOCTYPE a PUBLIC \"-//x\" \"http://127.0.0.1:1/x.dtd\"><a>x</a>", "{\"a\":\"x\"}");
    expect("{\"memory_bytes\":1000000}", "<a>x</a>", "{\"a\":\"x\"}");
}

static void test_records(void **state)
{
    (void)state;
    const char *xml = "<catalog v='1'> t <book id='1'><t>A</t><t>B</t></book><cd><book>no</book></cd>"
                      "<book/><book>x</book> <set><book>no</book></set></catalog>";
    expect("{\"records\":\"/catalog/book\"}", xml,
           "{\"@id\":\"1\",\"t\":[\"A\",\"B\"]}\nnull\n\"x\"\n");
    expect("{\"records\":\"/catalog/cd/book\"}", xml, "\"no\"\n");
    expect("{\"records\":\"/catalog\"}", "<catalog>1</catalog>", "\"1\"\n");
    expect("{\"records\":\"/book\"}", xml, "");
}

static void refuse(const char *payload, const char *xml, size_t size, const char *code, const char *says)
{
    for (int cut = 0; cut < 3; cut++) {
        struct objlens_call call;
        direct_init(&call, payload, 100, 1);
        int rc = direct_run(xml_json, &call, xml, size,
                            cut == 0 ? direct_whole : cut == 1 && size < 100000 ? direct_bytes : direct_chopped);
        if (rc != OBJLENS_EFAILED)
            fail_msg("%.60s: %d, %.*s", xml, rc, (int)call.size, (char *)call.out);
        assert_string_equal(call.failed_code, code);
        assert_true(call.failed_status >= 400);
        if (!strstr(call.failed_message, says))
            fail_msg("\"%s\" is not in: %s", says, call.failed_message);
        assert_int_equal(call.size, 0);
        assert_int_equal(direct_live_blocks(&call), 0);
        direct_fini(&call);
    }
}

static void malformed(const char *xml, const char *says)
{
    refuse(NULL, xml, strlen(xml), "XMLParsingError", says);
}

static void test_malformed(void **state)
{
    (void)state;
    malformed("", "line 1: the document is empty");
    malformed("hello", "does not begin like XML");
    malformed("  ", "line 1: ");
    malformed("<a>\n\n<b></a>", "line 3: a start and an end tag do not match");
    malformed("<a><b></b>", "line 1: ");
    malformed("<a/><b/>", "behind the end of the document element");
    malformed("<a/>text", "behind the end");
    malformed("<a k='1' k='2'/>", "same attribute twice");
    malformed("<a k=1/>", "no opening quote");
    malformed("<a k/>", "no value");
    malformed("<a>&nope;</a>", "not one of XML's five");
    malformed("<a k='&nope;'/>", "not one of XML's five");
    malformed("<a>& b</a>", "written &amp;");
    malformed("<a>&#0;</a>", "not allowed in XML");
    malformed("<a>&#xd800;</a>", "not allowed in XML");
    malformed("<a>\x01</a>", "not allowed in XML");
    malformed("<a>\xff</a>", "UTF-8");
    malformed("<a>\xc3</a>", "UTF-8");
    malformed("<a>\xed\xa0\x80</a>", "UTF-8");
    malformed("<a><!-- -- --></a>", "holds --");
    malformed("<a>]]></a>", "]]>");
    malformed("<a><![CDATA[x</a>", "line 1");
    malformed("<a b='<'/>", "holds a <");
    malformed("<a", "line 1");
    malformed("<a>\0</a>", "line 1");
}

static void test_declarations_are_refused(void **state)
{
    (void)state;
    malformed("<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "DOCTYPE declares something");
    malformed("<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><a>&x;</a>", "DOCTYPE declares");
    malformed("<!DOCTYPE a [<!ENTITY % p \"<!ENTITY x 'y'>\"> %p;]><a/>", "DOCTYPE declares");
    malformed("<!DOCTYPE a [<!ENTITY % p SYSTEM \"http://127.0.0.1:1/\"> %p;]><a/>", "DOCTYPE declares");
    malformed("<!DOCTYPE a [%p;]><a/>", "not one of XML's five");
    malformed("<!DOCTYPE a [<!ELEMENT a ANY>]><a/>", "DOCTYPE declares");
    malformed("<!DOCTYPE a [<!ATTLIST a k CDATA \"v\">]><a/>", "DOCTYPE declares");
    malformed("<!DOCTYPE a [<!ATTLIST a k (x|y) \"x\">]><a/>", "DOCTYPE declares");
    malformed("<!DOCTYPE a [<!NOTATION n SYSTEM \"x\">]><a/>", "DOCTYPE declares");
    malformed("<!DOCTYPE a SYSTEM \"file:///dev/null\"><a>&x;</a>", "not one of XML's five");
}

/* Laid down in document[] from `head`, `count` times `middle`, `tail`. */
static size_t stretch(const char *head, const char *middle, size_t count, const char *tail)
{
    size_t n = strlen(head), m = strlen(middle);
    memcpy(document, head, n);
    for (size_t i = 0; i < count; i++, n += m) {
        assert_true(n + m < TEXT_MAX);
        memcpy(document + n, middle, m);
    }
    strcpy(document + n, tail);
    return n + strlen(tail);
}

static void limited(size_t size, const char *says)
{
    refuse(NULL, document, size, "EntityTooLarge", says);
}

static void test_limits(void **state)
{
    (void)state;
    limited(stretch("", "<a>", 257, ""), "nested more than 256 deep");
    size_t n = 0;
    document[n++] = '<', document[n++] = 'a';
    for (int i = 0; i < 1025; i++)
        n += (size_t)sprintf(document + n, " k%d=''", i);
    strcpy(document + n, "/>");
    limited(n + 2, "more than 1024 attributes");
    for (int i = 1025; i < 50000; i++) /* never complete: must not wait for its end */
        n += (size_t)sprintf(document + n, " k%d=''", i);
    limited(n, "more than 1024 attributes");
    limited(stretch("<", "a", 4097, "/>"), "name is longer than 4096");
    limited(stretch("<a ", "a", 4097, "=''/>"), "name is longer than 4096");
    size_t size = stretch("<a>", "<b>some text</b>", 50000, "</a>");
    refuse("{\"memory_bytes\":300000}", document, size, "EntityTooLarge", "memory_bytes = 300000");
    size = stretch("<a>", "text ", 100000, "</a>");
    refuse("{\"memory_bytes\":300000}", document, size, "EntityTooLarge", "memory_bytes = 300000");
}

static void test_endless_token(void **state)
{
    (void)state;
    const char *heads[] = {"<a><!-- ", "<a k='", "<a><?p "};
    for (size_t i = 0; i < 3; i++) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, NULL, 100, 1);
        assert_int_equal(xml_json->open(&direct_host, &call, &instance), OBJLENS_OK);
        int rc = xml_json->write(instance, heads[i], strlen(heads[i]));
        memset(document, '=', 100000);
        size_t sent = 0;
        for (; rc == OBJLENS_OK && sent < 10000000; sent += 100000)
            rc = xml_json->write(instance, document, 100000);
        assert_int_equal(rc, OBJLENS_EFAILED);
        assert_true(sent < 2400000);
        assert_non_null(strstr(call.failed_message, "longer than 2097152"));
        xml_json->close(instance);
        direct_fini(&call);
    }
}

/* At the limits everything still works. */
static void test_just_within_limits(void **state)
{
    (void)state;
    struct objlens_call call;
    size_t n = 0;
    for (int i = 0; i < 256; i++)
        n += (size_t)sprintf(document + n, "<a>");
    for (int i = 0; i < 256; i++)
        n += (size_t)sprintf(document + n, "</a>");
    direct_init(&call, NULL, 100, 1);
    assert_int_equal(direct_run(xml_json, &call, document, n, direct_chopped), OBJLENS_OK);
    assert_int_equal(call.size, 256 * 6 - 1 + 5);
    direct_fini(&call);
    n = (size_t)sprintf(document, "<a");
    for (int i = 0; i < 1024; i++)
        n += (size_t)sprintf(document + n, " k%d='%0300d='", i, i);
    n += (size_t)sprintf(document + n, "/>");
    direct_init(&call, NULL, 100, 1);
    assert_int_equal(direct_run(xml_json, &call, document, n, direct_chopped), OBJLENS_OK);
    direct_fini(&call);
}

static void test_many_names_are_not_quadratic(void **state)
{
    (void)state;
    struct objlens_call call;
    size_t n = (size_t)sprintf(document, "<a>");
    for (int i = 0; i < 40000; i++)
        n += (size_t)sprintf(document + n, "<n%d/>", i);
    n += (size_t)sprintf(document + n, "</a>");
    direct_init(&call, NULL, 10000, 1);
    assert_int_equal(direct_run(xml_json, &call, document, n, direct_whole), OBJLENS_OK);
    direct_fini(&call);
}

static void test_payload_refused(void **state)
{
    (void)state;
    const char *bad[][2] = {
        {"{\"memory\":1}", "unknown key, \"memory\""}, {"{\"memory_bytes\":1}", "memory_bytes must be"},
        {"{\"memory_bytes\":\"1\"}", "memory_bytes must be"}, {"{\"records\":\"book\"}", "records must be"},
        {"{\"records\":\"/\"}", "records must be"}, {"{\"records\":\"/a//b\"}", "records must be"},
        {"{\"records\":7}", "records must be"}, {"[]", "must be a JSON object"}, {"{", "not JSON: line 1"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        refuse(bad[i][0], "<a/>", 4, "InvalidTransformPayload", bad[i][1]);
}

/* ---- encodings ---------------------------------------------------------------------------- */

static const struct encoding {
    const char *declaration, *mark;
    int bytes; /* a character; 8 = UTF-8 */
    bool little;
} encodings[] = {
    {"", "", 8, false},
    {"<?xml version=\"1.0\"?>", "\xef\xbb\xbf", 8, false},
    {"<?xml version='1.0' encoding = 'utf-8' standalone='yes'?>\n", "", 8, false},
    {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", "", 1, false},
    {"<?xml version=\"1.0\" encoding=\"windows-1252\"?>", "", 1, false},
    {"<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "\xff\xfe", 2, true},
    {"<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "\xfe\xff", 2, false},
    {"", "\xff\xfe", 2, true},
};

/* document[0..n) (UTF-8, no declaration) in that encoding, in encoded[]. */
static size_t encode(const struct encoding *e, size_t n)
{
    size_t out = strlen(e->mark), declaration = strlen(e->declaration);
    memcpy(encoded, e->mark, out);
    for (size_t i = 0; i < declaration + n;) {
        const unsigned char *p =
            (const unsigned char *)(i < declaration ? e->declaration + i : document + (i - declaration));
        unsigned c = p[0], step = 1;
        if (e->bytes != 8 && c >= 0xc0) {
            step = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
            c &= step == 2 ? 0x1f : step == 3 ? 0x0f : 0x07;
            for (unsigned k = 1; k < step; k++)
                c = c << 6 | (p[k] & 0x3f);
        }
        i += step;
        unsigned units[2] = {c, 0}, count = 1;
        if (e->bytes == 2 && c >= 0x10000) {
            units[0] = 0xd800 + ((c - 0x10000) >> 10);
            units[1] = 0xdc00 + ((c - 0x10000) & 0x3ff);
            count = 2;
        }
        for (unsigned u = 0; u < count; u++) {
            if (e->bytes == 2)
                encoded[out++] = (char)(e->little ? units[u] : units[u] >> 8);
            encoded[out++] = (char)(e->bytes == 2 && e->little ? units[u] >> 8 : units[u]);
        }
    }
    return out;
}

static void test_encodings(void **state)
{
    (void)state;
    strcpy(document, "<a k=\"\xc3\xa9\">caf\xc3\xa9</a>");
    size_t n = strlen(document);
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        struct objlens_call call;
        size_t size = encode(&encodings[i], n);
        direct_init(&call, NULL, 100, 1);
        if (direct_run(xml_json, &call, encoded, size, direct_bytes) != OBJLENS_OK)
            fail_msg("encoding %zu: %s", i, call.failed_message);
        const char *want = "{\"a\":{\"@k\":\"\xc3\xa9\",\"#text\":\"caf\xc3\xa9\"}}";
        assert_int_equal(call.size, strlen(want));
        assert_memory_equal(call.out, want, call.size);
        direct_fini(&call);
    }
    expect(NULL, "<?xml version='1.0' encoding='windows-1252'?><a>\x80\x99</a>",
           "{\"a\":\"\xe2\x82\xac\xe2\x84\xa2\"}");
}

#define REFUSE_ENCODING(text, says) refuse(NULL, text, sizeof(text) - 1, "InvalidTextEncoding", says)

static void test_encodings_refused(void **state)
{
    (void)state;
    REFUSE_ENCODING("<?xml version='1.0' encoding='Shift_JIS'?><a/>", "encoding is not supported");
    REFUSE_ENCODING("<?xml version='1.0' encoding='EBCDIC-CP-US'?><a/>", "not supported");
    REFUSE_ENCODING("\x4c\x6f\xa7\x94\x93\x40", "not supported");
    REFUSE_ENCODING("<\0\0\0a\0\0\0", "not supported");
    REFUSE_ENCODING("\0\0\xfe\xff\0\0\0<", "not supported");
    REFUSE_ENCODING("<?xml version='1.0' encoding='UTF-16'?><a/>", "another encoding");
    REFUSE_ENCODING("\xef\xbb\xbf<?xml version='1.0' encoding='latin1'?><a/>", "another encoding");
    REFUSE_ENCODING("<\0a\0/\0>", "not well-formed UTF-16");
    REFUSE_ENCODING("\xff\xfe<\0a\0>\0\0\xd8<\0", "not well-formed UTF-16");
    REFUSE_ENCODING("<?xml version='1.0' encoding='ascii'?><a>\xc3\xa9</a>", "US-ASCII");
    REFUSE_ENCODING("<?xml version='1.0' encoding='windows-1252'?><a>\x81</a>", "no characters");
    refuse(NULL, "\0\0<\0", 4, "XMLParsingError", "does not begin like XML");
}

/* ---- against xmltodict -------------------------------------------------------------------- */

static void write_file(const char *folder, const char *name, const char *ending, const void *bytes,
                       size_t size)
{
    char path[700];
    snprintf(path, sizeof(path), "%s/%s%s", folder, name, ending);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, size, f), size);
    assert_int_equal(fclose(f), 0);
}

/* encoded[0..size) through the transform, cut in three ways that must not differ; the files for
 * the comparison. */
static void convert(const char *folder, const char *name, size_t size, unsigned seed)
{
    struct objlens_call whole, chopped, bytes;
    direct_init(&whole, NULL, 100000, seed);
    direct_init(&chopped, NULL, 50, seed + 1);
    direct_init(&bytes, NULL, 1000, seed + 2);
    int rc = direct_run(xml_json, &whole, encoded, size, direct_whole);
    assert_int_equal(direct_run(xml_json, &chopped, encoded, size, direct_chopped), rc);
    assert_int_equal(direct_run(xml_json, &bytes, encoded, size, direct_bytes), rc);
    assert_string_equal(whole.failed_message, chopped.failed_message);
    assert_string_equal(whole.failed_message, bytes.failed_message);
    assert_true(whole.size == chopped.size && whole.size == bytes.size);
    if (whole.size) {
        assert_memory_equal(whole.out, chopped.out, whole.size);
        assert_memory_equal(whole.out, bytes.out, whole.size);
    }
    write_file(folder, name, ".xml", encoded, size);
    if (rc == OBJLENS_OK)
        write_file(folder, name, ".json", whole.out, whole.size);
    direct_fini(&whole);
    direct_fini(&chopped);
    direct_fini(&bytes);
}

static void make_corpus(const char *folder, unsigned rounds)
{
    char name[64];
    for (unsigned seed = 0; seed < rounds; seed++) {
        const struct encoding *e = &encodings[seed % (sizeof(encodings) / sizeof(encodings[0]))];
        size_t n = xml_make(seed, document, seed % 25 == 0 ? 200000 : 6000, e->bytes != 1,
                            seed % 25 == 0 ? 150000 : 0);
        size_t size = encode(e, n);
        snprintf(name, sizeof(name), "good-%04u", seed);
        convert(folder, name, size, seed);
        struct xml_maker m = {seed, NULL, 0, 0};
        for (int hurt = 0; hurt < 3 && e->bytes == 8 && n < 10000; hurt++) {
            size = encode(e, n);
            size_t at = xml_next(&m, (uint32_t)size);
            if (xml_next(&m, 3) == 0)
                size = at;
            else
                encoded[at] = "<>&;/=\"' abc\xc3\x80]-!?"[xml_next(&m, 18)];
            snprintf(name, sizeof(name), "hurt-%04u-%d", seed, hurt);
            convert(folder, name, size, seed);
        }
    }
}

static void test_like_xmltodict(void **state)
{
    (void)state;
    char folder[600], command[1500];
    snprintf(folder, sizeof(folder), "%s/xml-test-XXXXXX", OBJLENS_BINARY_DIR);
    assert_non_null(mkdtemp(folder));
    unsigned rounds = 250;
    if (getenv("OBJLENS_TEST_ROUNDS"))
        rounds = (unsigned)atoi(getenv("OBJLENS_TEST_ROUNDS"));
    make_corpus(folder, rounds);
    snprintf(command, sizeof(command), "/usr/bin/python3 '%s/tests/unit/transform_shared/compare_xmltodict.py' '%s'",
             OBJLENS_SOURCE_DIR, folder);
    int status = system(command);
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    if (!getenv("OBJLENS_TEST_KEEP"))
        assert_int_equal(system(command), 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
        print_message("python3-xmltodict is not installed: nothing was compared\n");
        skip();
    }
    assert_int_equal(status, 0);
}

/* The n-th allocation fails, for each n: a clean failure, nothing lost. */
static void test_no_memory(void **state)
{
    (void)state;
    size_t n = xml_make(3, document, 400000, 1, 300000);
    int rc = OBJLENS_ENOMEM;
    for (unsigned nth = 1; rc != OBJLENS_OK; nth++) {
        struct objlens_call call;
        direct_init(&call, NULL, 10000, nth);
        call.allocs_left = nth;
        rc = direct_run(xml_json, &call, document, n, direct_whole);
        assert_true(rc == OBJLENS_OK || rc == OBJLENS_ENOMEM);
        if (rc != OBJLENS_OK)
            assert_int_equal(call.size, 0);
        assert_int_equal(direct_live_blocks(&call), 0);
        assert_true(nth < 200);
        direct_fini(&call);
    }
}

int main(void)
{
    xml_json = direct_load("xml_json");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conventions),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_declarations_are_refused),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_just_within_limits),
        cmocka_unit_test(test_endless_token),
        cmocka_unit_test(test_many_names_are_not_quadratic),
        cmocka_unit_test(test_payload_refused),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_encodings_refused),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_like_xmltodict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
