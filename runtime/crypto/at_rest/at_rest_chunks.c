/* SPDX-License-Identifier: MIT */
/*
 * Sealing and opening chunks. A cipher context for each layer and thread, kept for its life; they hold
 * a part's keys only while a call runs.
 */
#include <openssl/evp.h>
#include <pthread.h>

#include "crypto/at_rest/at_rest.h"

#define NONCE_BYTES 12u
#define FINAL_AT 11u
#define AAD_BYTES (4 + 3 + OL_AT_REST_ID_BYTES)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t slot;
static bool has_slot;

typedef struct contexts {
    EVP_CIPHER_CTX *inner, *outer; /* NULL until they are wanted */
} contexts;

static _Thread_local contexts own;

static void drop_contexts(void *arg)
{
    contexts *both = arg;
    EVP_CIPHER_CTX_free(both->inner);
    EVP_CIPHER_CTX_free(both->outer);
    *both = (contexts){NULL, NULL};
}

static void init(void)
{
    has_slot = pthread_key_create(&slot, drop_contexts) == 0;
}

static EVP_CIPHER_CTX *new_context(const EVP_CIPHER *cipher)
{
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx && EVP_CipherInit_ex(ctx, cipher, NULL, NULL, NULL, 1) == 1)
        return ctx;
    EVP_CIPHER_CTX_free(ctx);
    return NULL;
}

/* This thread's, with the ciphers chosen. NULL: no memory. */
static contexts *take_contexts(unsigned layers)
{
    pthread_once(&once, init);
    if (!own.inner && (!has_slot || pthread_setspecific(slot, &own) != 0 ||
                       !(own.inner = new_context(EVP_aes_256_gcm()))))
        return NULL;
    if (layers > 1 && !own.outer && !(own.outer = new_context(EVP_aes_256_ctr())))
        return NULL;
    return &own;
}

/* The chunks of one call. */
typedef struct walk {
    EVP_CIPHER_CTX *ctx;
    EVP_CIPHER_CTX *outer; /* NULL: one layer */
    uint8_t aad[AAD_BYTES];
    uint8_t counter[NONCE_BYTES + 4]; /* the chunk's nonce, and zeroes */
    int encrypt;
} walk;

static bool begin(walk *w, const ol_at_rest_part *part, int encrypt)
{
    contexts *both = take_contexts(part->layers);
    *w = (walk){.encrypt = encrypt,
                .ctx = both ? both->inner : NULL,
                .outer = both && part->layers > 1 ? both->outer : NULL};
    memcpy(w->aad, OL_AT_REST_MAGIC, 4);
    w->aad[4] = OL_AT_REST_VERSION;
    w->aad[5] = part->layers > 1 ? OL_AT_REST_SUITE_GCM_CTR : OL_AT_REST_SUITE_GCM;
    memcpy(w->aad + 6, part->id, OL_AT_REST_ID_BYTES);
    w->aad[6 + OL_AT_REST_ID_BYTES] = OL_AT_REST_CHUNK_EXPONENT;
    return w->ctx && EVP_CipherInit_ex(w->ctx, NULL, NULL, part->key, NULL, encrypt) == 1 &&
           (!w->outer || EVP_CipherInit_ex(w->outer, NULL, NULL, part->key + OL_AT_REST_KEY_BYTES,
                                           NULL, 1) == 1);
}

static void end(walk *w)
{
    static const uint8_t nothing[OL_AT_REST_KEY_BYTES], no_counter[NONCE_BYTES + 4];
    if (w->ctx)
        EVP_CipherInit_ex(w->ctx, NULL, NULL, nothing, NULL, 1);
    if (w->outer)
        EVP_CipherInit_ex(w->outer, NULL, NULL, nothing, no_counter, 1);
}

/* Everything of a chunk but its bytes: nonce and additional data. */
static bool set(walk *w, uint64_t index, bool last)
{
    if (index > UINT32_MAX)
        return false;
    uint8_t *nonce = w->counter;
    nonce[7] = (uint8_t)(index >> 24);
    nonce[8] = (uint8_t)(index >> 16);
    nonce[9] = (uint8_t)(index >> 8);
    nonce[10] = (uint8_t)index;
    nonce[FINAL_AT] = last;
    int len;
    return EVP_CipherInit_ex(w->ctx, NULL, NULL, NULL, nonce, w->encrypt) == 1 &&
           EVP_CipherUpdate(w->ctx, NULL, &len, w->aad, AAD_BYTES) == 1;
}

