/* SPDX-License-Identifier: MIT */
/*
 * Decrypts a sealed body on its way through a pipeline (phase OL_PHASE_DECRYPT). Bounded memory;
 * the head's length becomes the plaintext's, headers of the encryption are taken out.
 *
 * Formats with chunks: nothing is passed on that was not verified. Others, by `mode`:
 *   VERIFY   passes nothing on; finishes well only if the whole body is authentic (the first pass)
 *   RELEASE  passes plaintext on as it comes and verifies at the end once more: after a VERIFY
 *            pass over the same pinned version, or where the rules allow unverified_stream
 *   PART     a range by CTR or CBC, where the rules allow it
 */
#ifndef OL_CRYPTO_CONTENT_STAGE_H
#define OL_CRYPTO_CONTENT_STAGE_H

#include "crypto/content/sealed.h"
#include "pipeline/stage.h"

enum ol_content_mode { OL_CONTENT_VERIFY, OL_CONTENT_RELEASE, OL_CONTENT_PART };

typedef struct ol_content_config {
    ol_sealed *sealed; /* held by the caller */
    enum ol_content_mode mode;
    ol_sealed_span span;              /* PART */
    uint64_t plain_start, plain_length; /* PART: what of it is passed on */
} ol_content_config;

/* config = const ol_content_config * */
extern const ol_stage_ops ol_content_stage_ops;

#endif
