/* SPDX-License-Identifier: MIT */
/* The string that is signed, and what a client is told of it when signatures differ. */
#include "base/encode.h"
#include "s3/sigv4/sigv4_private.h"

static size_t append(char *out, size_t at, const void *text, size_t len)
{
    memcpy(out + at, text, len);
    return at + len;
}

size_t ol_sigv4_string_to_sign(const char *amz_date, ol_slice scope,
                               const uint8_t digest[OL_SHA256_BYTES],
                               char out[OL_SIGV4_STRING_SIZE])
{
    static const char algorithm[] = "AWS4-HMAC-SHA256\n";
    size_t len = append(out, 0, algorithm, sizeof algorithm - 1);
    len = append(out, len, amz_date, 16);
    out[len++] = '\n';
    len = append(out, len, scope.data, scope.len); /* 8 + 31 + 23 + 12 bytes and 3 slashes */
    out[len++] = '\n';
    ol_hex_encode(digest, OL_SHA256_BYTES, out + len);
    return len + 2 * OL_SHA256_BYTES;
}

/* The bytes as "47 45 54": what cannot be seen in a text is what differs most often. */
static int add_bytes(ol_buf *out, ol_slice text)
{
    int rc = OL_OK;
    for (size_t i = 0; i < text.len && rc == OL_OK; i++)
        rc = ol_buf_addf(out, i == 0 ? "%02x" : " %02x", text.data[i]);
    return rc;
}

static void note_text(const ol_sigv4_options *options, const char *name, const char *bytes_name,
                      ol_slice text)
{
    ol_buf bytes;
    ol_buf_init(&bytes, 3 * OL_S3_ERROR_CANONICAL_BYTES_MAX);
    ol_sigv4_note(options, name, text);
    if (add_bytes(&bytes, text) == OL_OK)
        ol_sigv4_note(options, bytes_name, ol_buf_slice(&bytes));
    ol_buf_fini(&bytes);
}

void ol_sigv4_note_mismatch(ol_sigv4 *sigv4, const ol_sigv4_canonical *canonical,
                            const char *amz_date, const ol_sigv4_options *options)
{
    char string[OL_SIGV4_STRING_SIZE];
    uint8_t digest[OL_SHA256_BYTES];
    ol_sigv4_canonical first = *canonical;
    ol_buf text;
    first.raw_path = false;
    if (!options->note ||
        ol_sigv4_canonical_digest(&first, &sigv4->scratch, digest, NULL) != OL_OK)
        return;
    size_t len = ol_sigv4_string_to_sign(amz_date, first.auth->scope, digest, string);
    ol_sigv4_note(options, "AWSAccessKeyId", first.auth->access_key);
    ol_sigv4_note(options, "SignatureProvided", first.auth->signature);
    note_text(options, "StringToSign", "StringToSignBytes", ol_slice_of(string, len));
    ol_buf_init(&text, OL_S3_ERROR_CANONICAL_BYTES_MAX);
    if (ol_sigv4_canonical_text(&first, &sigv4->scratch, &text, NULL) == OL_OK)
        note_text(options, "CanonicalRequest", "CanonicalRequestBytes", ol_buf_slice(&text));
    ol_buf_fini(&text);
}
