/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform by example: conventions, records, payloads, encodings, documents that
 * are not well-formed; each however it is cut.
 */
#include "xml_json_check.h"

#define BLOCK_BYTES (16 * 1024) /* in which text goes to the parser */

static void test_conventions(void **state)
{
    (void)state;
    static const char *const table[][2] = {
        {"<a/>", "{\"a\":null}"},
        {"<a></a>", "{\"a\":null}"},
        {"<a> \n\t </a>", "{\"a\":null}"},
        {"<a>x</a>", "{\"a\":\"x\"}"},
        {"<a> x y\n</a>", "{\"a\":\"x y\"}"},
        {"<a k=\"v\"/>", "{\"a\":{\"@k\":\"v\"}}"},
        {"<a k='' j=' v '> </a>", "{\"a\":{\"@k\":\"\",\"@j\":\" v \"}}"},
        {"<a k=\"v\">x</a>", "{\"a\":{\"@k\":\"v\",\"#text\":\"x\"}}"},
        {"<a><b>1</b><c>2</c></a>", "{\"a\":{\"b\":\"1\",\"c\":\"2\"}}"},
        {"<a><b>1</b><c>2</c><b>3</b></a>", "{\"a\":{\"b\":[\"1\",\"3\"],\"c\":\"2\"}}"},
        {"<a><b/><b>1</b><b k=\"v\"/></a>", "{\"a\":{\"b\":[null,\"1\",{\"@k\":\"v\"}]}}"},
        {"<p>x <b>y</b> z</p>", "{\"p\":{\"b\":\"y\",\"#text\":\"x  z\"}}"},
        {"<p>\n <b/>\n x\n <c/>\n y <c/> </p>", "{\"p\":{\"b\":null,\"c\":[null,null],\"#text\":\"x\\n \\n y\"}}"},
        {"<a><![CDATA[<&]]></a>", "{\"a\":\"<&\"}"},
        {"<a>1<![CDATA[]]>2<![CDATA[\r\n]]>3</a>", "{\"a\":\"12\\n3\"}"},
        {"<a>1<!-- c -->2<?p?></a>", "{\"a\":\"12\"}"},
        {"<a>\xc2\xa0x\xe3\x80\x80</a>", "{\"a\":\"x\"}"},
        {"<r xmlns:n=\"u\" k=\"1\" xmlns=\"w\"><n:x>1</n:x><q:y/></r>",
         "{\"r\":{\"@xmlns:n\":\"u\",\"@k\":\"1\",\"@xmlns\":\"w\",\"n:x\":\"1\",\"q:y\":null}}"},
        {"<a><i>007</i><t>true</t></a>", "{\"a\":{\"i\":\"007\",\"t\":\"true\"}}"},
        {"<a>\"\\&#9;&#13;\xf0\x9f\x98\x80\x7f/&amp;&lt;&gt;&apos;&quot;</a>",
         "{\"a\":\"\\\"\\\\\\t\\r\xf0\x9f\x98\x80\x7f/&<>'\\\"\"}"},
        {"<a k='&amp;&#38;&lt;\n\t&#10;\"'/>", "{\"a\":{\"@k\":\"&&<  \\n\\\"\"}}"},
        {"<a><a><a>1</a><a>2</a></a><a/></a>", "{\"a\":{\"a\":[{\"a\":[\"1\",\"2\"]},null]}}"},
        {"<a b=\"1\"><b>2</b></a>", "{\"a\":{\"@b\":\"1\",\"b\":\"2\"}}"},
        {"<a>x\r\ny\rz\r</a>", "{\"a\":\"x\\ny\\nz\"}"},
        {"<__proto__><\xd0\x96/></__proto__>", "{\"__proto__\":{\"\xd0\x96\":null}}"},
        {"<!DOCTYPE a><a>x</a>", "{\"a\":\"x\"}"},
        {"<!DOCTYPE a PUBLIC \"-//x\" \"http://127.0.0.1:1/x\"><a>&lt;</a>", "{\"a\":\"<\"}"},
        {"<?xml version=\"1.0\" standalone='yes' ?>\n<!-- c --><?p x?>\n<a/>\n<!-- c -->\n", "{\"a\":null}"},
    };
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        xml_becomes(NULL, table[i][0], table[i][1]);
}

