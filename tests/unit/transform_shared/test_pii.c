/* SPDX-License-Identifier: MIT */
/*
 * The pii transform over every way of cutting a text, and by example. What is recognised in texts
 * of many kinds is measured elsewhere: tests/bench/pii_score.py.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "direct_host.h"
#include "pii_texts.h"

#define TEXT_MAX 40000

static const struct objlens_transform *pii;

static void show(const char *what, const unsigned char *p, size_t n, size_t around)
{
    size_t from = around > 80 ? around - 80 : 0, to = around + 80 < n ? around + 80 : n;
    print_error("%s, around byte %zu: \"", what, around);
    for (size_t i = from; i < to; i++)
        print_error(p[i] >= 0x20 && p[i] < 0x7f ? "%c" : "\\x%02x", p[i]);
    print_error("\"\n");
}

static void expect_same(const unsigned char *got, size_t got_size, const char *want, size_t want_size)
{
    size_t i = 0;
    while (i < got_size && i < want_size && got[i] == (unsigned char)want[i])
        i++;
    if (i == got_size && i == want_size)
        return;
    show("got", got, got_size, i);
    show("wanted", (const unsigned char *)want, want_size, i);
    fail();
}

static void check(const char *text, size_t n, const char *payload, const char *want, size_t want_size,
                  direct_cut_fn *cut, unsigned seed)
{
    struct objlens_call call;
    direct_init(&call, payload, seed % 3 == 0 ? 7 : seed % 3 == 1 ? 300 : 200000, seed);
    int rc = direct_run(pii, &call, text, n, cut);
    if (rc != OBJLENS_OK)
        fail_msg("%d: %s", rc, call.failed_message);
    assert_int_equal(direct_live_blocks(&call), 0);
    expect_same(call.out, call.size, want, want_size);
    direct_fini(&call);
}

/* What becomes of the text when it is read in one piece, into `out`; how many bytes. */
static size_t in_one_piece(const char *text, size_t n, const char *payload, char *out)
{
    struct objlens_call call;
    direct_init(&call, payload, 200000, 1);
    if (direct_run(pii, &call, text, n, direct_whole) != OBJLENS_OK)
        fail_msg("%s", call.failed_message);
    size_t size = call.size;
    memcpy(out, call.out, size);
    direct_fini(&call);
    return size;
}

static void test_cuts_do_not_matter(void **state)
{
    (void)state;
    static const char *const payloads[] = {
        NULL, "{\"mode\":\"mask\"}", "{\"entities\":[\"ALL\"]}",
        "{\"entities\":[\"ALL\",\"PERSON\",\"LOCATION\"],\"mode\":\"mask\"}", "{\"entities\":[\"PHONE_NUMBER\"]}",
    };
    static char text[TEXT_MAX], want[TEXT_MAX * 8];
    unsigned rounds = 160;
    if (getenv("OBJLENS_TEST_ROUNDS"))
        rounds = (unsigned)atoi(getenv("OBJLENS_TEST_ROUNDS"));
    for (unsigned seed = 0; seed < rounds; seed++) {
        struct pii_random random = {seed};
        size_t n = pii_text_make(&random, text, seed % 4 == 0 ? 12000 : 1 + pii_next(&random, 3000));
        for (size_t i = 0; i < n; i++) /* many of them would make it binary */
            text[i] = text[i] ? text[i] : 1;
        const char *payload = payloads[seed % 5];
        size_t size = in_one_piece(text, n, payload, want);
        check(text, n, payload, want, size, direct_chopped, seed);
        check(text, n, payload, want, size, direct_bytes, seed);
    }
}

/* Every place of one text that has everything in it, as the only cut, with enough before and
 * behind it that both ways of working on a piece are taken. */
