/* SPDX-License-Identifier: MIT */
/*
 * The three cyclic redundancy checks of S3: CRC-32 (ISO-HDLC), CRC-32C (Castagnoli) and
 * CRC-64/NVME. Carry-less multiplication where the CPU has it, of 128 or 512 bits at once, tables
 * elsewhere; all give the same result.
 */
#ifndef OL_S3_CRC_H
#define OL_S3_CRC_H

#include "base/slice.h"

enum ol_crc_kind { OL_CRC32, OL_CRC32C, OL_CRC64NVME, OL_CRC_KINDS };

/* Continue a check: `crc` is 0 at the start, else the result so far. Any thread. */
uint64_t ol_crc_update(enum ol_crc_kind kind, uint64_t crc, ol_slice data);
/* Bytes of the result: 4 or 8. */
size_t ol_crc_size(enum ol_crc_kind kind);

/* For tests: use no more than this of the CPU's help. Not while another thread computes. */
enum ol_crc_means { OL_CRC_BY_TABLES, OL_CRC_BY_CLMUL, OL_CRC_BY_WIDE_CLMUL };
void ol_crc_limit(enum ol_crc_means most);

#endif
