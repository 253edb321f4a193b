/* SPDX-License-Identifier: MIT */
/*
 * The json_xml transform: every convention by example, what is refused, limits; and the way from XML
 * to JSON and back with xml_json, over generated documents.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdbool.h>

#include "direct_host.h"

#define HEAD "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

static const struct objlens_transform *xml_json, *json_xml;
static direct_cut_fn *const cuts[] = {direct_whole, direct_chopped, direct_bytes};

static int run(const char *payload, const void *json, size_t size, unsigned k, struct objlens_call *c)
{
    direct_init(c, payload, k == 0 ? 100000 : k == 1 ? 5 : 300, k + 1);
    int rc = direct_run(json_xml, c, json, size, cuts[k]);
    assert_int_equal(direct_live_blocks(c), 0);
    return rc;
}

static void becomes(const char *payload, const char *json, const char *xml)
{
    for (unsigned k = 0; k < 3; k++) {
        struct objlens_call call;
        int rc = run(payload, json, strlen(json), k, &call);
        if (rc != OBJLENS_OK || call.size != strlen(xml) || memcmp(call.out, xml, call.size) != 0)
            fail_msg("%s\n  got    %s%.*s\n  wanted %s", json, call.failed_message, (int)call.size,
                     call.out ? (char *)call.out : "", xml);
        direct_fini(&call);
    }
}

static void bytes_fail(const char *payload, const void *json, size_t size, const char *code, const char *says)
{
    for (unsigned k = 0; k < 3; k++) {
        struct objlens_call call;
        int rc = run(payload, json, size, k, &call);
        if (rc != OBJLENS_EFAILED || strcmp(call.failed_code, code) != 0 ||
            !strstr(call.failed_message, says) || call.size > 0)
            fail_msg("%.*s\n  got    %d %s %s %zu\n  wanted %s %s", (int)(size < 2000 ? size : 2000),
                     (const char *)json, rc, call.failed_code, call.failed_message, call.size, code, says);
        direct_fini(&call);
    }
}

static void fails(const char *payload, const char *json, const char *code, const char *says)
{
    bytes_fail(payload, json, strlen(json), code, says);
}

static void test_conventions(void **state)
{
    (void)state;
    static const char *const table[][3] = {
        {NULL, "{\"a\":null}", "<a/>"},
        {NULL, " {\"a\" : \"\" } \n", "<a/>"},
        {NULL, "\xef\xbb\xbf{\"a\":{}}", "<a/>"},
        {NULL, "{\"a\":\"x\"}", "<a>x</a>"},
        {NULL, "{\"a\":[\"x\"]}", "<a>x</a>"},
        {NULL, "{\"a\":-1.50e+3}", "<a>-1.50e+3</a>"},
        {NULL, "{\"a\":{\"@k\":\"v\",\"@j\":1,\"@t\":true,\"#text\":\"x\"}}", "<a k=\"v\" j=\"1\" t=\"true\">x</a>"},
        {NULL, "{\"a\":{\"#text\":\"x\",\"@k\":\"v\"}}", "<a k=\"v\">x</a>"},
        {NULL, "{\"a\":{\"#text\":[\"x\",1,null,\"y\"],\"@k\":\"v\"}}", "<a k=\"v\">x1y</a>"},
        {NULL, "{\"a\":{\"#text\":\"x\",\"b\":null,\"c\":\"y\"}}", "<a>x<b/><c>y</c></a>"},
        {NULL, "{\"a\":{\"b\":[1,null,{\"c\":[]},{\"@k\":\"v\"}],\"#text\":\"x\"}}",
         "<a><b>1</b><b/><b/><b k=\"v\"/>x</a>"},
        {NULL, "{\"a\":{\"@xmlns\":\"u\",\"@xmlns:n\":\"w\",\"n:b\":null}}", "<a xmlns=\"u\" xmlns:n=\"w\"><n:b/></a>"},
        {NULL, "{\"a\":{\"@xmlns\":{\"\":\"u\",\"n\":\"w\"},\"n:b\":null}}", "<a xmlns=\"u\" xmlns:n=\"w\"><n:b/></a>"},
        {NULL, "{\"a\":{\"@k\":\"<&>\\\"'\\t\\n\\r \",\"#text\":\"<&>\\\"'\\t\\n\\r ]]>\"}}",
         "<a k=\"&lt;&amp;&gt;&quot;'&#9;&#10;&#13; \">&lt;&amp;&gt;\"'\t\n&#13; ]]&gt;</a>"},
        {NULL, "{\"a\":\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\\/\\\\\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f\"}",
         "<a>A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80/\\\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\x7f</a>"},
        {NULL, "{\"__proto__\":{\"\xd0\x96\":null}}", "<__proto__><\xd0\x96/></__proto__>"},
        {"{\"attr_prefix\":\"-\",\"text_key\":\"$\"}", "{\"a\":{\"-k\":\"v\",\"$\":\"x\"}}", "<a k=\"v\">x</a>"},
        {NULL, "{\"#comment\":\"x\",\"a\":{\"@k\":\"v\",\"#comment\":[\" <c>&\",null,\"\"],\"b\":1,\"#text\":\"t\"}}",
         "<!--x--><a k=\"v\"><!-- <c>&--><!----><b>1</b>t</a>"},
        {NULL, "{\"a\":{\"#text\":\"t\",\"#comment\":\"c - d -\\u0020\"},\"#comment\":[\"x\",7]}", "<a>t<!--c - d - --></a><!--x--><!--7-->"},
        {"{\"comment_key\":\"c\"}", "{\"a\":{\"c\":\"x\",\"d\":\"y\"}}", "<a><!--x--><d>y</d></a>"},
        {"{\"attr_prefix\":\"#\",\"text_key\":\"t\"}", "{\"a\":{\"#comment\":\"x\"}}", "<a comment=\"x\"/>"},
        {"{\"root\":\"r\"}", "{\"a\":1,\"b\":[2]}", "<r><a>1</a><b>2</b></r>"},
        {"{\"root\":\"r\"}", "7", "<r>7</r>"},
        {"{\"convention\":\"badgerfish\"}", "{\"a\":{\"@xmlns\":{\"$\":\"u\",\"n\":\"w\"},\"@k\":\"v\",\"$\":\" x \",\"b\":{}}}",
         "<a xmlns=\"u\" xmlns:n=\"w\" k=\"v\"> x <b/></a>"},
        {"{\"convention\":\"gdata\"}", "{\"a\":{\"k\":\"v\",\"n\":7,\"$t\":true,\"b\":[{},{\"$t\":1}],\"c\":null}}",
         "<a k=\"v\" n=\"7\">true<b/><b>1</b><c/></a>"},
        {"{\"convention\":\"parker\"}", "{\"b\":[null,1,\"x\"],\"c\":{\"d\":false}}",
         "<root><b/><b>1</b><b>x</b><c><d>false</d></c></root>"},
        {"{\"convention\":\"parker\",\"root\":\"r\"}", "null", "<r/>"},
        {"{\"convention\":\"parker\"}", "\"x\"", "<root>x</root>"},
        {"{\"convention\":\"jsonml\"}", "[\"a\",{\"k\":\"v\"},\"x \",[\"b\"],1,[\"c\",{}],\"\",[\"d\",\"y\",[\"e\",{\"k\":1}]]]",
         "<a k=\"v\">x <b/>1<c/><d>y<e k=\"1\"/></d></a>"},
    };
    char xml[400];
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        snprintf(xml, sizeof(xml), HEAD "%s", table[i][2]);
        becomes(table[i][0], table[i][1], xml);
    }
    becomes("{\"declaration\":\"no\"}", "{\"a\":1}", "<a>1</a>");
}

static void test_records(void **state)
{
    (void)state;
    becomes("{\"records\":\"/c/b\"}", "{\"@id\":\"1\",\"t\":[\"A\",\"B\"]}\nnull\n\"x\" 7",
            HEAD "<c>\n<b id=\"1\"><t>A</t><t>B</t></b>\n<b/>\n<b>x</b>\n<b>7</b>\n</c>\n");
    becomes("{\"records\":\"/c/b\"}", "", HEAD "<c>\n</c>\n");
    becomes("{\"records\":\"/c/b\",\"records_as\":\"array\"}", "[{\"a\":1},2]",
            HEAD "<c>\n<b><a>1</a></b>\n<b>2</b>\n</c>\n");
    becomes("{\"records\":\"/c/b\",\"records_as\":\"array\"}", "[]", HEAD "<c>\n</c>\n");
    becomes("{\"records\":\"/c\"}", "{\"a\":1}", HEAD "<c><a>1</a></c>\n");
    becomes("{\"records\":\"/x/y/b\",\"convention\":\"jsonml\"}", "[\"b\",{\"k\":\"v\"}] [\"c\"]",
            HEAD "<x><y>\n<b k=\"v\"/>\n<c/>\n</y>\n</x>\n");
    fails("{\"records\":\"/c\"}", "1 2", "UnsupportedJSON", "byte 3: more than one root");
    fails("{\"records\":\"/c\"}", "", "UnsupportedJSON", "no root element");
    fails("{\"records\":\"/c/b\"}", "[1]", "UnsupportedJSON", "a record, that is an array");
    fails("{\"records\":\"/c/b\",\"records_as\":\"array\"}", "{}", "UnsupportedJSON", "the records are no array");
    fails("{\"records\":\"/c/b\",\"records_as\":\"array\"}", "[] []", "MalformedJSON", "behind the document");
}

static void test_unsupported(void **state)
{
    (void)state;
    static const char *const bad[][3] = {
        {NULL, "{}", "there is no root element"},
        {NULL, "{\"a\":[]}", "there is no root element"},
        {NULL, "{\"a\":1,\"b\":2}", "byte 13: more than one root element"},
        {NULL, "{\"a\":[1,2]}", "more than one root element"},
        {NULL, "[1]", "a document, or a record, that is an array"},
        {NULL, "1", "a document that is no object"},
        {NULL, "null", "a document that is no object"},
        {NULL, "{\"#comment\":\"x\"}", "there is no root element"},
        {NULL, "{\"a\":{\"#comment\":\"x--y\"}}", "a comment with \"--\" inside"},
        {NULL, "{\"a\":{\"#comment\":\"x-\\u002dy\"}}", "a comment with \"--\" inside"},
        {NULL, "{\"a\":{\"#comment\":\"x-\"}}", "a comment with a '-' at its end"},
        {NULL, "{\"a\":{\"#comment\":{}}}", "a comment that is an object"},
        {NULL, "{\"a\":{\"#comment\":[[]]}}", "a comment that is an object, or an array inside an array"},
        {NULL, "{\"a\":{\"#comment\":\"c\",\"@k\":1}}", "an attribute behind"},
        {"{\"convention\":\"badgerfish\"}", "{\"a\":{\"#comment\":\"c\"}}", "a key that is no name"},
        {NULL, "{\"@a\":1}", "a key that is no name"},
        {NULL, "{\"#text\":1}", "a key that is no name"},
        {NULL, "{\"a b\":1}", "a key that is no name"},
        {NULL, "{\"\":1}", "a key that is no name"},
        {NULL, "{\"1a\":1}", "a key that is no name"},
        {NULL, "{\"a><script\":1}", "a key that is no name"},
        {NULL, "{\"\\u037e\":1}", "a key that is no name"},
        {NULL, "{\"a\":{\"@\":1}}", "a key that is no name"},
        {NULL, "{\"a\":{\"@k=\":1}}", "a key that is no name"},
        {NULL, "{\"a\":{\"@k\":1,\"@k\":2}}", "an attribute twice"},
        {NULL, "{\"a\":{\"#text\":1,\"#text\":2}}", "text twice"},
        {NULL, "{\"a\":{\"b\":1,\"@k\":2}}", "an attribute behind"},
        {NULL, "{\"a\":{\"@k\":{}}}", "an attribute that is an object"},
        {NULL, "{\"a\":{\"@k\":[1]}}", "an attribute that is an object or an array"},
        {NULL, "{\"a\":{\"@k\":null}}", "null, where there must be a text"},
        {NULL, "{\"a\":{\"#text\":{}}}", "text that is an object"},
        {NULL, "{\"a\":{\"#text\":[[1]]}}", "text that is an object"},
        {NULL, "{\"a\":{\"b\":[[1]]}}", "an array inside an array"},
        {NULL, "{\"a\":{\"@xmlns\":{\"n\":{}}}}", "an attribute that is an object"},
        {NULL, "{\"a\":\"\\u0000\"}", "a character that XML does not allow"},
        {NULL, "{\"a\":\"\\u000b\"}", "a character that XML does not allow"},
        {NULL, "{\"a\":\"\\uffff\"}", "a character that XML does not allow"},
        {NULL, "{\"a\":\"\xef\xbf\xbe\"}", "a character that XML does not allow"},
        {NULL, "{\"a\\u0001\":1}", "a character that XML does not allow"},
        {"{\"convention\":\"jsonml\"}", "{\"a\":1}", "an object where JsonML has none"},
        {"{\"convention\":\"jsonml\"}", "1", "a document that is no array"},
        {"{\"convention\":\"jsonml\"}", "[]", "without a name"},
        {"{\"convention\":\"jsonml\"}", "[1]", "without a name"},
        {"{\"convention\":\"jsonml\"}", "[[\"a\"]]", "without a name"},
        {"{\"convention\":\"jsonml\"}", "[\"a\",\"x\",{}]", "an object where JsonML has none"},
        {"{\"convention\":\"jsonml\"}", "[\"a\",{},{}]", "an object where JsonML has none"},
        {"{\"convention\":\"jsonml\"}", "[\"a\",null]", "null, where there must be a text"},
        {"{\"convention\":\"jsonml\"}", "[\"a\",{\"k\":[]}]", "an attribute that is an object"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        fails(bad[i][0], bad[i][1], "UnsupportedJSON", bad[i][2]);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "byte 0: the document is empty"},
        {" \n", "the document is empty"},
        {"{", "ends too early"},
        {"{\"a\":1", "byte 6: the document ends too early"},
        {"{\"a\"", "ends too early"},
        {"{\"a\":\"x", "ends too early"},
        {"\xef\xbb", "ends too early"},
        {"{\"a\":1}}", "behind the document"},
        {"{\"a\":1} 2", "behind the document"},
        {"{\"a\":1]", "or the other way round"},
        {"{\"a\" 1}", "a ':' is missing"},
        {"{\"a\":1 \"b\"}", "a ',' or an end is missing"},
        {"{\"a\":1,}", "a key is missing"},
        {"{\"a\":{\"b\":[1,]}}", "a value is missing"},
        {"{a:1}", "a key is missing"},
        {"{\"a\":'x'}", "a value is missing"},
        {"{\"a\":01}", "neither a value nor an end"},
        {"{\"a\":1.}", "neither a value nor an end"},
        {"{\"a\":-}", "neither a value nor an end"},
        {"{\"a\":1e}", "neither a value nor an end"},
        {"{\"a\":+1}", "a value is missing"},
        {"{\"a\":nul}", "neither a value nor an end"},
        {"{\"a\":truee}", "neither a value nor an end"},
        {"{\"a\":NaN}", "a value is missing"},
        {"{\"a\":\"\\x\"}", "an escape that JSON does not have"},
        {"{\"a\":\"\\u12g4\"}", "four hexadecimal digits"},
        {"{\"a\":\"\\ud800\"}", "half of a surrogate pair"},
        {"{\"a\":\"\\udc00\"}", "half of a surrogate pair"},
        {"{\"a\":\"\\ud800\\ud800\"}", "half of a surrogate pair"},
        {"{\"a\":\"\\ud800x\"}", "half of a surrogate pair"},
        {"{\"a\":\"\n\"}", "a control character in a string"},
        {"{\"a\":\"\xff\"}", "byte 7: text that is not UTF-8"},
        {"{\"a\":\"\xc0\x80\"}", "not UTF-8"},
        {"{\"a\":\"\xe0\x80\x80\"}", "not UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "not UTF-8"},
        {"{\"a\":\"\xf4\x90\x80\x80\"}", "not UTF-8"},
        {"{\"a\":\"\xc3\"}", "not UTF-8"},
        {"\xef\xbb\xbf\xef\xbb\xbf{}", "a value is missing"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        fails(NULL, bad[i][0], "MalformedJSON", bad[i][1]);
    bytes_fail(NULL, "{\"a\":\"\0\"}", 9, "MalformedJSON", "a control character");
}

static void test_payload_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"colour\":1}", "unknown key, \"colour\""},
        {"{\"convention\":\"x\"}", "must be xmltodict, badgerfish"},
        {"{\"records\":\"a\"}", "must be a path of element names"},
        {"{\"records\":\"/a/1\"}", "must be a path of element names"},
        {"{\"records_as\":\"array\"}", "goes with \"records\" only"},
        {"{\"root\":\"a b\"}", "must be a name of an element"},
        {"{\"root\":\"a\",\"records\":\"/a\"}", "does not go with \"records\""},
        {"{\"root\":\"a\",\"convention\":\"jsonml\"}", "has no meaning with jsonml"},
        {"{\"comment_key\":\"c\",\"convention\":\"gdata\"}", "\"comment_key\" has a meaning with xmltodict only"},
        {"{\"comment_key\":\"\"}", "\"comment_key\" must be 1 to 32 bytes"},
        {"{\"comment_key\":\"#text\"}", "\"comment_key\" must not be that of text"},
        {"{\"comment_key\":\"@c\"}", "\"comment_key\" must not begin as attributes do"},
        {"{\"text_key\":\"t\",\"convention\":\"parker\"}", "has no meaning with parker"},
        {"{\"attr_prefix\":\"a\"}", "that no name begins with"},
        {"{\"text_key\":\"@t\"}", "must not begin as attributes do"},
        {"{\"declaration\":true}", "must be yes or no"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        fails(bad[i][0], "{\"a\":1}", "InvalidTransformPayload", bad[i][1]);
}

/* `open` so often, then `middle`, then `close` as often; for free(). */
static char *nested(const char *open, const char *middle, const char *close, size_t times)
{
    size_t n = strlen(open), m = strlen(close), at = 0;
    char *text = malloc((n + m) * times + strlen(middle) + 1);
    assert_non_null(text);
    for (size_t i = 0; i < times; i++, at += n)
        memcpy(text + at, open, n);
    strcpy(text + at, middle);
    at += strlen(middle);
    for (size_t i = 0; i < times; i++, at += m)
        memcpy(text + at, close, m + 1);
    return text;
}

