/* SPDX-License-Identifier: MIT */
/*
 * The body of an AWS Encryption SDK message: frames (or one single block), and the signature behind
 * them. Frames up to 64 KiB are released one by one once they are verified; larger ones, and whatever
 * is signed, only tell at their end, so these need a first pass.
 */
#ifndef OL_CRYPTO_CONTENT_SDK_H
#define OL_CRYPTO_CONTENT_SDK_H

#include "crypto/content/sealed_private.h"
#include "crypto/formats/sdk_message.h"

#define OL_SDK_FRAME_BYTES_CHUNKED (64u * 1024)

/* ol_sealed.more, in the ask's arena; its slices are copies there. */
typedef struct ol_sdk_body {
    const ol_sdk_suite *suite;
    ol_slice header; /* as it was authenticated */
    ol_slice message_id;
    bool framed;
    uint32_t frame_bytes;
    void *signer; /* EVP_PKEY; NULL: not signed */
} ol_sdk_body;

extern const ol_content_ops ol_content_sdk;

/* Of a framed message without signature. UINT64_MAX when no message has this length. */
uint64_t ol_sdk_plain_size(const ol_sdk_body *body, uint64_t size);

#endif
