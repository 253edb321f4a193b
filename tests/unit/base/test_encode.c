/* SPDX-License-Identifier: MIT */
/* Hex, base64, percent-encoding, and escaping for JSON and XML. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "base/encode.h"

#include <stdio.h>

#define S(text) OL_SLICE_LIT(text)

/* One of the encoders on one input, compared with what is wanted. */
#define encodes(call, want)                                                                        \
    do {                                                                                           \
        ol_buf out;                                                                                \
        ol_buf_init(&out, 4096);                                                                   \
        assert_code(call, OL_OK);                                                                  \
        assert_slice(ol_buf_slice(&out), want);                                                    \
        ol_buf_fini(&out);                                                                         \
    } while (0)

static void hex(void **state)
{
    (void)state;
    char text[9];
    uint8_t bytes[4];
    size_t len;
    ol_hex_encode((const uint8_t *)"\x00\x9f\xA0\xff", 4, text);
    assert_string_equal(text, "009fa0ff");
    for (unsigned byte = 0; byte < 256; byte++) {
        char want[3];
        snprintf(want, sizeof(want), "%02x", byte);
        ol_hex_encode(&(uint8_t){(uint8_t)byte}, 1, text);
        assert_string_equal(text, want);
    }
    assert_code(ol_hex_decode(S("009fA0Ff"), bytes, 4, &len), OL_OK);
    assert_slice(ol_slice_of(bytes, len), "\x00\x9f\xA0\xff");
    assert_code(ol_hex_decode(S(""), bytes, 4, &len), OL_OK);
    assert_int_equal(len, 0);
    assert_code(ol_hex_decode(S("0"), bytes, 4, &len), OL_EINVAL);
    assert_code(ol_hex_decode(S("0g"), bytes, 4, &len), OL_EINVAL);
    assert_code(ol_hex_decode(S("@0"), bytes, 4, &len), OL_EINVAL);
    assert_code(ol_hex_decode(S(":0"), bytes, 4, &len), OL_EINVAL);
    assert_code(ol_hex_decode(S("0011223344"), bytes, 4, &len), OL_EINVAL);
}

static void base64_vectors(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", ""},
        {"f", "Zg=="},
        {"fo", "Zm8="},
        {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="},
        {"fooba", "Zm9vYmE="},
        {"foobar", "Zm9vYmFy"},
        {"\xFB\xEF\xFF", "++//"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        ol_buf out;
        ol_buf_init(&out, 100);
        assert_code(ol_base64_encode(&out, ol_slice_cstr(pairs[i][0])), OL_OK);
        assert_slices(ol_buf_slice(&out), ol_slice_cstr(pairs[i][1]));
        uint8_t back[16];
        size_t len;
        assert_code(ol_base64_decode(ol_buf_slice(&out), back, sizeof(back), &len), OL_OK);
        assert_slices(ol_slice_of(back, len), ol_slice_cstr(pairs[i][0]));
        ol_buf_fini(&out);
    }
}

static void base64_is_strict(void **state)
{
    (void)state;
    const char *bad[] = {"Z",    "Zg",   "Zg=",  "Zh==", "Zm9=", "Z===", "====", "=Zg=",
                         "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-v", "Zm_v", "Z=g="};
    uint8_t out[16];
    size_t len;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (ol_base64_decode(ol_slice_cstr(bad[i]), out, sizeof(out), &len) != OL_EINVAL)
            fail_msg("decoded: %s", bad[i]);
    }
    assert_code(ol_base64_decode(S("Zm9v"), out, 2, &len), OL_EINVAL);
    assert_code(ol_base64_decode(S("Zm8="), out, 2, &len), OL_OK);
}

