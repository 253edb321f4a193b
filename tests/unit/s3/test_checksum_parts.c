/* SPDX-License-Identifier: MIT */
/* Checksums of parts against checksums of the whole, computed the slow way. */
#include <stdlib.h>

#include "lib/check.h"
#include "lib/scratch.h"
#include "s3/upload/checksum_parts.h"

#define BODY_BYTES 70000

static uint8_t body[BODY_BYTES];

static void fill_body(void)
{
    uint32_t x = 12345;
    for (size_t i = 0; i < sizeof body; i++) {
        x = x * 1103515245u + 12345u;
        body[i] = (uint8_t)(x >> 16);
    }
}

static size_t value_of(enum ol_checksum_kind kind, ol_slice data, uint8_t *out)
{
    ol_checksum sum;
    size_t len;
    assert_int_equal(ol_checksum_init(&sum, kind), OL_OK);
    assert_int_equal(ol_checksum_update(&sum, data), OL_OK);
    assert_int_equal(ol_checksum_final(&sum, out, &len), OL_OK);
    ol_checksum_fini(&sum);
    return len;
}

static void text_of(enum ol_checksum_kind kind, ol_slice data, char *out)
{
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    ol_checksum_text(value, value_of(kind, data, value), out);
}

/* The parts' checksums, and what is made of them. */
static void combine(enum ol_checksum_kind kind, bool composite, const size_t *lens, size_t count,
                    char *out)
{
    ol_checksum_parts sum;
    assert_int_equal(ol_checksum_parts_init(&sum, kind, composite), OL_OK);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        uint8_t value[OL_CHECKSUM_BYTES_MAX];
        value_of(kind, ol_slice_of(body + at, lens[i]), value);
        assert_int_equal(ol_checksum_parts_add(&sum, value, lens[i]), OL_OK);
        at += lens[i];
    }
    assert_int_equal(ol_checksum_parts_final(&sum, out), OL_OK);
    ol_checksum_parts_fini(&sum);
}

static const size_t cuts[][5] = {
    {1, 0, 0, 0, 0},          {0, 0, 0, 0, 0},          {1, 1, 1, 1, 1},
    {4096, 4096, 4096, 4096, 5}, {65535, 1, 0, 4000, 3}, {7, 60000, 1, 0, 9000},
};

static void crcs_combine_to_that_of_the_whole(void **state)
{
    (void)state;
    const enum ol_checksum_kind kinds[] = {OL_CHECKSUM_CRC32, OL_CHECKSUM_CRC32C,
                                           OL_CHECKSUM_CRC64NVME};
    for (size_t k = 0; k < 3; k++) {
        for (size_t c = 0; c < sizeof cuts / sizeof *cuts; c++) {
            size_t total = 0;
            for (size_t i = 0; i < 5; i++)
                total += cuts[c][i];
            char whole[OL_CHECKSUM_TEXT_SIZE], combined[OL_CHECKSUM_PARTS_TEXT_SIZE];
            text_of(kinds[k], ol_slice_of(body, total), whole);
            combine(kinds[k], false, cuts[c], 5, combined);
            assert_string_equal(combined, whole);
        }
    }
}

/* Lengths beyond what can be computed the slow way: shifting in two steps is shifting in one. */
static void long_parts_combine(void **state)
{
    (void)state;
    const uint64_t gib = 1ull << 30;
    for (int kind = 0; kind < OL_CRC_KINDS; kind++) {
        uint64_t a = kind == OL_CRC64NVME ? 0x123456789abcdef0ull : 0x12345678u;
        uint64_t once = ol_crc_combine((enum ol_crc_kind)kind, a, 0, 5 * gib);
        uint64_t twice = ol_crc_combine((enum ol_crc_kind)kind,
                                        ol_crc_combine((enum ol_crc_kind)kind, a, 0, 2 * gib + 1),
                                        0, 3 * gib - 1);
        assert_true(once == twice && once != a);
    }
}

