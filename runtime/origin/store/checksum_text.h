/* SPDX-License-Identifier: MIT */
/*
 * A checksum as a row keeps it: its name, '=' when it is over the whole object or '*' when it is
 * composite, and its base64 text. "CRC32C=yZRlqg==", "SHA256*…-3".
 */
#ifndef OL_ORIGIN_STORE_CHECKSUM_TEXT_H
#define OL_ORIGIN_STORE_CHECKSUM_TEXT_H

#include "origin/origin.h"

#define OL_CHECKSUM_PACKED_SIZE (12 + 1 + OL_OBJECT_CHECKSUM_TEXT_SIZE)

/* The empty slice when there is none. `out` has OL_CHECKSUM_PACKED_SIZE bytes. */
ol_slice ol_checksum_pack(const ol_object_checksum *sum, char *out);
/* What cannot be read is none. */
void ol_checksum_unpack(ol_slice packed, ol_object_checksum *sum);

#endif
