/* SPDX-License-Identifier: MIT */
/* Answers of the KMS JSON API: which key, what kind of refusal, and keys that never meet a parser. */
#include "lib/check.h"

#include "base/alloc.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_aws_answer.h"

#define HEAD "arn:aws:kms:eu-west-1:111122223333:"
#define KEY32 "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static bool is_key(const char *asked, const char *answered)
{
    return ol_kms_aws_is_key(ol_slice_cstr(asked), ol_slice_cstr(answered));
}

static void test_which_key(void **state)
{
    (void)state;
    assert_true(is_key("", HEAD "key/a"));
    assert_true(is_key(HEAD "key/a", HEAD "key/a"));
    assert_true(is_key("a", HEAD "key/a"));
    assert_true(is_key(HEAD "key/a", "a"));
    assert_true(is_key("a", "a"));
    assert_true(is_key("alias/x", HEAD "key/a"));
    assert_true(is_key(HEAD "alias/x", HEAD "key/a"));
    assert_false(is_key(HEAD "key/a", HEAD "key/b"));
    assert_false(is_key(HEAD "key/a", "arn:aws:kms:eu-west-2:111122223333:key/a"));
    assert_false(is_key("a", HEAD "key/b"));
    assert_false(is_key("a", HEAD "key/aa"));
    assert_false(is_key("a", HEAD "key/x/a"));
    assert_false(is_key(HEAD "key/a", "b"));
    assert_false(is_key(HEAD "alias/x", "arn:aws:kms:eu-west-1:999922223333:key/a"));
    assert_false(is_key(HEAD "key/a", HEAD "alias/x"));
    assert_false(is_key("alias/x", HEAD "alias/y"));
    assert_false(is_key("a", "arn:aws:kms"));
}

/* ---- answers ---- */

typedef struct fixture {
    ol_arena *arena;
    ol_kms_given given;
    enum ol_kms_state state;
    ol_error err;
} fixture;

static int read_answer(fixture *f, enum ol_kms_verb verb, const char *key_id, const char *text)
{
    uint8_t copy[4096];
    size_t len = strlen(text);
    memcpy(copy, text, len);
    f->arena = ol_arena_new(65536);
    f->err = (ol_error){0};
    const ol_kms_aws_asked asked = {verb, ol_slice_cstr(key_id), "k", f->arena};
    int rc = ol_kms_aws_answer_read(&asked, (ol_span){copy, len}, &f->given, &f->state, &f->err);
    assert_int_equal(rc, f->err.code);
    if (rc != OL_OK)
        assert_null(f->given.key);
    ol_secret_free(f->given.key, f->given.key_len);
    ol_arena_destroy(f->arena);
    return rc;
}

static void test_answers(void **state)
{
    fixture f;
    (void)state;
    assert_code(read_answer(&f, OL_KMS_OPEN, "a",
                            "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\" : \"" KEY32 "\"}"), OL_OK);
    assert_int_equal(f.given.key_len, 32);
    assert_code(read_answer(&f, OL_KMS_GENERATE, "a",
                            "{\"CiphertextBlob\":\"AAAA\",\"KeyId\":\"" HEAD
                            "key/a\",\"Plaintext\":\"" KEY32 "\"}"), OL_OK);
    assert_int_equal(f.given.wrapped.len, 3);
    assert_code(read_answer(&f, OL_KMS_STATE, "a", "{\"KeyMetadata\":{\"Arn\":\"" HEAD
                            "key/a\",\"KeyState\":\"PendingDeletion\"}}"), OL_OK);
    assert_int_equal(f.state, OL_KMS_PENDING_DELETION);
}