static const char catalog[] =
    "<catalog v='1'> t <book id='1'><t>A</t><t>B</t></book><cd><book>no</book></cd><book/><book>x</book>"
    "<set><book>no</book></set><x:book>no</x:book><book><catalog><book>in</book></catalog></book></catalog>";

static void test_records(void **state)
{
    (void)state;
    xml_becomes("{\"records\":\"/catalog/book\"}", catalog,
                "{\"@id\":\"1\",\"t\":[\"A\",\"B\"]}\nnull\n\"x\"\n{\"catalog\":{\"book\":\"in\"}}\n");
    xml_becomes("{\"records\":\"/catalog/cd/book\"}", catalog, "\"no\"\n");
    xml_becomes("{\"records\":\"/catalog/x:book\"}", catalog, "\"no\"\n");
    xml_becomes("{\"records\":\"/catalog\"}", "<catalog>1</catalog>", "\"1\"\n");
    xml_becomes("{\"records\":\"/book\"}", catalog, "");
    xml_becomes("{\"records\":\"/catalog/book/t\"}", catalog, "\"A\"\n\"B\"\n");
    xml_becomes("{\"records\":\"/a/b\"}", "<a><c><b>1</b></c><b>2</b></a>", "\"2\"\n");
}

static void test_force_list(void **state)
{
    (void)state;
    const char *xml = "<a><b k='1'>x</b><c/></a>";
    xml_becomes("{\"force_list\":[\"b\"]}", xml, "{\"a\":{\"b\":[{\"@k\":\"1\",\"#text\":\"x\"}],\"c\":null}}");
    xml_becomes("{\"force_list\":[\"a\",\"c\",\"@k\"]}", xml,
                "{\"a\":[{\"b\":{\"@k\":\"1\",\"#text\":\"x\"},\"c\":[null]}]}");
    xml_becomes("{\"force_list\":[\"#text\"]}", xml, "{\"a\":{\"b\":{\"@k\":\"1\",\"#text\":[\"x\"]},\"c\":null}}");
    xml_becomes("{\"force_list\":[]}", xml, "{\"a\":{\"b\":{\"@k\":\"1\",\"#text\":\"x\"},\"c\":null}}");
    xml_becomes("{\"force_list\":[\"a\",\"c\"],\"records\":\"/a\"}", xml,
                "{\"b\":{\"@k\":\"1\",\"#text\":\"x\"},\"c\":[null]}\n");
}

