/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli), as Snappy's frames have it. */
#ifndef DC_CRC32C_H
#define DC_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Once, before the first use: makes the table, asks the CPU. */
void dc_crc32c_prepare(void);
uint32_t dc_crc32c(const uint8_t *bytes, size_t size);

#endif
