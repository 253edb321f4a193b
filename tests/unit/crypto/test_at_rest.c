/* SPDX-License-Identifier: MIT */
/*
 * Chunks and records of encrypted objects: what is sealed is what the layout says, opens as what it was,
 * and nothing else opens.
 */
#include "lib/check.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/at_rest/at_rest_record.h"
#include "crypto/keys/derive.h"

#define CHUNK OL_AT_REST_CHUNK_BYTES
#define SEALED OL_AT_REST_SEALED_CHUNK_BYTES

static const uint8_t salt[32] = "salt salt salt salt salt salt s";
static const uint8_t dek[32] = "a data key of thirty-two bytes.";
static const uint8_t id[16] = "a random part id";

static ol_at_rest_key *new_key(const uint8_t *bytes)
{
    ol_at_rest_key *key;
    assert_code(ol_at_rest_key_new(&key, bytes, 1, salt, NULL), OL_OK);
    return key;
}

typedef struct sealed {
    ol_at_rest_part part;
    uint8_t *plain, *bytes;
    size_t plain_len, len;
} sealed;

static void seal(sealed *s, ol_at_rest_key *key, size_t len)
{
    *s = (sealed){.plain_len = len, .plain = malloc(len + 1)};
    ol_test_random random = {len + 1};
    ol_test_random_fill(&random, s->plain, len);
    s->len = (size_t)ol_at_rest_sealed_size(len);
    s->bytes = malloc(s->len);
    assert_code(ol_at_rest_part_init(&s->part, key, 3, id, NULL), OL_OK);
    assert_int_equal(ol_at_rest_seal(&s->part, 0, true, ol_slice_of(s->plain, len), s->bytes),
                     s->len);
}

static void drop(sealed *s)
{
    ol_at_rest_part_fini(&s->part);
    free(s->plain);
    free(s->bytes);
}

static bool opens(const sealed *s, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    memcpy(copy, bytes, len);
    uint8_t *apart = malloc(len + 1), *kept = malloc(len + 1);
    memcpy(kept, bytes, len);
    bool good_apart = ol_at_rest_open_into(&s->part, 0, true, ol_slice_of(copy, len), apart);
    assert_memory_equal(copy, kept, len);
    bool good = ol_at_rest_open(&s->part, 0, true, (ol_span){copy, len});
    assert_int_equal(good, good_apart);
    for (size_t at = 0, chunk = 0; good && at < s->plain_len; at += CHUNK, chunk++) {
        size_t left = s->plain_len - at;
        assert_memory_equal(apart + chunk * SEALED, s->plain + at, left < CHUNK ? left : CHUNK);
    }
    free(apart);
    free(kept);
    for (size_t at = 0, chunk = 0; good && at < s->plain_len; at += CHUNK, chunk++) {
        size_t left = s->plain_len - at;
        assert_memory_equal(copy + chunk * SEALED, s->plain + at, left < CHUNK ? left : CHUNK);
    }
    free(copy);
    return good;
}

static const size_t lens[] = {0, 1, 100, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17};

static void what_is_sealed_opens(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek);
    for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
        sealed s;
        seal(&s, key, lens[i]);
        assert_int_equal(s.len, lens[i] + 16 * (lens[i] / CHUNK + 1));
        assert_true(opens(&s, s.bytes, s.len));
        drop(&s);
    }
    ol_at_rest_key_release(key);
}

/* By hand: keys, nonces and additional data as the layout says. */
static void the_layout(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek);
    sealed s;
    seal(&s, key, CHUNK + 5);
    uint8_t info[24] = {'p', 'a', 'r', 't', 0, 0, 0, 3}, part_key[32];
    memcpy(info + 8, id, 16);
    assert_code(ol_derive("SHA256", ol_slice_of(dek, 32), ol_slice_of(salt, 32),
                          ol_slice_of(info, sizeof info), part_key, 32), OL_OK);
    uint8_t nonce[12] = {0}, aad[23] = {'O', 'L', 'A', 'R', 1, 1}, out[5];
    nonce[10] = 1;
    nonce[11] = 1;
    memcpy(aad + 6, id, 16);
    aad[22] = 16;
    int len, rest;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, part_key, nonce);
    EVP_DecryptUpdate(ctx, NULL, &len, aad, sizeof aad);
    EVP_DecryptUpdate(ctx, out, &len, s.bytes + SEALED, 5);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, s.bytes + SEALED + 5);
    assert_int_equal(EVP_DecryptFinal_ex(ctx, out + 5, &rest), 1);
    assert_memory_equal(out, s.plain + CHUNK, 5);
    EVP_CIPHER_CTX_free(ctx);
    drop(&s);
    ol_at_rest_key_release(key);
}