static void test_payload_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"{\"colour\":1}", "unknown key, \"colour\""},
        {"{\"records\":1}", "must be a path of element names"},
        {"{\"records\":\"\"}", "must be a path"},
        {"{\"records\":\"a/b\"}", "must be a path"},
        {"{\"records\":\"/a/\"}", "must be a path"},
        {"{\"records\":\"//a\"}", "must be a path"},
        {"{\"records\":\"/a/*\"}", "must be a path"},
        {"{\"force_list\":\"a\"}", "must be true, or a list"},
        {"{\"force_list\":[1]}", "must hold names only"},
        {"{\"convention\":\"xml2js\"}", "must be xmltodict, badgerfish, gdata, parker or jsonml"},
        {"{\"records_as\":\"array\"}", "goes with \"records\" or \"item_depth\" only"},
        {"{\"item_depth\":257}", "\"item_depth\" must be a whole number from 0 to 256"},
        {"{\"item_depth\":-1}", "must be a whole number from 0 to 256"},
        {"{\"item_depth\":true}", "must be a whole number from 0 to 256"},
        {"{\"item_depth\":2,\"records\":\"/a\"}", "\"item_depth\" does not go with \"records\""},
        {"{\"cdata_separator\":1}", "\"cdata_separator\" must be a text of at most 32 bytes"},
        {"{\"cdata_separator\":\"123456789012345678901234567890123\"}", "a text of at most 32 bytes"},
        {"{\"cdata_separator\":\" \",\"convention\":\"jsonml\"}", "\"cdata_separator\" has a meaning with xmltodict only"},
        {"{\"process_comments\":1}", "\"process_comments\" must be true or false"},
        {"{\"process_comments\":true,\"convention\":\"gdata\"}", "\"process_comments\" has a meaning with xmltodict only"},
        {"{\"comment_key\":\"c\",\"convention\":\"parker\"}", "\"comment_key\" has a meaning with xmltodict only"},
        {"{\"comment_key\":\"\"}", "\"comment_key\" must be 1 to 32 bytes"},
        {"{\"comment_key\":\"#text\",\"process_comments\":true}", "\"comment_key\" must not be that of text"},
        {"{\"comment_key\":\"@c\",\"process_comments\":true}", "\"comment_key\" must not begin as attributes do"},
        {"{\"records_as\":\"csv\",\"records\":\"/a\"}", "must be lines or array"},
        {"{\"attr_prefix\":\"a\"}", "that no name begins with"},
        {"{\"attr_prefix\":\"\\\"\"}", "that no name begins with"},
        {"{\"text_key\":\"\"}", "must be 1 to 32 bytes"},
        {"{\"text_key\":\"@t\"}", "must not begin as attributes do"},
        {"{\"attr_prefix\":\"#\"}", "must not begin as attributes do"},
        {"{\"strip\":\"all\"}", "must be unicode, xml, blank or none"},
        {"{\"parse_values\":1}", "must be true or false"},
        {"{\"namespaces\":\"open\"}", "must be keep, strip, expand or an object"},
        {"{\"attr_prefix\":\"-\",\"convention\":\"parker\"}", "has no meaning with parker"},
        {"{\"convention\":\"jsonml\",\"strip\":\"xml\"}", "has no meaning with jsonml"},
        {"{\"force_list\":[\"a\"],\"convention\":\"jsonml\"}", "has no meaning with jsonml"},
        {"{\"force_cdata\":true,\"convention\":\"jsonml\"}", "\"force_cdata\" has no meaning with jsonml"},
        {"{\"xml_attribs\":false,\"convention\":\"jsonml\"}", "\"xml_attribs\" has no meaning with jsonml"},
        {"{\"force_cdata\":true,\"convention\":\"parker\"}", "\"force_cdata\" has no meaning with parker"},
        {"{\"force_cdata\":\"a\"}", "\"force_cdata\" must be true, or a list"},
        {"{\"force_cdata\":[1]}", "\"force_cdata\" must hold names only"},
        {"{\"xml_attribs\":0}", "\"xml_attribs\" must be true or false"},
        {"{\"memory_bytes\":1}", "must be a whole number from"},
        {"{\"memory_bytes\":1073741825}", "must be a whole number from"},
        {"{\"memory_bytes\":\"1 MiB\"}", "must be a whole number from"},
        {"{\"records\":\"/a\",\"records\":\"/a\"}", "not JSON"},
        {"[1]", "must be a JSON object"},
        {"{", "not JSON: line 1"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        xml_fails(bad[i][0], "<a/>", "InvalidTransformPayload", bad[i][1]);
    char *deep = calloc(1, 2000);
    strcpy(deep, "{\"records\":\"");
    for (size_t i = 0; i < 257; i++)
        strcat(deep, "/a");
    strcat(deep, "\"}");
    xml_fails(deep, "<a/>", "InvalidTransformPayload", "must be a path");
    free(deep);
}

static void test_head(void **state)
{
    (void)state;
    struct objlens_call call;
    direct_init(&call, NULL, 100, 1);
    assert_int_equal(direct_run(xml_json, &call, "<a/>", 4, direct_whole), OBJLENS_OK);
    assert_string_equal(call.content_type, "application/json");
    direct_fini(&call);
    direct_init(&call, "{\"records\":\"/a\"}", 100, 1);
    call.content_encoding = "aws-chunked";
    assert_int_equal(direct_run(xml_json, &call, "<a/>", 4, direct_whole), OBJLENS_OK);
    assert_string_equal(call.content_type, "application/x-ndjson");
    direct_fini(&call);
    direct_init(&call, NULL, 100, 1);
    call.content_encoding = "gzip";
    assert_int_equal(direct_run(xml_json, &call, "<a/>", 4, direct_whole), OBJLENS_EFAILED);
    assert_string_equal(call.failed_code, "InvalidTextEncoding");
    direct_fini(&call);
}

