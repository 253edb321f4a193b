/* SPDX-License-Identifier: MIT */
/*
 * The decoder alone: AWS's published example, however it is cut; every way to break the framing,
 * a signature or a trailer.
 */
#include "unit/s3/chunk_kit.h"

#define CRC32C "x-amz-checksum-crc32c"
#define EXAMPLE_BYTES 66560

static uint8_t *example_body;

static int setup(void **state)
{
    (void)state;
    example_body = ol_malloc(EXAMPLE_BYTES);
    memset(example_body, 'a', EXAMPLE_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ol_free(example_body);
    return 0;
}

typedef struct decoding {
    int code;
    ol_error err;
    uint64_t bytes;
    bool all_a;
    char trailer[OL_AWS_TRAILER_VALUE_SIZE];
} decoding;

/* Feeds `in` in pieces of `piece` bytes. */
static decoding decode(const ol_aws_chunked_config *config, ol_slice in, size_t piece)
{
    ol_aws_chunked d;
    decoding r = {.all_a = true};
    ol_aws_chunked_init(&d, config);
    for (size_t at = 0; at < in.len && r.code == OL_OK; at += piece) {
        size_t left = in.len - at;
        ol_slice part = ol_slice_of(in.data + at, left < piece ? left : piece), data;
        while (part.len > 0 && r.code == OL_OK) {
            r.code = ol_aws_chunked_push(&d, &part, &data, &r.err);
            r.bytes += data.len;
            for (size_t i = 0; i < data.len; i++)
                r.all_a &= data.data[i] == 'a';
        }
    }
    if (r.code == OL_OK)
        r.code = ol_aws_chunked_finish(&d, &r.err);
    memcpy(r.trailer, d.trailer_value, sizeof r.trailer);
    assert_int_equal(r.err.code, r.code);
    ol_aws_chunked_fini(&d);
    return r;
}

/* ---- AWS's example ---- */

static void frames_as_aws_does(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, ol_slice_of(example_body, EXAMPLE_BYTES), 65536);
    framer_text(&f, "\r\n");
    assert_int_equal(f.out.len, 66824); /* its Content-Length */
    const char *text = ol_buf_cstr(&f.out);
    assert_memory_equal(text,
                        "10000;chunk-signature="
                        "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648\r\n",
                        88);
    assert_string_equal(text + f.out.len - 88,
                        "\r\n0;chunk-signature="
                        "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n");
    framer_close(&f);
}

static void decodes_aws_example_however_it_is_cut(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const ol_aws_chunked_config config = {
        .is_signed = true, .decoded_length = EXAMPLE_BYTES, .auth = &auth};
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, ol_slice_of(example_body, EXAMPLE_BYTES), 65536);
    framer_text(&f, "\r\n");
    static const size_t pieces[] = {1, 2, 3, 7, 85, 86, 87, 4096, 65536, 100000};
    for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
        decoding r = decode(&config, ol_buf_slice(&f.out), pieces[i]);
        assert_code_of(r.code, OL_OK, &r.err);
        assert_int_equal(r.bytes, EXAMPLE_BYTES);
        assert_true(r.all_a);
    }
    framer_close(&f);
}

static void decodes_aws_trailer_example(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED_TRAILER, SEED_TRAILER);
    const ol_aws_chunked_config config = {.is_signed = true,
                                          .with_trailer = true,
                                          .announced = true,
                                          .trailer = OL_CHECKSUM_CRC32C,
                                          .decoded_length = EXAMPLE_BYTES,
                                          .auth = &auth};
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, ol_slice_of(example_body, EXAMPLE_BYTES), 65536);
    framer_trailer(&f, CRC32C, "sOO8/Q==");
    framer_text(&f, "\r\n");
    assert_non_null(strstr(ol_buf_cstr(&f.out) + EXAMPLE_BYTES,
                           "x-amz-trailer-signature:"
                           "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435"));
    for (size_t piece = 1; piece < 100; piece += 7) {
        decoding r = decode(&config, ol_buf_slice(&f.out), piece);
        assert_code_of(r.code, OL_OK, &r.err);
        assert_string_equal(r.trailer, "sOO8/Q==");
    }
    framer_close(&f);
}

