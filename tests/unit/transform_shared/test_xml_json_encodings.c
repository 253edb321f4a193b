/* SPDX-License-Identifier: MIT */
/*
 * The xml_json transform over documents in encodings that it leaves to tables and to iconv: what
 * they mean, however they are cut; bytes that mean nothing; what is cut short.
 */
#include "xml_json_check.h"

#include <iconv.h>

#define BLOCK_BYTES (16 * 1024)
#define HEAD(name) "<?xml version='1.0' encoding='" name "'?>\n"
#define ENCODED(bytes, wanted) \
    xml_check(&(struct xml_expected){.xml = (bytes), .size = sizeof(bytes) - 1, .json = (wanted), \
                                     .json_size = strlen(wanted)})
#define REFUSED(bytes, code, says) xml_bytes_fail(NULL, bytes, sizeof(bytes) - 1, code, says)

static void test_one_byte(void **state)
{
    (void)state;
    ENCODED(HEAD("windows-1252") "<a k='\x80'>caf\xe9 \x93x\x94\r\n.</a>",
            "{\"a\":{\"@k\":\"€\",\"#text\":\"café “x”\\n.\"}}");
    ENCODED(HEAD("ISO-8859-2") "<\xb1>\xb3\xf3\xbf</\xb1>", "{\"ą\":\"łóż\"}");
    ENCODED(HEAD("iso-8859-15") "<a>\xa4</a>", "{\"a\":\"€\"}");
    ENCODED(HEAD("KOI8-R") "<a>\xcd\xc9\xd2</a>", "{\"a\":\"мир\"}");
    ENCODED(HEAD("windows-1255") "<a>\xf9\xd1</a>", "{\"a\":\"\xd7\xa9\xd7\x81\"}");
    ENCODED(HEAD("windows-1258") "<a>e\xec</a>", "{\"a\":\"e\xcc\x81\"}");
    ENCODED(HEAD("CP866") "<a>\xac\xa8\xe0</a>", "{\"a\":\"мир\"}");
}

/* Hyphens, underscores and capitals do not count. */
static void test_names(void **state)
{
    (void)state;
    ENCODED(HEAD("utf8") "<a>\xc3\xa9</a>", "{\"a\":\"é\"}");
    ENCODED(HEAD("UTF_8") "<a>\xc3\xa9</a>", "{\"a\":\"é\"}");
    ENCODED(HEAD("iso8859_15") "<a>\xa4</a>", "{\"a\":\"€\"}");
    ENCODED(HEAD("Windows1252") "<a>\x80</a>", "{\"a\":\"€\"}");
    ENCODED(HEAD("L2") "<a>\xb3</a>", "{\"a\":\"ł\"}");
    ENCODED(HEAD("Latin-1") "<a>\xe9</a>", "{\"a\":\"é\"}");
    ENCODED(HEAD("shift-jis") "<a>\x95\x5c</a>", "{\"a\":\"表\"}");
    REFUSED(HEAD("UTF-80") "<a/>", "InvalidTextEncoding", "the declared encoding, UTF-80, is not known");
    REFUSED(HEAD("UT") "<a/>", "InvalidTextEncoding", "the declared encoding, UT, is not known");
}

static void test_several_bytes(void **state)
{
    (void)state;
    ENCODED(HEAD("Shift_JIS") "<\x95\x5c k='\x83\x5c'>\x93\xfa\x96\x7b \xb1\xb2</\x95\x5c>",
            "{\"表\":{\"@k\":\"ソ\",\"#text\":\"日本 ｱｲ\"}}");
    ENCODED(HEAD("windows-31j") "<a>\x87\x40\\\x81\x60</a>", "{\"a\":\"①\\\\～\"}");
    ENCODED(HEAD("EUC-JP") "<a>\xc6\xfc\xcb\xdc\x8f\xb0\xa1\x8e\xb1</a>", "{\"a\":\"日本丂ｱ\"}");
    ENCODED(HEAD("ISO-2022-JP") "<a>\x1b$BF|K\\\x1b(B]</a>", "{\"a\":\"日本]\"}");
    ENCODED(HEAD("GBK") "<a>\xd6\xd0\xce\xc4\x81\x5c</a>", "{\"a\":\"中文乗\"}");
    ENCODED(HEAD("GB18030") "<a>\xd6\xd0\x81\x30\x84\x36\x94\x39\xfc\x36</a>", "{\"a\":\"中¥😀\"}");
    ENCODED(HEAD("Big5") "<a>\xa4\xa4\xa4\xe5\xb3\x5c</a>", "{\"a\":\"中文許\"}");
    ENCODED(HEAD("Big5-HKSCS") "<a>\x88\x66\x88\x62</a>", "{\"a\":\"ÊÊ̄\"}");
    ENCODED(HEAD("EUC-KR") "<a>\xc7\xd1\xb1\xdb</a>", "{\"a\":\"한글\"}");
    ENCODED(HEAD("cp949") "<a>\x8c\x63</a>", "{\"a\":\"똠\"}");
}

