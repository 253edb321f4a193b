/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform's conventions side by side, and the options that change them; each
 * however it is cut.
 */
#include "xml_json_check.h"

enum { XMLTODICT, BADGERFISH, GDATA, PARKER, JSONML, CONVENTIONS };

static const char *const payloads[CONVENTIONS] = {
    [XMLTODICT] = "{\"convention\":\"xmltodict\"}", [BADGERFISH] = "{\"convention\":\"badgerfish\"}",
    [GDATA] = "{\"convention\":\"gdata\"}",         [PARKER] = "{\"convention\":\"parker\"}",
    [JSONML] = "{\"convention\":\"jsonml\"}",
};

/* The table of README.md. */
static const struct row {
    const char *xml, *json[CONVENTIONS];
} rows[] = {
    {"<a/>", {"{\"a\":null}", "{\"a\":{}}", "{\"a\":{}}", "null", "[\"a\"]"}},
    {"<a>x</a>", {"{\"a\":\"x\"}", "{\"a\":{\"$\":\"x\"}}", "{\"a\":{\"$t\":\"x\"}}", "\"x\"", "[\"a\",\"x\"]"}},
    {"<a k=\"v\"/>",
     {"{\"a\":{\"@k\":\"v\"}}", "{\"a\":{\"@k\":\"v\"}}", "{\"a\":{\"k\":\"v\"}}", "null", "[\"a\",{\"k\":\"v\"}]"}},
    {"<a k=\"v\">x</a>",
     {"{\"a\":{\"@k\":\"v\",\"#text\":\"x\"}}", "{\"a\":{\"@k\":\"v\",\"$\":\"x\"}}",
      "{\"a\":{\"k\":\"v\",\"$t\":\"x\"}}", "\"x\"", "[\"a\",{\"k\":\"v\"},\"x\"]"}},
    {"<a><b>1</b><c>2</c></a>",
     {"{\"a\":{\"b\":\"1\",\"c\":\"2\"}}", "{\"a\":{\"b\":{\"$\":\"1\"},\"c\":{\"$\":\"2\"}}}",
      "{\"a\":{\"b\":{\"$t\":1},\"c\":{\"$t\":2}}}", "{\"b\":1,\"c\":2}", "[\"a\",[\"b\",\"1\"],[\"c\",\"2\"]]"}},
    {"<a><b>1</b><c>2</c><b>3</b></a>",
     {"{\"a\":{\"b\":[\"1\",\"3\"],\"c\":\"2\"}}", "{\"a\":{\"b\":[{\"$\":\"1\"},{\"$\":\"3\"}],\"c\":{\"$\":\"2\"}}}",
      "{\"a\":{\"b\":[{\"$t\":1},{\"$t\":3}],\"c\":{\"$t\":2}}}", "{\"b\":[1,3],\"c\":2}",
      "[\"a\",[\"b\",\"1\"],[\"c\",\"2\"],[\"b\",\"3\"]]"}},
    {"<p>x <b>y</b> z</p>",
     {"{\"p\":{\"b\":\"y\",\"#text\":\"x  z\"}}", "{\"p\":{\"$\":\"x \",\"b\":{\"$\":\"y\"}}}",
      "{\"p\":{\"$t\":\"x \",\"b\":{\"$t\":\"y\"}}}", "{\"b\":\"y\"}", "[\"p\",\"x \",[\"b\",\"y\"],\" z\"]"}},
    {"<a><![CDATA[<&]]></a>",
     {"{\"a\":\"<&\"}", "{\"a\":{\"$\":\"<&\"}}", "{\"a\":{\"$t\":\"<&\"}}", "\"<&\"", "[\"a\",\"<&\"]"}},
    {"<r xmlns:n=\"u\"><n:x>1</n:x></r>",
     {"{\"r\":{\"@xmlns:n\":\"u\",\"n:x\":\"1\"}}", "{\"r\":{\"@xmlns:n\":\"u\",\"n:x\":{\"$\":\"1\"}}}",
      "{\"r\":{\"xmlns:n\":\"u\",\"n:x\":{\"$t\":1}}}", "{\"n:x\":1}", "[\"r\",{\"xmlns:n\":\"u\"},[\"n:x\",\"1\"]]"}},
    {"<a><i>007</i><t>true</t></a>",
     {"{\"a\":{\"i\":\"007\",\"t\":\"true\"}}", "{\"a\":{\"i\":{\"$\":\"007\"},\"t\":{\"$\":\"true\"}}}",
      "{\"a\":{\"i\":{\"$t\":\"007\"},\"t\":{\"$t\":true}}}", "{\"i\":\"007\",\"t\":true}",
      "[\"a\",[\"i\",\"007\"],[\"t\",\"true\"]]"}},
    {"<a><b/><b>1</b></a>",
     {"{\"a\":{\"b\":[null,\"1\"]}}", "{\"a\":{\"b\":[{},{\"$\":\"1\"}]}}", "{\"a\":{\"b\":[{},{\"$t\":1}]}}",
      "{\"b\":[null,1]}", "[\"a\",[\"b\"],[\"b\",\"1\"]]"}},
    {"<a> x </a>",
     {"{\"a\":\"x\"}", "{\"a\":{\"$\":\" x \"}}", "{\"a\":{\"$t\":\" x \"}}", "\" x \"", "[\"a\",\" x \"]"}},
    {"<a>1<!-- c -->2</a>",
     {"{\"a\":\"12\"}", "{\"a\":{\"$\":\"12\"}}", "{\"a\":{\"$t\":12}}", "12", "[\"a\",\"12\"]"}},
    {"<a> <b/>\n</a>",
     {"{\"a\":{\"b\":null}}", "{\"a\":{\"b\":{}}}", "{\"a\":{\"b\":{}}}", "{\"b\":null}", "[\"a\",\" \",[\"b\"],\"\\n\"]"}},
    {"<a>\n\t </a>", {"{\"a\":null}", "{\"a\":{}}", "{\"a\":{}}", "null", "[\"a\",\"\\n\\t \"]"}},
    {"<a>q&quot;<b>&#65;&lt;</b>&amp;&#10;</a>",
     {"{\"a\":{\"b\":\"A<\",\"#text\":\"q\\\"&\"}}", "{\"a\":{\"$\":\"q\\\"\",\"b\":{\"$\":\"A<\"}}}",
      "{\"a\":{\"$t\":\"q\\\"\",\"b\":{\"$t\":\"A<\"}}}", "{\"b\":\"A<\"}", "[\"a\",\"q\\\"\",[\"b\",\"A<\"],\"&\\n\"]"}},
};

