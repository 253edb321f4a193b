/* SPDX-License-Identifier: MIT */
#include "crypto/content/content_sdk.h"

#include <openssl/evp.h>

#include "base/alloc.h"

#define FINAL_FRAME UINT32_MAX
#define FRAME_HEAD (4u + OL_SDK_IV_BYTES)            /* sequence, iv */
#define FINAL_HEAD (4u + 4u + OL_SDK_IV_BYTES + 4u)  /* mark, sequence, iv, length */
#define SINGLE_HEAD (OL_SDK_IV_BYTES + 8u)           /* iv, length */
#define SIGNATURE_BYTES_MAX 512u
#define SINGLE_BYTES_MAX ((1ull << 36) - 32)
#define STEP_BYTES_MAX (1u << 20)

enum phase { HEADER, FRAME, LONG_HEAD, BODY, TAG, SIGNATURE_LENGTH, SIGNATURE, END };

typedef struct sdk {
    const ol_sealed *sealed;
    const ol_sdk_body *body;
    EVP_CIPHER_CTX *ctx;
    EVP_MD_CTX *md; /* over everything but the signature */
    enum phase phase;
    bool part; /* begins and ends at frames' borders */
    bool chunked;
    bool final;
    uint32_t sequence; /* of the frame to come */
    uint64_t left;     /* of this frame's content */
    uint8_t *frame;    /* chunked: its ciphertext; the plaintext goes straight out */
    size_t frame_have;
    uint64_t header_at;
    uint8_t small[SIGNATURE_BYTES_MAX]; /* heads, tags, the signature, as they come */
    size_t small_have, small_need;
} sdk;

static uint64_t number(const uint8_t *at, size_t count)
{
    uint64_t value = 0;
    while (count-- > 0)
        value = value << 8 | *at++;
    return value;
}

static void put_number(uint8_t *at, size_t count, uint64_t value)
{
    while (count-- > 0) {
        at[count] = (uint8_t)value;
        value >>= 8;
    }
}

static void enter(sdk *self, enum phase phase, size_t need)
{
    self->phase = phase;
    self->small_have = 0;
    self->small_need = need;
}

static bool sign_over(sdk *self, const uint8_t *data, size_t len)
{
    return !self->md || len == 0 || EVP_DigestVerifyUpdate(self->md, data, len) == 1;
}

/* ---- begin ---- */

static bool begin_signature(sdk *self)
{
    if (!self->body->signer)
        return true;
    self->md = EVP_MD_CTX_new();
    return self->md &&
           EVP_DigestVerifyInit_ex(self->md, NULL, self->body->suite->sign_hash, NULL, NULL,
                                   self->body->signer, NULL) == 1;
}

static int begin(void *state, const ol_content_config *config, ol_error *err)
{
    sdk *self = state;
    self->sealed = config->sealed;
    self->body = config->sealed->more;
    self->chunked = self->body->framed && self->body->frame_bytes <= OL_SDK_FRAME_BYTES_CHUNKED;
    self->part = config->mode == OL_CONTENT_PART;
    self->sequence = 1;
    self->ctx = EVP_CIPHER_CTX_new();
    if (self->chunked)
        self->frame = ol_malloc(self->body->frame_bytes);
    if (!self->ctx || (self->chunked && !self->frame) || (!self->part && !begin_signature(self)))
        return ol_error_set(err, OL_ENOMEM, "content cipher");
    if (!self->part) {
        enter(self, HEADER, 0);
        return OL_OK;
    }
    self->sequence += (uint32_t)(config->span.plain_start / self->body->frame_bytes);
    enter(self, FRAME, FRAME_HEAD);
    return OL_OK;
}

static void fini(void *state)
{
    sdk *self = state;
    EVP_CIPHER_CTX_free(self->ctx);
    EVP_MD_CTX_free(self->md);
    ol_free(self->frame);
}

/* ---- one frame ---- */

static const EVP_CIPHER *cipher_of(const sdk *self)
{
    return self->sealed->key_len == 16   ? EVP_aes_128_gcm()
           : self->sealed->key_len == 24 ? EVP_aes_192_gcm()
                                         : EVP_aes_256_gcm();
}

