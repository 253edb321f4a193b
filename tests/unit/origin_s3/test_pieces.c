/* SPDX-License-Identifier: MIT */
/* The parts that need no service: endpoints, pauses, the breaker, credentials, chunks, heads. */
#include "lib/check.h"
#include "lib/scratch.h"
#include "origin/s3/answer.h"
#include "http/backoff.h"
#include "http/breaker.h"
#include "origin/s3/chunks.h"
#include "origin/s3/credentials.h"
#include "http/endpoint.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- endpoints ---- */

static void endpoints(void **state)
{
    (void)state;
    static const struct {
        const char *url, *host, *authority;
        uint16_t port;
        bool tls, address;
    } good[] = {
        {"http://127.0.0.1:8000", "127.0.0.1", "127.0.0.1:8000", 8000, false, true},
        {"https://S3.eu-west-1.amazonaws.com/", "s3.eu-west-1.amazonaws.com",
         "s3.eu-west-1.amazonaws.com", 443, true, false},
        {"http://ceph:80", "ceph", "ceph", 80, false, false},
        {"https://ceph:80", "ceph", "ceph:80", 80, true, false},
        {"http://[::1]:9", "::1", "[::1]:9", 9, false, true},
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ol_http_endpoint e;
        ol_error err = {0};
        assert_code_of(ol_http_endpoint_parse(&e, good[i].url, &err), OL_OK, &err);
        assert_string_equal(e.host, good[i].host);
        assert_string_equal(e.authority, good[i].authority);
        assert_int_equal(e.port, good[i].port);
        assert_int_equal(e.tls, good[i].tls);
        assert_int_equal(e.is_address, good[i].address);
    }
    static const char *const bad[] = {"", "ceph", "ftp://ceph", "http://", "http://user@ceph",
                                      "http://ceph/base", "http://ceph:0", "http://ceph:65536",
                                      "http://ceph:", "http://[::1", "http://[x]", "http://a b",
                                      "http://[::1]x", "http://ceph?x", "http://ceph#x"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ol_http_endpoint e;
        ol_error err = {0};
        if (ol_http_endpoint_parse(&e, bad[i], &err) != OL_ECONFIG)
            fail_msg("taken: %s", bad[i]);
    }
}

/* ---- pauses ---- */

static void pauses(void **state)
{
    (void)state;
    assert_int_equal(ol_http_backoff_ms(100, 5000, 1, 0), 0);
    assert_int_equal(ol_http_backoff_ms(100, 5000, 1, UINT32_MAX), 100);
    assert_int_equal(ol_http_backoff_ms(100, 5000, 3, UINT32_MAX), 400);
    assert_int_equal(ol_http_backoff_ms(100, 5000, 9, UINT32_MAX), 5000);
    assert_int_equal(ol_http_backoff_ms(100, 5000, 4000, UINT32_MAX), 5000);
    assert_in_range(ol_http_backoff_ms(100, 5000, 1, UINT32_MAX / 2), 49, 51);
    assert_int_equal(ol_http_backoff_ms(0, 0, 1, UINT32_MAX), 0);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_LIT("3"), 0), 3000);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_LIT("99999999999"), 0), UINT32_MAX);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_LIT("Thu, 01 Jan 1970 00:00:07 GMT"), 2000),
                     5000);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_LIT("Thu, 01 Jan 1970 00:00:07 GMT"), 9000), 0);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_LIT("soon"), 0), 0);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_LIT("-1"), 0), 0);
    assert_int_equal(ol_http_retry_after_ms(OL_SLICE_NONE, 0), 0);
}

/* ---- the breaker ---- */