static void check_nested(const char *open, const char *middle, const char *close, size_t times, const char *says)
{
    char *json = nested(open, middle, close, times);
    struct objlens_call call;
    int rc = run(strchr(open, '{') ? NULL : "{\"convention\":\"jsonml\"}", json, strlen(json), 0, &call);
    assert_int_equal(rc, says ? OBJLENS_EFAILED : OBJLENS_OK);
    if (says && !strstr(call.failed_message, says))
        fail_msg("%s", call.failed_message);
    direct_fini(&call);
    free(json);
}

static void test_depth(void **state)
{
    (void)state;
    check_nested("{\"a\":", "1", "}", 256, NULL);
    check_nested("{\"a\":", "1", "}", 257, "more than 256 elements");
    check_nested("{\"a\":[", "1", "]}", 256, NULL);
    check_nested("{\"a\":[", "1", "]}", 257, "more than 256 elements");
    check_nested("{\"a\":", "1", "}", 100000, "more than 256 elements");
    check_nested("[\"a\",", "1", "]", 256, NULL);
    check_nested("[\"a\",", "1", "]", 100000, "more than 256 elements");
    char *json = nested("[", "1", "]", 100000);
    fails(NULL, json, "UnsupportedJSON", "that is an array");
    free(json);
}

static void test_limits(void **state)
{
    (void)state;
    char *name = nested("n", "", "", 1024), *json = malloc(200000), *at = json;
    assert_non_null(json);
    sprintf(json, "{\"%s\":{\"@%s\":1}}", name, name);
    struct objlens_call call;
    assert_int_equal(run(NULL, json, strlen(json), 0, &call), OBJLENS_OK);
    direct_fini(&call);
    sprintf(json, "{\"%sn\":1}", name);
    fails(NULL, json, "EntityTooLarge", "a name of more than 1024 bytes");
    sprintf(json, "{\"a\":%0*d}", 1025, 1);
    memset(json + 5, '1', 1025);
    fails(NULL, json, "EntityTooLarge", "a number of more than 1024 bytes");
    at += sprintf(at, "{\"a\":{\"@k\":1");
    for (unsigned i = 0; i < 1000; i++)
        at += sprintf(at, ",\"@k%u\":1", i);
    sprintf(at, "}}");
    fails(NULL, json, "EntityTooLarge", "more than 1000 attributes");
    free(name);
    free(json);
}

