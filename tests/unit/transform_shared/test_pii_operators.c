/* SPDX-License-Identifier: MIT */
/* Operators of the pii transform by themselves: FF1 against NIST's samples, dates, masks. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "operators/ff1.h"
#include "operators/operator.h"

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned byte;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
        bytes[i] = (uint8_t)byte;
    }
    return size;
}

static void check_ff1(const char *key_hex, const char *tweak_hex, unsigned radix, const char *plain,
                      const char *want)
{
    static const char alphabet[] = "0123456789abcdefghijklmnopqrstuvwxyz";
    uint8_t key[32], tweak[64], numerals[64];
    size_t count = strlen(plain);
    struct pii_ff1 ff1 = {.key = key,
                          .key_size = from_hex(key_hex, key),
                          .tweak = tweak,
                          .tweak_size = from_hex(tweak_hex, tweak),
                          .radix = radix};
    for (size_t i = 0; i < count; i++)
        numerals[i] = (uint8_t)(strchr(alphabet, plain[i]) - alphabet);
    assert_true(pii_ff1_apply(&ff1, numerals, count));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(alphabet[numerals[i]], want[i]);
    ff1.decrypt = true;
    assert_true(pii_ff1_apply(&ff1, numerals, count));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(alphabet[numerals[i]], plain[i]);
}

#define KEY_128 "2B7E151628AED2A6ABF7158809CF4F3C"
#define KEY_192 KEY_128 "EF4359D8D580AA4F"
#define KEY_256 KEY_192 "7F036D6F04FC6A94"
#define TWEAK_DIGITS "39383736353433323130"
#define TWEAK_LETTERS "3737373770717273373737"

/* The nine samples that NIST publishes for SP 800-38G. */
static void test_ff1_samples(void **state)
{
    (void)state;
    static const struct {
        const char *key, *plain, *tweaked, *letters;
    } samples[] = {
        {KEY_128, "2433477484", "6124200773", "a9tv40mll9kdu509eum"},
        {KEY_192, "2830668132", "2496655549", "xbj3kv35jrawxv32ysr"},
        {KEY_256, "6657667009", "1001623463", "xs8a0azh2avyalyzuwd"},
    };
    for (size_t i = 0; i < 3; i++) {
        check_ff1(samples[i].key, "", 10, "0123456789", samples[i].plain);
        check_ff1(samples[i].key, TWEAK_DIGITS, 10, "0123456789", samples[i].tweaked);
        check_ff1(samples[i].key, TWEAK_LETTERS, 36, "0123456789abcdefghi", samples[i].letters);
    }
}

static void test_ff1_lengths(void **state)
{
    (void)state;
    assert_false(pii_ff1_length_ok(10, 5));
    assert_true(pii_ff1_length_ok(10, 6));
    assert_false(pii_ff1_length_ok(62, 3));
    assert_true(pii_ff1_length_ok(62, 4));
    assert_false(pii_ff1_length_ok(2, 19));
    assert_true(pii_ff1_length_ok(2, 20));
    assert_false(pii_ff1_length_ok(10, PII_FF1_NUMERALS_MAX + 1));
    assert_false(pii_ff1_length_ok(1, 20));
    uint8_t key[32] = {1}, numerals[PII_FF1_NUMERALS_MAX], before[PII_FF1_NUMERALS_MAX];
    for (unsigned radix = 2; radix <= PII_FF1_RADIX_MAX; radix++)
        for (size_t count = 2; count <= PII_FF1_NUMERALS_MAX; count += radix % 3 + 1) {
            struct pii_ff1 ff1 = {.key = key, .key_size = 32, .radix = radix};
            for (size_t i = 0; i < count; i++)
                before[i] = numerals[i] = (uint8_t)((i * 7 + count) % radix);
            bool made = pii_ff1_apply(&ff1, numerals, count);
            assert_int_equal(made, pii_ff1_length_ok(radix, count));
            for (size_t i = 0; i < count; i++)
                assert_true(numerals[i] < radix);
            ff1.decrypt = true;
            assert_int_equal(pii_ff1_apply(&ff1, numerals, count), made);
            assert_memory_equal(numerals, before, count);
        }
}

static struct pii_replacement out;

static const char *apply(const struct pii_operator *op, const char *object, const char *text)
{
    struct pii_circumstances c = {.type = "DATE_TIME",
                                  .number = 1,
                                  .object = (const uint8_t *)object,
                                  .object_size = strlen(object)};
    pii_operator_apply(op, &c, (const uint8_t *)text, strlen(text), &out);
    out.bytes[out.size] = '\0';
    return (const char *)out.bytes;
}

static struct pii_operator date_operator(uint32_t days, bool per_file)
{
    struct pii_operator op = {.kind = PII_DATE_SHIFT, .days_max = days, .per_file = per_file};
    assert_true(pii_keys_make(&op.keys, "0123456789abcdef", 16));
    return op;
}

