/* SPDX-License-Identifier: MIT */
/*
 * AES-CBC with PKCS#7 padding: legacy content without authentication. That the padding is right says
 * little; it is checked all the same, with the one error that everything has.
 */
#include <openssl/evp.h>

#include "crypto/sealed_private.h"

#define BLOCK_BYTES 16u

typedef struct cbc {
    EVP_CIPHER_CTX *ctx;
    size_t skip; /* still to be passed over */
    uint64_t made, claimed;
} cbc;

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    cbc *self = state;
    const ol_sealed *sealed = config->sealed;
    const EVP_CIPHER *cipher = sealed->key_len == 16   ? EVP_aes_128_cbc()
                               : sealed->key_len == 24 ? EVP_aes_192_cbc()
                                                       : EVP_aes_256_cbc();
    self->skip = sealed->skip;
    self->claimed = sealed->claimed_size;
    self->ctx = EVP_CIPHER_CTX_new();
    if (!self->ctx)
        return ol_error_set(err, OL_ENOMEM, "content cipher");
    if (EVP_DecryptInit_ex(self->ctx, cipher, NULL, sealed->key, sealed->iv) != 1)
        return ol_error_set(err, OL_EINTERNAL, "content cipher");
    return OL_OK;
}

/* The library holds a block back, and gives up to one more than it takes. */
static int step(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err)
{
    cbc *self = state;
    int got = 0;
    *made = 0;
    size_t skip = self->skip < in->len ? self->skip : in->len;
    self->skip -= skip;
    *in = ol_slice_from(*in, skip);
    size_t len = out.len - BLOCK_BYTES < in->len ? out.len - BLOCK_BYTES : in->len;
    if (len > 0 && EVP_DecryptUpdate(self->ctx, out.data, &got, in->data, (int)len) != 1)
        return ol_sealed_wrong(err);
    *in = ol_slice_from(*in, len);
    *made = (size_t)got;
    self->made += (size_t)got;
    if (!last || in->len > 0)
        return OL_OK;
    if (*made + BLOCK_BYTES > out.len)
        return OL_OK; /* the end comes with the next call */
    if (EVP_DecryptFinal_ex(self->ctx, out.data + *made, &got) != 1)
        return ol_sealed_wrong(err);
    *made += (size_t)got;
    self->made += (size_t)got;
    if (self->claimed != UINT64_MAX && self->claimed != self->made)
        return ol_sealed_wrong(err);
    return OL_DONE;
}

static void fini(void *state)
{
    cbc *self = state;
    EVP_CIPHER_CTX_free(self->ctx);
}

const ol_content_ops ol_content_cbc = {
    .state_size = sizeof(cbc),
    .room_min = 4 * BLOCK_BYTES,
    .begin = begin,
    .step = step,
    .fini = fini,
};