/* Text is held for attributes that come behind it, up to 64 KiB; the longest of all goes through. */
static void test_long_text(void **state)
{
    (void)state;
    char *text = nested("abcdefgh", "", "", 8192), *json = malloc(8 * 65536);
    assert_non_null(json);
    struct objlens_call call;
    sprintf(json, "{\"a\":{\"#text\":\"%s\",\"@k\":1}}", text);
    assert_int_equal(run(NULL, json, strlen(json), 1, &call), OBJLENS_OK);
    assert_int_equal(call.size, strlen(HEAD "<a k=\"1\"></a>") + 65536);
    direct_fini(&call);
    sprintf(json, "{\"a\":{\"#text\":\"%sx\",\"@k\":1}}", text);
    assert_int_equal(run(NULL, json, strlen(json), 1, &call), OBJLENS_EFAILED);
    assert_non_null(strstr(call.failed_message, "or its long text"));
    direct_fini(&call);
    sprintf(json, "{\"a\":{\"#text\":[\"%sx\",\"%s\"],\"b\":1}}", text, text);
    assert_int_equal(run(NULL, json, strlen(json), 1, &call), OBJLENS_OK);
    assert_int_equal(call.size, strlen(HEAD "<a>x<b>1</b></a>") + 2 * 65536);
    direct_fini(&call);
    free(text);
    free(json);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":{\"@k\":\"v\",\"b\":[1,{\"c\":[2]}],\"#text\":\"x\"}}";
    int rc = OBJLENS_ENOMEM;
    for (unsigned n = 1; rc != OBJLENS_OK; n++) {
        struct objlens_call call;
        direct_init(&call, NULL, 1000, 1);
        call.allocs_left = n;
        rc = direct_run(json_xml, &call, json, sizeof(json) - 1, direct_whole);
        if (rc != OBJLENS_OK)
            assert_int_equal(rc, OBJLENS_ENOMEM);
        assert_true(n < 20);
        direct_fini(&call);
    }
}

