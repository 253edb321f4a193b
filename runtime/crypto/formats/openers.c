/* SPDX-License-Identifier: MIT */
/* Which opener a format has, and what it wants to see of the body first. */
#include "crypto/content/sealed_private.h"
#include "crypto/formats/pgp_packets.h"
#include "crypto/formats/sdk_message.h"

static int open_unknown(ol_sealed_ask *ask, enum ol_sealed_format format, ol_error *err)
{
    (void)ask, (void)format;
    return ol_sealed_refused(err, "this format of encryption cannot be opened here");
}

static const ol_sealed_opener unknown = {.open = open_unknown};

const ol_sealed_opener *ol_sealed_openers_of(enum ol_sealed_format format)
{
    switch (format) {
    case OL_SEALED_S3_V1:
    case OL_SEALED_S3_V2:
    case OL_SEALED_S3_V3:
        return &ol_sealed_opener_s3;
    case OL_SEALED_AWS_SDK:
        return &ol_sealed_opener_sdk;
    case OL_SEALED_RCLONE:
        return &ol_sealed_opener_rclone;
    case OL_SEALED_AGE:
        return &ol_sealed_opener_age;
    case OL_SEALED_OPENSSL:
        return &ol_sealed_opener_openssl;
    case OL_SEALED_PGP:
        return &ol_sealed_opener_pgp;
    default:
        return &unknown;
    }
}

int ol_sealed_header_bytes(enum ol_sealed_format format, ol_slice first, size_t *bytes,
                           ol_error *err)
{
    const ol_sealed_opener *opener = ol_sealed_openers_of(format);
    *bytes = 0;
    return opener->header_bytes ? opener->header_bytes(first, bytes, err) : OL_OK;
}

enum ol_sealed_format ol_sealed_recognise_bytes(ol_slice first)
{
    static const ol_slice rclone = {(const uint8_t *)"RCLONE\0\0", 8};
    static const ol_slice age = {(const uint8_t *)"age-encryption.org/v1\n", 22};
    static const ol_slice openssl = {(const uint8_t *)"Salted__", 8};
    if (ol_slice_starts(first, rclone))
        return OL_SEALED_RCLONE;
    if (ol_slice_starts(first, age))
        return OL_SEALED_AGE;
    if (ol_slice_starts(first, openssl))
        return OL_SEALED_OPENSSL;
    if (ol_sdk_is_message(first))
        return OL_SEALED_AWS_SDK;
    return ol_pgp_is_message(first) ? OL_SEALED_PGP : OL_SEALED_NONE;
}
