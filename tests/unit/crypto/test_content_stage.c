/* SPDX-License-Identifier: MIT */
/* Content ciphers behind the stage: whole, in parts, cut anywhere, damaged anywhere. */
#include <openssl/evp.h>

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "base/alloc.h"
#include "crypto/content/content_sdk.h"
#include "crypto/keys/secret.h"

#define PLAIN_BYTES 1000u
#define FRAME_BYTES 100u
#define CIPHER_BYTES_MAX 4096u

enum kind { GCM, CBC, SDK, KINDS };

typedef struct rig {
    ol_test_bench bench;
    ol_test_feed feed;
    ol_test_pedant pedant;
    ol_test_collect collect;
    ol_content_config config;
    ol_sdk_body body;
    uint8_t plain[PLAIN_BYTES];
    uint8_t cipher[CIPHER_BYTES_MAX];
    size_t plain_len, cipher_len;
} rig;

static const uint8_t key_bytes[32] = "0123456789abcdef0123456789abcde";
static const uint8_t header_bytes[] = "a header that was authenticated";
static const uint8_t message_id[32] = "message";

/* ---- the other direction, made here ---- */

static size_t seal(const EVP_CIPHER *cipher, const uint8_t *iv, ol_slice aad, ol_slice plain,
                   bool tag, uint8_t *out)
{
    int len = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    assert_int_equal(EVP_EncryptInit_ex(ctx, cipher, NULL, key_bytes, iv), 1);
    if (aad.len > 0)
        assert_int_equal(EVP_EncryptUpdate(ctx, NULL, &len, aad.data, (int)aad.len), 1);
    assert_int_equal(EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len), 1);
    assert_int_equal(EVP_EncryptFinal_ex(ctx, out + len, &rest), 1);
    if (tag)
        assert_int_equal(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len + rest), 1);
    EVP_CIPHER_CTX_free(ctx);
    return (size_t)(len + rest) + (tag ? 16 : 0);
}

static void put(uint8_t **at, size_t count, uint64_t value)
{
    for (size_t i = 0; i < count; i++)
        (*at)[i] = (uint8_t)(value >> 8 * (count - 1 - i));
    *at += count;
}

static uint8_t *seal_frame(uint8_t *at, uint32_t sequence, ol_slice plain, bool final)
{
    uint8_t iv[12] = {0}, aad[128], *end = aad;
    const char *name = final ? "AWSKMSEncryptionClient Final Frame" : "AWSKMSEncryptionClient Frame";
    iv[11] = (uint8_t)sequence;
    memcpy(end, message_id, 32);
    memcpy(end + 32, name, strlen(name));
    end += 32 + strlen(name);
    put(&end, 4, sequence);
    put(&end, 8, plain.len);
    if (final)
        put(&at, 4, UINT32_MAX);
    put(&at, 4, sequence);
    memcpy(at, iv, 12);
    at += 12;
    if (final)
        put(&at, 4, plain.len);
    return at + seal(EVP_aes_256_gcm(), iv, ol_slice_of(aad, (size_t)(end - aad)), plain, true, at);
}

static size_t seal_frames(rig *r)
{
    uint8_t *at = r->cipher;
    uint32_t sequence = 1;
    ol_slice rest = ol_slice_of(r->plain, r->plain_len);
    memcpy(at, header_bytes, sizeof(header_bytes));
    at += sizeof(header_bytes);
    while (rest.len > FRAME_BYTES) {
        at = seal_frame(at, sequence++, ol_slice_first(rest, FRAME_BYTES), false);
        rest = ol_slice_from(rest, FRAME_BYTES);
    }
    return (size_t)(seal_frame(at, sequence, rest, true) - r->cipher);
}

/* ---- the rig ---- */