static void breaker(void **state)
{
    (void)state;
    ol_http_breaker b;
    bool probe;
    ol_http_breaker_init(&b, 3, 100);
    for (int i = 0; i < 2; i++)
        assert_false(ol_http_breaker_failed(&b, 0, false));
    ol_http_breaker_succeeded(&b); /* not in a row */
    for (int i = 0; i < 2; i++)
        assert_false(ol_http_breaker_failed(&b, 0, false));
    assert_code(ol_http_breaker_ask(&b, 0, &probe), OL_OK);
    assert_true(ol_http_breaker_failed(&b, 10, probe));
    assert_code(ol_http_breaker_ask(&b, 109, &probe), OL_EUNAVAILABLE);
    assert_code(ol_http_breaker_ask(&b, 110, &probe), OL_OK);
    assert_true(probe);
    assert_code(ol_http_breaker_ask(&b, 110, &probe), OL_EUNAVAILABLE); /* one at a time */
    assert_false(ol_http_breaker_failed(&b, 111, false)); /* an old request's end does not decide */
    assert_true(ol_http_breaker_failed(&b, 120, true));
    assert_code(ol_http_breaker_ask(&b, 219, &probe), OL_EUNAVAILABLE);
    assert_code(ol_http_breaker_ask(&b, 220, &probe), OL_OK);
    ol_http_breaker_unknown(&b, probe);
    assert_code(ol_http_breaker_ask(&b, 221, &probe), OL_OK); /* another may try */
    ol_http_breaker_succeeded(&b);
    assert_code(ol_http_breaker_ask(&b, 222, &probe), OL_OK);
    assert_false(probe);
    ol_http_breaker_init(&b, 0, 100);
    for (int i = 0; i < 1000; i++)
        assert_false(ol_http_breaker_failed(&b, 0, false));
    assert_code(ol_http_breaker_ask(&b, 0, &probe), OL_OK);
}

/* ---- credentials ---- */

static void shared_files(void **state)
{
    (void)state;
    static const char text[] = "# mine\r\n[other]\naws_access_key_id = X\n\n[ default ]\n"
                               "aws_access_key_id=AKID\r\n  aws_secret_access_key = se/cr+et= \n"
                               "region = us-east-1\naws_session_token = tok\n[profile third]\n"
                               "aws_access_key_id = T\naws_secret_access_key = S\n";
    ol_s3_keys keys;
    ol_error err = {0};
    assert_code_of(ol_s3_credentials_parse(&keys, ol_slice_cstr(text), "default", &err), OL_OK,
                   &err);
    assert_string_equal(keys.access_key, "AKID");
    assert_string_equal(keys.secret_key, "se/cr+et=");
    assert_string_equal(keys.token, "tok");
    assert_code_of(ol_s3_credentials_parse(&keys, ol_slice_cstr(text), "third", &err), OL_OK, &err);
    assert_string_equal(keys.access_key, "T");
    assert_string_equal(keys.token, "");
    assert_code(ol_s3_credentials_parse(&keys, ol_slice_cstr(text), "none", &err), OL_ECONFIG);
    ol_error_clear(&err);
    assert_code(ol_s3_credentials_parse(&keys, ol_slice_cstr(text), "other", &err), OL_ECONFIG);
}

static void json_files(void **state)
{
    (void)state;
    static const char text[] = " \n{\"Version\": 1, \"AccessKeyId\": \"AKID\", \"SecretAccessKey\": "
                               "\"secret\", \"SessionToken\": \"tok\", \"Expiration\": "
                               "\"1970-01-01T00:00:09Z\", \"More\": {\"a\": []}}";
    ol_s3_keys keys;
    ol_error err = {0};
    assert_code_of(ol_s3_credentials_parse(&keys, ol_slice_cstr(text), "default", &err), OL_OK,
                   &err);
    assert_string_equal(keys.access_key, "AKID");
    assert_string_equal(keys.secret_key, "secret");
    assert_string_equal(keys.token, "tok");
    assert_int_equal(keys.expires_ms, 9000);
    static const char *const bad[] = {
        "{", "{}", "{\"AccessKeyId\": \"A\"}", "{\"AccessKeyId\": 5, \"SecretAccessKey\": \"b\"}",
        "{\"AccessKeyId\": \"A\", \"AccessKeyId\": \"B\", \"SecretAccessKey\": \"b\"}",
        "{\"AccessKeyId\": \"A B\", \"SecretAccessKey\": \"b\"}",
        "{\"AccessKeyId\": \"A\\r\\nX: y\", \"SecretAccessKey\": \"b\"}",
        "{\"AccessKeyId\": \"A\", \"SecretAccessKey\": \"b\", \"Expiration\": \"tomorrow\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ol_error_clear(&err);
        assert_code(ol_s3_credentials_parse(&keys, ol_slice_cstr(bad[i]), "default", &err),
                    OL_ECONFIG);
        assert_string_equal(keys.access_key, ""); /* nothing is left of what was read */
    }
}

