/* SPDX-License-Identifier: MIT */
/*
 * Encrypted objects as synchronous calls, on top of store_multipart.h, and a KMS of one key in memory:
 * it wraps by AES-256-GCM with the context as additional data, and answers at once or on a later turn.
 */
#ifndef OL_TESTS_ORIGIN_STORE_SEALED_H
#define OL_TESTS_ORIGIN_STORE_SEALED_H

#include <openssl/rand.h>
#include <sqlite3.h>

#include "store_multipart.h"

#include "crypto/at_rest/at_rest_record.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms.h"

/* ---- a KMS ---- */

typedef struct kit_kms {
    ol_kms kms; /* first */
    uint8_t master[32];
    bool later;      /* answers on a later turn */
    int fails;       /* with this code; 0 = never */
    uint64_t until_ms; /* what is opened may be remembered till then */
    unsigned made, opened, again, canceled;
    ol_post post;
    bool posted; /* it is under way, for whoever waits by then */
    ol_kms_call *waiting;
    ol_error err;
} kit_kms;

static inline bool kit_kms_gcm(kit_kms *k, const ol_kms_call *call, bool encrypt, uint8_t *iv,
                               const uint8_t *in, uint8_t *out, uint8_t *tag)
{
    ol_buf context;
    uint8_t room[4096];
    ol_buf_init_fixed(&context, room, sizeof room);
    int len, rest;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ol_context_write(&call->context, &context) == OL_OK &&
                EVP_CipherInit_ex(ctx, EVP_aes_256_gcm(), NULL, k->master, iv, encrypt) == 1 &&
                EVP_CipherUpdate(ctx, NULL, &len, context.data, (int)context.len) == 1 &&
                EVP_CipherUpdate(ctx, out, &len, in, (int)call->key_bytes) == 1;
    if (good && !encrypt)
        good = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1;
    good = good && EVP_CipherFinal_ex(ctx, out + call->key_bytes, &rest) == 1;
    if (good && encrypt)
        good = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, tag) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

static inline int kit_kms_do(kit_kms *k, ol_kms_call *call, ol_error *err)
{
    if (k->fails)
        return ol_error_set(err, k->fails, "the KMS of the test");
    size_t bytes = call->key_bytes, sealed = 12 + bytes + 16;
    uint8_t *key = ol_secret_alloc(bytes);
    call->used_key = ol_arena_copy(call->arena, OL_SLICE_LIT("arn:aws:kms:here:1:key/one"));
    if (!key || !call->used_key.data) {
        ol_secret_free(key, bytes);
        return ol_error_set(err, OL_ENOMEM, NULL);
    }
    bool good;
    if (call->blob.len == 0) {
        uint8_t blob[12 + 64 + 16];
        k->made++;
        RAND_bytes(blob, 12);
        RAND_bytes(key, (int)bytes);
        good = kit_kms_gcm(k, call, true, blob, key, blob + 12, blob + 12 + bytes);
        call->wrapped = ol_arena_copy(call->arena, ol_slice_of(blob, sealed));
        if (good && !call->wrapped.data) {
            ol_secret_free(key, bytes);
            return ol_error_set(err, OL_ENOMEM, NULL);
        }
    } else {
        k->opened++;
        uint8_t blob[12 + 64 + 16] = {0};
        good = call->blob.len == sealed;
        if (good)
            memcpy(blob, call->blob.data, sealed);
        good = good && kit_kms_gcm(k, call, false, blob, blob + 12, key, blob + 12 + bytes);
    }
    if (!good) {
        ol_secret_free(key, bytes);
        return ol_error_set(err, OL_EDECRYPT, NULL);
    }
    call->key = key;
    call->key_len = bytes;
    call->until_ms = k->until_ms;
    return OL_OK;
}

static inline void kit_kms_on_turn(void *arg)
{
    kit_kms *k = arg;
    ol_kms_call *call = k->waiting;
    k->posted = false;
    if (!call)
        return;
    k->waiting = NULL;
    ol_error err = {0};
    int rc = kit_kms_do(k, call, &err);
    call->cb(call, rc == OL_OK ? NULL : &err);
}

static inline int kit_kms_ask(ol_kms *kms, ol_kms_call *call, ol_error *err)
{
    kit_kms *k = (kit_kms *)kms;
    if (!k->later)
        return kit_kms_do(k, call, err);
    assert_null(k->waiting);
    k->waiting = call;
    if (k->posted)
        return OL_WAIT;
    k->posted = true;
    k->post = (ol_post){.fn = kit_kms_on_turn, .arg = k};
    ol_loop_defer(call->loop, &k->post);
    return OL_WAIT;
}

