/* SPDX-License-Identifier: MIT */
/*
 * The checksum of an object that was uploaded in parts, from the checksums of its parts, without
 * reading a byte of it. Two types: over the whole object, which only CRCs allow (they combine),
 * and composite: the checksum of the parts' checksums, one behind the other, with "-N" behind it.
 */
#ifndef OL_S3_CHECKSUM_PARTS_H
#define OL_S3_CHECKSUM_PARTS_H

#include "s3/upload/checksum.h"
#include "s3/upload/crc.h"

#define OL_CHECKSUM_PARTS_TEXT_SIZE (OL_CHECKSUM_TEXT_SIZE + 11) /* "-4294967295" */

/* The check of A and B together, from both checks and the length of B. Any thread. */
uint64_t ol_crc_combine(enum ol_crc_kind kind, uint64_t a, uint64_t b, uint64_t b_bytes);

typedef struct ol_checksum_parts {
    enum ol_checksum_kind kind;
    bool composite;
    uint32_t count;
    ol_checksum over;   /* composite: over the parts' checksums */
    uint64_t crc;       /* whole: so far */
    uint64_t step_bytes, step; /* what the last length of a part multiplies by */
} ol_checksum_parts;

/* May this algorithm be of this type in an upload of parts? (CRC64NVME is always whole.) */
bool ol_checksum_may_be(enum ol_checksum_kind kind, bool composite);
/* The type when a client names an algorithm only. */
bool ol_checksum_is_composite_by_default(enum ol_checksum_kind kind);
/* By "CRC32C", case ignored. False when there is none such. */
bool ol_checksum_of_name(ol_slice name, enum ol_checksum_kind *kind);

/* OL_OK, OL_EINVAL (this algorithm has no such type), OL_ENOMEM or OL_EINTERNAL. */
int ol_checksum_parts_init(ol_checksum_parts *sum, enum ol_checksum_kind kind, bool composite);
void ol_checksum_parts_fini(ol_checksum_parts *sum);
/* The next part: its checksum in ol_checksum_size(kind) bytes, and its length. */
int ol_checksum_parts_add(ol_checksum_parts *sum, const uint8_t *value, uint64_t bytes);
/* As headers carry it. Ends it; fini is still needed. */
int ol_checksum_parts_final(ol_checksum_parts *sum, char out[OL_CHECKSUM_PARTS_TEXT_SIZE]);

#endif
