/* SPDX-License-Identifier: MIT */
#include "view/disk_cipher.h"

#include <assert.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <pthread.h>

#include "base/alloc.h"

#define KEY_BYTES 32
#define NONCE_BYTES 12

enum { SEAL, UNSEAL };

struct ol_view_cipher {
    pthread_mutex_t lock;
    ol_view_cipher_seat *idle;
};

static void seat_destroy(ol_view_cipher_seat *seat)
{
    if (!seat)
        return;
    for (int i = 0; i < 2; i++)
        EVP_CIPHER_CTX_free(seat->contexts_[i]);
    ol_free(seat);
}

static bool seat_prepare(ol_view_cipher_seat *seat, const uint8_t key[KEY_BYTES])
{
    for (int i = 0; i < 2; i++) {
        EVP_CIPHER_CTX *context = seat->contexts_[i] = EVP_CIPHER_CTX_new();
        if (!context ||
            EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, NULL, i == SEAL) != 1)
            return false;
    }
    return true;
}

static int add_seat(ol_view_cipher *cipher, const uint8_t key[KEY_BYTES], ol_error *err)
{
    ol_view_cipher_seat *seat = ol_malloc(sizeof(*seat));
    if (!seat)
        return ol_error_set(err, OL_ENOMEM, "views on disk: no memory for a cipher");
    seat->contexts_[SEAL] = seat->contexts_[UNSEAL] = NULL;
    if (!seat_prepare(seat, key)) {
        seat_destroy(seat);
        return ol_error_set(err, OL_EINTERNAL, "views on disk: no AES-256-GCM");
    }
    seat->next_ = cipher->idle;
    cipher->idle = seat;
    return OL_OK;
}

int ol_view_cipher_new(ol_view_cipher **out, unsigned seats, ol_error *err)
{
    uint8_t key[KEY_BYTES];
    *out = NULL;
    ol_view_cipher *cipher = ol_calloc(1, sizeof(*cipher));
    if (!cipher)
        return ol_error_set(err, OL_ENOMEM, "views on disk: no memory for a cipher");
    pthread_mutex_init(&cipher->lock, NULL);
    int rc = OL_OK;
    if (RAND_priv_bytes(key, sizeof(key)) != 1)
        rc = ol_error_set(err, OL_EINTERNAL, "views on disk: no random bytes for a key");
    for (unsigned i = 0; rc == OL_OK && i < seats; i++)
        rc = add_seat(cipher, key, err);
    ol_wipe(key, sizeof(key));
    if (rc == OL_OK)
        *out = cipher;
    else
        ol_view_cipher_destroy(cipher);
    return rc;
}

void ol_view_cipher_destroy(ol_view_cipher *cipher)
{
    if (!cipher)
        return;
    while (cipher->idle) {
        ol_view_cipher_seat *next = cipher->idle->next_;
        seat_destroy(cipher->idle);
        cipher->idle = next;
    }
    pthread_mutex_destroy(&cipher->lock);
    ol_free(cipher);
}

ol_view_cipher_seat *ol_view_cipher_take(ol_view_cipher *cipher)
{
    pthread_mutex_lock(&cipher->lock);
    ol_view_cipher_seat *seat = cipher->idle;
    assert(seat);
    cipher->idle = seat->next_;
    pthread_mutex_unlock(&cipher->lock);
    return seat;
}

void ol_view_cipher_give(ol_view_cipher *cipher, ol_view_cipher_seat *seat)
{
    pthread_mutex_lock(&cipher->lock);
    seat->next_ = cipher->idle;
    cipher->idle = seat;
    pthread_mutex_unlock(&cipher->lock);
}

static void nonce_bytes(ol_view_nonce nonce, uint8_t out[NONCE_BYTES])
{
    memcpy(out, &nonce.file, 8);
    memcpy(out + 8, &nonce.block, 4);
}

int ol_view_seal(ol_view_cipher_seat *seat, ol_view_nonce nonce, ol_slice plain,
                 uint8_t tag[OL_VIEW_TAG_BYTES])
{
    EVP_CIPHER_CTX *context = seat->contexts_[SEAL];
    uint8_t iv[NONCE_BYTES];
    int len = 0, rest = 0;
    nonce_bytes(nonce, iv);
    assert(plain.len <= sizeof(seat->sealed));
    bool done = EVP_EncryptInit_ex(context, NULL, NULL, NULL, iv) == 1 &&
                EVP_EncryptUpdate(context, seat->sealed, &len, plain.data, (int)plain.len) == 1 &&
                EVP_EncryptFinal_ex(context, seat->sealed + len, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, OL_VIEW_TAG_BYTES, tag) == 1;
    return done && (size_t)len + (size_t)rest == plain.len ? OL_OK : OL_EINTERNAL;
}

int ol_view_unseal(ol_view_cipher_seat *seat, ol_view_nonce nonce, ol_span sealed,
                   const uint8_t tag[OL_VIEW_TAG_BYTES])
{
    EVP_CIPHER_CTX *context = seat->contexts_[UNSEAL];
    uint8_t iv[NONCE_BYTES];
    int len = 0, rest = 0;
    nonce_bytes(nonce, iv);
    bool intact =
        EVP_DecryptInit_ex(context, NULL, NULL, NULL, iv) == 1 &&
        EVP_DecryptUpdate(context, sealed.data, &len, sealed.data, (int)sealed.len) == 1 &&
        EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, OL_VIEW_TAG_BYTES,
                            (void *)(uintptr_t)tag) == 1 &&
        EVP_DecryptFinal_ex(context, sealed.data + len, &rest) == 1;
    if (intact)
        return OL_OK;
    ol_wipe(sealed.data, sealed.len); /* decrypted, and not what was written */
    return OL_ECORRUPT;
}
