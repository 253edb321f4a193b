/* SPDX-License-Identifier: MIT */
/*
 * The pii transform in structured objects, by example: each in one piece, byte by byte, and in
 * pieces of the sizes that streaming promises.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "direct_host.h"

#define KEY "\"key\":\"0123456789abcdef\""

static const struct objlens_transform *pii;
static size_t piece_size;

static size_t direct_pieces(struct objlens_call *c, size_t left)
{
    (void)c;
    return piece_size < left ? piece_size : left;
}

struct example {
    const char *payload, *type, *text, *want; /* want NULL: fails, with `code` */
    const char *code;
};

static void run(const struct example *e, size_t pieces)
{
    struct objlens_call call;
    piece_size = pieces;
    direct_init(&call, e->payload, 1 + pieces % 300, (unsigned)pieces);
    call.media_type = e->type;
    int rc = direct_run(pii, &call, e->text, strlen(e->text), direct_pieces);
    if (e->want) {
        if (rc != OBJLENS_OK)
            fail_msg("%s on %s: %s", e->payload, e->text, call.failed_message);
        if (call.size != strlen(e->want) || memcmp(call.out ? call.out : (void *)"", e->want, call.size) != 0)
            fail_msg("%s on %s in pieces of %zu\n gives %.*s\n, not %s", e->payload, e->text, pieces,
                     (int)call.size, (char *)call.out, e->want);
    } else {
        assert_int_equal(rc, OBJLENS_EFAILED);
        assert_string_equal(call.failed_code, e->code);
    }
    assert_int_equal(direct_live_blocks(&call), 0);
    direct_fini(&call);
}

static void check(const struct example *examples, size_t count)
{
    static const size_t sizes[] = {1, 2, 3, 5, 7, 64, 511, 4095, 4096, 4097, 65537};
    for (size_t i = 0; i < count; i++)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
            run(&examples[i], sizes[s]);
}

#define CHECK(examples) check(examples, sizeof(examples) / sizeof((examples)[0]))

static void test_json(void **state)
{
    (void)state;
    static const char type[] = "application/json; charset=utf-8";
    static const struct example examples[] = {
        {"", type, "{\"m\": \"bob@example.com\"}\n", "{\"m\": \"[EMAIL_ADDRESS]\"}\n", NULL},
        {"", type, "{ \"bob@example.com\" : [ 1 , 2.5e3,true,null ] }", "{ \"[EMAIL_ADDRESS]\" : [ 1 , 2.5e3,true,null ] }", NULL},
        {"", type, "\"a \\\"bob\\u0040example.com\\\" \\u00e9\\n\"", "\"a \\\"[EMAIL_ADDRESS]\\\" \\u00e9\\n\"", NULL},
        {"", type, "[\"\\ud83d\\ude00 a@b.co\", \"\\ud800\", \"\\ud800\\n\", \"\\ud800\\u0041\"]",
         "[\"\\ud83d\\ude00 [EMAIL_ADDRESS]\", \"\\ud800\", \"\\ud800\\n\", \"\\ud800\\u0041\"]", NULL},
        {"", type, "{\"card\":4111111111111111,\"n\":12}", "{\"card\":\"[CREDIT_CARD]\",\"n\":12}", NULL},
        {"{\"numbers\":false}", type, "{\"card\":4111111111111111}", "{\"card\":4111111111111111}", NULL},
        {"{\"template\":\"<\\\"{type}\\\\\\\">\"}", type, "\"a@b.co\"", "\"<\\\"EMAIL_ADDRESS\\\\\\\">\"", NULL},
        {"", type, "{\"a\":1}\n{\"a\":\"a@b.co\"}\n[]\n{}\n", "{\"a\":1}\n{\"a\":\"[EMAIL_ADDRESS]\"}\n[]\n{}\n", NULL},
        {"{\"fields\":{\"$.user.ssn\":\"US_SSN\",\"$..mail\":\"redact\",\"users[*].name\":\"mask\",\"list[1]\":\"keep\"}}", type,
         "{\"user\":{\"ssn\":5,\"x\":{\"ssn\":6}},\"q\":{\"mail\":\"x\"},\"users\":[{\"name\":\"Al\"},{\"name\":{\"first\":\"Bo\"}}],"
         "\"list\":[\"a@b.co\",\"a@b.co\"]}",
         "{\"user\":{\"ssn\":\"[US_SSN]\",\"x\":{\"ssn\":6}},\"q\":{\"mail\":\"\"},\"users\":[{\"name\":\"**\"},{\"name\":{\"first\":\"**\"}}],"
         "\"list\":[\"[EMAIL_ADDRESS]\",\"a@b.co\"]}", NULL},
        {"{\"fields\":{\"*_PHONE\":\"replace\",\"flag\":\"replace\"}}", type, "{\"home_phone\":\"12\",\"flag\":true,\"a\":{\"flag\":null}}",
         "{\"home_phone\":\"[PII]\",\"flag\":\"[PII]\",\"a\":{\"flag\":null}}", NULL},
        {"", type, "{\"a\":}", NULL, "UnexpectedContent"},
        {"", type, "{\"a\":\"x", NULL, "UnexpectedContent"},
        {"", type, "[1,]", NULL, "UnexpectedContent"},
        {"", type, "[1}", NULL, "UnexpectedContent"},
        {"", type, "{\"a\" 1}", NULL, "UnexpectedContent"},
        {"", type, "[01]", NULL, "UnexpectedContent"},
        {"", type, "[tru]", NULL, "UnexpectedContent"},
        {"", type, "\"\\x\"", NULL, "UnexpectedContent"},
        {"", type, "\"\\u00g0\"", NULL, "UnexpectedContent"},
        {"", type, "]", NULL, "UnexpectedContent"},
    };
    CHECK(examples);
}

