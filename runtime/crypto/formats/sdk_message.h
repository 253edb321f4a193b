/* SPDX-License-Identifier: MIT */
/*
 * The header of an AWS Encryption SDK message (formats 1 and 2), read strictly; and the table of its
 * algorithm suites. Source: "AWS Encryption SDK message format reference", "algorithms reference".
 */
#ifndef OL_CRYPTO_SDK_MESSAGE_H
#define OL_CRYPTO_SDK_MESSAGE_H

#include "crypto/content/sealed.h"

#define OL_SDK_KEYS_MAX 32u
#define OL_SDK_HEADER_BYTES_MAX (256u * 1024)
#define OL_SDK_TAG_BYTES 16u
#define OL_SDK_IV_BYTES 12u

typedef struct ol_sdk_suite {
    uint16_t id;
    uint8_t key_len;
    const char *kdf_hash;  /* NULL: the data key is used as it is */
    bool commits;          /* format 2 */
    const char *curve;     /* NULL: not signed */
    const char *sign_hash;
} ol_sdk_suite;

typedef struct ol_sdk_wrapped {
    ol_slice provider, info, key;
} ol_sdk_wrapped;

typedef struct ol_sdk_header {
    const ol_sdk_suite *suite;
    ol_slice message_id;
    ol_slice aad; /* the context as it stands there, without its length: wraps are bound to it */
    ol_context context;
    ol_sdk_wrapped keys[OL_SDK_KEYS_MAX];
    size_t key_count;
    bool framed;
    uint32_t frame_bytes;
    ol_slice authenticated; /* from the first byte up to iv and tag */
    uint8_t iv[OL_SDK_IV_BYTES];
    ol_slice tag;
    ol_slice commitment; /* format 2: 32 bytes */
    size_t size;         /* all of it */
} ol_sdk_header;

/* Slices point into `bytes`. OL_OK; OL_WAIT: it goes on behind `bytes`; OL_EDECRYPT. */
int ol_sdk_header_read(ol_sdk_header *header, ol_slice bytes);
/* May these be the first bytes of a message? */
bool ol_sdk_is_message(ol_slice first);

/* Pairs of `context`, but for those that are in `without` (may be NULL): count, then names and values with
 * their lengths; nothing at all when there are none. Into the arena. OL_OK or OL_ENOMEM. */
int ol_sdk_write_pairs(const ol_context *context, const ol_context *without, ol_arena *arena,
                       ol_slice *out);

#endif