static void composite_sums_are_of_sums(void **state)
{
    (void)state;
    const enum ol_checksum_kind kinds[] = {OL_CHECKSUM_CRC32, OL_CHECKSUM_CRC32C, OL_CHECKSUM_SHA1,
                                           OL_CHECKSUM_SHA256};
    const size_t lens[] = {100, 200, 300};
    for (size_t k = 0; k < 4; k++) {
        uint8_t values[3 * OL_CHECKSUM_BYTES_MAX];
        size_t at = 0, from = 0;
        for (size_t i = 0; i < 3; i++) {
            at += value_of(kinds[k], ol_slice_of(body + from, lens[i]), values + at);
            from += lens[i];
        }
        char expected[OL_CHECKSUM_PARTS_TEXT_SIZE], got[OL_CHECKSUM_PARTS_TEXT_SIZE];
        text_of(kinds[k], ol_slice_of(values, at), expected);
        strcat(expected, "-3");
        combine(kinds[k], true, lens, 3, got);
        assert_string_equal(got, expected);
    }
}

/* Three parts of 5 MiB of 'A', 'B' and 'C', as the public conformance suite has them. */
static void known_values(void **state)
{
    (void)state;
    const struct {
        enum ol_checksum_kind kind;
        bool composite;
        const char *parts[3], *whole;
    } cases[] = {
        {OL_CHECKSUM_SHA256,
         true,
         {"275VF5loJr1YYawit0XSHREhkFXYkkPKGuoK0x9VKxI=",
          "mrHwOfjTL5Zwfj74F05HOQGLdUb7E5szdCbxgUSq6NM=",
          "Vw7oB/nKQ5xWb3hNgbyfkvDiivl+U+/Dft48nfJfDow="},
         "uWBwpe1dxI4Vw8Gf0X9ynOdw/SS6VBzfWm9giiv1sf4=-3"},
        {OL_CHECKSUM_CRC64NVME,
         false,
         {"L/E4WYn8v98=", "xW1l19VobYM=", "cK5MnNaWrW4="},
         "i+6LR0y3eFo="},
    };
    for (size_t c = 0; c < 2; c++) {
        ol_checksum_parts sum;
        assert_int_equal(ol_checksum_parts_init(&sum, cases[c].kind, cases[c].composite), OL_OK);
        for (size_t i = 0; i < 3; i++) {
            uint8_t value[OL_CHECKSUM_BYTES_MAX];
            assert_true(ol_checksum_parse(cases[c].kind, ol_slice_cstr(cases[c].parts[i]), value));
            assert_int_equal(ol_checksum_parts_add(&sum, value, 5 << 20), OL_OK);
        }
        char text[OL_CHECKSUM_PARTS_TEXT_SIZE];
        assert_int_equal(ol_checksum_parts_final(&sum, text), OL_OK);
        assert_string_equal(text, cases[c].whole);
        ol_checksum_parts_fini(&sum);
    }
}

static void types_that_do_not_exist(void **state)
{
    (void)state;
    ol_checksum_parts sum;
    assert_int_equal(ol_checksum_parts_init(&sum, OL_CHECKSUM_CRC64NVME, true), OL_EINVAL);
    assert_int_equal(ol_checksum_parts_init(&sum, OL_CHECKSUM_SHA1, false), OL_EINVAL);
    assert_int_equal(ol_checksum_parts_init(&sum, OL_CHECKSUM_SHA256, false), OL_EINVAL);
    enum ol_checksum_kind kind;
    assert_true(ol_checksum_of_name(OL_SLICE_LIT("crc32c"), &kind) && kind == OL_CHECKSUM_CRC32C);
    assert_false(ol_checksum_of_name(OL_SLICE_LIT("MD5"), &kind));
    assert_false(ol_checksum_of_name(OL_SLICE_NONE, &kind));
}

int main(void)
{
    fill_body();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crcs_combine_to_that_of_the_whole),
        cmocka_unit_test(long_parts_combine),
        cmocka_unit_test(composite_sums_are_of_sums),
        cmocka_unit_test(known_values),
        cmocka_unit_test(types_that_do_not_exist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