/* The text in an encoding, as iconv writes it; freed with free(). */
static char *in_encoding(const char *encoding, const char *text, size_t *size)
{
    size_t left = strlen(text), room = 8 * left + 64;
    char *bytes = malloc(room), *to = bytes, *from = (char *)(uintptr_t)text;
    iconv_t converter = iconv_open(encoding, "UTF-8");
    assert_true(bytes && converter != (iconv_t)-1);
    assert_int_equal(iconv(converter, &from, &left, &to, &room), 0);
    assert_int_equal(iconv(converter, NULL, NULL, &to, &room), 0);
    iconv_close(converter);
    *size = (size_t)(to - bytes);
    return bytes;
}

static void becomes_in(const char *encoding, const char *xml, const char *json)
{
    size_t size;
    char *bytes = in_encoding(encoding, xml, &size);
    xml_check(&(struct xml_expected){.xml = bytes, .size = size, .json = json, .json_size = strlen(json)});
    free(bytes);
}

static void test_units_and_ebcdic(void **state)
{
    (void)state;
    becomes_in("UTF-32", HEAD("UTF-32") "<a>é€😀\r\n.</a>", "{\"a\":\"é€😀\\n.\"}");
    becomes_in("UTF-32LE", HEAD("UTF-32") "<a>é€😀</a>", "{\"a\":\"é€😀\"}");
    becomes_in("UTF-32BE", "<a>é€😀</a>", "{\"a\":\"é€😀\"}");
    becomes_in("UTF-32LE", "\xef\xbb\xbf<a>é€😀</a>", "{\"a\":\"é€😀\"}");
    becomes_in("UTF-16LE", HEAD("UTF-16LE") "<a>é€😀</a>", "{\"a\":\"é€😀\"}");
    becomes_in("UTF-16BE", HEAD("UTF-16") "<a>é€😀</a>", "{\"a\":\"é€😀\"}");
    becomes_in("IBM037", HEAD("ebcdic-cp-us") "<a k='[1]'>é!|</a>", "{\"a\":{\"@k\":\"[1]\",\"#text\":\"é!|\"}}");
    becomes_in("IBM1047", HEAD("IBM1047") "<a>[é]^</a>", "{\"a\":\"[é]^\"}");
    becomes_in("IBM1140", HEAD("ibm01140") "<a>€</a>", "{\"a\":\"€\"}");
}

/* Blocks of the parser and lots of characters end anywhere in these. */
static void test_long_documents(void **state)
{
    (void)state;
    static const char *const encodings[] = {"windows-1251", "EUC-JP", "ISO-2022-JP", "GB18030", "UTF-32"};
    for (size_t i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        struct xml_text xml = {0}, json = {0};
        const char *word = i == 0 ? "слово " : "日本 x语"; /* the last letter in GB18030 and UTF-32 only */
        if (i == 1 || i == 2)
            word = "日本 x";
        xml_add(&xml, "<?xml version='1.0' encoding='");
        xml_add(&xml, encodings[i]);
        xml_add(&xml, "'?><a>");
        xml_add(&json, "{\"a\":\".");
        xml_add(&xml, ".");
        xml_add_times(&xml, word, 2 * BLOCK_BYTES / strlen(word));
        xml_add_times(&json, word, 2 * BLOCK_BYTES / strlen(word));
        xml_add(&xml, ".</a>");
        xml_add(&json, ".\"}");
        becomes_in(encodings[i], xml.bytes, json.bytes);
        free(xml.bytes);
        free(json.bytes);
    }
}