static void test_every_single_cut(void **state)
{
    (void)state;
    static char text[TEXT_MAX], want[TEXT_MAX * 8];
    size_t n = 0;
    for (size_t i = 0; i < sizeof(pii_fragments) / sizeof(pii_fragments[0]); i++)
        n += (size_t)sprintf(text + n, "%s, ", pii_fragments[i]);
    for (size_t i = 0; i < 600 * 9; i += 9)
        memcpy(text + n + i, "no match ", 9);
    n += 600 * 9;
    size_t size = in_one_piece(text, n, NULL, want);
    for (size_t cut = 0; cut <= n; cut += cut < 2500 ? 1 : 97) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, NULL, 65536, (unsigned)cut);
        assert_int_equal(direct_open(pii, &direct_host, &call, &instance), OBJLENS_OK);
        if (cut > 0)
            assert_int_equal(pii->write(instance, text, cut), OBJLENS_OK);
        if (cut < n)
            assert_int_equal(pii->write(instance, text + cut, n - cut), OBJLENS_OK);
        assert_int_equal(pii->finish(instance), OBJLENS_OK);
        pii->close(instance);
        expect_same(call.out, call.size, want, size);
        direct_fini(&call);
    }
}

static void expect(const char *text, const char *want)
{
    check(text, strlen(text), NULL, want, strlen(want), direct_whole, 0);
}

static void test_email(void **state)
{
    (void)state;
    expect("mail alice.b+c@example.co.uk now", "mail [EMAIL_ADDRESS] now");
    expect("<o'brien@x.org>,'bob@x.org'", "<[EMAIL_ADDRESS]>,'[EMAIL_ADDRESS]'");
    expect("id=bob@x.com&to=al@x.com", "id=[EMAIL_ADDRESS]&to=[EMAIL_ADDRESS]");
    expect("mailto:bob@x.com.", "mailto:[EMAIL_ADDRESS].");
    expect("j\xc3\xbcrgen@b\xc3\xbc" "cher.de", "[EMAIL_ADDRESS]");
    expect("at \xe2\x80\x9c" "bob@x.com\xe2\x80\x9d", "at \xe2\x80\x9c[EMAIL_ADDRESS]\xe2\x80\x9d");
    expect("user@host logo@2x.png a@1.2.3", "user@host logo@2x.png a@1.2.3");
    expect("wait..bob@x.com", "wait..[EMAIL_ADDRESS]");
    expect("bob@x.com1 bob@x.com-y", "[EMAIL_ADDRESS]1 [EMAIL_ADDRESS]-y");
    expect("x@xn--p1ai.xn--p1ai", "[EMAIL_ADDRESS]");
    expect("r&d@x.org ?n=1&bob@x.org n=1&r&d@x.org", "[EMAIL_ADDRESS] ?n=1&[EMAIL_ADDRESS] n=1&[EMAIL_ADDRESS]");
    expect("Hi,\\nbob@x.org\\tC:\\\\new", "Hi,\\n[EMAIL_ADDRESS]\\tC:\\\\new");
    expect("(415) 555-2671.bob@x.com", "(415) [EMAIL_ADDRESS]");
    expect("536-22-1234@x.com", "[EMAIL_ADDRESS]");
}

/* RFC 5321 allows 64 bytes before the '@' and 255 behind it. */
static void test_email_over_length(void **state)
{
    (void)state;
    char text[2000], want[2000];
    const size_t locals[] = {64, 65, 254, 255, 256, 600};
    for (size_t i = 0; i < 6; i++) {
        size_t left = locals[i] > 255 ? locals[i] - 255 : 0;
        memset(text, 'l', locals[i]);
        strcpy(text + locals[i], "@x.com end");
        memset(want, 'l', left);
        strcpy(want + left, "[EMAIL_ADDRESS] end");
        expect(text, want);
    }
    strcpy(text, "me@x.com");
    for (size_t n = 0; n < 1500; n += 5)
        strcat(text, ".labe");
    strcat(text, " end");
    expect(text, "[EMAIL_ADDRESS] end");
    for (unsigned seed = 0; seed < 6; seed++)
        check(text, strlen(text), NULL, "[EMAIL_ADDRESS] end", 19, direct_bytes, seed);
}