static void files_are_read_again(void **state)
{
    (void)state;
    ol_test_scratch scratch;
    ol_test_scratch_open(&scratch);
    const char *path = ol_test_scratch_path(&scratch, "credentials");
    const ol_s3_credentials_options options = {.from = OL_S3_CREDENTIALS_FILE, .file = path};
    ol_s3_credentials *c;
    ol_s3_keys keys;
    ol_error err = {0};
    assert_code(ol_s3_credentials_new(&c, &options, &err), OL_ECONFIG); /* absent */
    ol_test_file_write(path, OL_SLICE_LIT("[default]\naws_access_key_id=A\n"
                                          "aws_secret_access_key=one\n"));
    ol_error_clear(&err);
    assert_code_of(ol_s3_credentials_new(&c, &options, &err), OL_OK, &err);
    uint64_t first = ol_s3_credentials_copy(c, &keys);
    assert_string_equal(keys.secret_key, "one");
    assert_code(ol_s3_credentials_refresh(c, &err), OL_SKIP);
    ol_test_file_write(path, OL_SLICE_LIT("half a fi")); /* being written: the old ones stay */
    assert_code(ol_s3_credentials_refresh(c, &err), OL_ECONFIG);
    assert_code(ol_s3_credentials_refresh(c, &err), OL_SKIP); /* said once */
    assert_int_equal(ol_s3_credentials_copy(c, &keys), first);
    assert_string_equal(keys.secret_key, "one");
    ol_test_file_write(path, OL_SLICE_LIT("{\"AccessKeyId\":\"A\",\"SecretAccessKey\":\"two\"}"));
    ol_error_clear(&err);
    assert_code_of(ol_s3_credentials_refresh(c, &err), OL_OK, &err);
    assert_int_not_equal(ol_s3_credentials_copy(c, &keys), first);
    assert_string_equal(keys.secret_key, "two");
    assert_int_equal(remove(path), 0);
    ol_error_clear(&err);
    assert_code(ol_s3_credentials_refresh(c, &err), OL_ECONFIG);
    assert_code(ol_s3_credentials_refresh(c, &err), OL_SKIP);
    ol_s3_credentials_destroy(c);
    ol_test_scratch_close(&scratch);
}

static void files_that_are_no_files(void **state)
{
    (void)state;
    static const char *const paths[] = {"/dev/zero", "/", "/dev/full"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        const ol_s3_credentials_options options = {.from = OL_S3_CREDENTIALS_FILE,
                                                   .file = paths[i]};
        ol_s3_credentials *c;
        ol_error err = {0};
        assert_code(ol_s3_credentials_new(&c, &options, &err), OL_ECONFIG);
        assert_non_null(strstr(err.message, paths[i]));
    }
}

/* ---- chunks ---- */

static uint64_t send_all(ol_s3_chunks *chunks, ol_s3_chunk_signer *signer, ol_slice body,
                         ol_slice value, ol_buf *out)
{
    while (body.len > 0) {
        body = ol_s3_chunks_take(chunks, body);
        if (ol_s3_chunks_room(chunks).len > 0)
            break;
        ol_buf_add(out, ol_s3_chunks_seal(chunks, signer));
        ol_s3_chunks_clear(chunks);
    }
    ol_buf_add(out, ol_s3_chunks_seal_last(chunks, signer, value));
    return out->len;
}