static void test_csv(void **state)
{
    (void)state;
    static const char type[] = "text/csv";
    static const struct example examples[] = {
        {"", type, "name,mail\r\nBob,bob@example.com\r\n\r\nAnn,\"a \"\"b@c.org\"\"\"\r\n",
         "name,mail\r\nBob,[EMAIL_ADDRESS]\r\n\r\nAnn,\"a \"\"[EMAIL_ADDRESS]\"\"\"\r\n", NULL},
        {"{\"fields\":{\"ssn\":\"US_SSN\",\"#1\":{\"operator\":\"replace\",\"template\":\"P;{n}\"}}}", type,
         "who;ssn\nBob;536221234\n\"An\"\"n\";\nX;\"1\n2\"", "who;ssn\n\"P;1\";[US_SSN]\n\"P;2\";\n\"P;3\";\"[US_SSN]\"", NULL},
        {"{\"csv\":{\"delimiter\":\"|\",\"quote\":\"'\",\"header\":false}}", type, "'a@b.co|x'|a@b.co|it''s\n", "'[EMAIL_ADDRESS]|x'|[EMAIL_ADDRESS]|it''s\n", NULL},
        {"{\"template\":\"a|b\",\"csv\":{\"delimiter\":\"|\"}}", type, "x|a@b.co|y", "x|\"a|b\"|y", NULL},
        {"", "text/tab-separated-values", "a\tb,c\n1\tx@y.org\n", "a\tb,c\n1\t[EMAIL_ADDRESS]\n", NULL},
        {"", type, "a,b\n\"x\" y@z.org,2\n", "a,b\n\"x\" [EMAIL_ADDRESS],2\n", NULL},
        {"{\"fields\":{\"ssn\":\"redact\"}}", type, "\n\r\nwho;ssn\nBob;5\n", "\n\r\nwho;ssn\nBob;\n", NULL},
        {"", type, "a,b\n\"never ends", NULL, "UnexpectedContent"},
        {"", type, "", "", NULL},
        {"", type, "a@b.co", "[EMAIL_ADDRESS]", NULL},
        {"{\"fields\":{\"b\":\"redact\"}}", type, "a,b,c\n1,\"2,\"\"3\",4\n1,2,3,4\n", "a,b,c\n1,\"\",4\n1,,3,4\n", NULL},
    };
    CHECK(examples);
}

