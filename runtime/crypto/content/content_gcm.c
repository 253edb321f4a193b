/* SPDX-License-Identifier: MIT */
/*
 * AES-GCM over a whole object, the tag (16 bytes) at its end; parts by the counter mode inside it.
 * Source: NIST SP 800-38D.
 */
#include <openssl/evp.h>

#include "crypto/content/sealed_private.h"

#define TAG_BYTES 16u
#define BLOCK_BYTES 16u
#define STEP_BYTES_MAX (1u << 20)

typedef struct gcm {
    EVP_CIPHER_CTX *ctx;
    bool part;                /* counter mode: there is no tag */
    uint8_t held[TAG_BYTES];  /* may be the tag */
    size_t held_len;
} gcm;

static const EVP_CIPHER *cipher_of(const ol_sealed *sealed, bool part)
{
    switch (sealed->key_len) {
    case 16:
        return part ? EVP_aes_128_ctr() : EVP_aes_128_gcm();
    case 24:
        return part ? EVP_aes_192_ctr() : EVP_aes_192_gcm();
    default:
        return part ? EVP_aes_256_ctr() : EVP_aes_256_gcm();
    }
}

static bool begin_whole(gcm *self, const ol_sealed *sealed)
{
    int len;
    return EVP_DecryptInit_ex(self->ctx, cipher_of(sealed, false), NULL, NULL, NULL) == 1 &&
           EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_SET_IVLEN, (int)sealed->iv_len, NULL) == 1 &&
           EVP_DecryptInit_ex(self->ctx, NULL, NULL, sealed->key, sealed->iv) == 1 &&
           (sealed->aad_len == 0 || EVP_DecryptUpdate(self->ctx, NULL, &len, sealed->aad,
                                                      (int)sealed->aad_len) == 1);
}

/* The first block of content has counter 2. */
static bool begin_part(gcm *self, const ol_sealed *sealed, uint64_t start)
{
    uint8_t counter[BLOCK_BYTES];
    uint32_t at = (uint32_t)(2 + start / BLOCK_BYTES);
    memcpy(counter, sealed->iv, 12);
    for (int i = 0; i < 4; i++)
        counter[12 + i] = (uint8_t)(at >> (24 - 8 * i));
    self->part = true;
    return EVP_DecryptInit_ex(self->ctx, cipher_of(sealed, true), NULL, sealed->key, counter) == 1;
}

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    gcm *self = state;
    self->ctx = EVP_CIPHER_CTX_new();
    if (!self->ctx)
        return ol_error_set(err, OL_ENOMEM, "content cipher");
    bool good = config->mode == OL_CONTENT_PART
                    ? begin_part(self, config->sealed, config->span.start)
                    : begin_whole(self, config->sealed);
    return good ? OL_OK : ol_error_set(err, OL_EINTERNAL, "content cipher");
}

static bool decrypt(gcm *self, const uint8_t *in, size_t len, ol_span *out, size_t *made)
{
    int got = 0;
    if (len == 0)
        return true;
    if (EVP_DecryptUpdate(self->ctx, out->data + *made, &got, in, (int)len) != 1)
        return false;
    *made += (size_t)got;
    return true;
}

static size_t at_most(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Everything but the last 16 bytes is content. */
static bool decrypt_whole(gcm *self, ol_slice *in, ol_span *out, size_t *made)
{
    size_t known = self->held_len + in->len;
    size_t content = known > TAG_BYTES ? known - TAG_BYTES : 0;
    size_t from_held = at_most(at_most(content, self->held_len), out->len);
    if (!decrypt(self, self->held, from_held, out, made))
        return false;
    self->held_len -= from_held;
    memmove(self->held, self->held + from_held, self->held_len);
    if (self->held_len > 0 && content > from_held)
        return true; /* no room for the rest of what is held: call again */
    size_t direct = at_most(at_most(content - from_held, out->len - *made), STEP_BYTES_MAX);
    if (!decrypt(self, in->data, direct, out, made))
        return false;
    *in = ol_slice_from(*in, direct);
    if (content - from_held > direct || in->len == 0)
        return true;
    memcpy(self->held + self->held_len, in->data, in->len);
    self->held_len += in->len;
    *in = OL_SLICE_NONE;
    return true;
}

static bool decrypt_part(gcm *self, ol_slice *in, ol_span *out, size_t *made)
{
    size_t len = at_most(at_most(in->len, out->len), STEP_BYTES_MAX);
    if (!decrypt(self, in->data, len, out, made))
        return false;
    *in = ol_slice_from(*in, len);
    return true;
}

static bool tag_is_right(gcm *self)
{
    uint8_t unused[BLOCK_BYTES];
    int len;
    return self->held_len == TAG_BYTES &&
           EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_SET_TAG, TAG_BYTES, self->held) == 1 &&
           EVP_DecryptFinal_ex(self->ctx, unused, &len) == 1;
}

static int step(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err)
{
    gcm *self = state;
    *made = 0;
    bool good = self->part ? decrypt_part(self, in, &out, made)
                           : decrypt_whole(self, in, &out, made);
    if (!good)
        return ol_sealed_wrong(err);
    if (!last || in->len > 0)
        return OL_OK;
    if (!self->part && !tag_is_right(self))
        return ol_sealed_wrong(err);
    return OL_DONE;
}

static void fini(void *state)
{
    gcm *self = state;
    EVP_CIPHER_CTX_free(self->ctx);
}

static int range(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span)
{
    if (sealed->plain_size == UINT64_MAX)
        return OL_ENOTIMPLEMENTED;
    span->start = start - start % BLOCK_BYTES;
    span->length = start + length - span->start;
    span->plain_start = span->start;
    return OL_OK;
}

const ol_content_ops ol_content_gcm = {
    .state_size = sizeof(gcm),
    .begin = begin,
    .step = step,
    .fini = fini,
    .range = range,
};
