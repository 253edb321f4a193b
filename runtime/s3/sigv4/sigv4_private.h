/* SPDX-License-Identifier: MIT */
/* What the checks of headers, presigned URLs and forms share with each other and the signer. */
#ifndef OL_S3_SIGV4_PRIVATE_H
#define OL_S3_SIGV4_PRIVATE_H

#include "s3/sigv4/sigv4.h"
#include "s3/sigv4/sigv4_canonical.h"
#include "s3/sigv4/sigv4_keys.h"

#define OL_SIGV4_SKEW_MS_MAX (15 * 60 * 1000)

struct ol_sigv4 {
    ol_sigv4_keys *keys;
    ol_buf scratch;
};

/* ---- sigv4_parts.c ---- */

void ol_sigv4_note(const ol_sigv4_options *options, const char *name, ol_slice value);
/* Service and region, copied into *out when they are right. */
int ol_sigv4_check_scope(const ol_sigv4_authorization *auth, const ol_sigv4_options *options,
                         const ol_sigv4_wording *wording, ol_sigv4_result *out, ol_error *err);
/* The date of the scope is that of the time; out->amz_date and the ages are filled. */
int ol_sigv4_check_day(const ol_sigv4_authorization *auth, int64_t signed_ms,
                       const ol_sigv4_options *options, const ol_sigv4_wording *wording,
                       ol_sigv4_result *out, ol_error *err);
/* Asks find_key. *found holds the secret until it is wiped, also after an error. */
int ol_sigv4_find_secret(ol_slice access_key, ol_slice token, const ol_sigv4_options *options,
                         ol_sigv4_found_key *found, ol_error *err);
/* The derived key, good until the next call; `secret` may be wiped. */
int ol_sigv4_find_key(ol_sigv4 *sigv4, const ol_sigv4_authorization *auth, ol_slice secret,
                      const ol_sigv4_key **key, ol_error *err);
/* A digest or one of the words; false when it is neither. */
bool ol_sigv4_payload_parse(ol_slice text, ol_sigv4_result *out);

/* ---- sigv4_string.c ---- */

/* "AWS4-HMAC-SHA256\nDATE\nSCOPE\nDIGEST": the most it takes. */
#define OL_SIGV4_STRING_SIZE 256
size_t ol_sigv4_string_to_sign(const char *amz_date, ol_slice scope,
                               const uint8_t digest[OL_SHA256_BYTES],
                               char out[OL_SIGV4_STRING_SIZE]);
/* Hands over what a client needs to find out why its signature is another. */
void ol_sigv4_note_mismatch(ol_sigv4 *sigv4, const ol_sigv4_canonical *canonical,
                            const char *amz_date, const ol_sigv4_options *options);

/* ---- sigv4_query.c ---- */

enum ol_query_auth { OL_QUERY_AUTH_NONE, OL_QUERY_AUTH_V4, OL_QUERY_AUTH_V2 };
enum ol_query_auth ol_sigv4_query_kind(ol_slice query);

/* The authentication in a query, decoded. */
typedef struct ol_sigv4_presigned {
    int64_t signed_ms;
    uint32_t expires_s;
    ol_slice token;          /* data NULL = none */
    ol_slice content_sha256; /* X-Amz-Content-Sha256; data NULL = none */
} ol_sigv4_presigned;

/* OL_OK, OL_EAUTHQUERY, OL_ENOTIMPLEMENTED (SigV4A), OL_EINVALIDURI, OL_ENOMEM. */
int ol_sigv4_query_parse(ol_slice query, ol_arena *arena, ol_sigv4_authorization *auth,
                         ol_sigv4_presigned *out, ol_error *err);
extern const ol_sigv4_wording ol_sigv4_query_wording;

#endif