static int make_sealed(rig *r, enum kind kind)
{
    uint8_t *key = ol_secret_alloc(32);
    assert_non_null(key);
    memcpy(key, key_bytes, 32);
    ol_sealed *sealed = ol_sealed_new(kind == SDK ? OL_SEALED_AWS_SDK : OL_SEALED_S3_V2, key, 32);
    if (!sealed)
        return OL_ENOMEM;
    r->config.sealed = sealed;
    sealed->cipher_size = r->cipher_len;
    sealed->ranged = true;
    sealed->iv_len = kind == GCM ? 12 : 16;
    memset(sealed->iv, 7, sealed->iv_len);
    sealed->content = kind == GCM ? &ol_content_gcm : kind == CBC ? &ol_content_cbc : &ol_content_sdk;
    if (kind != CBC)
        sealed->plain_size = r->plain_len;
    if (kind != SDK)
        return OL_OK;
    r->body = (ol_sdk_body){.header = ol_slice_of(header_bytes, sizeof(header_bytes)),
                            .message_id = ol_slice_of(message_id, 32),
                            .framed = true,
                            .frame_bytes = FRAME_BYTES};
    sealed->more = &r->body;
    sealed->chunked = true;
    assert_int_equal(ol_sdk_plain_size(&r->body, r->cipher_len), r->plain_len);
    return OL_OK;
}

static int set_up(rig *r, enum kind kind, size_t plain_len)
{
    uint8_t iv[16];
    memset(r, 0, sizeof(*r));
    memset(iv, 7, sizeof(iv));
    r->plain_len = plain_len;
    for (size_t i = 0; i < plain_len; i++)
        r->plain[i] = (uint8_t)(i * 131 >> 3);
    ol_slice plain = ol_slice_of(r->plain, plain_len);
    r->cipher_len = kind == SDK ? seal_frames(r)
                                : seal(kind == GCM ? EVP_aes_256_gcm() : EVP_aes_256_cbc(), iv,
                                       OL_SLICE_NONE, plain, kind == GCM, r->cipher);
    r->config.mode = OL_CONTENT_RELEASE;
    return make_sealed(r, kind);
}

static int run(rig *r, unsigned way)
{
    r->feed.body = ol_slice_of(r->cipher, r->cipher_len);
    ol_test_bench_open(&r->bench);
    ol_test_bench_feed(&r->bench, &r->feed);
    ol_test_bench_above(&r->bench, way);
    ol_test_bench_add(&r->bench, &ol_content_stage_ops, &r->config);
    ol_test_bench_below(&r->bench, way, &r->pedant);
    ol_test_bench_collect(&r->bench, &r->collect);
    return ol_test_bench_run(&r->bench);
}

static void tear_down(rig *r)
{
    ol_test_bench_close(&r->bench);
    ol_test_collect_fini(&r->collect);
    ol_sealed_release(r->config.sealed);
}

/* ---- tests ---- */

static const size_t lengths[] = {0, 1, 15, 16, 17, 99, 100, 101, 200, 999, 1000};

static void every_length_in_every_way(void **state)
{
    (void)state;
    static rig r;
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
            for (unsigned way = 0; way < OL_TEST_WAYS; way++) {
                assert_code(set_up(&r, (enum kind)kind, lengths[i]), OL_OK);
                r.feed.piece_bytes = 1 + way * 37;
                assert_code_of(run(&r, way), OL_OK, &r.bench.err);
                assert_slices(ol_test_collect_out(&r.collect), ol_slice_of(r.plain, r.plain_len));
                assert_int_equal(r.collect.head.content_length, kind == CBC ? -1 : (int)lengths[i]);
                tear_down(&r);
            }
}

static void verifying_passes_nothing_on(void **state)
{
    (void)state;
    static rig r;
    for (int kind = 0; kind < KINDS; kind++) {
        assert_code(set_up(&r, (enum kind)kind, PLAIN_BYTES), OL_OK);
        r.config.mode = OL_CONTENT_VERIFY;
        assert_code(run(&r, 2), OL_OK);
        assert_int_equal(r.collect.len, 0);
        assert_true(r.collect.finished);
        tear_down(&r);
    }
}

