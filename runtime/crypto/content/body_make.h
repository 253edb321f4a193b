/* SPDX-License-Identifier: MIT */
/*
 * The other direction, for `objlens encrypt`, of the formats that stand wholly in the body: Encryption SDK
 * messages, rclone crypt, age, `openssl enc`, OpenPGP. The body is a stream of chunks; a format makes its
 * header and one chunk at a time. Blocking; one object at a time.
 */
#ifndef OL_CRYPTO_BODY_MAKE_H
#define OL_CRYPTO_BODY_MAKE_H

#include "crypto/content/sealed.h"

typedef struct ol_body_maker ol_body_maker;

typedef struct ol_body_making {
    /* given */
    enum ol_sealed_format format;
    const ol_keys *keys;
    const ol_key *key; /* one of them */
    ol_context context; /* of the Encryption SDK */
    ol_arena *arena;
    /* A data key from the key's KMS, for the context; blocking. */
    int (*generate)(void *arg, const ol_key *key, ol_kms_call *call, ol_error *err);
    /* Ciphertext, in order. */
    int (*write)(void *arg, ol_slice bytes, ol_error *err);
    void *arg;
    /* private */
    const ol_body_maker *maker_;
    void *more_;                          /* the format's own, in the arena */
    uint8_t *secret_;                     /* its keys: secret memory */
    size_t secret_len_;
    uint8_t *chunk_;                      /* plaintext that is being gathered */
    size_t have_;
    uint64_t index_;                      /* of the chunk */
} ol_body_making;

struct ol_body_maker {
    size_t chunk_bytes;
    bool marks_last; /* a last chunk is made of an empty body, too */
    bool (*takes)(const ol_key *key);
    /* Keys and header. */
    int (*begin)(ol_body_making *making, ol_error *err);
    int (*chunk)(ol_body_making *making, ol_slice plain, bool last, ol_error *err);
    void (*fini)(ol_body_making *making); /* what is neither secret_ nor the arena's; may be NULL */
};

extern const ol_body_maker ol_body_maker_sdk, ol_body_maker_rclone, ol_body_maker_age,
    ol_body_maker_openssl, ol_body_maker_pgp;

/* Is it one of these formats, and can the key be used for it? */
bool ol_body_make_knows(enum ol_sealed_format format);
bool ol_body_make_takes(enum ol_sealed_format format, const ol_key *key);
/* Fini it whatever is returned. */
int ol_body_make_begin(ol_body_making *making, ol_error *err);
int ol_body_make_write(ol_body_making *making, ol_slice plain, ol_error *err);
int ol_body_make_finish(ol_body_making *making, ol_error *err);
void ol_body_make_fini(ol_body_making *making);

#endif