/* The outer layer, on or off, of the chunk for which all is set; maybe in place. */
static bool cross(walk *w, const uint8_t *chunk, uint8_t *out, size_t sealed_len)
{
    int len;
    return EVP_CipherInit_ex(w->outer, NULL, NULL, NULL, w->counter, 1) == 1 &&
           EVP_CipherUpdate(w->outer, out, &len, chunk, (int)sealed_len) == 1;
}

static bool seal_one(walk *w, uint64_t index, bool last, ol_slice plain, uint8_t *out)
{
    int len, rest;
    return set(w, index, last) &&
           (plain.len == 0 ||
            EVP_EncryptUpdate(w->ctx, out, &len, plain.data, (int)plain.len) == 1) &&
           EVP_EncryptFinal_ex(w->ctx, out + plain.len, &rest) == 1 &&
           EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_GET_TAG, OL_AT_REST_TAG_BYTES,
                               out + plain.len) == 1 &&
           (!w->outer || cross(w, out, out, plain.len + OL_AT_REST_TAG_BYTES));
}

static bool open_one(walk *w, uint64_t index, bool last, ol_slice sealed, uint8_t *out)
{
    if (sealed.len < OL_AT_REST_TAG_BYTES)
        return false;
    size_t plain_len = sealed.len - OL_AT_REST_TAG_BYTES;
    const uint8_t *chunk = w->outer ? out : sealed.data;
    int len, rest;
    return set(w, index, last) && (!w->outer || cross(w, sealed.data, out, sealed.len)) &&
           EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_SET_TAG, OL_AT_REST_TAG_BYTES,
                               (void *)(uintptr_t)(chunk + plain_len)) == 1 &&
           (plain_len == 0 || EVP_DecryptUpdate(w->ctx, out, &len, chunk, (int)plain_len) == 1) &&
           EVP_DecryptFinal_ex(w->ctx, out + plain_len, &rest) == 1;
}

size_t ol_at_rest_seal(const ol_at_rest_part *part, uint64_t first, bool ends, ol_slice plain,
                       uint8_t *out)
{
    walk w;
    uint8_t *at = out;
    bool good = begin(&w, part, 1);
    for (; good && plain.len >= OL_AT_REST_CHUNK_BYTES; first++) {
        good = seal_one(&w, first, false, ol_slice_first(plain, OL_AT_REST_CHUNK_BYTES), at);
        plain = ol_slice_from(plain, OL_AT_REST_CHUNK_BYTES);
        at += OL_AT_REST_SEALED_CHUNK_BYTES;
    }
    good = good && (ends || plain.len == 0);
    if (good && ends) {
        good = seal_one(&w, first, true, plain, at);
        at += plain.len + OL_AT_REST_TAG_BYTES;
    }
    end(&w);
    return good ? (size_t)(at - out) : 0;
}

bool ol_at_rest_open_into(const ol_at_rest_part *part, uint64_t first, bool ends, ol_slice sealed,
                          uint8_t *out)
{
    walk w;
    bool good = begin(&w, part, 0);
    while (good && sealed.len >= OL_AT_REST_SEALED_CHUNK_BYTES) {
        good = open_one(&w, first++, false, ol_slice_first(sealed, OL_AT_REST_SEALED_CHUNK_BYTES),
                        out);
        sealed = ol_slice_from(sealed, OL_AT_REST_SEALED_CHUNK_BYTES);
        out += OL_AT_REST_SEALED_CHUNK_BYTES;
    }
    /* The last chunk is shorter than a full one, so nothing else can be left. */
    good = good && (ends ? open_one(&w, first, true, sealed, out) : sealed.len == 0);
    end(&w);
    return good;
}

bool ol_at_rest_open(const ol_at_rest_part *part, uint64_t first, bool ends, ol_span sealed)
{
    return ol_at_rest_open_into(part, first, ends, ol_slice_of(sealed.data, sealed.len),
                                sealed.data);
}