static void uri_keeps_only_the_unreserved(void **state)
{
    (void)state;
    for (int c = 0; c < 256; c++) {
        uint8_t byte = (uint8_t)c;
        const char *kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
        for (int keep_slash = 0; keep_slash < 2; keep_slash++) {
            ol_buf out;
            ol_buf_init(&out, 10);
            assert_code(ol_uri_encode(&out, ol_slice_of(&byte, 1), keep_slash), OL_OK);
            char want[4] = {(char)c, 0};
            if (!(c && strchr(kept, c)) && !(keep_slash && c == '/'))
                snprintf(want, sizeof(want), "%%%02X", (unsigned)c);
            assert_slices(ol_buf_slice(&out), ol_slice_cstr(want));
            ol_buf_clear(&out);
            assert_code(ol_uri_decode(&out, ol_slice_cstr(want), false), OL_OK);
            assert_slices(ol_buf_slice(&out), ol_slice_of(&byte, 1));
            ol_buf_fini(&out);
        }
    }
    encodes(ol_uri_encode(&out, S("a b/\xC3\xA4+*~"), true), "a%20b/%C3%A4%2B%2A~");
    encodes(ol_uri_encode(&out, S("a/b=c&d"), false), "a%2Fb%3Dc%26d");
    encodes(ol_uri_encode(&out, OL_SLICE_NONE, false), "");
}

static void uri_decoding(void **state)
{
    (void)state;
    encodes(ol_uri_decode(&out, S("a+b%2b%2F"), true), "a b+/");
    encodes(ol_uri_decode(&out, S("a+b"), false), "a+b");
    encodes(ol_uri_decode(&out, S(""), false), "");
    const char *bad[] = {"%", "%4", "a%", "%zz", "%4g", "%%41", "% 41", "%+1", "abc%2"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ol_buf out;
        ol_buf_init(&out, 100);
        if (ol_uri_decode(&out, ol_slice_cstr(bad[i]), false) != OL_EINVAL)
            fail_msg("decoded: %s", bad[i]);
        ol_buf_fini(&out);
    }
    /* Escapes that are none do not make the result shorter than it gets before they are met. */
    char text[150];
    memset(text, 'a', 100);
    memset(text + 100, '%', 50);
    ol_buf tight;
    ol_buf_init(&tight, 4096);
    assert_code(ol_uri_decode(&tight, ol_slice_of(text, sizeof(text)), false), OL_EINVAL);
    ol_buf_fini(&tight);
    /* The limit is on what comes out, not on what goes in. */
    ol_buf out;
    ol_buf_init(&out, 2);
    assert_code(ol_uri_decode(&out, S("%41%42"), false), OL_OK);
    assert_slice(ol_buf_slice(&out), "AB");
    assert_code(ol_uri_decode(&out, S("%43"), false), OL_ELIMIT);
    ol_buf_fini(&out);
}