static void test_side_by_side(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (unsigned c = 0; c < CONVENTIONS; c++)
            xml_becomes(payloads[c], rows[i].xml, rows[i].json[c]);
}

static void test_keys(void **state)
{
    (void)state;
    const char *xml = "<a k='v'>x<b/></a>";
    xml_becomes("{\"attr_prefix\":\"-\",\"text_key\":\"_\"}", xml, "{\"a\":{\"-k\":\"v\",\"b\":null,\"_\":\"x\"}}");
    xml_becomes("{\"attr_prefix\":\"\",\"cdata_key\":\"text\"}", xml, "{\"a\":{\"k\":\"v\",\"b\":null,\"text\":\"x\"}}");
    xml_becomes("{\"text_key\":\"#t\",\"force_list\":true}", xml,
                "{\"a\":[{\"@k\":\"v\",\"b\":[null],\"#t\":[\"x\"]}]}");
    xml_becomes("{\"text_key\":\"#value\",\"convention\":\"badgerfish\"}", xml,
                "{\"a\":{\"@k\":\"v\",\"#value\":\"x\",\"b\":{}}}");
}

/* No object has a key twice, whatever the keys are called. */
static void test_colliding_keys(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"convention\":\"gdata\"}", "<a k='1'><k>2</k></a>"},
        {"{\"convention\":\"gdata\"}", "<a k='1'><b k='2'/><k/></a>"},
        {"{\"convention\":\"gdata\"}", "<a k='1' j='2'><k k='3'><j/></k></a>"},
        {"{\"attr_prefix\":\"\"}", "<r><a k='1'><x/><y/><k/></a></r>"},
        {"{\"text_key\":\"text\"}", "<a>x<text/></a>"},
        {"{\"text_key\":\"text\"}", "<a><text/>x</a>"},
        {"{\"text_key\":\"text\",\"attr_prefix\":\"\"}", "<a text='1'>x</a>"},
        {"{\"namespaces\":\"strip\"}", "<a x:k='1' y:k='2'/>"},
        {"{\"namespaces\":\"strip\",\"attr_prefix\":\"\"}", "<a x:k='1'><y:k/></a>"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        xml_fails(cases[i][0], cases[i][1], "UnsupportedXML", "would have one key");
    xml_becomes("{\"convention\":\"gdata\"}", "<a k='1'><b k='2'><j/></b></a>",
                "{\"a\":{\"k\":1,\"b\":{\"k\":2,\"j\":{}}}}");
    xml_becomes("{\"text_key\":\"text\"}", "<a text='1'>x<b><text>y</text></b></a>",
                "{\"a\":{\"@text\":\"1\",\"b\":{\"text\":\"y\"},\"text\":\"x\"}}");
    xml_becomes("{\"text_key\":\"text\"}", "<a> <text/> </a>", "{\"a\":{\"text\":null}}");
}