static void test_xml(void **state)
{
    (void)state;
    static const char type[] = "application/xml";
    static const struct example examples[] = {
        {"", type, "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY e \"x@y.org>\">]><a k = 'bob&#64;ex.org'>x<b/>&lt;c@d.org&gt;</a>",
         "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY e \"[EMAIL_ADDRESS]>\">]><a k = '[EMAIL_ADDRESS]'>x<b/>&lt;[EMAIL_ADDRESS]&gt;</a>", NULL},
        {"", type, "<a><!-- a@b.co ---><![CDATA[a@b.co]]]></a>", "<a><!-- [EMAIL_ADDRESS] ---><![CDATA[[EMAIL_ADDRESS]]]]></a>", NULL},
        {"{\"fields\":{\"/a/p/@id\":\"mask\",\"//ssn\":\"US_SSN\",\"p/n\":\"redact\",\"x\":\"keep\"}}", type,
         "<a id=\"1\"><p id=\"12\"><n>Al</n><q><ssn>&#49;<z>2</z></ssn></q></p><n>Bo</n><x>a@b.co</x></a>",
         "<a id=\"1\"><p id=\"**\"><n></n><q><ssn>[US_SSN]<z>[US_SSN]</z></ssn></q></p><n>Bo</n><x>a@b.co</x></a>", NULL},
        {"{\"template\":\"<{type}&'\"}" , type, "<a>a@b.co</a>", "<a>&lt;EMAIL_ADDRESS&amp;&apos;</a>", NULL},
        {"", type, "<a>&own; &#xZ; a & b@c.org</a>", "<a>&own; &#xZ; a & [EMAIL_ADDRESS]</a>", NULL},
        {"{\"fields\":{\"s\":\"US_SSN\",\"n\":\"mask\"}}", type, "<a><s><![CDATA[53]6]]]></s><n><!-- 5 ---><?p 6?7?></n><s><![CDATA[]]></s></a>",
         "<a><s><![CDATA[[US_SSN]]]></s><n><!--****--><?*****?></n><s><![CDATA[]]></s></a>", NULL},
        {"{\"fields\":{\"s\":\"redact\"}}", type, "<a><s></b>secret</s></a>", NULL, "UnexpectedContent"},
        {"{\"fields\":{\"*:s\":\"redact\",\"t\":\"redact\"}}", type, "<a><n:s>x</n:s><s>x</s><t n:s='x'/><n:t>x</n:t></a>",
         "<a><n:s></n:s><s>x</s><t n:s=''/><n:t>x</n:t></a>", NULL},
        {"", type, "</a>", NULL, "UnexpectedContent"},
        {"", type, "<!4111111111111111>", NULL, "UnexpectedContent"},
        {"", type, "<a><![CDbob@example.com]]></a>", NULL, "UnexpectedContent"},
        {"", type, "<a b=1></a>", NULL, "UnexpectedContent"},
        {"", type, "<a", NULL, "UnexpectedContent"},
        {"", type, "<bob@example.com>", NULL, "UnexpectedContent"},
        {"", type, "<a>&#x00000000000040;</a>", NULL, "UnexpectedContent"},
    };
    CHECK(examples);
}

static void test_text_and_forms(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"", NULL, "q=bob%40example.com&x=a&#64;b.org \\u0061@c.org 100% &amp &#x zz%4", "q=[EMAIL_ADDRESS]&x=[EMAIL_ADDRESS] [EMAIL_ADDRESS] 100% &amp &#x zz%4", NULL},
        {"", NULL, "see ftp://x.org/a%20b%22c, http://y.org/?u=z%40x.org", "see [URL], [URL]", NULL},
        {"{\"decode\":false}", NULL, "bob%40example.com", "bob%40example.com", NULL},
        {"", "application/x-www-form-urlencoded", "m=bob%40example.com&t=%2B1+415+555+2671&z=1%&k%40b.co=",
         "m=%5BEMAIL_ADDRESS%5D&t=%5BPHONE_NUMBER%5D&z=1%&%5BEMAIL_ADDRESS%5D=", NULL},
        {"{\"fields\":{\"pass*\":\"redact\"}}", "application/x-www-form-urlencoded", "password=a%20b&x=1", "password=&x=1", NULL},
        {"{\"format\":\"log\",\"fields\":{\"user\":\"mask\",\"pw\":\"PASSWORD_\"}}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"format\":\"log\",\"fields\":{\"user\":\"mask\",\"pw\":\"redact\"}}", NULL,
         "t=1 user=bob pw: \"a \\\" b\" user:'x' url=/u?user=ann&y=a@b.co end user=", "t=1 user=*** pw: \"\" user:'*' url=/u?user=***&y=[EMAIL_ADDRESS] end user=", NULL},
        {"{\"format\":\"log\",\"fields\":{\"ssn\":\"US_SSN\"}}", NULL,
         "{\"ssn\":\"x y\",\"n\":1} {'ssn' : 5} {\"ssn\":7} ssn = 4 \"ssn=6\" \\nssn=8 \"a ssn b\":9 \"ssn b\":9 ssn b=9",
         "{\"ssn\":\"[US_SSN]\",\"n\":1} {'ssn' : [US_SSN]} {\"ssn\":[US_SSN]} ssn = [US_SSN] \"ssn=[US_SSN]\" \\nssn=[US_SSN] "
         "\"a ssn b\":9 \"ssn b\":9 ssn b=9", NULL},
        {"", "text/html", "<p>bob&commat;example.com <bob@example.com></p>", "<p>[EMAIL_ADDRESS] <[EMAIL_ADDRESS]></p>", NULL},
    };
    CHECK(examples);
}