static void test_encodings(void **state)
{
    (void)state;
#define ENCODED(bytes, wanted) \
    xml_check(&(struct xml_expected){.xml = (bytes), .size = sizeof(bytes) - 1, .json = (wanted), \
                                     .json_size = strlen(wanted)})
    ENCODED("\xef\xbb\xbf<a>x</a>", "{\"a\":\"x\"}");
    ENCODED("\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?><a>x</a>", "{\"a\":\"x\"}");
    ENCODED("<?xml version='1.0' encoding='UTF-8'?><a>\xc3\xa9</a>", "{\"a\":\"\xc3\xa9\"}");
    ENCODED("<?xml version='1.0' encoding = \"iso-8859-1\"?><\xe9>\xff\xa4</\xe9>",
            "{\"\xc3\xa9\":\"\xc3\xbf\xc2\xa4\"}");
    ENCODED("<?xml version='1.0' encoding='US-ASCII' standalone='no'?><a>x</a>", "{\"a\":\"x\"}");
    ENCODED("\xff\xfe<\0a\0>\0\xe9\0=\xd8\0\xde\xac\x20<\0/\0a\0>\0",
            "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\"}");
    ENCODED("\xfe\xff\0<\0a\0>\0\xe9\xd8=\xde\0\x20\xac\0<\0/\0a\0>",
            "{\"a\":\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x82\xac\"}");
    ENCODED("\xff\xfe<\0?\0x\0m\0l\0 \0v\0e\0r\0s\0i\0o\0n\0=\0'\0\x31\0.\0\x30\0'\0 \0e\0n\0c\0o\0d\0i\0n\0g\0=\0"
            "'\0u\0t\0f\0-\0\x31\0\x36\0'\0?\0>\0<\0a\0/\0>\0", "{\"a\":null}");
}

static void test_encodings_refused(void **state)
{
    (void)state;
#define REFUSED(bytes, code, says) xml_bytes_fail(NULL, bytes, sizeof(bytes) - 1, code, says)
#define DECLARED(name) "<?xml version='1.0' encoding='" name "'?><a/>"
    const char *other = "not in the encoding";
    REFUSED(DECLARED("UTF-7"), "InvalidTextEncoding", "the declared encoding, UTF-7, is not known");
    REFUSED(DECLARED("windows-12522"), "InvalidTextEncoding", "windows-12522, is not known");
    REFUSED(DECLARED("UTF-8 <secret>"), "InvalidTextEncoding", "the declared encoding is not known");
    REFUSED(DECLARED("aaaaaaaaaabbbbbbbbbbccccccccccddddddddddx"), "InvalidTextEncoding", "the declared encoding is not known");
    REFUSED(DECLARED(""), "InvalidTextEncoding", "the declared encoding is not known");
    REFUSED(DECLARED("UTF-32"), "InvalidTextEncoding", other);
    REFUSED(DECLARED("IBM037"), "InvalidTextEncoding", other);
    REFUSED(DECLARED("UTF-16"), "InvalidTextEncoding", other);
    REFUSED("\xef\xbb\xbf" DECLARED("ISO-8859-1"), "InvalidTextEncoding", other);
    REFUSED("\xff\xfe<\0?\0x\0m\0l\0 \0v\0e\0r\0s\0i\0o\0n\0=\0'\0\x31\0.\0\x30\0'\0 \0e\0n\0c\0o\0d\0i\0n\0g\0=\0"
            "'\0u\0t\0f\0-\0\x38\0'\0?\0>\0<\0a\0/\0>\0", "InvalidTextEncoding", other);
    REFUSED("<\0a\0/\0>\0", "InvalidTextEncoding", "no byte order mark");
    REFUSED("\0<\0a\0/\0>", "InvalidTextEncoding", "no byte order mark");
    REFUSED("\x1f\x8b\x08\0\0\0\0\0", "InvalidTextEncoding", "gzip");
    REFUSED("<?xml version='1.0' encoding='US-ASCII'?>\n<a>\xc3\xa9</a>", "MalformedXML", "line 2: a character that is not US-ASCII");
    REFUSED("\xff\xfe<\0a\0>\0\0\xd8<\0/\0a\0>\0", "MalformedXML", "not valid UTF-16");
    REFUSED("\xff\xfe<\0a\0>\0\0\xdc<\0/\0a\0>\0", "MalformedXML", "not valid UTF-16");
    REFUSED("\xff\xfe<\0a\0/\0>\0\n", "MalformedXML", "ends inside a character");
    REFUSED("\xef\xbb\xbf\xef\xbb\xbf<a/>", "MalformedXML", "line 1");
}

