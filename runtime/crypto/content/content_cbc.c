/* SPDX-License-Identifier: MIT */
/*
 * AES-CBC with PKCS#7 padding: legacy content without authentication. That the padding is right says
 * little; it is checked all the same, with the one error that everything has.
 */
#include <openssl/evp.h>

#include "base/alloc.h"
#include "crypto/content/sealed_private.h"

#define BLOCK_BYTES 16u

typedef struct cbc {
    EVP_CIPHER_CTX *ctx;
    size_t skip; /* still to be passed over */
    bool part, reaches_end;
    bool takes_iv; /* a part's first block is the initial value of the next */
    uint8_t iv[BLOCK_BYTES];
    size_t iv_have;
    uint64_t made, claimed;
} cbc;

static const EVP_CIPHER *cipher_of(const ol_sealed *sealed)
{
    return sealed->key_len == 16   ? EVP_aes_128_cbc()
           : sealed->key_len == 24 ? EVP_aes_192_cbc()
                                   : EVP_aes_256_cbc();
}

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    cbc *self = state;
    const ol_sealed *sealed = config->sealed;
    const EVP_CIPHER *cipher = cipher_of(sealed);
    self->part = config->mode == OL_CONTENT_PART;
    self->takes_iv = self->part && config->span.plain_start > 0;
    self->reaches_end = config->span.start + config->span.length == sealed->cipher_size;
    self->skip = self->part ? 0 : sealed->skip;
    self->claimed = sealed->claimed_size;
    self->ctx = EVP_CIPHER_CTX_new();
    if (!self->ctx)
        return ol_error_set(err, OL_ENOMEM, "content cipher");
    if (EVP_DecryptInit_ex(self->ctx, cipher, NULL, sealed->key, sealed->iv) != 1)
        return ol_error_set(err, OL_EINTERNAL, "content cipher");
    if (self->part && !self->reaches_end)
        EVP_CIPHER_CTX_set_padding(self->ctx, 0);
    return OL_OK;
}

/* False: the library refused. */
static bool take_iv(cbc *self, ol_slice *in)
{
    size_t need = BLOCK_BYTES - self->iv_have;
    size_t len = need < in->len ? need : in->len;
    if (!self->takes_iv || len == 0)
        return true;
    memcpy(self->iv + self->iv_have, in->data, len);
    *in = ol_slice_from(*in, len);
    self->iv_have += len;
    self->takes_iv = self->iv_have < BLOCK_BYTES;
    return self->takes_iv || EVP_DecryptInit_ex(self->ctx, NULL, NULL, NULL, self->iv) == 1;
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
    if (!take_iv(self, in))
        return ol_sealed_wrong(err);
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
    if (self->takes_iv || EVP_DecryptFinal_ex(self->ctx, out.data + *made, &got) != 1)
        return ol_sealed_wrong(err);
    *made += (size_t)got;
    self->made += (size_t)got;
    if (!self->part && self->claimed != UINT64_MAX && self->claimed != self->made)
        return ol_sealed_wrong(err);
    return OL_DONE;
}

static void fini(void *state)
{
    cbc *self = state;
    EVP_CIPHER_CTX_free(self->ctx);
}

/* ---- lengths and parts ---- */

size_t ol_sealed_tail_bytes(const ol_sealed *sealed)
{
    uint64_t size = sealed->cipher_size;
    if (sealed->content != &ol_content_cbc || size == UINT64_MAX)
        return 0;
    uint64_t content = size > sealed->skip ? size - sealed->skip : 0;
    return content < 2 * BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES;
}

/* The last block, by the one before it or by the initial value. */
static int open_tail(const ol_sealed *sealed, ol_slice tail, int *got)
{
    uint8_t plain[2 * BLOCK_BYTES];
    int update = 0, end = 0;
    bool alone = tail.len == BLOCK_BYTES;
    ol_slice block = ol_slice_from(tail, alone ? 0 : BLOCK_BYTES);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (!ctx)
        return OL_ENOMEM;
    bool good = EVP_DecryptInit_ex(ctx, cipher_of(sealed), NULL, sealed->key,
                                   alone ? sealed->iv : tail.data) == 1 &&
                EVP_DecryptUpdate(ctx, plain, &update, block.data, BLOCK_BYTES) == 1 &&
                EVP_DecryptFinal_ex(ctx, plain + update, &end) == 1;
    EVP_CIPHER_CTX_free(ctx);
    ol_wipe(plain, sizeof(plain));
    *got = update + end;
    return good ? OL_OK : OL_EDECRYPT;
}

int ol_sealed_settle_tail(ol_sealed *sealed, ol_slice tail, ol_error *err)
{
    int got = 0;
    uint64_t content = sealed->cipher_size - sealed->skip;
    if (sealed->cipher_size <= sealed->skip || content % BLOCK_BYTES != 0 ||
        tail.len != ol_sealed_tail_bytes(sealed))
        return ol_sealed_wrong(err);
    int rc = open_tail(sealed, tail, &got);
    if (rc == OL_ENOMEM)
        return ol_error_set(err, rc, "content cipher");
    uint64_t plain = content - BLOCK_BYTES + (uint64_t)got;
    if (rc != OL_OK || (sealed->claimed_size != UINT64_MAX && sealed->claimed_size != plain))
        return ol_sealed_wrong(err);
    ol_sealed_set_verified(sealed, plain);
    return OL_OK;
}

static int range(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span)
{
    if (sealed->plain_size == UINT64_MAX || length == 0)
        return OL_ENOTIMPLEMENTED;
    uint64_t first = start / BLOCK_BYTES, last = (start + length - 1) / BLOCK_BYTES;
    span->plain_start = first * BLOCK_BYTES;
    span->start = sealed->skip + (first > 0 ? first - 1 : 0) * BLOCK_BYTES;
    span->length = sealed->skip + (last + 1) * BLOCK_BYTES - span->start;
    return OL_OK;
}

const ol_content_ops ol_content_cbc = {
    .state_size = sizeof(cbc),
    .room_min = 4 * BLOCK_BYTES,
    .begin = begin,
    .step = step,
    .fini = fini,
    .range = range,
};