static inline void kit_kms_cancel(ol_kms *kms, ol_kms_call *call)
{
    kit_kms *k = (kit_kms *)kms;
    assert_ptr_equal(k->waiting, call);
    k->waiting = NULL;
    k->canceled++;
}

static inline void kit_kms_again(ol_kms *kms, const ol_kms_call *call)
{
    kit_kms *k = (kit_kms *)kms;
    assert_slices(call->used_key, OL_SLICE_LIT("arn:aws:kms:here:1:key/one"));
    assert_non_null(call->use);
    k->again++;
}

static const ol_kms_ops kit_kms_ops = {
    .name = "test",
    .generate = kit_kms_ask,
    .open = kit_kms_ask,
    .cancel = kit_kms_cancel,
    .again = kit_kms_again,
};

static inline void kit_kms_init(kit_kms *k)
{
    *k = (kit_kms){.kms.ops = &kit_kms_ops};
    memset(k->master, 7, sizeof k->master);
}

/* ---- objects ---- */

static const uint8_t kit_key_a[32] = "key A: thirty-two bytes of it ..";
static const uint8_t kit_key_b[32] = "key B: thirty-two bytes of it ..";

static inline ol_sse kit_sse(enum ol_sse_mode mode)
{
    ol_sse sse = {.mode = mode};
    if (mode == OL_SSE_C)
        sse.customer_key = kit_key_a;
    if (mode == OL_SSE_KMS || mode == OL_SSE_DSSE)
        sse.context = OL_SLICE_LIT("{\"who\":\"me\"}");
    return sse;
}

static inline const uint8_t *kit_key_of(enum ol_sse_mode mode)
{
    return mode == OL_SSE_C ? kit_key_a : NULL;
}

static inline int kit_put_sse(store_kit *kit, const char *key, ol_slice body, const ol_sse *sse,
                              ol_put_result *result)
{
    ol_put_request req = {.bucket = OL_SLICE_LIT("b"),
                          .key = ol_slice_cstr(key),
                          .size = (int64_t)body.len,
                          .sse = sse,
                          .key_user = &kit_anybody.user,
                          .result = result};
    ol_test_feed feed = {.body = body, .piece_bytes = 100000};
    return kit_put_as(kit, &req, &feed);
}

static inline int kit_open_with(store_kit *kit, const char *key, const uint8_t *customer_key,
                                ol_object **object)
{
    kit_answer answer = {0};
    ol_error err = {0};
    ol_object_ref ref = {.bucket = OL_SLICE_LIT("b"),
                         .key = ol_slice_cstr(key),
                         .customer_key = customer_key,
                         .key_user = &kit_anybody.user};
    *object = NULL;
    int rc = kit->origin->ops->open(kit->origin, kit->bench.loop.loop, &ref, object, kit_on_object,
                                    &answer, &err);
    if (rc == OL_WAIT) {
        rc = kit_settle(kit, rc, &answer);
        *object = answer.object;
    }
    assert_true((rc == OL_OK) == (*object != NULL));
    return rc;
}

static inline int kit_get_range(store_kit *kit, const char *key, const uint8_t *customer_key,
                                const ol_byte_range *range, ol_test_collect *collect)
{
    ol_object *object;
    int rc = kit_open_with(kit, key, customer_key, &object);
    if (rc != OL_OK)
        return rc;
    ol_byte_range all = {0, kit->origin->ops->info(object)->size};
    rc = kit_read(kit, object, range ? *range : all, collect);
    kit_close_object(kit, object);
    return rc;
}

static inline void kit_expect_with(store_kit *kit, const char *key, const uint8_t *customer_key,
                                   ol_slice body)
{
    ol_test_collect collect = {0};
    assert_code(kit_get_range(kit, key, customer_key, NULL, &collect), OL_OK);
    assert_true(collect.headed);
    assert_slices(ol_test_collect_out(&collect), body);
    ol_test_collect_fini(&collect);
}

/* ---- what an attacker with the disk does ---- */

static inline void kit_sql(store_kit *kit, const char *sql)
{
    char path[300], *message = NULL;
    snprintf(path, sizeof path, "%s/objlens.db", kit->path);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
        fail_msg("%s: %s", sql, message);
    sqlite3_close(db);
}

#endif
