/* SPDX-License-Identifier: MIT */
/* As `openssl enc -aes-256-cbc -pbkdf2` writes it. */
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "crypto/content/body_make.h"
#include "crypto/keys/secret.h"

#define CHUNK_BYTES 65536u
#define SALT_BYTES 8u
#define ROUNDS 10000
#define KEY_BYTES 32u
#define MADE_BYTES (KEY_BYTES + 16u)

static bool takes(const ol_key *key)
{
    return key->kind == OL_KEY_PASSWORD;
}

static int begin(ol_body_making *m, ol_error *err)
{
    uint8_t head[8 + SALT_BYTES] = "Salted__";
    EVP_CIPHER_CTX *ctx = m->more_ = EVP_CIPHER_CTX_new();
    m->secret_ = ol_secret_alloc(MADE_BYTES);
    m->secret_len_ = MADE_BYTES;
    bool good = ctx && m->secret_ && RAND_bytes(head + 8, SALT_BYTES) == 1 &&
                PKCS5_PBKDF2_HMAC((const char *)m->key->material, (int)m->key->material_len, head + 8,
                                  SALT_BYTES, ROUNDS, EVP_sha256(), MADE_BYTES, m->secret_) == 1 &&
                EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, m->secret_,
                                   m->secret_ + KEY_BYTES) == 1;
    return good ? m->write(m->arg, ol_slice_of(head, sizeof(head)), err)
                : ol_error_set(err, OL_ENOMEM, "content key");
}

static int chunk(ol_body_making *m, ol_slice plain, bool last, ol_error *err)
{
    uint8_t room[4096 + 16];
    int len = 0, rc = OL_OK;
    while (rc == OL_OK && plain.len > 0) {
        ol_slice now = ol_slice_first(plain, 4096);
        if (EVP_EncryptUpdate(m->more_, room, &len, now.data, (int)now.len) != 1)
            return ol_error_set(err, OL_EINTERNAL, "content cipher");
        rc = len > 0 ? m->write(m->arg, ol_slice_of(room, (size_t)len), err) : OL_OK;
        plain = ol_slice_from(plain, now.len);
    }
    if (rc != OL_OK || !last)
        return rc;
    if (EVP_EncryptFinal_ex(m->more_, room, &len) != 1)
        return ol_error_set(err, OL_EINTERNAL, "content cipher");
    return m->write(m->arg, ol_slice_of(room, (size_t)len), err);
}

static void fini(ol_body_making *m)
{
    EVP_CIPHER_CTX_free(m->more_);
}

const ol_body_maker ol_body_maker_openssl = {
    .chunk_bytes = CHUNK_BYTES,
    .marks_last = true,
    .takes = takes,
    .begin = begin,
    .chunk = chunk,
    .fini = fini,
};
