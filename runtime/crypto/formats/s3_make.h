/* SPDX-License-Identifier: MIT */
/*
 * The other direction, for `objlens encrypt`: a content key for an object of an S3 encryption client,
 * wrapped, and the metadata that says so; then the body as a stream. Blocking; one object at a time.
 */
#ifndef OL_CRYPTO_S3_MAKE_H
#define OL_CRYPTO_S3_MAKE_H

#include "crypto/formats/s3_envelope.h"

typedef struct ol_s3_making {
    /* given */
    enum ol_sealed_format format;
    enum ol_s3_wrap wrap;
    const ol_key *key;
    ol_context context; /* the material description, or the KMS's context */
    ol_arena *arena;
    /* A data key from the key's KMS, for the context; blocking. */
    int (*generate)(void *arg, const ol_key *key, ol_kms_call *call, ol_error *err);
    /* Ciphertext, in order. */
    int (*write)(void *arg, ol_slice bytes, ol_error *err);
    void *arg;
    /* made: names without x-amz-meta- */
    ol_headers meta;
    /* private */
    uint8_t *data_key, *content_key; /* secret memory, 32 bytes each */
    ol_slice wrapped_;
    void *cipher_;
    uint64_t size_;
} ol_s3_making;

/* The usual wrap of that format for that kind of key, or the one of that name (as x-amz-wrap-alg has
 * it). OL_EINVAL: there is none. */
int ol_s3_wrap_choose(enum ol_sealed_format format, const ol_key *key, ol_slice name,
                      enum ol_s3_wrap *wrap);
/* Fini it whatever is returned. */
int ol_s3_make_begin(ol_s3_making *making, ol_error *err);
int ol_s3_make_write(ol_s3_making *making, ol_slice plain, ol_error *err);
int ol_s3_make_finish(ol_s3_making *making, ol_error *err);
void ol_s3_make_fini(ol_s3_making *making);
/* Does V3 keep this one on the object, even when there is an instruction file? */
bool ol_s3_is_object_field(ol_slice name);

#endif