/* Where a block of the parser ends must not matter: see prolog.h. */
static void test_doctype_identifier(void **state)
{
    (void)state;
    static const char tail[] = "<!-- > \"' --><?p > \"?>\n<!DOCTYPE r SYSTEM \"x'>y\"><r/>";
    static const char says[] = "a '>' in an identifier of the DOCTYPE";
    char *xml = malloc(BLOCK_BYTES + sizeof(tail));
    assert_non_null(xml);
    for (size_t pad = BLOCK_BYTES - sizeof(tail); pad <= BLOCK_BYTES; pad++) {
        memset(xml, '\n', pad);
        memcpy(xml + pad, tail, sizeof(tail));
        xml_fails(NULL, xml, "UnsupportedXML", says);
    }
    free(xml);
    xml_fails(NULL, "<!DOCTYPE r PUBLIC '-//>' 'x'>\n<r/>", "UnsupportedXML", "line 1: a '>' in");
    xml_becomes(NULL, "<!DOCTYPE r SYSTEM 'x\"'><r k='>'>></r>", "{\"r\":{\"@k\":\">\",\"#text\":\">\"}}");
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "the document is empty"},
        {" \n ", "ends too early"},
        {"hello", "does not begin with an element"},
        {"<a>\n\n<b></a>", "line 3: an end tag does not match"},
        {"<a><b></b>", "line 1: the document ends too early"},
        {"<a>", "line 1: the document ends too early"},
        {"<a>\n</a", "line 2: "},
        {"<a", "line 1: "},
        {"<", "line 1: "},
        {"<a/><b/>", "behind the end"},
        {"<a/>text", "behind the end"},
        {"<a/><!-- ", "line 1: "},
        {"<a k='1' k='2'/>", "an attribute twice"},
        {"<a k=1/>", "without quotes"},
        {"<a k/>", "without a value"},
        {"<a k='1'j='2'/>", "white space is missing"},
        {"<a b='<'/>", "a '<' in an attribute"},
        {"<a>&nope;</a>", "an entity other than the five"},
        {"<a k='&nope;'/>", "an entity other than the five"},
        {"<!DOCTYPE a SYSTEM 'x'><a>&nope;</a>", "an entity other than the five"},
        {"<!DOCTYPE a SYSTEM 'x'><a k='&nope;'/>", "an entity other than the five"},
        {"<a>& b</a>", "line 1: a name is missing"},
        {"<a>&amp</a>", "a reference without its semicolon"},
        {"<a>&#0;</a>", "a character that XML does not allow"},
        {"<a>&#xd800;</a>", "a character that XML does not allow"},
        {"<a>&#x110000;</a>", "a character that XML does not allow"},
        {"<a>&#12a;</a>", "not a number"},
        {"<a>\n\x01</a>", "line 2: a character that XML does not allow"},
        {"<a>\n\n<![CDATA[\x01]]></a>", "line 3: a character that XML does not allow"},
        {"<a>\xff</a>", "not valid UTF-8"},
        {"<a>\xc3</a>", "not valid UTF-8"},
        {"<a>\xc1\x81</a>", "not valid UTF-8"},
        {"<a>\xe0\x80\x80</a>", "not valid UTF-8"},
        {"<a>\xed\xa0\x80</a>", "not valid UTF-8"},
        {"<a>\xf4\x90\x80\x80</a>", "not valid UTF-8"},
        {"<a>\xef\xbf\xbe</a>", "a character that XML does not allow"},
        {"<a/>\xc3", "ends inside a character"},
        {"<a><!-- -- --></a>", "inside a comment"},
        {"<a>]]></a>", "\"]]>\" in text"},
        {"<a>]]]]></a>", "\"]]>\" in text"},
        {"<a><![CDATA[x</a>", "line 1: "},
        {"<a><?xml version='1.0'?></a>", "an XML declaration that is not at the beginning"},
        {" <?xml version='1.0'?><a/>", "an XML declaration that is not at the beginning"},
        {"<?xml version='2.0'?><a/>", "line 1: "},
        {"<?xml?><a/>", "line 1: "},
        {"<a><!DOCTYPE a></a>", "line 1: "},
        {"<!DOCTYPEa><a/>", "white space is missing"},
        {"<!-- <!DOCTYPE a> --><!DOCTYPEa [<!ENTITY b 'c'>]><a/>", "white space is missing"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        xml_fails(NULL, bad[i][0], "MalformedXML", bad[i][1]);
    xml_bytes_fail(NULL, "<a>\0</a>", 8, "MalformedXML", "line 1: a character that XML does not allow");
}

/* Written only when the document is known to be well-formed; by records what came before the
 * fault may have left, but not when it is little. */