/* What comes out before the failure is right and, for chunks, was verified. */
static void check_damaged(rig *r, enum kind kind, size_t at)
{
    size_t before = kind != SDK                   ? r->plain_len
                    : at < sizeof(header_bytes) ? 0
                                                : (at - sizeof(header_bytes)) / (FRAME_BYTES + 32);
    assert_code(run(r, (unsigned)at % OL_TEST_WAYS), OL_EDECRYPT);
    assert_false(r->collect.finished);
    if (kind == SDK)
        assert_true(r->collect.len <= before * FRAME_BYTES);
    if (kind != CBC && kind != GCM)
        assert_memory_equal(r->collect.data ? r->collect.data : r->plain, r->plain, r->collect.len);
    tear_down(r);
}

static void every_damaged_byte_is_seen(void **state)
{
    (void)state;
    static rig r;
    for (int kind = 0; kind < KINDS; kind++) {
        if (kind == CBC)
            continue; /* nothing authenticates it */
        assert_code(set_up(&r, (enum kind)kind, 250), OL_OK);
        size_t len = r.cipher_len;
        ol_sealed_release(r.config.sealed);
        for (size_t at = 0; at < len; at++) {
            assert_code(set_up(&r, (enum kind)kind, 250), OL_OK);
            r.cipher[at] ^= 0x10;
            check_damaged(&r, (enum kind)kind, at);
        }
    }
}

static void every_cut_is_seen(void **state)
{
    (void)state;
    static rig r;
    for (int kind = 0; kind < KINDS; kind++) {
        assert_code(set_up(&r, (enum kind)kind, 250), OL_OK);
        size_t len = r.cipher_len;
        ol_sealed_release(r.config.sealed);
        for (size_t cut = 0; cut < len; cut++) {
            if (kind == CBC && cut % 16 == 0 && cut > 0)
                continue; /* may end well by chance */
            assert_code(set_up(&r, (enum kind)kind, 250), OL_OK);
            r.cipher_len = cut;
            assert_code(run(&r, (unsigned)cut % OL_TEST_WAYS), OL_EDECRYPT);
            assert_false(r.collect.finished);
            tear_down(&r);
        }
    }
}

static int settle_tail(rig *r)
{
    ol_error err = {0};
    size_t len = ol_sealed_tail_bytes(r->config.sealed);
    return ol_sealed_settle_tail(r->config.sealed,
                                 ol_slice_of(r->cipher + r->cipher_len - len, len), &err);
}

/* The last bytes of CBC tell its length; damaged ones give the one error, or another length. */
static void the_tail_tells_the_length(void **state)
{
    (void)state;
    static rig r;
    unsigned refused = 0;
    for (size_t len = 0; len <= 100; len++) {
        assert_code(set_up(&r, CBC, len), OL_OK);
        assert_int_equal(ol_sealed_tail_bytes(r.config.sealed), len < 16 ? 16 : 32);
        assert_code(settle_tail(&r), OL_OK);
        assert_int_equal(ol_sealed_plain_size(r.config.sealed), len);
        ol_sealed_release(r.config.sealed);
        assert_code(set_up(&r, CBC, len), OL_OK);
        r.cipher[r.cipher_len - 1] ^= 1;
        int rc = settle_tail(&r);
        assert_true(rc == OL_EDECRYPT || rc == OL_OK);
        refused += rc == OL_EDECRYPT;
        ol_sealed_release(r.config.sealed);
        assert_code(set_up(&r, CBC, len), OL_OK);
        r.config.sealed->claimed_size = len + 1;
        assert_code(settle_tail(&r), OL_EDECRYPT);
        ol_sealed_release(r.config.sealed);
    }
    assert_true(refused > 90);
    assert_code(set_up(&r, GCM, 100), OL_OK);
    assert_int_equal(ol_sealed_tail_bytes(r.config.sealed), 0);
    ol_sealed_release(r.config.sealed);
}

static void check_part(enum kind kind, uint64_t start, uint64_t length, unsigned way)
{
    static rig r;
    assert_code(set_up(&r, kind, PLAIN_BYTES), OL_OK);
    if (kind == CBC)
        assert_code(settle_tail(&r), OL_OK);
    r.config.mode = OL_CONTENT_PART;
    r.config.plain_start = start;
    r.config.plain_length = length;
    assert_code(ol_sealed_range(r.config.sealed, start, length, &r.config.span), OL_OK);
    assert_true(r.config.span.start + r.config.span.length <= r.cipher_len);
    memmove(r.cipher, r.cipher + r.config.span.start, r.config.span.length);
    r.cipher_len = r.config.span.length;
    assert_code_of(run(&r, way), OL_OK, &r.bench.err);
    assert_slices(ol_test_collect_out(&r.collect), ol_slice_of(r.plain + start, length));
    assert_int_equal(r.collect.head.content_length, length);
    tear_down(&r);
}