/* One cut, at every place within `around` bytes of the text's end; the text is longer than what is
 * merely collected. */
static void check_cuts_near_end(const char *text, size_t n, size_t around)
{
    static char want[TEXT_MAX * 8];
    size_t size = in_one_piece(text, n, NULL, want);
    for (size_t cut = n - around; cut < n; cut++) {
        struct objlens_call call;
        void *instance;
        direct_init(&call, NULL, 65536, (unsigned)cut);
        assert_int_equal(direct_open(pii, &direct_host, &call, &instance), OBJLENS_OK);
        assert_int_equal(pii->write(instance, text, cut), OBJLENS_OK);
        assert_int_equal(pii->write(instance, text + cut, n - cut), OBJLENS_OK);
        assert_int_equal(pii->finish(instance), OBJLENS_OK);
        pii->close(instance);
        expect_same(call.out, call.size, want, size);
        direct_fini(&call);
    }
}

/* The longest match there is, and what must be seen behind it, is not cut short. */
static void test_longest_address_at_every_cut(void **state)
{
    (void)state;
    static char text[9000];
    const char *behind[] = {" end", ".end", "xend", "\xc3\xa9 end", ".", ""};
    for (size_t domain = 253; domain <= 257; domain++)
        for (size_t b = 0; b < sizeof(behind) / sizeof(behind[0]); b++) {
            size_t n = 5000;
            memset(text, ' ', n);
            memset(text + n, 'l', 255);
            n += 255;
            text[n++] = '@';
            for (size_t i = 0; i < domain; i++)
                text[n++] = (domain - i) % 4 ? 'd' : '.';
            strcpy(text + n, behind[b]);
            n += strlen(behind[b]);
            check_cuts_near_end(text, n, 530);
        }
}

/* A match inside an address that begins long before it is not taken first. */
static void test_match_inside_a_long_local_part(void **state)
{
    (void)state;
    static char text[9000];
    size_t n = 5000;
    memset(text, ' ', n);
    n += (size_t)sprintf(text + n, "a.536-22-1234.");
    memset(text + n, 'b', 240);
    n += 240;
    n += (size_t)sprintf(text + n, "@x.com");
    check_cuts_near_end(text, n, 300);
}

/* A domain without end is swallowed across many pieces. */
static void test_endless_domain(void **state)
{
    (void)state;
    static char text[30000];
    size_t n = (size_t)sprintf(text, "to me@x.com");
    for (; n < 20000; n += 5)
        memcpy(text + n, ".labe", 5);
    n += (size_t)sprintf(text + n, " and bob@x.com");
    const char *want = "to [EMAIL_ADDRESS] and [EMAIL_ADDRESS]";
    for (unsigned seed = 0; seed < 12; seed++)
        check(text, n, NULL, want, strlen(want), seed ? direct_chopped : direct_bytes, seed);
}

static void test_card(void **state)
{
    (void)state;
    expect("card 4111-1111-1111-1111, 378282246310005", "card [CREDIT_CARD], [CREDIT_CARD]");
    expect("4111 1111 1111 1111 123", "[CREDIT_CARD] 123");
    expect("4111111111111112 14111111111111111", "4111111111111112 14111111111111111");
    expect("0.4111111111111111 4111111111111111.5", "0.4111111111111111 4111111111111111.5");
    expect("pay 4111111111111111.", "pay [CREDIT_CARD].");
    expect("imei 490154203237518 ms 1700000000000", "imei 490154203237518 ms 1700000000000");
    expect("x4111111111111111 _4111111111111111_", "x4111111111111111 _[CREDIT_CARD]_");
    expect("0000000000000000", "0000000000000000");
    expect("4111111111111111.0, 4111111111111111.00", "[CREDIT_CARD].0, [CREDIT_CARD].00");
    expect("4111111111111111.000 4111111111111111.01", "4111111111111111.000 4111111111111111.01");
    expect("%B4111111111111111^DOE/J^2512 B4111111111111111", "%B[CREDIT_CARD]^DOE/J^2512 B4111111111111111");
    expect("4111\xe2\x80\x87" "1111\xe2\x80\x87" "1111\xe2\x80\x87" "1111", "[CREDIT_CARD]");
    expect("card:\\n4111111111111111\\n", "card:\\n[CREDIT_CARD]\\n");
}