static bool begin_frame(sdk *self, const uint8_t *iv)
{
    static const char *const names[] = {"AWSKMSEncryptionClient Single Block",
                                        "AWSKMSEncryptionClient Frame",
                                        "AWSKMSEncryptionClient Final Frame"};
    const char *name = names[!self->body->framed ? 0 : self->final ? 2 : 1];
    ol_slice id = self->body->message_id;
    uint8_t place[12];
    int len;
    put_number(place, 4, self->sequence);
    put_number(place + 4, 8, self->left);
    return EVP_DecryptInit_ex(self->ctx, cipher_of(self), NULL, self->sealed->key, iv) == 1 &&
           EVP_DecryptUpdate(self->ctx, NULL, &len, id.data, (int)id.len) == 1 &&
           EVP_DecryptUpdate(self->ctx, NULL, &len, (const uint8_t *)name, (int)strlen(name)) == 1 &&
           EVP_DecryptUpdate(self->ctx, NULL, &len, place, sizeof(place)) == 1;
}

static int take_frame_head(sdk *self)
{
    const uint8_t *at = self->small;
    bool is_long = self->body->framed && number(at, 4) == FINAL_FRAME;
    if (self->phase == FRAME && is_long) {
        self->phase = LONG_HEAD;
        self->small_need = FINAL_HEAD;
        return OL_OK;
    }
    if (!self->body->framed) {
        self->left = number(at + OL_SDK_IV_BYTES, 8);
        self->final = true;
    } else {
        self->final = self->phase == LONG_HEAD;
        at += self->final ? 4 : 0;
        if (number(at, 4) != self->sequence)
            return OL_EDECRYPT;
        at += 4;
        self->left = self->final ? number(at + OL_SDK_IV_BYTES, 4) : self->body->frame_bytes;
    }
    if (self->left > (self->body->framed ? self->body->frame_bytes : SINGLE_BYTES_MAX) ||
        !begin_frame(self, at))
        return OL_EDECRYPT;
    self->frame_have = 0;
    enter(self, self->left > 0 ? BODY : TAG, OL_SDK_TAG_BYTES);
    return OL_OK;
}

static bool decrypt(sdk *self, const uint8_t *in, size_t len, ol_span out, size_t *made)
{
    int got = 0;
    if (len > 0 && EVP_DecryptUpdate(self->ctx, out.data + *made, &got, in, (int)len) != 1)
        return false;
    *made += (size_t)got;
    return true;
}

/* A short frame is gathered; a long one goes out as it comes. */
static int take_body(sdk *self, ol_slice *in, ol_span out, size_t *made)
{
    size_t len = self->left < in->len ? (size_t)self->left : in->len;
    size_t room = out.len - *made;
    if (!self->chunked && len > room)
        len = room;
    if (len > STEP_BYTES_MAX)
        len = STEP_BYTES_MAX;
    if (len == 0)
        return OL_WAIT;
    if (!sign_over(self, in->data, len))
        return OL_EDECRYPT;
    if (self->chunked) {
        memcpy(self->frame + self->frame_have, in->data, len);
        self->frame_have += len;
    } else if (!decrypt(self, in->data, len, out, made)) {
        return OL_EDECRYPT;
    }
    *in = ol_slice_from(*in, len);
    self->left -= len;
    if (self->left == 0)
        enter(self, TAG, OL_SDK_TAG_BYTES);
    return OL_OK;
}

/* OL_WAIT: a frame is complete but does not fit into what is left of `out`. */
static int end_frame(sdk *self, ol_span out, size_t *made)
{
    size_t before = *made;
    int len;
    uint8_t unused[16];
    if (self->chunked && self->frame_have > out.len - *made)
        return OL_WAIT;
    if (self->chunked && !decrypt(self, self->frame, self->frame_have, out, made))
        return OL_EDECRYPT;
    if (EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_SET_TAG, OL_SDK_TAG_BYTES, self->small) != 1 ||
        EVP_DecryptFinal_ex(self->ctx, unused, &len) != 1) {
        *made = before;
        return OL_EDECRYPT;
    }
    if (self->final) {
        enter(self, self->md ? SIGNATURE_LENGTH : END, 2);
        return OL_OK;
    }
    if (self->sequence == FINAL_FRAME - 1)
        return OL_EDECRYPT;
    self->sequence++;
    enter(self, FRAME, FRAME_HEAD);
    return OL_OK;
}

/* ---- the signature ---- */

static int take_signature(sdk *self)
{
    if (self->phase == SIGNATURE_LENGTH) {
        size_t len = (size_t)number(self->small, 2);
        if (len == 0 || len > SIGNATURE_BYTES_MAX)
            return OL_EDECRYPT;
        enter(self, SIGNATURE, len);
        return OL_OK;
    }
    if (EVP_DigestVerifyFinal(self->md, self->small, self->small_need) != 1)
        return OL_EDECRYPT;
    enter(self, END, 0);
    return OL_OK;
}