static void test_operators(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"{\"operator\":{\"operator\":\"mask\",\"keep_last\":4,\"keep_separators\":true}}", NULL, "4111-1111-1111-1111", "****-****-****-1111", NULL},
        {"{\"operator\":{\"operator\":\"mask\",\"keep_first\":2,\"keep_last\":60}}", NULL, "a@b.co", "******", NULL},
        {"{\"template\":\"<{type} {n}>\"}", NULL, "a@b.co c@d.co 536-22-1234", "<EMAIL_ADDRESS 1> <EMAIL_ADDRESS 2> <US_SSN 1>", NULL},
        {"{\"operators\":{\"US_SSN\":\"keep\",\"EMAIL\":\"redact\"}}", NULL, "a@b.co 536-22-1234", " 536-22-1234", NULL},
        /* printf a@b.co | openssl dgst -sha256 -hmac 0123456789abcdef */
        {"{\"operator\":{\"operator\":\"hash\",\"length\":16}," KEY "}", NULL, "A@b.co", "6d65514ee61fe443", NULL},
        {"{\"fields\":{\"s\":{\"operator\":\"ff1\",\"alphabet\":\"alnum\"}}," KEY "}", "application/json",
         "[{\"s\":\"\xd0\x98\xd0\xb2 123456\"},{\"s\":\"\\u0416 123456\"}]", "[{\"s\":\"[PII]\"},{\"s\":\"[PII]\"}]", NULL},
        {"{\"operator\":\"encrypt\"}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"key\":\"short\"}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"mode\":\"restore\"}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"mode\":\"restore\"," KEY "}", NULL, "[EMAIL_ADDRESS:AAAA] [a] [[B: [US_SSN] [", "[EMAIL_ADDRESS:AAAA] [a] [[B: [US_SSN] [", NULL},
        {"{\"mask_mode\":\"MASK\"}", NULL, "\xc3\xa9@b.co", "******", NULL},
    };
    CHECK(examples);
}