/* ---- other framings that exist ---- */

static const ol_aws_chunked_config unsigned_crc = {.with_trailer = true,
                                                   .announced = true,
                                                   .trailer = OL_CHECKSUM_CRC32,
                                                   .decoded_length = 5};

typedef struct text_case {
    const char *text;
    int code;
    const char *s3_code;
} text_case;

#define OK_TRAILER "x-amz-checksum-crc32:99g/Wg==\r\n\r\n"
#define INCOMPLETE OL_EINCOMPLETEBODY, "IncompleteBody"
#define BAD_TRAILER OL_EINVALIDREQUEST, "MalformedTrailerError"

static const text_case unsigned_cases[] = {
    {"5\r\naaaaa\r\n0\r\n" OK_TRAILER, OL_OK, ""},
    {"0005\r\naaaaa\r\n000\r\n" OK_TRAILER, OL_OK, ""},
    {"5\r\naaaaa\r\n0\r\nX-Amz-Checksum-Crc32: 99g/Wg== \r\n\r\n", OL_OK, ""},
    /* Bare line feeds in trailers, and one empty line too many behind them. */
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:99g/Wg==\n\n", OL_OK, ""},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:99g/Wg==\n\r\n\r\n", OL_OK, ""},
    /* Framing. */
    {"", INCOMPLETE},
    {"5", INCOMPLETE},
    {"5\r\n", INCOMPLETE},
    {"5\r\naaaa", INCOMPLETE},
    {"5\r\naaaaa", INCOMPLETE},
    {"5\r\naaaaa\r\n", INCOMPLETE},
    {"5\r\naaaaa\r\n0", INCOMPLETE},
    {"5\r\naaaaa\r\n0\r\n", INCOMPLETE},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:99g/Wg==\r\n", INCOMPLETE},
    {"5\r\naaaaa\r\n0\r\n" OK_TRAILER "\r", INCOMPLETE},
    {"5\r\naaaaa\r\n0\r\n" OK_TRAILER "x", INCOMPLETE},
    {"5\r\naaaaa\r\n0\r\n" OK_TRAILER "x\r\n", INCOMPLETE},
    {"5\r\naaaaa\r\n0\r\n" OK_TRAILER "\r\n\r\n", INCOMPLETE},
    {"5\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"5\r\naaaaa\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"5\r\naaaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"6\r\naaaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"4\r\naaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"0\r\n" OK_TRAILER, INCOMPLETE},
    {"\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"0x5\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"-5\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {" 5\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"5 \r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"5;x=y\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"10000000000000005\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"ffffffffffffffff\r\naaaaa\r\n0\r\n" OK_TRAILER, INCOMPLETE},
    {"2\r\naa\r\n3\r\naaa\r\n0\r\n" OK_TRAILER, OL_EINVALIDREQUEST, "InvalidChunkSizeError"},
    /* Trailers. */
    {"5\r\naaaaa\r\n0\r\n\r\n", BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32c:99g/Wg==\r\n\r\n", BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32\r\n\r\n", BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\n:99g/Wg==\r\n\r\n", BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:\r\n\r\n", BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:99g/Wg==\r\nx-amz-checksum-crc32:99g/Wg==\r\n\r\n",
     BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:99g/Wg==\r\nx-amz-trailer-signature:00\r\n\r\n",
     BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-checksum-crc32:99g/Wg==99g/Wg==99g/Wg==99g/Wg==99g/Wg==99g/Wg==99g/"
     "Wg==99g/Wg==\r\n\r\n",
     BAD_TRAILER},
    {"5\r\naaaaa\r\n0\r\nx-amz-meta-x:1\r\n\r\n", BAD_TRAILER},
};

static void reads_unsigned_framing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof unsigned_cases / sizeof unsigned_cases[0]; i++) {
        const text_case *c = &unsigned_cases[i];
        for (size_t piece = 1; piece < 20; piece++) {
            decoding r = decode(&unsigned_crc, ol_slice_cstr(c->text), piece);
            if (r.code != c->code || strcmp(r.err.s3_code, c->s3_code) != 0)
                fail_msg("\"%s\" in pieces of %zu: %s, %s (%s)", c->text, piece,
                         ol_code_name(r.code), r.err.s3_code, r.err.detail);
            assert_true(r.bytes <= 5);
        }
    }
}

