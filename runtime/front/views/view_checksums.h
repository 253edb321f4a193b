/* SPDX-License-Identifier: MIT */
/*
 * The checksums of a view as response fields: in the head where they are known before, behind a
 * chunked body otherwise. Both kinds that the memo keeps are told: most SDKs check CRC-32 and skip
 * CRC-64/NVME, which S3 itself prefers. Always of the whole view, never of a part.
 */
#ifndef OL_FRONT_VIEW_CHECKSUMS_H
#define OL_FRONT_VIEW_CHECKSUMS_H

#include "origin/origin.h"
#include "view/memo.h"

/* The names, as the field `Trailer` has them. */
#define OL_VIEW_CHECKSUM_TRAILERS                                                                  \
    "x-amz-checksum-crc64nvme, x-amz-checksum-crc32, x-amz-checksum-type"

/* Nothing when they are not known. OL_OK or OL_ENOMEM. */
int ol_view_checksums_add(ol_headers *headers, const ol_view_facts *facts);
/* The one that GetObjectAttributes tells. */
void ol_view_checksums_describe(const ol_view_facts *facts, ol_object_checksum *checksum);

#endif
