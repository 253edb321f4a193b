/* SPDX-License-Identifier: MIT */
/* CRC-32C (Castagnoli), by the CPU where it can. Header only. */
#ifndef KIT_CRC32C_H
#define KIT_CRC32C_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define KIT_CRC32C_POLYNOMIAL_REVERSED 0x82f63b78u

struct kit_crc32c {
    bool has_instruction;
    uint32_t table[256];
};

/* Once, before the first use: makes the table, asks the CPU. */
static inline void kit_crc32c_prepare(struct kit_crc32c *c)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ KIT_CRC32C_POLYNOMIAL_REVERSED : crc >> 1;
        c->table[i] = crc;
    }
#if defined(__x86_64__)
    c->has_instruction = __builtin_cpu_supports("sse4.2");
#endif
}

static inline uint32_t kit_crc32c_by_table(const struct kit_crc32c *c, uint32_t crc, const uint8_t *bytes,
                                           size_t size)
{
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ c->table[(crc ^ bytes[i]) & 0xff];
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) static inline uint32_t kit_crc32c_by_instruction(uint32_t crc,
                                                                                   const uint8_t *bytes,
                                                                                   size_t size)
{
    uint64_t wide = crc;
    for (; size >= 8; bytes += 8, size -= 8) {
        uint64_t word;
        memcpy(&word, bytes, sizeof(word));
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    for (; size > 0; bytes++, size--)
        crc = __builtin_ia32_crc32qi(crc, *bytes);
    return crc;
}
#endif

static inline uint32_t kit_crc32c(const struct kit_crc32c *c, const uint8_t *bytes, size_t size)
{
#if defined(__x86_64__)
    if (c->has_instruction)
        return ~kit_crc32c_by_instruction(~0u, bytes, size);
#endif
    return ~kit_crc32c_by_table(c, ~0u, bytes, size);
}

/* As Snappy's frames have it: rotated, and shifted by a constant. */
static inline uint32_t kit_crc32c_masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

#endif