static void test_closed_at_any_point(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":{\"@k\":\"v\",\"b\":[1,{\"c\":[\"\\u20ac\xe2\x82\xac\"]}],\"#text\":\"x\"}}";
    for (size_t n = 0; n < sizeof(json) - 1; n++) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, NULL, 1000, 1);
        assert_int_equal(direct_open(json_xml, &direct_host, &call, &instance), OBJLENS_OK);
        assert_int_equal(json_xml->write(instance, json, n), OBJLENS_OK);
        json_xml->close(instance);
        assert_int_equal(direct_live_blocks(&call), 0);
        direct_fini(&call);
    }
}

/* ---- there and back ---- */

struct document {
    struct objlens_call random;
    char text[60000];
    size_t size;
};

static void add(struct document *d, const char *piece)
{
    size_t n = strlen(piece);
    if (d->size + n < sizeof(d->text)) {
        memcpy(d->text + d->size, piece, n + 1);
        d->size += n;
    }
}

static unsigned below(struct document *d, unsigned n)
{
    return direct_random(&d->random) % n;
}

static void add_text(struct document *d)
{
    static const char *const pieces[] = {"x", " ", "\n", "&lt;&amp;", "007", "1.5", "true", "\xe2\x82\xac", "\xc2\xa0",
                                         "&#13;", "]]&gt;", "<![CDATA[<&]]>", "<!-- c -->", "\"'\\", "&#9;"};
    for (unsigned n = below(d, 4); n > 0; n--)
        add(d, pieces[below(d, sizeof(pieces) / sizeof(pieces[0]))]);
}