static void nothing_else_opens(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek);
    sealed s;
    seal(&s, key, 3 * CHUNK + 17);
    uint8_t *bytes = malloc(s.len + SEALED);
    ol_test_random random = {1};
    for (unsigned i = 0; i < 300; i++) { /* a bit, anywhere */
        size_t at = (size_t)ol_test_random_below(&random, s.len);
        memcpy(bytes, s.bytes, s.len);
        bytes[at] ^= (uint8_t)(1u << (i % 8));
        assert_false(opens(&s, bytes, s.len));
    }
    for (unsigned i = 0; i < 60; i++) /* cut, at chunks' ends too */
        assert_false(opens(&s, s.bytes, i < 4 ? i * SEALED
                                              : (size_t)ol_test_random_below(&random, s.len)));
    memcpy(bytes, s.bytes, s.len); /* grown */
    memcpy(bytes + s.len, s.bytes, SEALED);
    assert_false(opens(&s, bytes, s.len + 1));
    assert_false(opens(&s, bytes, s.len + SEALED));
    memcpy(bytes, s.bytes + SEALED, SEALED); /* in another order */
    memcpy(bytes + SEALED, s.bytes, SEALED);
    assert_false(opens(&s, bytes, s.len));
    memcpy(bytes, s.bytes, s.len); /* twice */
    memcpy(bytes + SEALED, s.bytes, SEALED);
    assert_false(opens(&s, bytes, s.len));
    free(bytes);
    drop(&s);
    ol_at_rest_key_release(key);
}

static void of_another_part(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek), *other = new_key(salt);
    sealed s;
    seal(&s, key, 1000);
    const struct {
        ol_at_rest_key *key;
        uint32_t number;
        const uint8_t *id;
    } parts[] = {{other, 3, id}, {key, 4, id}, {key, 3, salt}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        ol_at_rest_part_fini(&s.part);
        assert_code(ol_at_rest_part_init(&s.part, parts[i].key, parts[i].number, parts[i].id, NULL),
                    OL_OK);
        assert_false(opens(&s, s.bytes, s.len));
    }
    drop(&s);
    ol_at_rest_key_release(key);
    ol_at_rest_key_release(other);
}

static void no_more_chunks_than_there_are_nonces(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek);
    sealed s;
    seal(&s, key, 10);
    uint8_t out[100];
    assert_true(ol_at_rest_seal(&s.part, UINT32_MAX, true, OL_SLICE_LIT("x"), out) > 0);
    assert_int_equal(ol_at_rest_seal(&s.part, UINT32_MAX + 1ull, true, OL_SLICE_LIT("x"), out), 0);
    assert_int_equal(ol_at_rest_seal(&s.part, 0, false, OL_SLICE_LIT("x"), out), 0);
    drop(&s);
    ol_at_rest_key_release(key);
}

/* ---- records ---- */

static const ol_slice place = {(const uint8_t *)"bucket\0key", 10};

static void make_record(ol_buf *out, ol_at_rest_key *key)
{
    ol_at_rest_record record = {.mode = 2, .bucket_key = true, .key_id = OL_SLICE_LIT("arn:1"),
                                .context = OL_SLICE_LIT("{}"), .wrapped = OL_SLICE_LIT("blob")};
    memcpy(record.salt, salt, sizeof salt);
    ol_buf_init(out, OL_AT_REST_RECORD_BYTES_MAX);
    assert_code(ol_at_rest_record_write(&record, key, place, out), OL_OK);
}

