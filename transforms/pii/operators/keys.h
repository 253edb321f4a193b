/* SPDX-License-Identifier: MIT */
/*
 * The keys of keyed operators. One key is given; what is not plain HMAC uses keys made from it,
 * each for one purpose. They live in the configuration and are wiped with it.
 */
#ifndef PII_KEYS_H
#define PII_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PII_KEY_MIN 16
#define PII_KEY_MAX 256
#define PII_DIGEST_SIZE 32

struct pii_keys {
    bool given;
    size_t size;
    uint8_t key[PII_KEY_MAX];      /* hash: as it was given, so that others can make the same */
    uint8_t seal[64];              /* AES-256-SIV */
    uint8_t ff1[PII_DIGEST_SIZE];  /* AES-256 */
    uint8_t date[PII_DIGEST_SIZE];
    uint8_t surrogate[PII_DIGEST_SIZE];
};

/* The text of a key: 64 hexadecimal digits are 32 bytes, anything else its own bytes, PII_KEY_MIN
 * to PII_KEY_MAX of them. False: the length is not right, or the library failed. */
bool pii_keys_make(struct pii_keys *keys, const char *text, size_t size);
bool pii_hmac(const uint8_t *key, size_t key_size, const uint8_t *text, size_t size,
              uint8_t digest[PII_DIGEST_SIZE]);

#endif
