/* SPDX-License-Identifier: MIT */
/*
 * What an object of an S3 encryption client says of itself, in its metadata and maybe in an
 * instruction file: gathered, decoded, checked for shape. Nothing of it is authenticated yet.
 */
#ifndef OL_CRYPTO_S3_ENVELOPE_H
#define OL_CRYPTO_S3_ENVELOPE_H

#include "crypto/content/sealed.h"

enum ol_s3_cipher { OL_S3_CBC, OL_S3_GCM };

enum ol_s3_wrap {
    OL_S3_WRAP_AES_ECB,     /* V1 */
    OL_S3_WRAP_RSA_PKCS1,   /* V1 */
    OL_S3_WRAP_AES_WRAP,    /* V2 from here on; legacy */
    OL_S3_WRAP_RSA_OAEP256, /* legacy */
    OL_S3_WRAP_KMS,         /* legacy */
    OL_S3_WRAP_AES_GCM,
    OL_S3_WRAP_RSA_NAMED, /* RSA-OAEP-SHA1 */
    OL_S3_WRAP_KMS_CONTEXT
};

#define OL_S3_LENGTH_NAME "x-amz-unencrypted-content-length"
#define OL_S3_OLD_KEY_NAME "EncryptedEnvelopeKey"
#define OL_S3_MESSAGE_ID_BYTES 28u
#define OL_S3_COMMITMENT_BYTES 28u

typedef struct ol_s3_envelope {
    enum ol_sealed_format format;
    enum ol_s3_wrap wrap;
    enum ol_s3_cipher cipher;
    ol_slice key; /* wrapped; in the arena */
    uint8_t iv[16];
    size_t iv_len;
    ol_slice name;       /* what wraps are bound to: "AES/GCM/NoPadding", "115" */
    ol_context context;  /* the material description or encryption context */
    uint8_t message_id[OL_S3_MESSAGE_ID_BYTES]; /* V3 */
    uint8_t commitment[OL_S3_COMMITMENT_BYTES];
    uint64_t claimed_size; /* of the plaintext; UINT64_MAX = nothing is claimed */
} ol_s3_envelope;

/* `headers` with lower-case names, x-amz-meta-… among others. `instruction`: the file's JSON; empty =
 * none. OL_OK or OL_EDECRYPT (every kind of misshape); OL_ENOMEM. */
int ol_s3_envelope_read(ol_s3_envelope *envelope, enum ol_sealed_format format,
                        const ol_header *headers, size_t count, ol_slice instruction,
                        ol_arena *arena, ol_error *err);

/* A header's value that may be an encoded-word (RFC 2047) and may have been taken for Latin-1 on
 * its way: the text that was meant. OL_OK or OL_EDECRYPT, OL_ENOMEM. */
int ol_s3_header_text(ol_slice value, ol_arena *arena, ol_slice *text);

#endif
