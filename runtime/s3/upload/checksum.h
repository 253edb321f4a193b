/* SPDX-License-Identifier: MIT */
/*
 * Streaming checksums of bodies: what Content-MD5, x-amz-content-sha256 and x-amz-checksum-*
 * speak of. A checksum belongs to one thread.
 */
#ifndef OL_S3_CHECKSUM_H
#define OL_S3_CHECKSUM_H

#include "base/buf.h"
#include "base/error.h"

enum ol_checksum_kind {
    OL_CHECKSUM_CRC32,
    OL_CHECKSUM_CRC32C,
    OL_CHECKSUM_CRC64NVME,
    OL_CHECKSUM_SHA1,
    OL_CHECKSUM_SHA256,
    OL_CHECKSUM_MD5, /* Content-MD5 and ETags; no x-amz-checksum-* of its own here */
    OL_CHECKSUM_KINDS
};

#define OL_CHECKSUM_BYTES_MAX 32
#define OL_CHECKSUM_TEXT_SIZE 45 /* base64 of 32 bytes and NUL */

typedef struct ol_checksum {
    enum ol_checksum_kind kind;
    uint64_t crc; /* the CRCs */
    void *digest; /* the others: an EVP_MD_CTX */
} ol_checksum;

/* OL_OK, OL_ENOMEM, or OL_EINTERNAL when this OpenSSL does not offer the digest. After an error
 * fini is legal and not needed. */
int ol_checksum_init(ol_checksum *sum, enum ol_checksum_kind kind);
void ol_checksum_fini(ol_checksum *sum);
/* OL_OK or OL_EINTERNAL. */
int ol_checksum_update(ol_checksum *sum, ol_slice data);
/* The value, big-endian, in *len bytes. Ends the stream; fini is still needed. */
int ol_checksum_final(ol_checksum *sum, uint8_t out[OL_CHECKSUM_BYTES_MAX], size_t *len);

size_t ol_checksum_size(enum ol_checksum_kind kind);
/* "x-amz-checksum-crc32"; "content-md5" for MD5. */
const char *ol_checksum_header(enum ol_checksum_kind kind);
/* "CRC32", "CRC64NVME", … */
const char *ol_checksum_name(enum ol_checksum_kind kind);
/* By the name of its x-amz-checksum-* header, case ignored; false when there is none such. */
bool ol_checksum_of_header(ol_slice name, enum ol_checksum_kind *kind);
/* Base64, as headers carry it. `out` has OL_CHECKSUM_TEXT_SIZE bytes. */
void ol_checksum_text(const uint8_t *value, size_t len, char out[OL_CHECKSUM_TEXT_SIZE]);
/* The reverse; false unless it is strict base64 of exactly this kind's size. */
bool ol_checksum_parse(enum ol_checksum_kind kind, ol_slice text,
                       uint8_t out[OL_CHECKSUM_BYTES_MAX]);

#endif