static void test_bytes_that_mean_nothing(void **state)
{
    (void)state;
    const char *says = "line 3: bytes that are no character of the declared encoding", *cut = "ends inside a character";
    REFUSED(HEAD("windows-1252") "<a>\n\x81</a>", "MalformedXML", says);
    REFUSED(HEAD("ISO-8859-7") "<a>\n\xff</a>", "MalformedXML", says);
    REFUSED(HEAD("Shift_JIS") "<a>\n\x93\x20</a>", "MalformedXML", says);
    REFUSED(HEAD("Shift_JIS") "<a>\n\xa0</a>", "MalformedXML", says);
    REFUSED(HEAD("EUC-JP") "<a>\n\xc6<</a>", "MalformedXML", says);
    REFUSED(HEAD("EUC-JP") "<a>\n\x8f\xb0<</a>", "MalformedXML", says);
    REFUSED(HEAD("ISO-2022-JP") "<a>\n\x1b$B\x22\x2f\x1b(B</a>", "MalformedXML", says);
    REFUSED(HEAD("ISO-2022-JP") "<a>\n\x1b$ZF|</a>", "MalformedXML", "does not allow");
    REFUSED(HEAD("GBK") "<a>\n\xd6\x20</a>", "MalformedXML", says);
    REFUSED(HEAD("GB18030") "<a>\n\x81\x30\x81\x3a</a>", "MalformedXML", says);
    REFUSED(HEAD("Big5") "<a>\n\xa4\x20</a>", "MalformedXML", says);
    REFUSED(HEAD("EUC-KR") "<a>\n\xc7</a>", "MalformedXML", says);
    REFUSED(HEAD("Shift_JIS") "<a/>\n\x93", "MalformedXML", cut);
    REFUSED(HEAD("GB18030") "<a/>\n\x81\x30\x84", "MalformedXML", cut);
    REFUSED(HEAD("Big5-HKSCS") "<a/>\n\x88\x66", "MalformedXML", "behind the end"); /* kept back until then */
    REFUSED(HEAD("KOI8-R") "<a>\x01</a>", "MalformedXML", "does not allow");
    REFUSED(HEAD("Shift_JIS") "<a>\x01</a>", "MalformedXML", "does not allow");
    REFUSED("<\0\0\0a\0\0\0>\0\0\0\0\xd8\0\0", "MalformedXML", "not valid UTF-32");
    REFUSED("\0\0\0<\0\0\0a\0\0\0>\0\x11\0\0", "MalformedXML", "not valid UTF-32");
    REFUSED("<\0\0\0a\0\0\0/\0\0\0>\0\0\0\n\0\0", "MalformedXML", cut);
}

static void test_contradictions(void **state)
{
    (void)state;
    const char *other = "not in the encoding", *undeclared = "EBCDIC and declares no encoding";
    REFUSED("\xef\xbb\xbf" HEAD("windows-1252") "<a/>", "InvalidTextEncoding", other);
    REFUSED("\xef\xbb\xbf" HEAD("Shift_JIS") "<a/>", "InvalidTextEncoding", other);
    REFUSED(HEAD("UTF-32LE") "<a/>", "InvalidTextEncoding", other);
    REFUSED(HEAD("IBM500") "<a/>", "InvalidTextEncoding", other);
    /* "<?xml version='1.0'?><a/>", "<?xmx?>" and "<?xm" in EBCDIC */
    REFUSED("\x4c\x6f\xa7\x94\x93\x40\xa5\x85\x99\xa2\x89\x96\x95\x7e\x7d\xf1\x4b\xf0\x7d\x6f\x6e\x4c\x81\x61\x6e",
            "InvalidTextEncoding", undeclared);
    REFUSED("\x4c\x6f\xa7\x94\xa7\x6f\x6e", "InvalidTextEncoding", undeclared);
    REFUSED("\x4c\x6f\xa7\x94", "InvalidTextEncoding", undeclared);
    size_t size;
    char *bytes = in_encoding("IBM037", HEAD("windows-1252") "<a/>", &size);
    xml_bytes_fail(NULL, bytes, size, "InvalidTextEncoding", other);
    free(bytes);
}

int main(void)
{
    xml_json = direct_load("xml_json");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_byte),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_several_bytes),
        cmocka_unit_test(test_units_and_ebcdic),
        cmocka_unit_test(test_long_documents),
        cmocka_unit_test(test_bytes_that_mean_nothing),
        cmocka_unit_test(test_contradictions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
