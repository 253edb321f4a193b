/* SPDX-License-Identifier: MIT */
/* What requests say of encryption: each wrong thing with S3's own words, in its order. */
#include "unit/s3/request_kit.h"

#include "base/alloc.h"
#include "s3/documents/bucket_encryption.h"
#include "s3/request/sse_headers.h"

#define SSE "x-amz-server-side-encryption"
#define ALGORITHM SSE "-customer-algorithm", "AES256"
#define KEY SSE "-customer-key", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define MD5 SSE "-customer-key-MD5", "tP/LI3N87DFaSk0aoqYgzg=="
#define SHORT_KEY SSE "-customer-key", "AAECAw=="
#define SHORT_MD5 SSE "-customer-key-MD5", "N7Wa/VknJfkwXkhKXX9RaA=="

typedef struct answer {
    int rc;
    ol_error err;
    ol_s3_sse_fault fault;
    uint8_t room[OL_S3_SSE_KEY_ROOM];
    char md5[OL_S3_SSE_MD5_SIZE];
    test_request t;
} answer;

static void read_customer(answer *a, const char *const *fields, bool secure, bool write)
{
    *a = (answer){0};
    test_request_open(&a->t, "PUT", "/b/k", fields);
    const ol_s3_sse_customer ask = {
        .secure = secure, .needs_md5 = write, .headers = &a->t.req.headers};
    a->rc = ol_s3_sse_customer_read(&ask, a->room, a->md5, &a->fault, &a->err);
}

static bool all_zero(const uint8_t *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] == 0)
        len--;
    return len == 0;
}

static void a_key_is_read_and_its_text_overwritten(void **state)
{
    (void)state;
    static const char *const fields[] = {"Host", "h", ALGORITHM, KEY, MD5, NULL};
    answer a;
    read_customer(&a, fields, true, true);
    assert_int_equal(a.rc, OL_OK);
    for (unsigned i = 0; i < OL_S3_SSE_KEY_BYTES; i++)
        assert_int_equal(a.room[i], i);
    assert_string_equal(a.md5, "tP/LI3N87DFaSk0aoqYgzg==");
    ol_slice text = ol_headers_get(&a.t.req.headers, SSE "-customer-key");
    assert_int_equal(text.len, 44);
    assert_true(all_zero(text.data, text.len));
    test_request_close(&a.t);
}

static void nothing_said_is_nothing(void **state)
{
    (void)state;
    static const char *const fields[] = {"Host", "h", SSE, "AES256", NULL};
    answer a;
    read_customer(&a, fields, false, true);
    assert_int_equal(a.rc, OL_SKIP);
    test_request_close(&a.t);
}

static void reads_do_not_need_the_md5(void **state)
{
    (void)state;
    static const char *const fields[] = {"Host", "h", ALGORITHM, KEY, NULL};
    answer a;
    read_customer(&a, fields, true, false);
    assert_int_equal(a.rc, OL_OK);
    assert_string_equal(a.md5, "tP/LI3N87DFaSk0aoqYgzg==");
    test_request_close(&a.t);
}