static void test_custom(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"{\"custom\":[{\"name\":\"STAFF\",\"pattern\":\"\\\\bE-\\\\d{5}\\\\b\"}]}", NULL, "e-12345 E-123456 xE-12345 E-00001", "[STAFF] E-123456 xE-12345 [STAFF]", NULL},
        {"{\"custom\":[{\"name\":\"PROJECT\",\"words\":[\"Red Falcon\",\"Mole\"]}],\"operators\":{\"PROJECT\":\"mask\"}}", NULL,
         "RED FALCON, moles, Mole a@b.co", "**********, moles, **** [EMAIL_ADDRESS]", NULL},
        {"{\"custom\":[{\"name\":\"LOYAL\",\"pattern\":\"99\\\\d{6}\",\"check\":\"luhn\",\"case_sensitive\":true}],\"fields\":{\"x\":\"LOYAL\"}}", "application/json",
         "{\"a\":\"99000002 99000005\",\"x\":1}", "{\"a\":\"[LOYAL] 99000005\",\"x\":\"[LOYAL]\"}", NULL},
        {"{\"luhn\":\"context-waives\"}", NULL, "credit card 1111-0000-1111-0000\n1111-0000-1111-0000 4111111111111111", "credit card [CREDIT_CARD]\n1111-0000-1111-0000 [CREDIT_CARD]", NULL},
        {"{\"luhn\":\"require\"}", NULL, "credit card 1111-0000-1111-0000", "credit card 1111-0000-1111-0000", NULL},
        {"{\"luhn\":\"context\"}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"custom\":[{\"name\":\"SLOW\",\"pattern\":\"(a+)+[!?]\"}]}", NULL, "b aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab c", "b [SLOW] c", NULL},
        {"{\"custom\":[{\"name\":\"SLOW\",\"pattern\":\"(\\\\d+)+[!?]\",\"check\":\"luhn\"}]}", NULL,
         "b 1111111111111111111111111111111111111111111111111111111111111111111b c", "b [SLOW] c", NULL},
        {"{\"custom\":[{\"name\":\"US_SSN\",\"pattern\":\"x\"}]}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"custom\":[{\"name\":\"A\",\"pattern\":\"(\"}]}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"custom\":[{\"name\":\"A\",\"pattern\":\"x\",\"colour\":1}]}", NULL, "x", NULL, "InvalidTransformPayload"},
        {"{\"custom\":[{\"name\":\"A\"}]}", NULL, "x", NULL, "InvalidTransformPayload"},
    };
    CHECK(examples);
}

/* There and back again. */
static void round_trip(const char *there, const char *back, const char *type, const char *text)
{
    struct objlens_call call;
    char *made;
    piece_size = 3;
    direct_init(&call, there, 50, 1);
    call.media_type = type;
    assert_int_equal(direct_run(pii, &call, text, strlen(text), direct_pieces), OBJLENS_OK);
    made = strndup((char *)call.out, call.size);
    direct_fini(&call);
    assert_null(strstr(made, "4111"));
    assert_null(strstr(made, "bob"));
    struct example e = {back, type, made, text, NULL};
    check(&e, 1);
    free(made);
}

static void test_the_way_back(void **state)
{
    (void)state;
    static const char text[] = "bob@example.com, 4111 1111 1111 1111 and bob\xc3\xa9@example.com";
    static const char json[] = "{\"a\":\"bob@example.com\",\"card\":\"4111-1111-1111-1111\",\"b\":\"4111\"}";
    round_trip("{\"operator\":\"encrypt\"," KEY "}", "{\"mode\":\"restore\"," KEY "}", NULL, text);
    round_trip("{\"operator\":\"encrypt\"," KEY ",\"fields\":{\"card\":\"ff1\",\"b\":\"encrypt\"}}",
               "{\"mode\":\"restore\"," KEY ",\"fields\":{\"card\":\"ff1\"}}", "application/json", json);
    round_trip("{\"operator\":\"encrypt\"," KEY ",\"fields\":{\"card\":{\"operator\":\"ff1\",\"alphabet\":\"alnum\",\"keep_last\":4},\"b\":\"encrypt\"}}",
               "{\"mode\":\"restore\"," KEY ",\"fields\":{\"card\":{\"operator\":\"ff1\",\"alphabet\":\"alnum\",\"keep_last\":4}}}", "application/json",
               "{\"a\":\"bob@example.com\",\"card\":\"4111-1111-1111-2222\",\"b\":\"4111\"}");
}

static void test_report(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {"{\"mode\":\"report\"}", NULL, "to a@b.co now", "{\"type\":\"EMAIL_ADDRESS\",\"start\":3,\"end\":9,\"score\":1.00}\n", NULL},
        {"{\"mode\":\"report\"}", "application/json", "[\"\\u0061\\u0040b.co\"]", "{\"type\":\"EMAIL_ADDRESS\",\"start\":2,\"end\":18,\"score\":1.00}\n", NULL},
        {"{\"mode\":\"report\"}", NULL, "nothing", "", NULL},
    };
    CHECK(examples);
    struct objlens_call call;
    direct_init(&call, "{\"mode\":\"report\"}", 50, 1);
    assert_int_equal(direct_run(pii, &call, "a@b.co c@d.co", 13, direct_whole), OBJLENS_OK);
    assert_string_equal(call.metadata, "pii-email-address=2;");
    assert_string_equal(call.content_type, "application/x-ndjson");
    assert_int_equal(call.counted[0], 1);
    assert_int_equal(call.counted[1], 2);
    direct_fini(&call);
}