static void chunks_have_the_length_that_was_told(void **state)
{
    (void)state;
    static const enum ol_s3_body kinds[] = {OL_S3_BODY_CHUNKS, OL_S3_BODY_CHUNKS_TRAILER,
                                            OL_S3_BODY_UNSIGNED_TRAILER};
    static const size_t sizes[] = {1, 15, 16, 17, 65535, OL_S3_CHUNK_BYTES - 1, OL_S3_CHUNK_BYTES,
                                   OL_S3_CHUNK_BYTES + 1, 3 * OL_S3_CHUNK_BYTES,
                                   3 * OL_S3_CHUNK_BYTES + 4097};
    uint8_t *body = calloc(1, 4 * OL_S3_CHUNK_BYTES);
    for (size_t i = 0; i < 30; i++) {
        ol_s3_chunks chunks;
        ol_s3_chunk_signer signer = {.seed = {.amz_date = "20261120T000000Z", .scope = "x"}};
        ol_buf out;
        size_t size = sizes[i / 3];
        ol_buf_init(&out, 1 << 20);
        assert_code(ol_s3_chunks_init(&chunks, kinds[i % 3], OL_CHECKSUM_CRC32C), OL_OK);
        uint64_t told = ol_s3_chunks_length(&chunks, size);
        uint64_t sent = send_all(&chunks, &signer, ol_slice_of(body, size),
                                 OL_SLICE_LIT("AAAAAA=="), &out);
        assert_int_equal(sent, told);
        assert_true(ol_slice_ends(ol_buf_slice(&out), OL_SLICE_LIT("\r\n\r\n")));
        ol_s3_chunks_fini(&chunks);
        ol_buf_fini(&out);
    }
    free(body);
}

static void an_unsigned_trailer(void **state)
{
    (void)state;
    ol_s3_chunks chunks;
    ol_buf out;
    ol_buf_init(&out, 1 << 20);
    assert_code(ol_s3_chunks_init(&chunks, OL_S3_BODY_UNSIGNED_TRAILER, OL_CHECKSUM_CRC32C), OL_OK);
    send_all(&chunks, NULL, OL_SLICE_LIT("hello"), OL_SLICE_LIT("mnG7TA=="), &out);
    assert_slice(ol_buf_slice(&out), "5\r\nhello\r\n0\r\nx-amz-checksum-crc32c:mnG7TA==\r\n\r\n");
    ol_s3_chunks_fini(&chunks);
    ol_buf_fini(&out);
}

/* ---- heads ---- */

static void content_ranges(void **state)
{
    (void)state;
    ol_byte_range range;
    uint64_t total;
    assert_true(ol_s3_content_range_parse(OL_SLICE_LIT("bytes 3-9/10"), &range, &total));
    assert_int_equal(range.start, 3);
    assert_int_equal(range.length, 7);
    assert_int_equal(total, 10);
    static const char *const bad[] = {"", "bytes", "bytes 3-9", "bytes 9-3/10", "bytes 3-10/10",
                                      "bytes 3-9/*", "bytes */10", "bytes -9/10", "items 3-9/10",
                                      "bytes 3-9/10/11", "bytes 18446744073709551616-9/10",
                                      "bytes 0-18446744073709551615/18446744073709551615"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        if (ol_s3_content_range_parse(ol_slice_cstr(bad[i]), &range, &total))
            fail_msg("taken: %s", bad[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoints),
        cmocka_unit_test(pauses),
        cmocka_unit_test(breaker),
        cmocka_unit_test(shared_files),
        cmocka_unit_test(json_files),
        cmocka_unit_test(files_are_read_again),
        cmocka_unit_test(files_that_are_no_files),
        cmocka_unit_test(chunks_have_the_length_that_was_told),
        cmocka_unit_test(an_unsigned_trailer),
        cmocka_unit_test(content_ranges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
