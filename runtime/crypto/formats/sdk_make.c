/* SPDX-License-Identifier: MIT */
/*
 * As the AWS Encryption SDK writes it: format 2, suite 0478 (key commitment, no signature), frames of
 * 4 KiB, one wrapped key.
 */
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "crypto/content/body_make.h"
#include "crypto/formats/sdk_message.h"
#include "crypto/keys/derive.h"
#include "crypto/keys/secret.h"
#include "crypto/keys/wrap_key.h"

#define SUITE "\x04\x78"
#define KEY_BYTES 32u
#define MESSAGE_ID_BYTES 32u
#define COMMITMENT_BYTES 32u
#define FRAME_BYTES 4096u
#define FRAMES_MAX (UINT32_MAX - 1)
#define HEADER_BYTES_MAX (128u * 1024)
#define OVERHEAD_BYTES 64u

/* secret_: content key | data key */
enum { CONTENT_KEY = 0, DATA_KEY = 32, SECRET_BYTES = 64 };

typedef struct making {
    uint8_t message_id[MESSAGE_ID_BYTES];
    EVP_CIPHER_CTX *ctx;
    ol_slice aad;      /* the context, serialized */
    ol_slice wrapped;  /* by a KMS */
    ol_slice used_key; /* of it */
    uint8_t sealed[FRAME_BYTES + OVERHEAD_BYTES];
} making;

static bool takes(const ol_key *key)
{
    return key->kind == OL_KEY_AES || key->kind == OL_KEY_KMS ||
           (key->kind == OL_KEY_RSA && key->rsa);
}

static int add_number(ol_buf *out, size_t count, uint64_t value)
{
    int rc = OL_OK;
    while (rc == OL_OK && count-- > 0)
        rc = ol_buf_add_byte(out, (uint8_t)(value >> 8 * count));
    return rc;
}

static int add_counted(ol_buf *out, ol_slice bytes)
{
    int rc = bytes.len <= UINT16_MAX ? add_number(out, 2, bytes.len) : OL_ELIMIT;
    return rc == OL_OK ? ol_buf_add(out, bytes) : rc;
}

/* ---- the wrapped key ---- */

/* provider, name and what belongs to it, key */
static int add_wrapped(ol_buf *out, ol_slice provider, ol_slice name, ol_slice more, ol_slice key)
{
    int rc = add_counted(out, provider);
    if (rc == OL_OK)
        rc = add_number(out, 2, name.len + more.len);
    if (rc == OL_OK)
        rc = ol_buf_add(out, name);
    if (rc == OL_OK)
        rc = ol_buf_add(out, more);
    return rc == OL_OK ? add_counted(out, key) : rc;
}

static int add_by_aes(const ol_body_making *m, ol_slice provider, ol_buf *out)
{
    uint8_t more[8 + OL_SDK_IV_BYTES] = {0, 0, 0, 128, 0, 0, 0, OL_SDK_IV_BYTES};
    const making *self = m->more_;
    ol_buf wrapped;
    ol_buf_init(&wrapped, 256);
    int rc = ol_wrap_aes_gcm(m->key, ol_slice_of(m->secret_ + DATA_KEY, KEY_BYTES), self->aad, &wrapped);
    if (rc == OL_OK) {
        memcpy(more + 8, wrapped.data, OL_SDK_IV_BYTES);
        rc = add_wrapped(out, provider, m->key->id, ol_slice_of(more, sizeof(more)),
                         ol_slice_from(ol_buf_slice(&wrapped), OL_SDK_IV_BYTES));
    }
    ol_buf_fini(&wrapped);
    return rc;
}

static int add_by_rsa(const ol_body_making *m, ol_slice provider, ol_buf *out)
{
    ol_buf wrapped;
    ol_buf_init(&wrapped, 4096);
    int rc = ol_wrap_rsa_oaep(m->key, ol_slice_of(m->secret_ + DATA_KEY, KEY_BYTES), "SHA256", "SHA256",
                              &wrapped);
    if (rc == OL_OK)
        rc = add_wrapped(out, provider, m->key->id, OL_SLICE_NONE, ol_buf_slice(&wrapped));
    ol_buf_fini(&wrapped);
    return rc;
}

