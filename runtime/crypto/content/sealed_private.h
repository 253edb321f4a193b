/* SPDX-License-Identifier: MIT */
/*
 * Shared by the formats: what an opened object is, how a content cipher is driven, and how one
 * format's opening is dispatched. Private to crypto/.
 */
#ifndef OL_CRYPTO_SEALED_PRIVATE_H
#define OL_CRYPTO_SEALED_PRIVATE_H

#include "crypto/content/content_stage.h"

#define OL_CONTENT_KEY_BYTES_MAX 64u

/*
 * Turns ciphertext into plaintext, in steps of any size (the shape of zlib's inflate).
 *   begin  state is zeroed memory of state_size bytes
 *   step   takes from *in what it can (advances it) and puts at most out.len bytes of plaintext into
 *          out; *made says how many. `last`: nothing follows *in. OL_OK: call again when there is more
 *          of either; OL_DONE: the end was reached and is authentic; OL_WAIT: nothing can be done before
 *          something happens on poll_fd; else OL_EDECRYPT.
 *          Nothing that was not verified is put out, unless the cipher cannot know before the end.
 *   fini   wipes
 */
typedef struct ol_content_ops {
    size_t state_size;
    size_t room_min; /* `out` is never smaller; 0 = any */
    int (*begin)(void *state, const ol_content_config *config, ol_error *err);
    int (*step)(void *state, ol_slice *in, bool last, ol_span out, size_t *made, ol_error *err);
    void (*fini)(void *state);
    /* Of a cipher whose work is done elsewhere, after OL_WAIT: what to wait for. NULL: it never says so. */
    int (*poll_fd)(void *state, bool *wants_room);
    /* See ol_sealed_range. NULL: parts are not possible. */
    int (*range)(const ol_sealed *sealed, uint64_t start, uint64_t length, ol_sealed_span *span);
} ol_content_ops;

struct ol_sealed {
    int references; /* atomic */
    enum ol_sealed_format format;
    const ol_content_ops *content;
    bool chunked;
    bool ranged; /* by the rules */
    uint8_t *key; /* secret memory */
    size_t key_len;
    uint8_t iv[16];
    size_t iv_len;
    uint8_t aad[16];
    size_t aad_len;
    size_t skip; /* bytes of the body before the content */
    uint64_t cipher_size, plain_size; /* UINT64_MAX = not known */
    uint64_t claimed_size; /* what the plaintext must come to, says nobody that can be trusted;
                              UINT64_MAX = nothing is said */
    void *more;                       /* the format's own, in the ask's arena */
    void (*fini_more)(void *more);    /* wipes it; may be NULL */
};

/* Counted once, in heap memory; the key is taken over (wiped when there is no memory). NULL then. */
ol_sealed *ol_sealed_new(enum ol_sealed_format format, uint8_t *key, size_t key_len);

/* The one error of everything that could tell something about keys or content. */
int ol_sealed_wrong(ol_error *err);
/* Refused by what is allowed here: `why` (for the log) says nothing that depends on keys. */
int ol_sealed_refused(ol_error *err, const char *why);

/* How one format is opened. `open` is like ol_sealed_open; one that waits puts its opener into
 * ask->private_[0] and takes it out before cb. */
typedef struct ol_sealed_opener {
    int (*open)(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err);
    void (*cancel)(ol_sealed_ask *ask); /* cb will not run; NULL where open never waits */
    /* See ol_sealed_header_bytes; NULL: none are needed. */
    int (*header_bytes)(ol_slice first, size_t *bytes, ol_error *err);
} ol_sealed_opener;

/* Never NULL. */
const ol_sealed_opener *ol_sealed_openers_of(enum ol_sealed_format format);
/* By the markers in an instruction file; OL_SEALED_NONE when there are none. */
int ol_sealed_recognise_instruction(ol_slice json, enum ol_sealed_format *format, ol_error *err);

extern const ol_sealed_opener ol_sealed_opener_s3, ol_sealed_opener_sdk, ol_sealed_opener_rclone,
    ol_sealed_opener_age, ol_sealed_opener_openssl, ol_sealed_opener_pgp;

extern const ol_content_ops ol_content_gcm, ol_content_cbc;

#endif
