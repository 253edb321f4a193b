/* SPDX-License-Identifier: MIT */
/*
 * Format-preserving encryption: FF1 of NIST SP 800-38G over AES. What it keeps is the number of
 * numerals and their radix; nothing else is hidden in the result, so it proves no integrity.
 */
#ifndef PII_FF1_H
#define PII_FF1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PII_FF1_NUMERALS_MAX 128
#define PII_FF1_TWEAK_MAX 64
#define PII_FF1_RADIX_MAX 64
/* SP 800-38G rev. 1: fewer strings than this can be tried out. */
#define PII_FF1_DOMAIN_MIN 1000000

struct pii_ff1 {
    const uint8_t *key; /* an AES key of 16, 24 or 32 bytes */
    size_t key_size;
    const uint8_t *tweak;
    size_t tweak_size; /* at most PII_FF1_TWEAK_MAX */
    unsigned radix;    /* 2 to PII_FF1_RADIX_MAX */
    bool decrypt;
};

/* That many numerals can be worked on. */
bool pii_ff1_length_ok(unsigned radix, size_t count);
/* In place; each numeral is less than the radix. False: a length that is not allowed, or the
 * cipher failed, and the numerals are as they were. */
bool pii_ff1_apply(const struct pii_ff1 *ff1, uint8_t *numerals, size_t count);

#endif