/* Not a byte of a denied object; every byte of another, also where a second reading is needed. */
static void test_deny(void **state)
{
    (void)state;
    enum { LARGE = 700000 };
    static char text[LARGE];
    memset(text, 'x', LARGE);
    for (size_t i = 99; i < LARGE; i += 100)
        text[i] = '\n';
    for (int with = 0; with < 2; with++)
        for (int again = 0; again < 2; again++)
            for (int small = 0; small < 2; small++) {
                struct objlens_call call;
                size_t size = small ? 200000 : LARGE;
                memcpy(text + size - 20, with ? " a@b.co " : " a-b-co ", 8);
                piece_size = 60000;
                direct_init(&call, "{\"mode\":\"deny\"}", 50, 1);
                call.original = again ? (const unsigned char *)text : NULL;
                call.original_size = size;
                int rc = direct_run(pii, &call, text, size, direct_pieces);
                bool passes = !with && (small || again);
                assert_int_equal(rc, passes ? OBJLENS_OK : OBJLENS_EFAILED);
                assert_int_equal(call.size, passes ? size : 0);
                if (passes)
                    assert_memory_equal(call.out, text, size);
                else
                    assert_int_equal(call.failed_status, with && (small || again) ? 403 : 400);
                direct_fini(&call);
            }
}

static void test_utf16(void **state)
{
    (void)state;
    static const char mail[] = "a@b.co \xf0\x9f\x98\x80", want[] = "[EMAIL_ADDRESS] ";
    for (int big = 0; big < 2; big++)
        for (piece_size = 1; piece_size < 6; piece_size++) {
            unsigned char text[40] = {big ? 0xfe : 0xff, big ? 0xff : 0xfe};
            size_t size = 2;
            for (size_t i = 0; i < 7; i++, size += 2)
                text[size + (size_t)big] = (unsigned char)mail[i];
            static const unsigned char smile[] = {0xd8, 0x3d, 0xde, 0x00};
            for (size_t i = 0; i < 4; i++)
                text[size + (big ? i : i ^ 1)] = smile[i];
            size += 4;
            struct objlens_call call;
            direct_init(&call, "", 50, 1);
            assert_int_equal(direct_run(pii, &call, text, size, direct_pieces), OBJLENS_OK);
            assert_int_equal(call.size, 2 + 2 * strlen(want) + 4);
            for (size_t i = 0; i < strlen(want); i++)
                assert_int_equal(call.out[2 + 2 * i + (size_t)big], want[i]);
            assert_memory_equal(call.out + call.size - 4, text + size - 4, 4);
            direct_fini(&call);
            direct_init(&call, "{\"mode\":\"report\"}", 50, 1);
            assert_int_equal(direct_run(pii, &call, text, size, direct_pieces), OBJLENS_OK);
            assert_non_null(strstr(strndupa((char *)call.out, call.size), "\"start\":2,\"end\":14,"));
            direct_fini(&call);
        }
}

static void test_unsupported(void **state)
{
    (void)state;
    for (int pass = 0; pass < 2; pass++) {
        struct objlens_call call;
        piece_size = 2;
        direct_init(&call, pass ? "{\"UNSUPPORTED_FILE_HANDLING\":\"PASS\"}" : "{\"unsupported\":\"fail\"}", 50, 1);
        assert_int_equal(direct_run(pii, &call, "\x1f\x8b\x08 a@b.co", 10, direct_pieces), pass ? OBJLENS_OK : OBJLENS_EFAILED);
        assert_int_equal(call.size, pass ? 10 : 0);
        direct_fini(&call);
    }
}

static void test_depth(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    static char text[2 * DEEP + 1];
    for (int levels = 10000; levels <= DEEP; levels += DEEP - 10000) {
        memset(text, '[', (size_t)levels);
        memset(text + levels, ']', (size_t)levels);
        struct objlens_call call;
        direct_init(&call, "{\"format\":\"json\"}", 5000, 1);
        int rc = direct_run(pii, &call, text, 2 * (size_t)levels, direct_chopped);
        assert_int_equal(rc, levels == 10000 ? OBJLENS_OK : OBJLENS_EFAILED);
        direct_fini(&call);
    }
}