static void add_element(struct document *d, unsigned depth)
{
    static const char *const names[] = {"a", "b", "n:c", "\xd0\x96", "item"};
    static const char *const attributes[] = {" k='v'", " id='1'", " xmlns:n='u'", " n:k='&#10;&quot;&lt;'", " e=''"};
    const char *name = depth == 0 ? "r" : names[below(d, 5)];
    add(d, "<");
    add(d, name);
    for (unsigned i = 0; i < 5; i++)
        if (below(d, 6) == 0)
            add(d, attributes[i]);
    add(d, ">");
    for (unsigned n = depth > 5 || d->size > 40000 ? 0 : below(d, 6); n > 0; n--) {
        add_text(d);
        add_element(d, depth + 1);
    }
    add_text(d);
    add(d, "</");
    add(d, name);
    add(d, ">");
}

static const char *const ways[][2] = {
    {"{}", "{}"},
    {"{\"convention\":\"badgerfish\"}", "{\"convention\":\"badgerfish\"}"},
    {"{\"convention\":\"gdata\"}", "{\"convention\":\"gdata\"}"},
    {"{\"convention\":\"parker\"}", "{\"convention\":\"parker\"}"},
    {"{\"convention\":\"jsonml\"}", "{\"convention\":\"jsonml\"}"},
    {"{\"records\":\"/r/a\"}", "{\"records\":\"/r/a\"}"},
    {"{\"records\":\"/r/a\",\"records_as\":\"array\",\"convention\":\"jsonml\"}",
     "{\"records\":\"/r/a\",\"records_as\":\"array\",\"convention\":\"jsonml\"}"},
    {"{\"attr_prefix\":\"-\",\"text_key\":\"$\"}",
     "{\"attr_prefix\":\"-\",\"text_key\":\"$\",\"strip\":\"none\",\"force_list\":true}"},
    {"{}", "{\"process_comments\":true,\"strip_whitespace\":false}"},
    {"{\"comment_key\":\"#c\"}", "{\"process_comments\":true,\"comment_key\":\"#c\"}"},
    {"{\"convention\":\"badgerfish\",\"records\":\"/r/a/b\"}",
     "{\"convention\":\"badgerfish\",\"records\":\"/r/a/b\",\"strip\":\"none\",\"parse_values\":true}"},
};