static void test_ssn(void **state)
{
    (void)state;
    expect("536-22-1234 536 22 1234", "[US_SSN] 536 22 1234");
    expect("078-05-1120 219-09-9999 123-45-6789", "078-05-1120 219-09-9999 123-45-6789");
    expect("ssn 536 22 1234, SSN: 536221234", "ssn [US_SSN], SSN: [US_SSN]");
    expect("userSSN=536.22.1234", "userSSN=[US_SSN]");
    expect("000-22-1234 666-22-1234 9 36-22-1234", "000-22-1234 666-22-1234 9 36-22-1234");
    expect("536-00-1234 536-22-0000 936-22-1234", "536-00-1234 536-22-0000 936-22-1234");
    expect("SSN-536-22-1234.", "SSN-[US_SSN].");
    expect("1-536-22-1234 536-22-1234-5 536-22-12345", "1-536-22-1234 536-22-1234-5 536-22-12345");
    expect("ssn 1 536 22 1234, 1 536 22 1234 1", "ssn 1 [US_SSN], 1 536 22 1234 1");
    expect("536221234", "536221234");
}

static void test_ip(void **state)
{
    (void)state;
    expect("from 192.168.1.1:80, 10.0.0.1/8", "from [IP_ADDRESS]:80, [IP_ADDRESS]/8");
    expect("1.2.3.4.5 1.2.3.256 v1.2.3.4 Chrome/119.0.0.0", "1.2.3.4.5 1.2.3.256 v1.2.3.4 Chrome/119.0.0.0");
    expect("http://10.0.0.1/x 8.8.8.8.", "[URL] [IP_ADDRESS].");
    expect("[2001:db8::1]:80 ip:fe80::1%eth0: down", "[[IP_ADDRESS]]:80 ip:[IP_ADDRESS]: down");
    expect("::ffff:1.2.3.4 1:2:3:4:5:6:7:8", "[IP_ADDRESS] [IP_ADDRESS]");
    expect("std::vec a::b :: 12:34:56", "std::vec a::b :: 12:34:56");
    expect("01:23:45:67:89:ab:cd:ef", "01:23:45:67:89:ab:cd:ef");
    expect("firmware version 1.2.3.4, libx-1.2.3.4, 1.2.3.4-rc1", "firmware version 1.2.3.4, libx-1.2.3.4, 1.2.3.4-rc1");
    expect("localhost/127.0.0.1:80", "localhost/[IP_ADDRESS]:80");
}

static void test_mac(void **state)
{
    (void)state;
    expect("00:1a:2b:3c:4d:5e 00-1A-2B-3C-4D-5E 001a.2b3c.4d5e", "[MAC_ADDRESS] [MAC_ADDRESS] [MAC_ADDRESS]");
    expect("00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 00:1a:2b:3c:4d", "00:00:00:00:00:00 ff:ff:ff:ff:ff:ff 00:1a:2b:3c:4d");
    expect("mac:00:1a:2b:3c:4d:5e see:5c:b2:9e:f7:69:a6 ee:5c:b2:9e:f7:69:a6",
           "mac:[MAC_ADDRESS] see:[MAC_ADDRESS] ee:5c:b2:9e:f7:69:a6");
    expect("00-1a:2b-3c:4d-5e 12-34-56-78-90-12", "00-1a:2b-3c:4d-5e 12-34-56-78-90-12");
}