static void records(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek), *other = new_key(salt);
    ol_buf bytes;
    ol_at_rest_record record;
    make_record(&bytes, key);
    assert_true(ol_at_rest_record_read(&record, ol_buf_slice(&bytes)));
    assert_int_equal(record.mode, 2);
    assert_true(record.bucket_key);
    assert_slices(record.key_id, OL_SLICE_LIT("arn:1"));
    assert_slices(record.wrapped, OL_SLICE_LIT("blob"));
    assert_true(ol_at_rest_record_is(&record, key, place));
    assert_false(ol_at_rest_record_is(&record, other, place));
    assert_false(ol_at_rest_record_is(&record, key, OL_SLICE_LIT("bucket\0other")));
    for (size_t at = 0; at < bytes.len; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[at] ^= (uint8_t)(1u << bit);
            assert_false(ol_at_rest_record_read(&record, ol_buf_slice(&bytes)) &&
                         ol_at_rest_record_is(&record, key, place));
            bytes.data[at] ^= (uint8_t)(1u << bit);
        }
        ol_slice cut = ol_slice_first(ol_buf_slice(&bytes), at);
        assert_false(ol_at_rest_record_read(&record, cut) &&
                     ol_at_rest_record_is(&record, key, place));
    }
    ol_buf_fini(&bytes);
    ol_at_rest_key_release(key);
    ol_at_rest_key_release(other);
}

static void marks_and_tables(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(dek), *other = new_key(salt);
    uint8_t mark[OL_AT_REST_MARK_BYTES], macs[4][OL_AT_REST_MAC_BYTES];
    ol_at_rest_mark_make(key, 3, 1000, id, mark);
    assert_true(ol_at_rest_mark_is(key, 3, 1000, mark));
    assert_false(ol_at_rest_mark_is(other, 3, 1000, mark));
    assert_false(ol_at_rest_mark_is(key, 2, 1000, mark));
    assert_false(ol_at_rest_mark_is(key, 3, 1001, mark));
    for (size_t i = 0; i < sizeof mark; i++) {
        mark[i] ^= 1;
        assert_false(ol_at_rest_mark_is(key, 3, 1000, mark));
        mark[i] ^= 1;
    }
    for (unsigned i = 0; i < 4; i++) {
        ol_at_rest_table table;
        ol_at_rest_table_init(&table);
        ol_at_rest_table_add(&table, 1, i == 1 ? 11 : 10, id);
        if (i != 2)
            ol_at_rest_table_add(&table, 2, i == 1 ? 9 : 10, id);
        ol_at_rest_table_end(&table, i == 3 ? other : key, macs[i]);
        assert_true(i == 0 || memcmp(macs[0], macs[i], sizeof macs[0]) != 0);
    }
    ol_at_rest_key_release(key);
    ol_at_rest_key_release(other);
}

/* ---- keys of customers ---- */

static void customers(void **state)
{
    (void)state;
    ol_at_rest_key *key = new_key(NULL), *again;
    ol_at_rest_record record = {.mode = 4};
    uint8_t wrapped[OL_AT_REST_CUSTOMER_BYTES];
    memcpy(record.salt, salt, sizeof salt);
    assert_code(ol_at_rest_customer_wrap(dek, place, key, &record, wrapped, NULL), OL_OK);
    assert_code(ol_at_rest_customer_open(dek, place, &record, &again, NULL), OL_OK);
    assert_memory_equal(ol_at_rest_commitment(key), ol_at_rest_commitment(again), 32);
    ol_at_rest_key_release(again);
    assert_code(ol_at_rest_customer_open(salt, place, &record, &again, NULL), OL_ESSECWRONG);
    assert_null(again);
    assert_code(ol_at_rest_customer_open(dek, OL_SLICE_LIT("elsewhere"), &record, &again, NULL),
                OL_ESSECWRONG);
    for (size_t i = 0; i < sizeof wrapped; i++) {
        wrapped[i] ^= 1;
        assert_code(ol_at_rest_customer_open(dek, place, &record, &again, NULL), OL_EORIGIN);
        wrapped[i] ^= 1;
    }
    assert_null(memmem(&record, sizeof record, dek, 32)); /* it is nowhere in it */
    ol_at_rest_key_release(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sealed_opens),
        cmocka_unit_test(the_layout),
        cmocka_unit_test(nothing_else_opens),
        cmocka_unit_test(of_another_part),
        cmocka_unit_test(no_more_chunks_than_there_are_nonces),
        cmocka_unit_test(records),
        cmocka_unit_test(marks_and_tables),
        cmocka_unit_test(customers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
