/* SPDX-License-Identifier: MIT */
/*
 * Decrypts a sealed body that can be read at will, blocking: for the command line. The same ciphers as
 * content_stage.h.
 */
#ifndef OL_CRYPTO_CONTENT_SYNC_H
#define OL_CRYPTO_CONTENT_SYNC_H

#include "crypto/content/content_stage.h"

typedef struct ol_content_io {
    /* Ciphertext at `offset`: exactly span.len bytes, or fewer at the end. Negative: failed. */
    int (*read)(void *arg, uint64_t offset, ol_span span, size_t *got, ol_error *err);
    /* Plaintext in order; NULL: it is only verified. */
    int (*write)(void *arg, ol_slice plain, ol_error *err);
    void *arg;
} ol_content_io;

/* The whole body, from its first byte. *plain_size: what came out, or would have. OL_OK when it is
 * authentic to the end. */
int ol_content_run(ol_sealed *sealed, const ol_content_io *io, uint64_t *plain_size, ol_error *err);

#endif