static void test_nothing_of_a_bad_document(void **state)
{
    (void)state;
    struct xml_text text = {0};
    xml_add(&text, "<r>");
    xml_add_times(&text, "<a>some text of a record</a>\n", 100);
    size_t small = text.size;
    xml_bytes_fail("{\"records\":\"/r/a\"}", text.bytes, small, "MalformedXML", "line 101");
    xml_add_times(&text, "<a>some text of a record</a>\n", 20000);
    xml_bytes_fail(NULL, text.bytes, text.size, "MalformedXML", "line 20101");
    struct objlens_call call;
    direct_init(&call, "{\"records\":\"/r/a\"}", 1000, 1);
    assert_int_equal(direct_run(xml_json, &call, text.bytes, text.size, direct_chopped), OBJLENS_EFAILED);
    assert_true(call.size > 64 * 1024);
    assert_memory_equal(call.out, "\"some text of a record\"\n\"some", 29);
    direct_fini(&call);
    free(text.bytes);
}

static size_t read_sample(const char *name, char *out, size_t max)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/transforms/xml_json/sample/%s", OBJLENS_SOURCE_DIR, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t n = fread(out, 1, max, file);
    fclose(file);
    return n;
}

static void test_sample(void **state)
{
    (void)state;
    static char xml[8192], json[8192], lines[8192];
    size_t n = read_sample("catalog.xml", xml, sizeof(xml));
    struct xml_expected e = {.xml = xml, .size = n, .json = json};
    e.json_size = read_sample("catalog.json", json, sizeof(json));
    xml_check(&e);
    e.payload = "{\"records\":\"/catalog/book\"}";
    e.json = lines;
    e.json_size = read_sample("catalog.ndjson", lines, sizeof(lines));
    xml_check(&e);
}

static const char everything[] =
    "<?xml version=\"1.0\"?>\r\n<!-- c -- a --><?p q?>\r\n<r xmlns:n=\"u\" k='a>b\r\n\"&lt;\xc3\xa9'>t\xe2\x82\xac]] &amp; "
    "&#x1f600;\r\n<n:x/><y>1</y><y z=\"2\"><![CDATA[\r\n<]]>]]&gt;<!-- \r\n' -->]]</y> \xc2\xa0 w\r</r>\r\n<!-- e -->";
static const char everything_fixed[] =
    "<?xml version=\"1.0\"?>\r\n<!-- c - a --><?p q?>\r\n<r xmlns:n=\"u\" k='a>b\r\n\"&lt;\xc3\xa9'>t\xe2\x82\xac]] &amp; "
    "&#x1f600;\r\n<n:x/><y>1</y><y z=\"2\"><![CDATA[\r\n<]]>]]&gt;<!-- \r\n' -->]]</y> \xc2\xa0 w\r</r>\r\n<!-- e -->";
static const char everything_json[] =
    "{\"r\":{\"@xmlns:n\":\"u\",\"@k\":\"a>b \\\"<\xc3\xa9\",\"n:x\":null,\"y\":[\"1\",{\"@z\":\"2\",\"#text\":\"<]]>]]\"}],"
    "\"#text\":\"t\xe2\x82\xac]] & \xf0\x9f\x98\x80\\n \xc2\xa0 w\"}}";

/* Every place as the only cut. */
static void test_every_single_cut(void **state)
{
    (void)state;
    size_t n = sizeof(everything_fixed) - 1;
    for (size_t cut = 0; cut <= n; cut++) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, NULL, 65536, (unsigned)cut);
        assert_int_equal(direct_open(xml_json, &direct_host, &call, &instance), OBJLENS_OK);
        if (cut > 0)
            assert_int_equal(xml_json->write(instance, everything_fixed, cut), OBJLENS_OK);
        if (cut < n)
            assert_int_equal(xml_json->write(instance, everything_fixed + cut, n - cut), OBJLENS_OK);
        assert_int_equal(xml_json->finish(instance), OBJLENS_OK);
        xml_json->close(instance);
        assert_int_equal(call.size, sizeof(everything_json) - 1);
        assert_memory_equal(call.out, everything_json, call.size);
        direct_fini(&call);
    }
}

#define LONG "more text than the parser waits for the end of; with fewer than three hundred characters it waits, \
so that here are some more words that nobody has to read, and then again some more words that nobody has to \
read, and some which are not in English, nor meant to be; as has been said, there have to be three hundred of them: \xce\xb3\xce\xbb\xcf\x8e\xcf\x83\xcf\x83\xce\xb1, and then it is enough"

