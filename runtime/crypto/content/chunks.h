/* SPDX-License-Identifier: MIT */
/*
 * The frame that formats of equal chunks share: a header of fixed length, then chunks of
 * OL_CHUNK_PLAIN_BYTES plaintext and a tag each, the last one shorter. A format gives its way to open
 * one chunk; gathering, sizes and ranges are done here.
 */
#ifndef OL_CRYPTO_CHUNKS_H
#define OL_CRYPTO_CHUNKS_H

#include "crypto/content/sealed_private.h"

#define OL_CHUNK_PLAIN_BYTES 65536u
#define OL_CHUNK_TAG_BYTES 16u
#define OL_CHUNK_BYTES (OL_CHUNK_PLAIN_BYTES + OL_CHUNK_TAG_BYTES)
#define OL_CHUNK_NONCE_BYTES 24u

/* ol_sealed.more of these formats, in the ask's arena. */
typedef struct ol_chunks {
    ol_slice header; /* before the chunks; the body must begin with it */
    uint8_t nonce[OL_CHUNK_NONCE_BYTES]; /* what the chunks' nonces are made of */
    bool marks_last; /* the last chunk is told from the others, and there is always one: a body cut
                        between chunks is seen */
    /* Opens chunk `index` into `out` (in.len - tag bytes). False: it is not authentic. */
    bool (*open)(const uint8_t *key, const struct ol_chunks *chunks, uint64_t index, bool last,
                 ol_slice in, uint8_t *out);
} ol_chunks;

extern const ol_content_ops ol_content_chunks;

/* UINT64_MAX: no body has this length. */
uint64_t ol_chunks_plain_size(const ol_chunks *chunks, uint64_t size);
/* A sealed object over these chunks; takes the key over. NULL when there is no memory. */
ol_sealed *ol_chunks_sealed(enum ol_sealed_format format, ol_chunks *chunks, uint8_t *key,
                            size_t key_len, uint64_t size);

#endif