static void test_wallets_keys_and_codes(void **state)
{
    (void)state;
    expect("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3",
           "[CRYPTO] 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3");
    expect("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
           "[CRYPTO] bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5");
    expect("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
           "[CRYPTO] 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD");
    expect("AKIAIOSFODNN7EXAMPLE AKIAIOSFODNN7EXAMPLEX", "[AWS_ACCESS_KEY] AKIAIOSFODNN7EXAMPLEX");
    expect("AB123456C AB 12 34 56 C BG123456A", "[UK_NINO] [UK_NINO] BG123456A");
    expect("1EG4-TE5-MK73 1EG4TE5MK73 1SG4TE5MK73", "[US_MBI] [US_MBI] 1SG4TE5MK73");
    expect("911-70-1234 911-89-1234", "[US_ITIN] 911-89-1234");
}

static void test_url(void **state)
{
    (void)state;
    expect("see https://x.org/a_(b)?c=d#e, or (http://y.org).", "see [URL], or ([URL]).");
    expect("http:// a://b http://{host}/ ftp://[::1]/x", "http:// a://b http://{host}/ [URL]");
    expect("\"https://x.org/a\",2 'http://y.org/'", "\"[URL]\",2 '[URL]'");
}

static void test_phone(void **state)
{
    (void)state;
    expect("(415) 555-2671, 415.555.2671", "[PHONE_NUMBER], [PHONE_NUMBER]");
    expect("1-415-555-2671 +1 415 555 2671", "[PHONE_NUMBER] [PHONE_NUMBER]");
    expect("+44 (0)20 7946 0958 +49-89-636-48018", "[PHONE_NUMBER] [PHONE_NUMBER]");
    expect("+4915112345679 12 times", "[PHONE_NUMBER] 12 times");
    expect("415-555-2671 x12 415-555-2671x12", "[PHONE_NUMBER] [PHONE_NUMBER]");
    expect("115-555-2671 415-155-2671 411-555-2671", "115-555-2671 415-155-2671 411-555-2671");
    expect("4155552671 2-415-555-2671 415-555-2671-9", "4155552671 2-415-555-2671 415-555-2671-9");
    expect("1 415 555 2671, 2 415 555 2671, 2 415 555 2671 2", "[PHONE_NUMBER], 2 [PHONE_NUMBER], 2 415 555 2671 2");
    expect("+1000 2024-01-01 10.200.3000", "+1000 2024-01-01 10.200.3000");
    expect("020 7946 0958, tel 020 7946 0958", "020 7946 0958, tel [PHONE_NUMBER]");
    expect("Telefon: (030) 1234-567, handy 0171/1234567", "Telefon: [PHONE_NUMBER], handy [PHONE_NUMBER]");
    expect("phone=4155552671 mobile 98765 43210", "phone=[PHONE_NUMBER] mobile [PHONE_NUMBER]");
    expect("937 935 4644 4812, 4812 937 935 4644, phone 415 555 2671 12", "937 935 4644 4812, 4812 937 935 4644, phone [PHONE_NUMBER] 12");
    expect("+49 30 901820 2 times, +49 (0) 30 / 90 18 20", "[PHONE_NUMBER] 2 times, [PHONE_NUMBER]");
    expect("tel:415-555-2671 ...+44 20 7946 0958... 12:415-555-2671", "tel:[PHONE_NUMBER] ...[PHONE_NUMBER]... 12:415-555-2671");
    expect("T: 020 7946 0958, M 07700 900123", "T: [PHONE_NUMBER], M [PHONE_NUMBER]");
    expect("AT: 020 7946 0958, T: 1700000000", "AT: 020 7946 0958, T: 1700000000");
    expect("call John Smith at 020 7946 0958, ended at 1700000000", "call John Smith at [PHONE_NUMBER], ended at 1700000000");
    expect("WhatsApp: 07700 900123 Handynummer 0171 2345678", "WhatsApp: [PHONE_NUMBER] Handynummer [PHONE_NUMBER]");
    expect("order 415-555-2671, called 2024-01-01, +40.7128-074.0060", "order 415-555-2671, called 2024-01-01, +40.7128-074.0060");
}