static void test_white_space(void **state)
{
    (void)state;
    const char *xml = "<a>\xc2\xa0 x\t<b>\n</b>\xc2\xa0</a>";
    xml_becomes("{\"strip\":\"unicode\"}", xml, "{\"a\":{\"b\":null,\"#text\":\"x\"}}");
    xml_becomes("{\"strip\":\"xml\"}", xml, "{\"a\":{\"b\":null,\"#text\":\"\xc2\xa0 x\\t\xc2\xa0\"}}");
    xml_becomes("{\"strip\":\"blank\"}", xml, "{\"a\":{\"b\":null,\"#text\":\"\xc2\xa0 x\\t\xc2\xa0\"}}");
    xml_becomes("{\"strip\":\"none\"}", xml, "{\"a\":{\"b\":\"\\n\",\"#text\":\"\xc2\xa0 x\\t\xc2\xa0\"}}");
    xml_becomes("{\"strip_whitespace\":false}", "<a> <b/> </a>", "{\"a\":{\"b\":null,\"#text\":\"  \"}}");
    xml_becomes("{\"strip\":\"blank\"}", "<a> <b/> </a>", "{\"a\":{\"b\":null}}");
    xml_becomes("{\"strip\":\"xml\"}", "<a>\n \xe3\x80\x80 \r\n</a>", "{\"a\":\"\xe3\x80\x80\"}");
}

static void test_values(void **state)
{
    (void)state;
    static const char *const values[][2] = {
        {"0", "0"}, {"-0", "-0"}, {"12.50", "12.50"}, {"1e5", "1e5"}, {"-1.5E-07", "-1.5E-07"},
        {"123456789012345", "123456789012345"}, {"1234567890123456", "\"1234567890123456\""},
        {"true", "true"}, {"false", "false"}, {"True", "\"True\""}, {"null", "\"null\""}, {"007", "\"007\""},
        {"1.", "\"1.\""}, {".5", "\".5\""}, {"+1", "\"+1\""}, {"1e400", "\"1e400\""}, {"1e", "\"1e\""}, {"-", "\"-\""},
        {"0x10", "\"0x10\""}, {"1,5", "\"1,5\""}, {"NaN", "\"NaN\""}, {"1 2", "\"1 2\""}, {"1e5.0", "\"1e5.0\""},
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        char xml[100], json[100];
        snprintf(xml, sizeof(xml), "<a k='%s'> %s<!-- --> </a>", values[i][0], values[i][0]);
        snprintf(json, sizeof(json), "{\"a\":{\"@k\":%s,\"#text\":%s}}", values[i][1], values[i][1]);
        xml_becomes("{\"parse_values\":true}", xml, json);
    }
    xml_becomes("{\"parse_values\":true}", "<a>1<b/>2</a>", "{\"a\":{\"b\":null,\"#text\":\"12\"}}");
    xml_becomes("{\"force_cdata\":true}", "<a k='1'><b>x</b><b/><b> </b></a>",
                "{\"a\":{\"@k\":\"1\",\"b\":[{\"#text\":\"x\"},null,null]}}");
    xml_becomes("{\"force_cdata\":true,\"records\":\"/a/b\",\"text_key\":\"$\"}", "<a><b>x</b><b/></a>", "{\"$\":\"x\"}\nnull\n");
    xml_becomes("{\"xml_attribs\":false}", "<a k='1'><b k='2'/><b xmlns:n='u'>x</b></a>", "{\"a\":{\"b\":[null,\"x\"]}}");
    xml_becomes("{\"xml_attribs\":false,\"namespaces\":\"expand\"}", "<n:a xmlns:n='u' n:k='1'/>", "{\"u:a\":null}");
    xml_becomes("{\"xml_attribs\":false,\"attr_prefix\":\"\"}", "<a b='1'><b/></a>", "{\"a\":{\"b\":null}}");
    xml_becomes("{\"convention\":\"parker\",\"parse_values\":false}", "<a><b>1</b></a>", "{\"b\":\"1\"}");
}

