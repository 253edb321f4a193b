/* SPDX-License-Identifier: MIT */
/* Signing with keys that may change. */
#include "origin/s3/sign.h"

#include "base/alloc.h"

int ol_s3_signer_init(ol_s3_signer *signer, ol_s3_credentials *credentials, const char *region)
{
    *signer = (ol_s3_signer){.credentials = credentials, .region = ol_slice_cstr(region)};
    return ol_sigv4_new(&signer->sigv4);
}

void ol_s3_signer_fini(ol_s3_signer *signer)
{
    ol_sigv4_destroy(signer->sigv4);
    ol_wipe(signer, sizeof *signer);
}

int ol_s3_sign(ol_s3_signer *signer, ol_sigv4_signing *what, ol_headers *headers,
               ol_s3_chunk_signer *chunks, ol_error *err)
{
    if (ol_s3_credentials_is_anonymous(signer->credentials))
        return OL_OK;
    if (signer->version != ol_s3_credentials_version(signer->credentials))
        signer->version = ol_s3_credentials_copy(signer->credentials, &signer->keys);
    const ol_sigv4_credentials credentials = {.access_key = ol_slice_cstr(signer->keys.access_key),
                                              .secret_key = ol_slice_cstr(signer->keys.secret_key),
                                              .token = ol_slice_cstr(signer->keys.token)};
    what->credentials = &credentials;
    what->region = signer->region;
    int rc = ol_sigv4_sign(signer->sigv4, what, headers, chunks ? &chunks->seed : NULL, err);
    if (rc == OL_OK && chunks)
        memcpy(chunks->signature, chunks->seed.seed_signature, sizeof chunks->signature);
    return rc;
}

void ol_s3_sign_chunk(ol_s3_chunk_signer *chunks, ol_slice data)
{
    uint8_t sum[OL_SHA256_BYTES];
    ol_sha256_of(data, sum);
    ol_sigv4_sign_chunk(&chunks->seed, chunks->signature, sum);
}

void ol_s3_sign_trailer(ol_s3_chunk_signer *chunks, ol_slice lines)
{
    uint8_t sum[OL_SHA256_BYTES];
    ol_sha256_of(lines, sum);
    ol_sigv4_sign_trailer(&chunks->seed, chunks->signature, sum);
}