static void test_iban(void **state)
{
    (void)state;
    expect("GB82 WEST 1234 5698 7654 32 and", "[IBAN_CODE] and");
    expect("DE89370400440532013000,NO9386011117947", "[IBAN_CODE],[IBAN_CODE]");
    expect("de89370400440532013000", "[IBAN_CODE]");
    expect("GB82WEST12345698765433 XGB82WEST12345698765432", "GB82WEST12345698765433 XGB82WEST12345698765432");
    expect("ZZ82WEST12345698765432", "ZZ82WEST12345698765432");
}

static void expect_payload(const char *payload, const char *text, const char *want)
{
    struct objlens_call call;
    direct_init(&call, payload, 100, 1);
    int rc = direct_run(pii, &call, text, strlen(text), direct_whole);
    if (rc != OBJLENS_OK)
        fail_msg("%s: %s", payload, call.failed_message);
    expect_same(call.out, call.size, want, strlen(want));
    direct_fini(&call);
}

static void test_payload(void **state)
{
    (void)state;
    const char *text = "bob@x.com 536-22-1234";
    expect_payload("{}", text, "[EMAIL_ADDRESS] [US_SSN]");
    expect_payload("{\"entities\":[\"US_SSN\"]}", text, "bob@x.com [US_SSN]");
    expect_payload("{\"entities\":[\"EMAIL\",\"ssn\"],\"mode\":\"replace\"}", text, "[EMAIL_ADDRESS] [US_SSN]");
    expect_payload("{\"mode\":\"mask\"}", text, "********* ***********");
    expect_payload("{\"mode\":\"mask\",\"mask_character\":\"#\"}", text, "######### ###########");
    expect_payload("{\"mode\":\"mask\",\"entities\":[\"EMAIL\"],\"mask_character\":\"\xc2\xb7\"}", "a@b.cc!",
                   "\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7\xc2\xb7!");
    expect_payload("{\"pii_entity_types\":\"SSN, EMAIL\",\"mask_mode\":\"MASK\",\"mask_character\":\"*\","
                   "\"confidence_threshold\":0.5,\"language_code\":\"en\"}", text, "********* ***********");
    expect_payload("{\"pii_entity_types\":\"ALL\",\"mask_mode\":\"REPLACE_WITH_PII_ENTITY_TYPE\"}", text,
                   "[EMAIL_ADDRESS] [US_SSN]");
}

static void expect_refused(const char *payload, const char *encoding, const char *text, size_t n,
                           const char *code, const char *says)
{
    for (int bytewise = 0; bytewise < 2; bytewise++) {
        struct objlens_call call;
        direct_init(&call, payload, 100, 1);
        call.content_encoding = encoding;
        assert_int_equal(direct_run(pii, &call, text, n, bytewise ? direct_bytes : direct_whole),
                         OBJLENS_EFAILED);
        assert_string_equal(call.failed_code, code);
        if (!strstr(call.failed_message, says))
            fail_msg("\"%s\" is not in: %s", says, call.failed_message);
        assert_int_equal(call.size, 0);
        direct_fini(&call);
    }
}