/* The parser's blocks end anywhere in the document, and what is wrong with one is seen there. */
static void test_every_edge_of_a_block(void **state)
{
    (void)state;
    static char text[BLOCK_BYTES + 1024];
    static const char *const table[][2] = {
        {everything_fixed + 23, everything_json},
        {everything + 23, NULL},
        {"<a>" LONG "]] </a>", "{\"a\":\"" LONG "]]\"}"},
        {"<a>" LONG "]]></a>", NULL},
        {"<a>" LONG "]]]]></a>", NULL},
        {"<a>" LONG "&nope;</a>", NULL},
        {"<a>" LONG "\xed\xa0\x80</a>", NULL},
        {"<a>" LONG "<![CDATA[]]]]>]]></a>", NULL},
    };
    for (size_t d = 0; d < sizeof(table) / sizeof(table[0]); d++)
        for (size_t at = 0; at <= strlen(table[d][0]) + 8; at++) {
            memset(text, '\n', BLOCK_BYTES - at);
            strcpy(text + BLOCK_BYTES - at, table[d][0]);
            struct xml_expected e = {.xml = text, .size = strlen(text), .json = table[d][1],
                                     .code = "MalformedXML", .says = "line "};
            e.json_size = e.json ? strlen(e.json) : 0;
            struct objlens_call call;
            direct_init(&call, NULL, 65536, 1);
            if (!xml_is_as_expected(&e, direct_run(xml_json, &call, text, e.size, direct_whole), &call)) {
                print_error("edge %zu of document %zu: %s\n", at, d, call.failed_message);
                fail();
            }
            direct_fini(&call);
        }
}

/* So much that what is stored of it lies across pages, in every way. */
static void test_large_document(void **state)
{
    (void)state;
    struct xml_text xml = {0}, json = {0};
    char piece[900];
    xml_add(&xml, "<r>");
    xml_add(&json, "{\"r\":{\"a\":[");
    for (int i = 0; i < 6000; i++) {
        const char *tail = &LONG[i % 200];
        tail += (*tail & 0xc0) == 0x80;
        snprintf(piece, sizeof(piece), "<a k='%d%s'>%s<b/>%d</a>\n", i, tail, tail, i);
        xml_add(&xml, piece);
        while (*tail == ' ')
            tail++;
        const char *value = &LONG[i % 200];
        value += (*value & 0xc0) == 0x80;
        snprintf(piece, sizeof(piece), "%s{\"@k\":\"%d%s\",\"b\":null,\"#text\":\"%s%d\"}", i ? "," : "", i, value,
                 tail, i);
        xml_add(&json, piece);
    }
    xml_add(&xml, "</r>");
    xml_add(&json, "]}}");
    xml_becomes(NULL, xml.bytes, json.bytes);
    free(xml.bytes);
    free(json.bytes);
}

/* Closed after every number of bytes, as when the client went away: nothing stays. */
static void test_closed_at_any_point(void **state)
{
    (void)state;
    const char *const payloads[] = {NULL, "{\"records\":\"/r/y\",\"force_list\":[\"y\"]}"};
    for (size_t size = 0; size < 2 * sizeof(everything_fixed); size++) {
        struct objlens_call call;
        void *instance;
        size_t bytes = size / 2 < sizeof(everything_fixed) ? size / 2 : 0;
        direct_init(&call, payloads[size % 2], 100, 1);
        assert_int_equal(direct_open(xml_json, &direct_host, &call, &instance), OBJLENS_OK);
        if (bytes > 0)
            xml_json->write(instance, everything_fixed, bytes);
        xml_json->close(instance);
        direct_fini(&call);
    }
}

int main(void)
{
    xml_json = direct_load("xml_json");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conventions),
        cmocka_unit_test(test_records),
        cmocka_unit_test(test_force_list),
        cmocka_unit_test(test_payload_refused),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_encodings),
        cmocka_unit_test(test_encodings_refused),
        cmocka_unit_test(test_doctype_identifier),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_nothing_of_a_bad_document),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_every_single_cut),
        cmocka_unit_test(test_every_edge_of_a_block),
        cmocka_unit_test(test_large_document),
        cmocka_unit_test(test_closed_at_any_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