static void no_trailer_may_come_that_was_not_announced(void **state)
{
    (void)state;
    ol_aws_chunked_config config = {.with_trailer = true, .decoded_length = 5};
    decoding r = decode(&config, OL_SLICE_LIT("5\r\naaaaa\r\n0\r\n\r\n"), 3);
    assert_code_of(r.code, OL_OK, &r.err);
    r = decode(&config, OL_SLICE_LIT("5\r\naaaaa\r\n0\r\n" OK_TRAILER), 3);
    assert_string_equal(r.err.s3_code, "MalformedTrailerError");
    config.with_trailer = false;
    r = decode(&config, OL_SLICE_LIT("5\r\naaaaa\r\n0\r\n" OK_TRAILER), 3);
    assert_string_equal(r.err.s3_code, "MalformedTrailerError");
}

static void bounds_lines(void **state)
{
    (void)state;
    char text[2000];
    memset(text, '0', sizeof text);
    decoding r = decode(&unsigned_crc, ol_slice_of(text, sizeof text), 100);
    assert_code(r.code, OL_EINCOMPLETEBODY);
    assert_non_null(strstr(r.err.detail, "too long"));
}

static void decodes_an_empty_body(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const ol_aws_chunked_config config = {.is_signed = true, .auth = &auth};
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, OL_SLICE_NONE, 1);
    framer_text(&f, "\r\n");
    decoding r = decode(&config, ol_buf_slice(&f.out), 1);
    assert_code_of(r.code, OL_OK, &r.err);
    assert_int_equal(r.bytes, 0);
    framer_close(&f);
}

/* One client writes "name:value\n", an empty line, then the signature. */
static void tolerates_an_empty_line_before_the_signature(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED_TRAILER, SEED_TRAILER);
    const ol_aws_chunked_config config = {.is_signed = true,
                                          .with_trailer = true,
                                          .announced = true,
                                          .trailer = OL_CHECKSUM_CRC32C,
                                          .decoded_length = EXAMPLE_BYTES,
                                          .auth = &auth};
    for (int lines = 0; lines < 3; lines++) {
        test_framer f;
        char signature[128];
        framer_open(&f, &auth);
        framer_body(&f, ol_slice_of(example_body, EXAMPLE_BYTES), 65536);
        framer_sign(&f, "TRAILER", false, OL_SLICE_LIT(CRC32C ":sOO8/Q==\n"));
        framer_text(&f, CRC32C ":sOO8/Q==\n");
        for (int i = 0; i < lines; i++)
            framer_text(&f, "\r\n");
        snprintf(signature, sizeof signature, "x-amz-trailer-signature:%s\r\n\r\n", f.previous);
        framer_text(&f, signature);
        decoding r = decode(&config, ol_buf_slice(&f.out), 1000);
        assert_code_of(r.code, lines < 2 ? OL_OK : OL_ESIGNATURE, &r.err);
        framer_close(&f);
    }
}

/* ---- signatures ---- */