/* True when there was a way there. */
static bool go_and_return(const char *const way[2], const struct document *d, unsigned seed)
{
    struct objlens_call json, xml, again;
    direct_init(&json, way[1], 3000, 1);
    bool converts = direct_run(xml_json, &json, d->text, d->size, direct_whole) == OBJLENS_OK;
    if (converts) {
        direct_init(&xml, way[0], 3000, seed);
        if (direct_run(json_xml, &xml, json.out, json.size, direct_chopped) != OBJLENS_OK)
            fail_msg("%s: %s\n%s\n%.*s", way[0], xml.failed_message, d->text, (int)json.size, (char *)json.out);
        direct_init(&again, way[1], 3000, 1);
        if (direct_run(xml_json, &again, xml.out, xml.size, direct_whole) != OBJLENS_OK ||
            again.size != json.size || (json.size && memcmp(again.out, json.out, json.size) != 0))
            fail_msg("%s: %s\n%s\n%.*s\n%.*s", way[0], again.failed_message, d->text, (int)json.size,
                     (char *)json.out, (int)xml.size, (char *)xml.out);
        direct_fini(&again);
        direct_fini(&xml);
    }
    direct_fini(&json);
    return converts;
}

static void test_there_and_back(void **state)
{
    (void)state;
    static struct document d;
    unsigned went = 0, all = 0;
    for (unsigned seed = 1; seed <= 150; seed++) {
        d.random.random = seed;
        d.size = 0;
        add_element(&d, 0);
        for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++, all++)
            went += go_and_return(ways[i], &d, seed);
    }
    assert_true(went > all * 3 / 4); /* GData refuses attributes and children of one name */
}

int main(void)
{
    xml_json = direct_load("xml_json");
    json_xml = direct_load("json_xml");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conventions),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_payload_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_long_text),
        cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_closed_at_any_point),
        cmocka_unit_test(test_there_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
