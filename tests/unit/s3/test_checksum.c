/* SPDX-License-Identifier: MIT */
/* Checksums against published values, and the fast paths against the tables. */
#include "lib/check.h"

#include "base/alloc.h"
#include "s3/upload/checksum.h"
#include "s3/upload/crc.h"

static void text_of(enum ol_checksum_kind kind, ol_slice data, size_t piece,
                    char out[OL_CHECKSUM_TEXT_SIZE])
{
    ol_checksum sum;
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    size_t len;
    assert_code(ol_checksum_init(&sum, kind), OL_OK);
    for (size_t at = 0; at < data.len; at += piece) {
        size_t left = data.len - at;
        ol_slice part = ol_slice_of(data.data + at, left < piece ? left : piece);
        assert_code(ol_checksum_update(&sum, part), OL_OK);
    }
    assert_code(ol_checksum_final(&sum, value, &len), OL_OK);
    assert_int_equal(len, ol_checksum_size(kind));
    ol_checksum_fini(&sum);
    ol_checksum_text(value, len, out);
}

/* "123456789" is the check value of every CRC catalogue; "test-sse" was answered by AWS. */
static const struct known {
    enum ol_checksum_kind kind;
    const char *data, *text;
} known[] = {
    {OL_CHECKSUM_CRC32, "123456789", "y/Q5Jg=="},
    {OL_CHECKSUM_CRC32C, "123456789", "4waSgw=="},
    {OL_CHECKSUM_CRC64NVME, "123456789", "rosUhgp5mIg="},
    {OL_CHECKSUM_CRC64NVME, "test-sse", "Kr7StX/uFlQ="},
    {OL_CHECKSUM_CRC32, "", "AAAAAA=="},
    {OL_CHECKSUM_CRC32C, "", "AAAAAA=="},
    {OL_CHECKSUM_CRC64NVME, "", "AAAAAAAAAAA="},
    {OL_CHECKSUM_SHA1, "abc", "qZk+NkcGgWq6PiVxeFDCbJzQ2J0="},
    {OL_CHECKSUM_SHA256, "abc", "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="},
    {OL_CHECKSUM_MD5, "hello", "XUFAKrxLKna5cZ2REBfFkg=="},
    {OL_CHECKSUM_MD5, "", "1B2M2Y8AsgTpgAmY7PhCfg=="},
};

static void computes_published_values(void **state)
{
    (void)state;
    char text[OL_CHECKSUM_TEXT_SIZE];
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        for (size_t piece = 1; piece <= 10; piece++) {
            text_of(known[i].kind, ol_slice_cstr(known[i].data), piece, text);
            assert_string_equal(text, known[i].text);
        }
    }
}

/* 65 KiB of 'a', as in AWS's example of a trailing checksum. */
static void computes_awss_trailer_example(void **state)
{
    (void)state;
    char text[OL_CHECKSUM_TEXT_SIZE];
    size_t len = 66560;
    uint8_t *data = ol_malloc(len);
    memset(data, 'a', len);
    text_of(OL_CHECKSUM_CRC32C, ol_slice_of(data, len), len, text);
    assert_string_equal(text, "sOO8/Q==");
    text_of(OL_CHECKSUM_CRC32C, ol_slice_of(data, len), 1000, text);
    assert_string_equal(text, "sOO8/Q==");
    ol_free(data);
}

/* The definition, bit by bit. */
static uint64_t slow_crc(uint64_t poly, unsigned width, ol_slice data)
{
    uint64_t ones = UINT64_MAX >> (64 - width), crc = ones;
    for (size_t i = 0; i < data.len; i++) {
        crc ^= data.data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? poly : 0);
    }
    return crc ^ ones;
}

static void fast_and_portable_agree_with_the_definition(void **state)
{
    (void)state;
    static const struct {
        enum ol_crc_kind kind;
        uint64_t poly;
        unsigned width;
    } kinds[] = {{OL_CRC32, 0xedb88320u, 32},
                 {OL_CRC32C, 0x82f63b78u, 32},
                 {OL_CRC64NVME, 0x9a6c9329ac4bc9b5u, 64}};
    ol_test_random random = {.state = 7};
    uint8_t data[2400];
    ol_test_random_fill(&random, data, sizeof data);
    for (size_t k = 0; k < 3; k++) {
        for (size_t len = 0; len <= 2340; len++) {
            size_t start = len % 17; /* every alignment */
            ol_slice whole = ol_slice_of(data + start, len);
            ol_slice head = ol_slice_first(whole, len / 3), tail = ol_slice_from(whole, len / 3);
            uint64_t wanted = slow_crc(kinds[k].poly, kinds[k].width, whole);
            for (int most = OL_CRC_BY_TABLES; most <= OL_CRC_BY_WIDE_CLMUL; most++) {
                ol_crc_limit((enum ol_crc_means)most);
                assert_true(ol_crc_update(kinds[k].kind, 0, whole) == wanted);
                uint64_t half = ol_crc_update(kinds[k].kind, 0, head);
                assert_true(ol_crc_update(kinds[k].kind, half, tail) == wanted);
            }
        }
    }
    ol_crc_limit(OL_CRC_BY_WIDE_CLMUL);
}

static void knows_headers(void **state)
{
    (void)state;
    enum ol_checksum_kind kind;
    assert_true(ol_checksum_of_header(OL_SLICE_LIT("X-Amz-Checksum-CRC64NVME"), &kind));
    assert_int_equal(kind, OL_CHECKSUM_CRC64NVME);
    assert_string_equal(ol_checksum_header(kind), "x-amz-checksum-crc64nvme");
    assert_string_equal(ol_checksum_name(OL_CHECKSUM_CRC32C), "CRC32C");
    assert_false(ol_checksum_of_header(OL_SLICE_LIT("content-md5"), &kind));
    assert_false(ol_checksum_of_header(OL_SLICE_LIT("x-amz-checksum-crc3"), &kind));
    assert_false(ol_checksum_of_header(OL_SLICE_LIT("x-amz-checksum-sha512"), &kind));
}

static void parses_strictly(void **state)
{
    (void)state;
    uint8_t out[OL_CHECKSUM_BYTES_MAX];
    assert_true(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT("y/Q5Jg=="), out));
    assert_memory_equal(out, "\xcb\xf4\x39\x26", 4);
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT("y/Q5Jg="), out));
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT("y/Q5"), out));
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT(""), out));
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT(" y/Q5Jg=="), out));
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT("y/Q5Jh=="), out));
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC32, OL_SLICE_LIT("rosUhgp5mIg="), out));
    assert_false(ol_checksum_parse(OL_CHECKSUM_CRC64NVME, OL_SLICE_LIT("y/Q5Jg=="), out));
    assert_false(ol_checksum_parse(
        OL_CHECKSUM_SHA256,
        OL_SLICE_LIT("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(computes_published_values),
        cmocka_unit_test(computes_awss_trailer_example),
        cmocka_unit_test(fast_and_portable_agree_with_the_definition),
        cmocka_unit_test(knows_headers),
        cmocka_unit_test(parses_strictly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