static void test_garbage(void **state)
{
    static const char *const texts[] = {
        "", "{", "[]", "null", "{}", "{\"Plaintext\":\"" KEY32 "\"}",
        "{\"KeyId\":\"" HEAD "key/a\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\"" KEY32 "\",\"Plaintext\":\"" KEY32 "\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"x\":{\"Plaintext\":\"" KEY32 "\"}}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Pl\\u0061intext\":\"" KEY32 "\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\"\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\"AAA\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\"A\\u0041AA\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":[\"" KEY32 "\"]}",
        "{\"KeyId\":7,\"Plaintext\":\"" KEY32 "\"}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\"" KEY32 "\"}{}",
        "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\"" KEY32,
    };
    fixture f;
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_code(read_answer(&f, OL_KMS_OPEN, "a", texts[i]), OL_EKMSUNAVAILABLE);
    assert_code(read_answer(&f, OL_KMS_OPEN, "b", "{\"KeyId\":\"" HEAD "key/a\",\"Plaintext\":\""
                            KEY32 "\"}"), OL_EDECRYPT);
    assert_code(read_answer(&f, OL_KMS_GENERATE, "b", "{\"KeyId\":\"" HEAD
                            "key/a\",\"Plaintext\":\"" KEY32 "\"}"), OL_EKMSUNAVAILABLE);
    assert_code(read_answer(&f, OL_KMS_STATE, "a", "{\"KeyMetadata\":{\"Arn\":\"" HEAD
                            "key/a\",\"KeyState\":\"Creating\"}}"), OL_EKMSSTATE);
}

/* What is parsed further on holds nothing of the key. */
static void test_the_key_is_overwritten(void **state)
{
    char text[] = "{ \"a\":\"Plaintext\", \"Plaintext\" :\t\"" KEY32 "\", \"b\":1 }";
    uint8_t *key;
    size_t len;
    (void)state;
    assert_code(ol_kms_reply_take((ol_span){(uint8_t *)text, strlen(text)}, "Plaintext", &key, &len),
                OL_OK);
    assert_int_equal(len, 32);
    for (size_t i = 0; i < len; i++)
        assert_int_equal(key[i], i);
    assert_null(strstr(text, "AAEC"));
    assert_non_null(strstr(text, "\"b\":1"));
    ol_secret_free(key, len);
    char escaped[] = "{\"Plai\\u006etext\":\"" KEY32 "\"}";
    assert_code(ol_kms_reply_take((ol_span){(uint8_t *)escaped, strlen(escaped)}, "Plaintext", &key,
                                  &len), OL_EINVAL);
    assert_null(key);
}

/* ---- refusals ---- */

static int refusal(enum ol_kms_verb verb, int status, const char *type, const char *text,
                   bool *again, ol_error *err)
{
    const ol_kms_aws_asked asked = {verb, OL_SLICE_LIT("a"), "k", NULL};
    *err = (ol_error){0};
    int rc = ol_kms_aws_refusal_read(&asked, status, ol_slice_cstr(type), ol_slice_cstr(text), again,
                                     err);
    assert_int_equal(rc, err->code);
    assert_true(rc < 0);
    return rc;
}

static void test_refusals(void **state)
{
    static const struct {
        int status;
        const char *type, *text;
        int code;
        bool again;
    } rows[] = {
        {400, "", "{\"__type\":\"NotFoundException\",\"message\":\"m\"}", OL_EKMSNOTFOUND, false},
        {400, "", "{\"__type\":\"a.b#DisabledException\"}", OL_EKMSDISABLED, false},
        {400, "KMSInvalidStateException:http://x/", "", OL_EKMSSTATE, false},
        {400, "AccessDeniedException", "{}", OL_EACCESS, false},
        {400, "", "{\"__type\":\"InvalidCiphertextException\"}", OL_EDECRYPT, false},
        {400, "", "{\"__type\":\"IncorrectKeyException\"}", OL_EDECRYPT, false},
        {400, "", "{\"__type\":\"ThrottlingException\"}", OL_EKMSTHROTTLED, true},
        {429, "", "", OL_EKMSTHROTTLED, true},
        {500, "", "<html>", OL_EKMSUNAVAILABLE, true},
        {500, "", "{\"__type\":\"DependencyTimeoutException\"}", OL_EKMSUNAVAILABLE, true},
        {400, "", "{\"__type\":\"UnrecognizedClientException\"}", OL_EKMSUNAVAILABLE, false},
        {400, "", "{\"__type\":\"ValidationException\"}", OL_EDECRYPT, false},
        {301, "", "", OL_EKMSUNAVAILABLE, false},
        {204, "", "", OL_EKMSUNAVAILABLE, false},
        {404, "", "garbage", OL_EKMSUNAVAILABLE, false},
    };
    bool again;
    ol_error err;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_code(refusal(OL_KMS_OPEN, rows[i].status, rows[i].type, rows[i].text, &again, &err),
                    rows[i].code);
        assert_int_equal(again, rows[i].again);
    }
    refusal(OL_KMS_OPEN, 400, "", "{\"__type\":\"NotFoundException\",\"Message\":\"a\\nb\"}", &again,
            &err);
    assert_string_equal(err.message, "a?b");
    refusal(OL_KMS_OPEN, 400, "", "{\"__type\":\"AccessDeniedException\",\"message\":\"who\"}",
            &again, &err);
    assert_null(strstr(err.message, "who"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_which_key),   cmocka_unit_test(test_answers),
        cmocka_unit_test(test_garbage),     cmocka_unit_test(test_the_key_is_overwritten),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