static int add_key(const ol_body_making *m, ol_buf *out)
{
    const making *self = m->more_;
    ol_slice provider = m->key->name_space.len > 0 ? m->key->name_space : OL_SLICE_LIT("objlens");
    if (m->key->kind == OL_KEY_KMS)
        return add_wrapped(out, OL_SLICE_LIT("aws-kms"), self->used_key, OL_SLICE_NONE, self->wrapped);
    return m->key->kind == OL_KEY_AES ? add_by_aes(m, provider, out) : add_by_rsa(m, provider, out);
}

static int ask_kms(ol_body_making *m, making *self, ol_error *err)
{
    ol_kms_call call = {.arena = m->arena, .context = m->context, .key_bytes = KEY_BYTES};
    int rc = m->generate(m->arg, m->key, &call, err);
    if (rc != OL_OK)
        return rc;
    if (call.key_len == KEY_BYTES)
        memcpy(m->secret_ + DATA_KEY, call.key, KEY_BYTES);
    ol_secret_free(call.key, call.key_len);
    self->wrapped = call.wrapped;
    self->used_key = call.used_key.len > 0 ? call.used_key : m->key->id;
    return call.key_len == KEY_BYTES ? OL_OK : ol_error_set(err, OL_EINTERNAL, "a data key");
}

/* ---- the header ---- */

static int derive(const ol_body_making *m, ol_slice info, uint8_t *out)
{
    const making *self = m->more_;
    return ol_derive("SHA512", ol_slice_of(m->secret_ + DATA_KEY, KEY_BYTES),
                     ol_slice_of(self->message_id, MESSAGE_ID_BYTES), info, out, KEY_BYTES);
}

static int add_fixed_part(const ol_body_making *m, ol_buf *out)
{
    const making *self = m->more_;
    int rc = ol_buf_add(out, ol_slice_of("\x02" SUITE, 3));
    if (rc == OL_OK)
        rc = ol_buf_add(out, ol_slice_of(self->message_id, MESSAGE_ID_BYTES));
    if (rc == OL_OK)
        rc = add_counted(out, self->aad);
    if (rc == OL_OK)
        rc = add_number(out, 2, 1);
    if (rc == OL_OK)
        rc = add_key(m, out);
    if (rc == OL_OK)
        rc = ol_buf_add_byte(out, 2); /* framed */
    return rc == OL_OK ? add_number(out, 4, FRAME_BYTES) : rc;
}

/* With the content key, under this initial value. */
static bool seal(const ol_body_making *m, const uint8_t *iv, ol_slice aad, ol_slice plain, uint8_t *out)
{
    const making *self = m->more_;
    int len = 0, rest = 0;
    return EVP_EncryptInit_ex(self->ctx, EVP_aes_256_gcm(), NULL, m->secret_ + CONTENT_KEY, iv) == 1 &&
           EVP_EncryptUpdate(self->ctx, NULL, &len, aad.data, (int)aad.len) == 1 &&
           (plain.len == 0 ||
            EVP_EncryptUpdate(self->ctx, out, &len, plain.data, (int)plain.len) == 1) &&
           EVP_EncryptFinal_ex(self->ctx, out + plain.len, &rest) == 1 &&
           EVP_CIPHER_CTX_ctrl(self->ctx, EVP_CTRL_AEAD_GET_TAG, OL_SDK_TAG_BYTES, out + plain.len) == 1;
}

static int add_header(const ol_body_making *m, ol_buf *out)
{
    static const uint8_t iv[OL_SDK_IV_BYTES];
    uint8_t commitment[COMMITMENT_BYTES], tag[OL_SDK_TAG_BYTES];
    int rc = derive(m, OL_SLICE_LIT("COMMITKEY"), commitment);
    if (rc == OL_OK)
        rc = derive(m, OL_SLICE_LIT(SUITE "DERIVEKEY"), m->secret_ + CONTENT_KEY);
    if (rc == OL_OK)
        rc = add_fixed_part(m, out);
    if (rc == OL_OK)
        rc = ol_buf_add(out, ol_slice_of(commitment, sizeof(commitment)));
    if (rc == OL_OK && !seal(m, iv, ol_buf_slice(out), OL_SLICE_NONE, tag))
        rc = OL_ENOMEM;
    return rc == OL_OK ? ol_buf_add(out, ol_slice_of(tag, sizeof(tag))) : rc;
}

