/* SPDX-License-Identifier: MIT */
/*
 * As age writes it: for an identity ("AGE-SECRET-KEY-1…": for its public half), else for a passphrase.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/encode.h"
#include "crypto/content/body_make.h"
#include "crypto/content/chunks.h"
#include "crypto/keys/age_key.h"
#include "crypto/keys/secret.h"

#define LOG_N 18u /* what age takes itself */
#define HEADER_BYTES_MAX 512u
#define WRAPPED_BYTES (OL_AGE_FILE_KEY_BYTES + OL_CHUNK_TAG_BYTES)

/* secret_: payload key | file key | what wraps it, and room for how that is made */
enum { PAYLOAD = 0, FILE_KEY = 32, WRAP = 48, OWN = 112, IDENTITY = 144, SECRET_BYTES = 176 };

typedef struct making {
    uint8_t sealed[OL_CHUNK_BYTES];
} making;

static bool takes(const ol_key *key)
{
    return key->kind == OL_KEY_PASSWORD;
}

static bool seal(const uint8_t *key, const uint8_t *nonce, ol_slice plain, uint8_t *out)
{
    int len = 0, rest = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx && EVP_EncryptInit_ex(ctx, EVP_chacha20_poly1305(), NULL, key, nonce) == 1 &&
                (plain.len == 0 || EVP_EncryptUpdate(ctx, out, &len, plain.data, (int)plain.len) == 1) &&
                EVP_EncryptFinal_ex(ctx, out + len, &rest) == 1 &&
                EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, OL_CHUNK_TAG_BYTES, out + len) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return good;
}

/* Without the padding, as age has it. */
static int add_base64(ol_buf *out, const uint8_t *bytes, size_t len)
{
    int rc = ol_base64_encode(out, ol_slice_of(bytes, len));
    while (rc == OL_OK && out->len > 0 && out->data[out->len - 1] == '=')
        out->len--;
    return rc;
}

static int add_x25519(ol_body_making *m, ol_buf *out)
{
    uint8_t shares[2 * OL_AGE_POINT_BYTES];
    const uint8_t *recipient = shares + OL_AGE_POINT_BYTES;
    uint8_t *own = m->secret_ + OWN;
    if (RAND_priv_bytes(own, OL_AGE_POINT_BYTES) != 1 || !ol_age_x25519_share(own, shares) ||
        !ol_age_x25519_share(m->secret_ + IDENTITY, shares + OL_AGE_POINT_BYTES) ||
        !ol_age_x25519_key(own, recipient, shares, m->secret_ + WRAP))
        return OL_ENOMEM;
    int rc = ol_buf_add_cstr(out, "-> X25519 ");
    return rc == OL_OK ? add_base64(out, shares, OL_AGE_POINT_BYTES) : rc;
}

static int add_scrypt(ol_body_making *m, ol_buf *out)
{
    uint8_t salt[OL_AGE_SALT_BYTES];
    if (RAND_bytes(salt, sizeof(salt)) != 1 ||
        !ol_age_scrypt_key(m->key, ol_slice_of(salt, sizeof(salt)), LOG_N, m->secret_ + WRAP))
        return OL_ENOMEM;
    int rc = ol_buf_add_cstr(out, "-> scrypt ");
    if (rc == OL_OK)
        rc = add_base64(out, salt, sizeof(salt));
    return rc == OL_OK ? ol_buf_addf(out, " %u", LOG_N) : rc;
}

static int add_stanza(ol_body_making *m, ol_buf *out)
{
    static const uint8_t nonce[12];
    uint8_t wrapped[WRAPPED_BYTES];
    bool for_identity = ol_age_find_identity(m->key, m->secret_ + IDENTITY);
    int rc = for_identity ? add_x25519(m, out) : add_scrypt(m, out);
    if (rc == OL_OK && !seal(m->secret_ + WRAP, nonce,
                             ol_slice_of(m->secret_ + FILE_KEY, OL_AGE_FILE_KEY_BYTES), wrapped))
        rc = OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_buf_add_byte(out, '\n');
    if (rc == OL_OK)
        rc = add_base64(out, wrapped, sizeof(wrapped));
    return rc == OL_OK ? ol_buf_add_byte(out, '\n') : rc;
}

static int add_header(ol_body_making *m, ol_buf *out)
{
    uint8_t mac[32], nonce[OL_AGE_NONCE_BYTES];
    int rc = ol_buf_add_cstr(out, "age-encryption.org/v1\n");
    if (rc == OL_OK)
        rc = add_stanza(m, out);
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(out, "---");
    if (rc == OL_OK && (!ol_age_header_mac(m->secret_ + FILE_KEY, ol_buf_slice(out), mac) ||
                        RAND_bytes(nonce, sizeof(nonce)) != 1))
        rc = OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_buf_add_byte(out, ' ');
    if (rc == OL_OK)
        rc = add_base64(out, mac, sizeof(mac));
    if (rc == OL_OK)
        rc = ol_buf_add_byte(out, '\n');
    if (rc == OL_OK)
        rc = ol_buf_add(out, ol_slice_of(nonce, sizeof(nonce)));
    return rc == OL_OK ? ol_age_payload_key(m->secret_ + FILE_KEY, ol_slice_of(nonce, sizeof(nonce)),
                                            m->secret_ + PAYLOAD)
                       : rc;
}

static int begin(ol_body_making *m, ol_error *err)
{
    ol_buf header;
    m->more_ = ol_arena_calloc(m->arena, sizeof(making));
    m->secret_ = ol_secret_alloc(SECRET_BYTES);
    m->secret_len_ = SECRET_BYTES;
    if (!m->more_ || !m->secret_ || RAND_priv_bytes(m->secret_ + FILE_KEY, OL_AGE_FILE_KEY_BYTES) != 1)
        return ol_error_set(err, OL_ENOMEM, "content key");
    ol_buf_init(&header, HEADER_BYTES_MAX);
    int rc = add_header(m, &header);
    rc = rc == OL_OK ? m->write(m->arg, ol_buf_slice(&header), err)
                     : ol_error_set(err, rc, "content key");
    ol_buf_fini(&header);
    return rc;
}

static int chunk(ol_body_making *m, ol_slice plain, bool last, ol_error *err)
{
    making *self = m->more_;
    uint8_t nonce[12];
    ol_age_chunk_nonce(m->index_, last, nonce);
    if (!seal(m->secret_ + PAYLOAD, nonce, plain, self->sealed))
        return ol_error_set(err, OL_EINTERNAL, "content cipher");
    return m->write(m->arg, ol_slice_of(self->sealed, plain.len + OL_CHUNK_TAG_BYTES), err);
}

const ol_body_maker ol_body_maker_age = {
    .chunk_bytes = OL_CHUNK_PLAIN_BYTES,
    .marks_last = true,
    .takes = takes,
    .begin = begin,
    .chunk = chunk,
};