static void test_payload_refused(void **state)
{
    (void)state;
    const char *bad[][2] = {
        {"{\"colour\":1}", "unknown key, \"colour\""},
        {"{\"entities\":[\"NRP\"]}", "\"NRP\" is not an entity"},
        {"{\"entities\":[]}", "at least one"},
        {"{\"entities\":[1]}", "names only"},
        {"{\"entities\":\"SSN,\"}", "\"\" is not an entity"},
        {"{\"entities\":\"SSN EMAIL\"}", "not a list of names"},
        {"{\"mode\":\"hash\"}", "not \"hash\""},
        {"{\"mode\":1}", "must be a text"},
        {"{\"mask_character\":\"ab\"}", "one printable character"},
        {"{\"mask_character\":\"\\n\"}", "one printable character"},
        {"{\"mask_character\":\"\"}", "one printable character"},
        {"{\"mode\":\"mask\",\"mask_mode\":\"MASK\"}", "not both"},
        {"{\"mode\":\"mask\",\"mode\":\"mask\"}", "not JSON"},
        {"[1]", "must be a JSON object"},
        {"{", "not JSON: line 1"},
        {"{\"language_code\":[]}", "must be a text"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        expect_refused(bad[i][0], NULL, "x", 1, "InvalidTransformPayload", bad[i][1]);
}

/* What cannot be read as text must not pass unread. */
static void test_unreadable_is_refused(void **state)
{
    (void)state;
    expect_refused(NULL, NULL, "\xff\xfe" "b\0o\0b\0" "!", 9, "InvalidTextEncoding", "UTF-16");
    expect_refused(NULL, NULL, "\xff\xfe\0\0b\0\0\0", 8, "InvalidTextEncoding", "UTF-32");
    expect_refused(NULL, NULL, "b\0o\0b\0", 6, "InvalidTextEncoding", "NUL");
    expect_refused(NULL, NULL, "\0\0\xfe\xff\0\0\0b", 8, "InvalidTextEncoding", "UTF-32");
    expect_refused(NULL, NULL, "\x1f\x8b\x08\0\0\0", 6, "InvalidTextEncoding", "gzip");
    expect_refused(NULL, NULL, "BZh91AY&SY\1\2", 12, "InvalidTextEncoding", "bzip2");
    expect("BZhang wrote", "BZhang wrote");
    static char large[20000] = "\x1f\x8b\x08";
    expect_refused(NULL, NULL, large, sizeof(large), "InvalidTextEncoding", "gzip");
    expect_refused(NULL, "gzip", "bob@x.com", 9, "InvalidTextEncoding", "Content-Encoding");
    struct objlens_call call;
    direct_init(&call, NULL, 100, 1);
    call.content_encoding = "aws-chunked";
    assert_int_equal(direct_run(pii, &call, "\xff\xfd" "bob", 5, direct_whole), OBJLENS_OK);
    expect_same(call.out, call.size, "\xff\xfd" "bob", 5);
    direct_fini(&call);
}

static void test_empty(void **state)
{
    (void)state;
    check("", 0, NULL, "", 0, direct_whole, 0);
}

/* Long runs of what begins to look like something cost time in proportion, and no memory. */
static void test_endless_runs(void **state)
{
    (void)state;
    const char *kinds[] = {"1", "a@", ":", "1.", "1 ", "1234 ", "f:", "+1", "a.", "-", "415-", "@", "::1 "};
    size_t n = 1 << 20;
    char *text = malloc(n);
    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        for (size_t i = 0; i < n; i++)
            text[i] = kinds[k][i % strlen(kinds[k])];
        struct objlens_call whole, cut;
        direct_init(&whole, NULL, 100000, 1);
        direct_init(&cut, NULL, 100000, 2);
        assert_int_equal(direct_run(pii, &whole, text, n, direct_whole), OBJLENS_OK);
        assert_int_equal(direct_run(pii, &cut, text, n, direct_chopped), OBJLENS_OK);
        expect_same(whole.out, whole.size, (const char *)cut.out, cut.size);
        direct_fini(&whole);
        direct_fini(&cut);
    }
    free(text);
}

int main(void)
{
    pii = direct_load("pii");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_email),
        cmocka_unit_test(test_email_over_length),
        cmocka_unit_test(test_longest_address_at_every_cut),
        cmocka_unit_test(test_match_inside_a_long_local_part),
        cmocka_unit_test(test_endless_domain),
        cmocka_unit_test(test_card),
        cmocka_unit_test(test_ssn),
        cmocka_unit_test(test_ip),
        cmocka_unit_test(test_mac),
        cmocka_unit_test(test_wallets_keys_and_codes),
        cmocka_unit_test(test_url),
        cmocka_unit_test(test_phone),
        cmocka_unit_test(test_iban),
        cmocka_unit_test(test_payload),
        cmocka_unit_test(test_payload_refused),
        cmocka_unit_test(test_unreadable_is_refused),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_endless_runs),
        cmocka_unit_test(test_every_single_cut),
        cmocka_unit_test(test_cuts_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