/* Every single byte of a signed body, changed, makes it fail, whatever the code. */
static void notices_any_changed_byte(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED_TRAILER, SEED_TRAILER);
    const ol_aws_chunked_config config = {.is_signed = true,
                                          .with_trailer = true,
                                          .announced = true,
                                          .trailer = OL_CHECKSUM_CRC32C,
                                          .decoded_length = 8200,
                                          .auth = &auth};
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, ol_slice_of(example_body, 8200), 8192);
    framer_trailer(&f, CRC32C, "sOO8/Q==");
    framer_text(&f, "\r\n");
    decoding r = decode(&config, ol_buf_slice(&f.out), 997);
    assert_code_of(r.code, OL_OK, &r.err);
    for (size_t i = 0; i < f.out.len; i++) {
        if (i > 200 && i < 8200)
            i += 97; /* inside the first chunk's data, some will do */
        uint8_t kept = f.out.data[i];
        f.out.data[i] ^= 0x11;
        r = decode(&config, ol_buf_slice(&f.out), 997);
        if (r.code == OL_OK)
            fail_msg("byte %zu ('%c') may be changed", i, kept);
        f.out.data[i] = kept;
    }
    framer_close(&f);
}

static void notices_a_wrong_seed_and_a_missing_trailer_signature(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED_TRAILER, SEED_TRAILER);
    ol_sigv4_result other = example_auth(OL_PAYLOAD_STREAMING_SIGNED_TRAILER, SEED_PLAIN);
    ol_aws_chunked_config config = {.is_signed = true,
                                    .with_trailer = true,
                                    .announced = true,
                                    .trailer = OL_CHECKSUM_CRC32C,
                                    .decoded_length = 5,
                                    .auth = &other};
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, OL_SLICE_LIT("aaaaa"), 5);
    framer_text(&f, CRC32C ":AAAAAA==\r\n\r\n");
    decoding r = decode(&config, ol_buf_slice(&f.out), 10);
    assert_code(r.code, OL_ESIGNATURE);
    config.auth = &auth;
    r = decode(&config, ol_buf_slice(&f.out), 10);
    assert_code(r.code, OL_EINCOMPLETEBODY); /* the signature may still come */
    framer_text(&f, "\r\n");
    r = decode(&config, ol_buf_slice(&f.out), 10);
    assert_code(r.code, OL_ESIGNATURE);
    framer_close(&f);
}

static void chunks_cannot_be_swapped_dropped_or_repeated(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    ol_aws_chunked_config config = {
        .is_signed = true, .decoded_length = 3 * 8192, .auth = &auth};
    const size_t chunk = 8192 + 4 + 17 + 64 + 2 + 2; /* "2000", mark, signature, CR LF twice */
    test_framer f;
    ol_buf changed;
    framer_open(&f, &auth);
    framer_body(&f, ol_slice_of(example_body, 3 * 8192), 8192);
    framer_text(&f, "\r\n");
    ol_slice whole = ol_buf_slice(&f.out), end = ol_slice_from(whole, 3 * chunk);
    assert_int_equal(end.len, 1 + 17 + 64 + 2 + 2);
    static const int orders[][3] = {{0, 1, 2}, {1, 0, 2}, {0, 2, 1}, {0, 0, 1}, {0, 1, 1}};
    for (size_t o = 0; o < 5; o++) {
        ol_buf_init(&changed, 1 << 20);
        for (int i = 0; i < 3; i++)
            assert_code(ol_buf_add(&changed,
                                   ol_slice_of(whole.data + (size_t)orders[o][i] * chunk, chunk)),
                        OL_OK);
        assert_code(ol_buf_add(&changed, end), OL_OK);
        decoding r = decode(&config, ol_buf_slice(&changed), 5000);
        assert_code(r.code, o == 0 ? OL_OK : OL_ESIGNATURE);
        ol_buf_fini(&changed);
    }
    /* The end pulled forward, with the announced length adjusted by the same attacker. */
    config.decoded_length = 8192;
    ol_buf_init(&changed, 1 << 20);
    assert_code(ol_buf_add(&changed, ol_slice_first(whole, chunk)), OL_OK);
    assert_code(ol_buf_add(&changed, end), OL_OK);
    assert_code(decode(&config, ol_buf_slice(&changed), 5000).code, OL_ESIGNATURE);
    ol_buf_fini(&changed);
    framer_close(&f);
}