static void wrong_keys_are_told_as_s3_does(void **state)
{
    (void)state;
    static const struct {
        const char *fields[12];
        bool insecure;
        const char *code, *says;
    } cases[] = {
        /* each also has what a later check would refuse: the order is S3's */
        {{ALGORITHM, KEY, MD5, SSE, "AES256"}, true, "InvalidRequest", "secure connection"},
        {{KEY, SSE, "AES256"}, false, "InvalidArgument", "is incompatible with"},
        {{KEY}, false, "InvalidArgument", "a valid encryption algorithm"},
        {{MD5}, false, "InvalidArgument", "a valid encryption algorithm"},
        {{SSE "-customer-algorithm", "AES192"}, false, "InvalidEncryptionAlgorithmError",
         "Supported value: AES256."},
        {{SSE "-customer-algorithm", "aes256", KEY, MD5}, false, "InvalidEncryptionAlgorithmError",
         "Supported value: AES256."},
        {{ALGORITHM, MD5}, false, "InvalidArgument", "an appropriate secret key"},
        {{ALGORITHM, KEY}, false, "InvalidArgument", "client calculated MD5"},
        {{ALGORITHM, SHORT_KEY, MD5}, false, "InvalidArgument", "did not match the hash"},
        {{ALGORITHM, SHORT_KEY, SHORT_MD5}, false, "InvalidArgument", "The secret key was invalid"},
        {{ALGORITHM, SSE "-customer-key", "!", MD5}, false, "InvalidArgument",
         "The secret key was invalid"},
        {{ALGORITHM, KEY, KEY, MD5}, false, "InvalidArgument", "more than once"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answer a;
        const char *fields[16] = {"Host", "h"};
        memcpy(fields + 2, cases[i].fields, sizeof cases[i].fields);
        read_customer(&a, fields, !cases[i].insecure, true);
        if (a.rc >= 0 || a.err.status != 400 || strcmp(a.err.s3_code, cases[i].code) != 0 ||
            !strstr(a.err.message, cases[i].says))
            fail_msg("case %zu: %d %s %s", i, a.rc, a.err.s3_code, a.err.message);
        assert_true(all_zero(a.room, sizeof a.room));
        ol_slice text = ol_headers_get(&a.t.req.headers, SSE "-customer-key");
        assert_true(all_zero(text.data, text.len));
        if (strcmp(a.err.s3_code, "InvalidArgument") == 0)
            assert_memory_equal(a.fault.name, SSE, strlen(SSE));
        test_request_close(&a.t);
    }
}

static void a_sources_key_is_its_own(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "Host", "h", "x-amz-copy-source-server-side-encryption-customer-algorithm", "AES256",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", SSE, "AES256", NULL};
    answer a = {0};
    test_request_open(&a.t, "PUT", "/b/k", fields);
    const ol_s3_sse_customer ask = {
        .whose = OL_S3_SSE_OF_SOURCE, .secure = true, .headers = &a.t.req.headers};
    assert_int_equal(ol_s3_sse_customer_read(&ask, a.room, a.md5, &a.fault, &a.err), OL_OK);
    assert_false(ol_s3_sse_customer_named(&a.t.req.headers, OL_S3_SSE_OF_OBJECT));
    test_request_close(&a.t);
}

/* ---- the method ---- */

static int read_method(const char *const *fields, ol_s3_sse_asked *asked, ol_error *err,
                       test_request *t, ol_arena *arena)
{
    ol_s3_sse_fault fault = {0};
    *err = (ol_error){0};
    test_request_open(t, "PUT", "/b/k", fields);
    return ol_s3_sse_read(&t->req.headers, arena, asked, &fault, err);
}

static void methods_are_read(void **state)
{
    (void)state;
    static const char *const fields[] = {"Host", "h", SSE, "aws:kms", SSE "-aws-kms-key-id",
                                         "alias/x", SSE "-context", "eyJhIjoiYiJ9",
                                         SSE "-bucket-key-enabled", "true", NULL};
    ol_arena *arena = ol_arena_new(65536);
    ol_s3_sse_asked asked;
    ol_error err;
    test_request t;
    assert_int_equal(read_method(fields, &asked, &err, &t, arena), OL_OK);
    assert_int_equal(asked.method, OL_S3_SSE_KMS);
    assert_true(ol_slice_eq_cstr(asked.kms_key, "alias/x"));
    assert_true(ol_slice_eq_cstr(asked.context, "{\"a\":\"b\"}"));
    assert_true(asked.bucket_key && asked.has_bucket_key);
    test_request_close(&t);
    ol_arena_destroy(arena);
}

static void wrong_methods_are_told_as_s3_does(void **state)
{
    (void)state;
    static const struct {
        const char *fields[8];
        const char *says;
    } cases[] = {
        {{SSE, "aes:kms"}, "The encryption method specified is not supported"},
        {{SSE, ""}, "The encryption method specified is not supported"},
        {{SSE "-aws-kms-key-id", "k"}, "requires HTTP header x-amz-server-side-encryption : aws:kms"},
        {{SSE, "AES256", SSE "-aws-kms-key-id", "k"}, "requires HTTP header"},
        {{SSE, "AES256", SSE "-context", "e30="}, "requires HTTP header"},
        {{SSE, "aws:kms", SSE "-context", "{}"}, "Base64-encoded UTF-8"},
        {{SSE, "aws:kms", SSE "-bucket-key-enabled", "1"}, "true or false"},
        {{SSE, "aws:kms", SSE, "AES256"}, "more than once"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ol_arena *arena = ol_arena_new(65536);
        const char *fields[12] = {"Host", "h"};
        ol_s3_sse_asked asked;
        ol_error err;
        test_request t;
        memcpy(fields + 2, cases[i].fields, sizeof cases[i].fields);
        int rc = read_method(fields, &asked, &err, &t, arena);
        if (rc != OL_EINVAL || !strstr(err.message, cases[i].says))
            fail_msg("case %zu: %d %s", i, rc, err.message);
        test_request_close(&t);
        ol_arena_destroy(arena);
    }
}

static void reads_take_no_method(void **state)
{
    (void)state;
    static const char *const fields[] = {"Host", "h", SSE, "AES256", NULL};
    ol_s3_sse_fault fault = {0};
    ol_error err = {0};
    test_request t;
    test_request_open(&t, "GET", "/b/k", fields);
    assert_int_equal(ol_s3_sse_refuse(&t.req.headers, &fault, &err), OL_EINVAL);
    assert_string_equal(fault.name, SSE);
    test_request_close(&t);
}

/* ---- a bucket's configuration ---- */

#define RULE(inside)                                                                               \
    "<ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"        \
    "<Rule>" inside "</Rule></ServerSideEncryptionConfiguration>"
#define BY_DEFAULT(inside)                                                                         \
    "<ApplyServerSideEncryptionByDefault>" inside "</ApplyServerSideEncryptionByDefault>"

static int parse(const char *xml, ol_bucket_encryption *out, ol_s3_sse_fault *fault, ol_buf *again)
{
    ol_arena *arena = ol_arena_new(65536);
    ol_error err = {0};
    *fault = (ol_s3_sse_fault){0};
    int rc = ol_bucket_encryption_parse(ol_slice_cstr(xml), arena, out, fault, &err);
    if (rc == OL_OK && again)
        assert_int_equal(ol_bucket_encryption_write(again, out), OL_OK);
    ol_arena_destroy(arena);
    return rc;
}

static void configurations_go_round(void **state)
{
    (void)state;
    ol_bucket_encryption out;
    ol_s3_sse_fault fault;
    ol_buf again;
    ol_buf_init(&again, 4096);
    assert_int_equal(
        parse(RULE(BY_DEFAULT("<SSEAlgorithm>aws:kms</SSEAlgorithm>"
                              "<KMSMasterKeyID>k&amp;1</KMSMasterKeyID>")
                   "<BucketKeyEnabled>true</BucketKeyEnabled>"
                   "<BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType>"
                   "</BlockedEncryptionTypes>"),
              &out, &fault, &again),
        OL_OK);
    assert_true(out.given && out.bucket_key && out.blocks_customer_keys);
    assert_int_equal(out.method, OL_S3_SSE_KMS);
    assert_int_equal(ol_buf_add_byte(&again, 0), OL_OK);
    ol_bucket_encryption twice;
    assert_int_equal(parse((const char *)ol_buf_slice(&again).data, &twice, &fault, NULL), OL_OK);
    assert_true(twice.method == out.method && twice.blocks_customer_keys && twice.bucket_key);
    ol_buf_fini(&again);
}

static void wrong_configurations_are_refused(void **state)
{
    (void)state;
    static const char *const malformed[] = {
        "<ServerSideEncryptionConfiguration/>",
        RULE(""),
        RULE(BY_DEFAULT("")),
        RULE(BY_DEFAULT("<SSEAlgorithm>rot13</SSEAlgorithm>")),
        RULE(BY_DEFAULT("<SSEAlgorithm>AES256</SSEAlgorithm>") "<Other/>"),
        RULE("<BlockedEncryptionTypes><EncryptionType>DES</EncryptionType>"
             "</BlockedEncryptionTypes>"),
        "<ServerSideEncryptionConfiguration><Rule/><Rule/></ServerSideEncryptionConfiguration>",
    };
    ol_bucket_encryption out;
    ol_s3_sse_fault fault;
    for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++)
        if (parse(malformed[i], &out, &fault, NULL) != OL_EMALFORMEDXML)
            fail_msg("%s is taken", malformed[i]);
    assert_int_equal(parse(RULE(BY_DEFAULT("<SSEAlgorithm>AES256</SSEAlgorithm>"
                                           "<KMSMasterKeyID>k</KMSMasterKeyID>")),
                           &out, &fault, NULL),
                     OL_EINVAL);
    assert_string_equal(fault.name, "ApplyServerSideEncryptionByDefault");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_read_and_its_text_overwritten),
        cmocka_unit_test(nothing_said_is_nothing),
        cmocka_unit_test(reads_do_not_need_the_md5),
        cmocka_unit_test(wrong_keys_are_told_as_s3_does),
        cmocka_unit_test(a_sources_key_is_its_own),
        cmocka_unit_test(methods_are_read),
        cmocka_unit_test(wrong_methods_are_told_as_s3_does),
        cmocka_unit_test(reads_take_no_method),
        cmocka_unit_test(configurations_go_round),
        cmocka_unit_test(wrong_configurations_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