/* More escapes than are kept at a time, and a value without an end. */
static void test_long_values(void **state)
{
    (void)state;
    enum { ESCAPES = 60000 };
    static char text[6 * ESCAPES + 100];
    for (int kind = 0; kind < 3; kind++) {
        size_t size = 1;
        text[0] = '"';
        for (size_t i = 0; i < ESCAPES; i++, size += kind == 2 ? 6 : 2)
            memcpy(text + size, kind == 0 ? "\\n" : kind == 1 ? "ab" : "\\u0061", kind == 2 ? 6 : 2);
        memcpy(text + size, " a@b.co\"", 8);
        size += 8;
        struct objlens_call call;
        direct_init(&call, "{\"format\":\"json\"}", 5000, 1);
        int rc = direct_run(pii, &call, text, size, direct_chopped);
        if (rc != OBJLENS_OK)
            fail_msg("%s", call.failed_message);
        assert_int_equal(call.size, size - 6 + 15);
        direct_fini(&call);
    }
}

/* What a mask keeps at the ends is not kept of each piece of a long value. */
static void test_long_masks(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        "{\"format\":\"json\",\"fields\":{\"a\":{\"operator\":\"mask\",\"keep_first\":3,\"keep_last\":4}}}",
        "{\"operator\":{\"operator\":\"mask\",\"keep_first\":3,\"keep_last\":4}}",
    };
    static const size_t sizes[] = {1, 7, 511, 4097, 65537};
    static char text[20000];
    for (size_t i = 0; i < 10; i++) {
        bool json = i < 5;
        size_t size = (size_t)sprintf(text, json ? "{\"a\":\"" : "x@");
        while (size < sizeof(text) - 10)
            size += (size_t)sprintf(text + size, json ? "secret" : "bcd.");
        size += (size_t)sprintf(text + size, json ? "\"}" : "com");
        struct objlens_call call;
        piece_size = sizes[i % 5];
        direct_init(&call, payloads[!json], 5000, 1);
        assert_int_equal(direct_run(pii, &call, text, size, direct_pieces), OBJLENS_OK);
        size_t shown = 0;
        for (size_t at = 0; at < call.size; at++)
            shown += ((char *)call.out)[at] != '*';
        assert_int_equal(call.size, size);
        assert_int_equal(shown, json ? 8 : 7);
        direct_fini(&call);
    }
}

static void test_many_columns(void **state)
{
    (void)state;
    static char text[12000], payload[200];
    size_t size = 0;
    for (int line = 0; line < 2; line++)
        for (int i = 1; i <= 1100; i++)
            size += (size_t)sprintf(text + size, "%s%d%c", line ? "" : "c", i, i < 1100 ? ',' : '\n');
    for (int i = 0; i < 5; i++) {
        static const char *const fields[] = {"", "\"#1024\":\"redact\"", "\"#1025\":\"redact\"", "\"c1050\":\"redact\"",
                                             "\"*z\":\"redact\""};
        struct objlens_call call;
        snprintf(payload, sizeof(payload), "{\"format\":\"csv\",\"fields\":{%s}}", fields[i]);
        direct_init(&call, payload, 5000, 1);
        int rc = direct_run(pii, &call, text, size, direct_chopped);
        assert_int_equal(rc, i < 2 ? OBJLENS_OK : OBJLENS_EFAILED);
        direct_fini(&call);
    }
}

int main(void)
{
    pii = direct_load("pii");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),         cmocka_unit_test(test_csv),
        cmocka_unit_test(test_xml),          cmocka_unit_test(test_text_and_forms),
        cmocka_unit_test(test_custom),       cmocka_unit_test(test_operators),
        cmocka_unit_test(test_the_way_back),
        cmocka_unit_test(test_report),       cmocka_unit_test(test_deny),
        cmocka_unit_test(test_utf16),        cmocka_unit_test(test_unsupported),
        cmocka_unit_test(test_depth),        cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_long_masks),   cmocka_unit_test(test_many_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