/* However much of a signed body is missing, what came is never taken for the whole. */
static void notices_every_truncation(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const ol_aws_chunked_config config = {
        .is_signed = true, .decoded_length = 8200, .auth = &auth};
    test_framer f;
    framer_open(&f, &auth);
    framer_body(&f, ol_slice_of(example_body, 8200), 8192);
    ol_slice whole = ol_buf_slice(&f.out);
    for (size_t len = 0; len < whole.len; len++) {
        if (len > 200 && len < 8100)
            len += 97;
        assert_true(decode(&config, ol_slice_first(whole, len), 1000).code < 0);
    }
    framer_close(&f);
}

/* A chunk signed with the right key, but in the chain of another request, or by another key. */
static void notices_chunks_of_another_request(void **state)
{
    (void)state;
    ol_sigv4_result mine = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const ol_sigv4_result elsewhere = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_TRAILER);
    ol_sigv4_result stranger = mine;
    stranger.signing_key[0] ^= 1;
    const ol_sigv4_result *const signers[] = {&mine, &elsewhere, &stranger};
    const ol_aws_chunked_config config = {.is_signed = true, .decoded_length = 5, .auth = &mine};
    for (int i = 0; i < 3; i++) {
        test_framer f;
        framer_open(&f, signers[i]);
        framer_body(&f, OL_SLICE_LIT("aaaaa"), 5);
        framer_text(&f, "\r\n");
        assert_code(decode(&config, ol_buf_slice(&f.out), 10).code, i == 0 ? OL_OK : OL_ESIGNATURE);
        framer_close(&f);
    }
}

static void an_unsigned_chunk_is_not_taken_for_a_signed_one(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const ol_aws_chunked_config config = {
        .is_signed = true, .decoded_length = 5, .auth = &auth};
    assert_code(decode(&config, OL_SLICE_LIT("5\r\naaaaa\r\n0\r\n\r\n"), 50).code,
                OL_EINCOMPLETEBODY);
    assert_code(decode(&config, OL_SLICE_LIT("5;chunk-signature=\r\naaaaa\r\n"), 50).code,
                OL_EINCOMPLETEBODY);
}

static void bounds_signed_chunks(void **state)
{
    (void)state;
    ol_sigv4_result auth = example_auth(OL_PAYLOAD_STREAMING_SIGNED, SEED_PLAIN);
    const ol_aws_chunked_config config = {
        .is_signed = true, .decoded_length = UINT64_MAX, .auth = &auth};
    decoding r = decode(&config,
                        OL_SLICE_LIT("4000001;chunk-signature=" SEED_PLAIN "\r\na"), 50);
    assert_string_equal(r.err.s3_code, "InvalidChunkSizeError");
    r = decode(&config, OL_SLICE_LIT("4000000;chunk-signature=" SEED_PLAIN "\r\na"), 50);
    assert_string_equal(r.err.s3_code, "IncompleteBody");
    assert_int_equal(r.bytes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_as_aws_does),
        cmocka_unit_test(decodes_aws_example_however_it_is_cut),
        cmocka_unit_test(decodes_aws_trailer_example),
        cmocka_unit_test(reads_unsigned_framing),
        cmocka_unit_test(no_trailer_may_come_that_was_not_announced),
        cmocka_unit_test(bounds_lines),
        cmocka_unit_test(decodes_an_empty_body),
        cmocka_unit_test(tolerates_an_empty_line_before_the_signature),
        cmocka_unit_test(notices_any_changed_byte),
        cmocka_unit_test(notices_a_wrong_seed_and_a_missing_trailer_signature),
        cmocka_unit_test(chunks_cannot_be_swapped_dropped_or_repeated),
        cmocka_unit_test(notices_every_truncation),
        cmocka_unit_test(notices_chunks_of_another_request),
        cmocka_unit_test(an_unsigned_chunk_is_not_taken_for_a_signed_one),
        cmocka_unit_test(bounds_signed_chunks),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