static void json(void **state)
{
    (void)state;
    encodes(ol_json_string(&out, S("plain")), "\"plain\"");
    encodes(ol_json_string(&out, OL_SLICE_NONE), "\"\"");
    encodes(ol_json_escape(&out, S("\"\\\b\f\n\r\t/")), "\\\"\\\\\\b\\f\\n\\r\\t/");
    encodes(ol_json_escape(&out, ol_slice_of("\0\x01\x1f\x7f", 4)), "\\u0000\\u0001\\u001f\\u007f");
    encodes(ol_json_escape(&out, S("\xC2\x9B\xC2\xA0")), "\\u009b\xC2\xA0");
    encodes(ol_json_escape(&out, S("\xC3\xA4\xF0\x9F\x92\xA9")), "\xC3\xA4\xF0\x9F\x92\xA9");
    encodes(ol_json_escape(&out, S("a\xFF" "b\xF0\x9F\x92" "c\xE2")),
            "a\xEF\xBF\xBD" "b\xEF\xBF\xBD" "c\xEF\xBF\xBD");
    encodes(ol_json_escape(&out, S("\xED\xA0\x80")),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
}

static void xml(void **state)
{
    (void)state;
    encodes(ol_xml_escape(&out, S("a<b>&\"'c")), "a&lt;b&gt;&amp;&quot;&#39;c");
    encodes(ol_xml_escape(&out, S("]]>")), "]]&gt;");
    encodes(ol_xml_escape(&out, S("\t\n\r")), "&#9;&#10;&#13;");
    encodes(ol_xml_escape(&out, ol_slice_of("\0\x01", 2)), "\xEF\xBF\xBD\xEF\xBF\xBD");
    encodes(ol_xml_escape(&out, S("\xEF\xBF\xBE\xEF\xBF\xBF\xEF\xBF\xBD")),
            "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    encodes(ol_xml_escape(&out, S("\x7F\xC3\xA4\xFF")), "\x7F\xC3\xA4\xEF\xBF\xBD");
}

static ol_buf buffer(void)
{
    ol_buf buf;
    ol_buf_init(&buf, 256);
    return buf;
}

/* A byte is written the same way wherever it stands, and whatever stands around it. */
static void escapes_the_same_at_every_place(void **state)
{
    (void)state;
    uint8_t text[19];
    for (unsigned byte = 0; byte < 256; byte++) {
        ol_buf alone_json = buffer(), alone_xml = buffer();
        uint8_t only = (uint8_t)byte;
        assert_code(ol_json_escape(&alone_json, ol_slice_of(&only, 1)), OL_OK);
        assert_code(ol_xml_escape(&alone_xml, ol_slice_of(&only, 1)), OL_OK);
        for (size_t at = 0; at < sizeof(text); at++) {
            memset(text, 'a', sizeof(text));
            text[at] = only;
            ol_buf json = buffer(), xml = buffer();
            assert_code(ol_json_escape(&json, ol_slice_of(text, sizeof(text))), OL_OK);
            assert_code(ol_xml_escape(&xml, ol_slice_of(text, sizeof(text))), OL_OK);
            assert_int_equal(json.len, sizeof(text) - 1 + alone_json.len);
            assert_int_equal(xml.len, sizeof(text) - 1 + alone_xml.len);
            assert_memory_equal(json.data + at, alone_json.data, alone_json.len);
            assert_memory_equal(xml.data + at, alone_xml.data, alone_xml.len);
            ol_buf_fini(&json);
            ol_buf_fini(&xml);
        }
        ol_buf_fini(&alone_json);
        ol_buf_fini(&alone_xml);
    }
}

static void what_does_not_fit_leaves_the_buffer(void **state)
{
    (void)state;
    ol_buf out;
    ol_buf_init(&out, 8);
    ol_buf_add_cstr(&out, "abc");
    assert_code(ol_json_string(&out, S("1234")), OL_ELIMIT);
    assert_code(ol_json_escape(&out, S("12345\n")), OL_ELIMIT);
    assert_code(ol_xml_escape(&out, S("12&")), OL_ELIMIT);
    assert_code(ol_uri_encode(&out, S("??"), false), OL_ELIMIT);
    assert_code(ol_base64_encode(&out, S("12345")), OL_ELIMIT);
    assert_slice(ol_buf_slice(&out), "abc");
    assert_code(ol_json_string(&out, S("123")), OL_OK);
    assert_slice(ol_buf_slice(&out), "abc\"123\"");
    ol_buf_fini(&out);
}

static int encode_everything(void *arg)
{
    (void)arg;
    ol_buf out;
    ol_buf_init(&out, 4096);
    ol_slice text = S("some text & \"more\" \xC3\xA4 that is long enough to need a second block\n");
    int rc = ol_json_string(&out, text);
    rc = rc == OL_OK ? ol_xml_escape(&out, text) : rc;
    rc = rc == OL_OK ? ol_uri_encode(&out, text, true) : rc;
    rc = rc == OL_OK ? ol_base64_encode(&out, text) : rc;
    ol_buf_fini(&out);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_in_range(ol_test_fail_each(encode_everything, NULL), 3, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hex),
        cmocka_unit_test(base64_vectors),
        cmocka_unit_test(base64_is_strict),
        cmocka_unit_test(uri_keeps_only_the_unreserved),
        cmocka_unit_test(uri_decoding),
        cmocka_unit_test(json),
        cmocka_unit_test(xml),
        cmocka_unit_test(escapes_the_same_at_every_place),
        cmocka_unit_test(what_does_not_fit_leaves_the_buffer),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