static void test_options_of_xmltodict(void **state)
{
    (void)state;
    static const struct {
        const char *payload, *xml, *json;
    } cases[] = {
        {"{\"force_cdata\":[\"b\"]}", "<a>1<b>x</b><c>y</c><b/></a>",
         "{\"a\":{\"b\":[{\"#text\":\"x\"},null],\"c\":\"y\",\"#text\":\"1\"}}"},
        {"{\"cdata_separator\":\"|\"}", "<a>1<b/><![CDATA[2]]>3<!-- c -->4<b>x<?p?>y</b></a>",
         "{\"a\":{\"b\":[null,\"xy\"],\"#text\":\"1|234\"}}"},
        {"{\"cdata_separator\":\"\\\"\"}", "<a>1<b/> <b/>\n</a>", "{\"a\":{\"b\":[null,null],\"#text\":\"1\\\" \\\"\"}}"},
        {"{\"cdata_separator\":\"|\"}", "<a> <b/> <b/></a>", "{\"a\":{\"b\":[null,null],\"#text\":\"|\"}}"},
        {"{\"cdata_separator\":\" \"}", "<a> <b/> <b/></a>", "{\"a\":{\"b\":[null,null]}}"},
        {"{\"cdata_separator\":\"|\"}", "<a><b/>x<b/></a>", "{\"a\":{\"b\":[null,null],\"#text\":\"x\"}}"},
        {"{\"cdata_separator\":\"|\",\"process_comments\":true}", "<a>1<!--c-->2</a>",
         "{\"a\":{\"#comment\":\"c\",\"#text\":\"1|2\"}}"},
        {"{\"process_comments\":true}", "<!-- x --><a k='1'><!-- c --><b/><!----><!-- \"\r\n--></a><!--y-->",
         "{\"#comment\":[\"x\",\"y\"],\"a\":{\"@k\":\"1\",\"#comment\":[\"c\",\"\",\"\\\"\"],\"b\":null}}"},
        {"{\"process_comments\":true}", "<a/><!-- y -->", "{\"a\":null,\"#comment\":\"y\"}"},
        {"{\"process_comments\":true,\"comment_key\":\"b\"}", "<a><b/><!--c--><b>x</b></a>", "{\"a\":{\"b\":[null,\"c\",\"x\"]}}"},
        {"{\"process_comments\":true,\"strip_whitespace\":false}", "<a><!-- c --></a>", "{\"a\":{\"#comment\":\" c \"}}"},
        {"{\"process_comments\":true,\"force_list\":[\"#comment\"]}", "<a><!--c--></a>", "{\"a\":{\"#comment\":[\"c\"]}}"},
        {"{\"process_comments\":true,\"records\":\"/a/b\"}", "<!--x--><a><!--x--><b><!--c--></b><b/></a><!--x-->",
         "{\"#comment\":\"c\"}\nnull\n"},
        {"{\"process_comments\":false}", "<a><!--c--></a>", "{\"a\":null}"},
        {"{\"item_depth\":2}", "<a><b k='1'>x<c/></b> y <c>z</c><b/></a>",
         "{\"@k\":\"1\",\"c\":null,\"#text\":\"x\"}\n\"z\"\nnull\n"},
        {"{\"item_depth\":1}", "<a> x </a>", "\"x\"\n"},
        {"{\"item_depth\":3}", "<a><b><c/><c>1</c></b><c/><b><d/></b></a>", "null\n\"1\"\nnull\n"},
        {"{\"item_depth\":2,\"records_as\":\"array\"}", "<a><b/><c>1</c></a>", "[null,\"1\"]"},
        {"{\"item_depth\":2,\"convention\":\"jsonml\"}", "<a><b/>x<c>1</c></a>", "[\"b\"]\n[\"c\",\"1\"]\n"},
        {"{\"item_depth\":9}", "<a><b/></a>", ""},
        {"{\"item_depth\":0}", "<a><b/></a>", "{\"a\":{\"b\":null}}"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        xml_becomes(cases[i].payload, cases[i].xml, cases[i].json);
}

/* The declarations of an element are called as a child may be, and other attributes. */
static void test_declarations_collide(void **state)
{
    (void)state;
    static const char *const bare = "{\"attr_prefix\":\"\",\"namespaces\":{\"u\":null}}";
    static const char *const two = "two of an element's attributes, children and text would have one key";
    xml_fails(bare, "<a xmlns:n='u'><n:xmlns/></a>", "UnsupportedXML", two);
    xml_fails(bare, "<a xmlns:n='u'><b xmlns:m='w'/><n:xmlns/></a>", "UnsupportedXML", two);
    xml_becomes(bare, "<a xmlns:n='u'><b><n:xmlns/></b></a>", "{\"a\":{\"xmlns\":{\"n\":\"u\"},\"b\":{\"xmlns\":null}}}");
    xml_fails("{\"namespaces\":{\"u\":null}}", "<a xmlns:n='u' n:xmlns='1'/>", "UnsupportedXML", "two attributes");
    xml_fails("{\"namespaces\":{\"u\":null},\"convention\":\"jsonml\"}", "<a xmlns:n='u' n:xmlns='1'/>", "UnsupportedXML",
              "two attributes");
    xml_becomes("{\"namespaces\":{\"u\":null}}", "<a xmlns:n='u'><b n:xmlns='1'/></a>",
                "{\"a\":{\"@xmlns\":{\"n\":\"u\"},\"b\":{\"@xmlns\":\"1\"}}}");
}

static void test_prefixes(void **state)
{
    (void)state;
    xml_becomes("{\"namespaces\":\"strip\"}", "<s:a xmlns:s='u' xmlns='w' s:k='1' xmlnsx='2'><t:b/><b/><:c/></s:a>",
                "{\"a\":{\"@k\":\"1\",\"@xmlnsx\":\"2\",\"b\":[null,null],\":c\":null}}");
    xml_becomes("{\"namespaces\":\"strip\",\"convention\":\"jsonml\"}", "<s:a xmlns:s='u'><s:b s:k='1'/></s:a>",
                "[\"a\",[\"b\",{\"k\":\"1\"}]]");
    xml_becomes("{\"namespaces\":\"strip\",\"records\":\"/a/b\"}", "<s:a><t:b>1</t:b><b>2</b></s:a>", "\"1\"\n\"2\"\n");
}

static const char list[] = "<r><a k='1'>x</a><b/><a><c>2</c></a></r>";

static void test_records(void **state)
{
    (void)state;
    xml_becomes("{\"records\":\"/r/a\",\"records_as\":\"array\"}", list,
                "[{\"@k\":\"1\",\"#text\":\"x\"},{\"c\":\"2\"}]");
    xml_becomes("{\"records\":\"/r/z\",\"records_as\":\"array\"}", list, "[]");
    xml_becomes("{\"records\":\"/r/a\",\"convention\":\"jsonml\"}", list,
                "[\"a\",{\"k\":\"1\"},\"x\"]\n[\"a\",[\"c\",\"2\"]]\n");
    xml_becomes("{\"records\":\"/r/a\",\"convention\":\"jsonml\",\"records_as\":\"array\"}", list,
                "[[\"a\",{\"k\":\"1\"},\"x\"],[\"a\",[\"c\",\"2\"]]]");
    xml_becomes("{\"records\":\"/r/a\",\"convention\":\"parker\"}", list, "\"x\"\n{\"c\":2}\n");
    xml_becomes("{\"records\":\"/r/a\",\"convention\":\"badgerfish\"}", list,
                "{\"@k\":\"1\",\"$\":\"x\"}\n{\"c\":{\"$\":\"2\"}}\n");
}

/* What fails before much was written fails cleanly, also where it is written as it is read. */
static void test_jsonml_fails_cleanly(void **state)
{
    (void)state;
    static const char *const broken[] = {"<a><b></a>", "<a>x", "", "<a/><b/>", "<a k='1' k='2'/>", "<a>&x;</a>"};
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
        xml_fails(payloads[JSONML], broken[i], "MalformedXML", "");
}

#define EXPAND "{\"namespaces\":\"expand\"}"

static void test_namespaces(void **state)
{
    (void)state;
    static const char xml[] = "<r xmlns='http://d' xmlns:n='http://n' k='1' n:j='2'><n:a xml:lang='en'/><b xmlns=''><c/></b>"
                              "<n:a xmlns:n='http://o'/></r>";
    xml_becomes(EXPAND, xml,
                "{\"http://d:r\":{\"@k\":\"1\",\"@http://n:j\":\"2\",\"@xmlns\":{\"\":\"http://d\",\"n\":\"http://n\"},"
                "\"http://n:a\":{\"@http://www.w3.org/XML/1998/namespace:lang\":\"en\"},"
                "\"b\":{\"@xmlns\":{\"\":null},\"c\":null},\"http://o:a\":{\"@xmlns\":{\"n\":\"http://o\"}}}}");
    xml_becomes("{\"namespaces\":{\"http://d\":null,\"http://n\":\"m\",\"http://o\":\"\"},\"records\":\"/r/m:a\"}", xml,
                "{\"@http://www.w3.org/XML/1998/namespace:lang\":\"en\"}\n");
    xml_becomes("{\"process_namespaces\":true,\"namespace_separator\":\"|\",\"convention\":\"jsonml\"}", "<n:a xmlns:n='u'>x</n:a>",
                "[\"u|a\",{\"xmlns\":{\"n\":\"u\"}},\"x\"]");
    xml_becomes("{\"process_namespaces\":true,\"convention\":\"jsonml\"}", "<a xmlns='&quot;\\&#10;'/>",
                "[\"\\\"\\\\\\n:a\",{\"xmlns\":{\"\":\"\\\"\\\\\\n\"}}]");
    xml_becomes("{\"process_namespaces\":true,\"convention\":\"parker\"}", "<a xmlns='u'><b/></a>", "{\"u:b\":null}");
    xml_becomes("{\"process_namespaces\":false}", "<n:a/>", "{\"n:a\":null}");
}

static void test_namespaces_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"<n:a/>", "line 1: a namespace prefix that is not declared"},
        {"<a n:k='1'/>", "prefix that is not declared"},
        {"<a><b xmlns:n='u'/><n:c/></a>", "prefix that is not declared"},
        {"<a xmlns:n=''/>", "prefix that is taken back"},
        {"<a xmlns:xml='u'/>", "a namespace that is reserved"},
        {"<a xmlns:xmlns='u'/>", "a namespace that is reserved"},
        {"<a xmlns='http://www.w3.org/XML/1998/namespace'/>", "a namespace that is reserved"},
        {"<a xmlns:n='http://www.w3.org/2000/xmlns/'/>", "a namespace that is reserved"},
        {"<a xmlns:n='u'><n:b:c/></a>", "has two"},
        {"<a:/>", "begins or ends with a colon"},
        {"<a :k='1'/>", "begins or ends with a colon"},
        {"<a xmlns:='u'/>", "begins or ends with a colon"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        xml_fails(EXPAND, bad[i][0], "MalformedXML", bad[i][1]);
    xml_fails(EXPAND, "<a xmlns:n='u' xmlns:m='u' n:k='1' m:k='2'/>", "UnsupportedXML", "would have one name");
    xml_fails("{\"namespaces\":{\"u\":null}}", "<a xmlns:n='u' n:k='1' k='2'/>", "UnsupportedXML", "one key");
    xml_fails("{\"namespaces\":{\"u\":1}}", "<a/>", "InvalidTransformPayload", "must map URIs to prefixes");
    xml_fails("{\"namespace_separator\":\"\\\"\"}", "<a/>", "InvalidTransformPayload", "what JSON escapes");
    struct xml_text xml = {0};
    xml_add(&xml, "<a");
    for (unsigned i = 0; i < 257; i++) {
        char piece[40];
        snprintf(piece, sizeof(piece), " xmlns:n%u='u'", i);
        xml_add(&xml, piece);
    }
    xml_add(&xml, "/>");
    xml_fails(EXPAND, xml.bytes, "EntityTooLarge", "more than 256 namespaces in scope");
    xml.size = 0;
    xml_add(&xml, "<a xmlns='");
    xml_add_times(&xml, "0123456789", 900);
    xml_add(&xml, "'/>");
    xml_fails(EXPAND, xml.bytes, "EntityTooLarge", "bytes of namespace declarations");
    free(xml.bytes);
}

static int load(void **state)
{
    (void)state;
    xml_json = direct_load("xml_json");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_side_by_side),   cmocka_unit_test(test_keys),
        cmocka_unit_test(test_colliding_keys), cmocka_unit_test(test_white_space),
        cmocka_unit_test(test_values),         cmocka_unit_test(test_options_of_xmltodict),
        cmocka_unit_test(test_declarations_collide),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_namespaces),     cmocka_unit_test(test_namespaces_refused),
        cmocka_unit_test(test_records),        cmocka_unit_test(test_jsonml_fails_cleanly),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
