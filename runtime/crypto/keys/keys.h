/* SPDX-License-Identifier: MIT */
/*
 * The keys that objlens was given for objects that clients encrypted: raw AES keys, RSA keys, KMS
 * keys by name, passwords. From the configuration, or for `objlens decrypt` from a JSON list:
 *   {"type": "aes" | "rsa" | "kms" | "password", "id": …, "material": base64 or PEM,
 *    "endpoint": URL (kms), "namespace": where the format names one}
 * Material is secret memory. Immutable and counted once built.
 */
#ifndef OL_CRYPTO_KEYS_H
#define OL_CRYPTO_KEYS_H

#include "crypto/kms/kms.h"

enum ol_key_kind { OL_KEY_AES, OL_KEY_RSA, OL_KEY_KMS, OL_KEY_PASSWORD };

typedef struct ol_key {
    enum ol_key_kind kind;
    ol_slice id;
    ol_slice name_space; /* of the Encryption SDK's raw providers; may be empty */
    uint8_t *material;   /* AES: 16, 24 or 32 bytes; password: its UTF-8 bytes; RSA: PEM or DER */
    size_t material_len;
    void *rsa;   /* an EVP_PKEY, parsed from it; may have no private half (then it only wraps); NULL for a
                    key of OpenPGP */
    size_t rsa_bytes; /* of its modulus */
    ol_kms *kms; /* who keeps it; not owned */
    ol_slice endpoint;
} ol_key;

typedef struct ol_keys ol_keys;

#define OL_KEYS_MAX 64

int ol_keys_new(ol_keys **keys);
/* Copies everything; the material is wiped at the source by whoever owns it. Errors name the
 * position ("key 2: …"), never the material. */
int ol_keys_add(ol_keys *keys, const ol_key *key, ol_error *err);
int ol_keys_parse_json(ol_keys *keys, ol_slice json, ol_error *err);
ol_keys *ol_keys_acquire(ol_keys *keys);
void ol_keys_release(ol_keys *keys);
size_t ol_keys_count(const ol_keys *keys);
/* While they are being built: who keeps a KMS key. Not owned. */
void ol_keys_set_kms(ol_keys *keys, size_t index, ol_kms *kms);
const ol_key *ol_keys_at(const ol_keys *keys, size_t index);

#endif