/* ---- steps ---- */

/* The header was authenticated when the object was opened: this must be the same one. */
static int take_header(sdk *self, ol_slice *in)
{
    ol_slice rest = ol_slice_from(self->body->header, (size_t)self->header_at);
    size_t len = rest.len < in->len ? rest.len : in->len;
    if (!ol_slice_eq(ol_slice_first(rest, len), ol_slice_first(*in, len)) ||
        !sign_over(self, in->data, len))
        return OL_EDECRYPT;
    *in = ol_slice_from(*in, len);
    self->header_at += len;
    if (self->header_at == self->body->header.len)
        enter(self, FRAME, self->body->framed ? FRAME_HEAD : SINGLE_HEAD);
    return OL_OK;
}

/* False: more input is needed. */
static bool gather(sdk *self, ol_slice *in)
{
    size_t need = self->small_need - self->small_have;
    size_t len = need < in->len ? need : in->len;
    if (len > 0)
        memcpy(self->small + self->small_have, in->data, len);
    *in = ol_slice_from(*in, len);
    self->small_have += len;
    return self->small_have == self->small_need;
}

static int take_small(sdk *self, ol_slice *in, ol_span out, size_t *made)
{
    size_t before = self->small_have;
    bool fresh = self->small_have < self->small_need;
    bool complete = gather(self, in);
    bool is_signature = self->phase == SIGNATURE || self->phase == SIGNATURE_LENGTH;
    if (fresh && !is_signature &&
        !sign_over(self, self->small + before, self->small_have - before))
        return OL_EDECRYPT;
    if (!complete)
        return OL_WAIT;
    if (self->phase == TAG)
        return end_frame(self, out, made);
    return is_signature ? take_signature(self) : take_frame_head(self);
}

static int advance(sdk *self, ol_slice *in, ol_span out, size_t *made)
{
    switch (self->phase) {
    case HEADER:
        return in->len == 0 ? OL_WAIT : take_header(self, in);
    case BODY:
        return take_body(self, in, out, made);
    case END:
        return in->len > 0 ? OL_EDECRYPT : OL_WAIT;
    default:
        return take_small(self, in, out, made);
    }
}

static int step(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err)
{
    sdk *self = state;
    int rc = OL_OK;
    *made = 0;
    while (rc == OL_OK)
        rc = advance(self, in, out, made);
    if (rc != OL_WAIT)
        return ol_sealed_wrong(err);
    if (!last || in->len > 0 || *made > 0)
        return OL_OK;
    bool at_border = self->part && self->phase == FRAME && self->small_have == 0;
    return self->phase == END || at_border ? OL_DONE : ol_sealed_wrong(err);
}

/* ---- sizes ---- */

uint64_t ol_sdk_plain_size(const ol_sdk_body *body, uint64_t size)
{
    uint64_t least = body->header.len + FINAL_HEAD + OL_SDK_TAG_BYTES;
    uint64_t whole = body->frame_bytes + FRAME_HEAD + OL_SDK_TAG_BYTES;
    if (!body->framed || body->signer || size == UINT64_MAX || size < least)
        return UINT64_MAX;
    uint64_t rest = size - least;
    uint64_t last = rest % whole;
    if (last > body->frame_bytes)
        return UINT64_MAX;
    return rest / whole * body->frame_bytes + last;
}

static int range(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span)
{
    const ol_sdk_body *body = sealed->more;
    uint64_t whole = body->frame_bytes + FRAME_HEAD + OL_SDK_TAG_BYTES;
    if (!sealed->chunked || sealed->plain_size == UINT64_MAX || length == 0)
        return OL_ENOTIMPLEMENTED;
    uint64_t first = start / body->frame_bytes, last = (start + length - 1) / body->frame_bytes;
    /* Before the final one, which may be as long as they are. */
    uint64_t frames = (sealed->cipher_size - body->header.len - FINAL_HEAD - OL_SDK_TAG_BYTES) / whole;
    span->start = body->header.len + first * whole;
    span->plain_start = first * body->frame_bytes;
    uint64_t end = last < frames ? body->header.len + (last + 1) * whole : sealed->cipher_size;
    span->length = end - span->start;
    return OL_OK;
}

const ol_content_ops ol_content_sdk = {
    .state_size = sizeof(sdk),
    .room_min = OL_SDK_FRAME_BYTES_CHUNKED,
    .begin = begin,
    .step = step,
    .fini = fini,
    .range = range,
};