static void parts(void **state)
{
    (void)state;
    for (uint64_t start = 0; start < PLAIN_BYTES; start += 33)
        for (uint64_t length = 1; start + length <= PLAIN_BYTES; length += 71) {
            check_part(GCM, start, length, (unsigned)(start + length) % OL_TEST_WAYS);
            check_part(SDK, start, length, (unsigned)(start + length) % OL_TEST_WAYS);
            check_part(CBC, start, length, (unsigned)(start + length) % OL_TEST_WAYS);
        }
    check_part(CBC, 976, 16, 0);
    check_part(CBC, 992, 8, 0);
    check_part(SDK, 999, 1, 0);
    check_part(GCM, 0, 1000, 0);
}

static void parts_outside_or_not_allowed(void **state)
{
    (void)state;
    static rig r;
    ol_sealed_span span;
    assert_code(set_up(&r, GCM, PLAIN_BYTES), OL_OK);
    assert_code(ol_sealed_range(r.config.sealed, 1000, 1, &span), OL_ERANGE);
    assert_code(ol_sealed_range(r.config.sealed, 999, 2, &span), OL_ERANGE);
    assert_code(ol_sealed_range(r.config.sealed, 1, UINT64_MAX, &span), OL_ERANGE);
    r.config.sealed->ranged = false;
    assert_code(ol_sealed_range(r.config.sealed, 0, 1, &span), OL_ENOTIMPLEMENTED);
    ol_sealed_release(r.config.sealed);
}

static void headers_of_the_encryption_stay_behind(void **state)
{
    (void)state;
    static rig r;
    static const char *const fields[] = {"x-amz-meta-x-amz-key-v2", "AAAA", "content-type", "a/b",
                                         "x-amz-meta-X-Amz-Iv", "AAAA", "x-amz-meta-mine", "1",
                                         "x-amz-meta-x-amz-unencrypted-content-length", "9", NULL};
    assert_code(set_up(&r, GCM, 10), OL_OK);
    r.feed.fields = fields;
    assert_code(run(&r, 0), OL_OK);
    assert_int_equal(r.collect.head.headers.count, 2);
    assert_int_equal(ol_headers_count_of(&r.collect.head.headers, "x-amz-meta-mine"), 1);
    tear_down(&r);
}

static int run_with_little_memory(void *arg)
{
    static rig r;
    int rc = set_up(&r, (enum kind)(intptr_t)arg, 300);
    if (rc != OL_OK)
        return rc;
    rc = run(&r, 3);
    tear_down(&r);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    for (intptr_t kind = 0; kind < KINDS; kind++)
        assert_true(ol_test_fail_each(run_with_little_memory, (void *)kind) > 2);
}

static void an_abort_at_every_point(void **state)
{
    (void)state;
    static rig r;
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t at = 0; at < 300; at += 7) {
            assert_code(set_up(&r, (enum kind)kind, 300), OL_OK);
            r.collect.fails = true;
            r.collect.fail_at = at;
            assert_code(run(&r, (unsigned)at % OL_TEST_WAYS), OL_EPEER);
            tear_down(&r);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_in_every_way),
        cmocka_unit_test(verifying_passes_nothing_on),
        cmocka_unit_test(every_damaged_byte_is_seen),
        cmocka_unit_test(every_cut_is_seen),
        cmocka_unit_test(the_tail_tells_the_length),
        cmocka_unit_test(parts),
        cmocka_unit_test(parts_outside_or_not_allowed),
        cmocka_unit_test(headers_of_the_encryption_stay_behind),
        cmocka_unit_test(memory_may_run_out),
        cmocka_unit_test(an_abort_at_every_point),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