static int begin(ol_body_making *m, ol_error *err)
{
    ol_buf header;
    making *self = m->more_ = ol_arena_calloc(m->arena, sizeof(*self));
    m->secret_ = ol_secret_alloc(SECRET_BYTES);
    m->secret_len_ = SECRET_BYTES;
    if (!self || !m->secret_ || !(self->ctx = EVP_CIPHER_CTX_new()) ||
        RAND_bytes(self->message_id, MESSAGE_ID_BYTES) != 1 ||
        RAND_priv_bytes(m->secret_ + DATA_KEY, KEY_BYTES) != 1 ||
        ol_sdk_write_pairs(&m->context, NULL, m->arena, &self->aad) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "content key");
    int rc = m->key->kind == OL_KEY_KMS ? ask_kms(m, self, err) : OL_OK;
    if (rc != OL_OK)
        return rc;
    ol_buf_init(&header, HEADER_BYTES_MAX);
    rc = add_header(m, &header);
    rc = rc == OL_OK ? m->write(m->arg, ol_buf_slice(&header), err)
                     : ol_error_set(err, rc, "the key cannot wrap");
    ol_buf_fini(&header);
    return rc;
}

/* ---- frames ---- */

static int frame_aad(const ol_body_making *m, uint32_t sequence, size_t len, bool last, ol_buf *out)
{
    const making *self = m->more_;
    int rc = ol_buf_add(out, ol_slice_of(self->message_id, MESSAGE_ID_BYTES));
    if (rc == OL_OK)
        rc = ol_buf_add_cstr(out, last ? "AWSKMSEncryptionClient Final Frame"
                                       : "AWSKMSEncryptionClient Frame");
    if (rc == OL_OK)
        rc = add_number(out, 4, sequence);
    return rc == OL_OK ? add_number(out, 8, len) : rc;
}

static int chunk(ol_body_making *m, ol_slice plain, bool last, ol_error *err)
{
    making *self = m->more_;
    uint8_t memory[128], head_memory[32];
    ol_buf aad, head;
    if (m->index_ >= FRAMES_MAX)
        return ol_error_set(err, OL_ELIMIT, "too many frames");
    uint32_t sequence = (uint32_t)m->index_ + 1;
    ol_buf_init_fixed(&aad, memory, sizeof(memory));
    ol_buf_init_fixed(&head, head_memory, sizeof(head_memory));
    int rc = frame_aad(m, sequence, plain.len, last, &aad);
    if (rc == OL_OK && last)
        rc = add_number(&head, 4, UINT32_MAX);
    if (rc == OL_OK)
        rc = add_number(&head, 4, sequence);
    if (rc == OL_OK)
        rc = add_number(&head, 4, 0); /* the initial value: the sequence, in twelve bytes */
    if (rc == OL_OK)
        rc = add_number(&head, 8, sequence);
    const uint8_t *iv = head_memory + head.len - OL_SDK_IV_BYTES;
    if (rc == OL_OK && !seal(m, iv, ol_buf_slice(&aad), plain, self->sealed))
        rc = OL_EINTERNAL;
    if (rc == OL_OK && last)
        rc = add_number(&head, 4, plain.len);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "content cipher");
    rc = m->write(m->arg, ol_buf_slice(&head), err);
    return rc == OL_OK ? m->write(m->arg, ol_slice_of(self->sealed, plain.len + OL_SDK_TAG_BYTES), err)
                       : rc;
}

static void fini(ol_body_making *m)
{
    making *self = m->more_;
    if (self)
        EVP_CIPHER_CTX_free(self->ctx);
}

const ol_body_maker ol_body_maker_sdk = {
    .chunk_bytes = FRAME_BYTES,
    .marks_last = true,
    .takes = takes,
    .begin = begin,
    .chunk = chunk,
    .fini = fini,
};