/* By one day, one way or the other, over the ends of months and years. */
static void test_dates_by_a_day(void **state)
{
    (void)state;
    static const char *const dates[][3] = {
        {"2024-02-29", "2024-02-28", "2024-03-01"},   {"2025-03-01", "2025-02-28", "2025-03-02"},
        {"31.12.1999", "30.12.1999", "01.01.2000"},   {"1/1/2000", "12/31/1999", "1/2/2000"},
        {"3 March 1999", "2 March 1999", "4 March 1999"},
        {"MAY 1, 2020", "APRIL 30, 2020", "MAY 2, 2020"},
        {"1 Mar 1900", "28 Feb 1900", "2 Mar 1900"},  {"2000-01-01T10:00Z", "1999-12-31T10:00Z", "2000-01-02T10:00Z"},
        {"(2025-03-01 10:00:01.5 +02:00", "(2025-02-28 10:00:01.5 +02:00", "(2025-03-02 10:00:01.5 +02:00"},
    };
    struct pii_operator op = date_operator(1, false);
    for (size_t i = 0; i < sizeof(dates) / sizeof(dates[0]); i++) {
        const char *got = apply(&op, "", dates[i][0]);
        if (strcmp(got, dates[i][1]) != 0 && strcmp(got, dates[i][2]) != 0)
            fail_msg("%s became %s", dates[i][0], got);
    }
    static const char *const none[] = {"2023-02-29", "20/11/26", "31.04.2020", "soon", "2020-1", "0000-01-01",
                                       "Bob, 2020-01-02", "2020-01-02 Bob", "2020-01-02 536-22-1234", "4111 2020-01-02",
                                       "2020-01-02 10:00 5551234567", "\xc3\xa9 2020-01-02"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_string_equal(apply(&op, "", none[i]), "[DATE_TIME]");
}

static void keep(char *copy, size_t room, const char *text)
{
    assert_true(strlen(text) < room);
    memcpy(copy, text, strlen(text) + 1);
}

/* Per object, the time between two dates stays; per value, a date moves alike everywhere. */
static void test_dates_by_scope(void **state)
{
    (void)state;
    char first[32], second[32];
    struct pii_operator op = date_operator(300, true);
    keep(first, sizeof(first), apply(&op, "/a", "2024-06-15"));
    keep(second, sizeof(second), apply(&op, "/a", "2024-06-16"));
    struct pii_operator day = date_operator(1, true);
    const char *there = apply(&day, "/x", first);
    if (strcmp(there, second) != 0) /* a day forth, or it went back */
        assert_string_not_equal(there, first);
    assert_string_not_equal(apply(&op, "/b", "2024-06-15"), first);
    op.per_file = false;
    keep(first, sizeof(first), apply(&op, "/a", "2024-06-15"));
    assert_string_equal(apply(&op, "/b", "2024-06-15"), first);
    assert_string_not_equal(first, "2024-06-15");
}

static void test_surrogates(void **state)
{
    (void)state;
    char first[64];
    struct pii_operator op = {.kind = PII_SURROGATE};
    assert_true(pii_keys_make(&op.keys, "0123456789abcdef", 16));
    keep(first, sizeof(first), apply(&op, "", "4111-1111-1111-1111"));
    assert_int_equal(strlen(first), 19);
    assert_int_equal(first[4], '-');
    assert_string_equal(apply(&op, "", "4111-1111-1111-1111"), first);
    assert_non_null(strstr(apply(&op, "", "bob@ex.org"), "@example.invalid"));
}

static void test_sealed_is_authentic(void **state)
{
    (void)state;
    struct pii_operator op = {.kind = PII_ENCRYPT};
    struct pii_replacement back;
    assert_true(pii_keys_make(&op.keys, "0123456789abcdef", 16));
    const char *sealed = apply(&op, "", "secret value");
    const uint8_t *text = (const uint8_t *)sealed + strlen("[DATE_TIME:");
    size_t size = out.size - strlen("[DATE_TIME:") - 1;
    assert_true(pii_operator_reverse(&op, "DATE_TIME", text, size, &back));
    assert_int_equal(back.size, 12);
    assert_memory_equal(back.bytes, "secret value", 12);
    assert_false(pii_operator_reverse(&op, "OTHER", text, size, &back));
    for (size_t i = 0; i < size; i++) {
        uint8_t changed[64];
        assert_true(size <= sizeof(changed));
        memcpy(changed, text, size);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        assert_false(pii_operator_reverse(&op, "DATE_TIME", changed, size, &back));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ff1_samples),    cmocka_unit_test(test_ff1_lengths),
        cmocka_unit_test(test_dates_by_a_day), cmocka_unit_test(test_dates_by_scope),
        cmocka_unit_test(test_surrogates),     cmocka_unit_test(test_sealed_is_authentic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
