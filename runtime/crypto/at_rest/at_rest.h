/* SPDX-License-Identifier: MIT */
/*
 * How objects are encrypted where they are stored. Every version has a random data key; every part
 * of it (an object that was put whole is its part 0) a key derived from that by its number and a
 * random id. A part is chunks of OL_AT_REST_CHUNK_BYTES plaintext and a tag each, the last one
 * shorter than the others, maybe empty: there always is one, so a part of no bytes is authentic too,
 * and a part that was cut is seen. Cipher AES-256-GCM; nonce: seven zero bytes, the chunk's index
 * (big endian, 32 bits), 1 for the last chunk; additional data: magic, version, suite, part's id,
 * exponent of the chunk size.
 *
 * In two layers (aws:kms:dsse) the version has two random keys that know nothing of each other, each
 * part one derived from either, and what the first has sealed, tag and all, is encrypted once more with
 * AES-256-CTR under the second: counter block nonce and four zero bytes. It grows by nothing, so sizes
 * are the same.
 *
 * What says how a version is encrypted is in at_rest_record.h. No I/O here. Keys are counted and
 * constant; any thread.
 */
#ifndef OL_CRYPTO_AT_REST_H
#define OL_CRYPTO_AT_REST_H

#include "base/error.h"

#define OL_AT_REST_KEY_BYTES 32u
#define OL_AT_REST_SALT_BYTES 32u
#define OL_AT_REST_ID_BYTES 16u
#define OL_AT_REST_MAC_BYTES 32u

#define OL_AT_REST_CHUNK_EXPONENT 16u
#define OL_AT_REST_CHUNK_BYTES (1u << OL_AT_REST_CHUNK_EXPONENT)
#define OL_AT_REST_TAG_BYTES 16u
#define OL_AT_REST_SEALED_CHUNK_BYTES (OL_AT_REST_CHUNK_BYTES + OL_AT_REST_TAG_BYTES)

#define OL_AT_REST_MAGIC "OLAR"
#define OL_AT_REST_VERSION 1u
#define OL_AT_REST_SUITE_GCM 1u
#define OL_AT_REST_SUITE_GCM_CTR 2u /* two layers */

/* How many bytes so many take when they are sealed. */
static inline uint64_t ol_at_rest_sealed_size(uint64_t plain)
{
    return plain + OL_AT_REST_TAG_BYTES * ((plain >> OL_AT_REST_CHUNK_EXPONENT) + 1);
}

/* A version's data key, and what is derived from it for its records. */
typedef struct ol_at_rest_key ol_at_rest_key;

/* A copy of these 32 bytes for each layer (1 or 2); NULL: random ones. OL_OK, OL_ENOMEM,
 * OL_EINTERNAL. */
int ol_at_rest_key_new(ol_at_rest_key **key, const uint8_t *dek, unsigned layers,
                       const uint8_t *salt, ol_error *err);
unsigned ol_at_rest_key_layers(const ol_at_rest_key *key);
ol_at_rest_key *ol_at_rest_key_acquire(ol_at_rest_key *key);
/* Wiped with the last reference. NULL is fine. */
void ol_at_rest_key_release(ol_at_rest_key *key);
/* The bytes, for whoever wraps them. */
const uint8_t *ol_at_rest_key_bytes(const ol_at_rest_key *key);

/* The key of one part. Zeroed: none. */
typedef struct ol_at_rest_part {
    uint8_t *key; /* secret memory: a key for each layer */
    unsigned layers;
    uint8_t id[OL_AT_REST_ID_BYTES];
} ol_at_rest_part;

int ol_at_rest_id_make(uint8_t id[OL_AT_REST_ID_BYTES]);
int ol_at_rest_part_init(ol_at_rest_part *part, const ol_at_rest_key *key, uint32_t number,
                         const uint8_t id[OL_AT_REST_ID_BYTES], ol_error *err);
void ol_at_rest_part_fini(ol_at_rest_part *part);

/* Seals whole chunks, the first of them number `first`. With `ends` the rest of `plain` is the last
 * chunk; without, `plain` is a multiple of the chunk's size. `out` has room for it, and is elsewhere.
 * Its length; 0: OpenSSL failed, or the part has more than 2^32 chunks. */
size_t ol_at_rest_seal(const ol_at_rest_part *part, uint64_t first, bool ends, ol_slice plain,
                       uint8_t *out);
/* The other way round, in place: chunk i's plaintext is at i * OL_AT_REST_SEALED_CHUNK_BYTES. False:
 * a chunk is not what was sealed there; nothing of `sealed` may be used. */
bool ol_at_rest_open(const ol_at_rest_part *part, uint64_t first, bool ends, ol_span sealed);
/* The same into `out`, which has as much room and the same layout; `sealed` stays as it is. False:
 * nothing of `out` may be used. */
bool ol_at_rest_open_into(const ol_at_rest_part *part, uint64_t first, bool ends, ol_slice sealed,
                          uint8_t *out);

/* HMAC-SHA-256 over `message` with the key for records. */
void ol_at_rest_mac(const ol_at_rest_key *key, ol_slice message, uint8_t mac[OL_AT_REST_MAC_BYTES]);
/* What no other data key has. */
const uint8_t *ol_at_rest_commitment(const ol_at_rest_key *key);

#endif
