/* SPDX-License-Identifier: MIT */
/* Keys of versions and parts. The chunks: at_rest_chunks.c. */
#include "crypto/at_rest/at_rest.h"

#include <openssl/rand.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/secret.h"
#include "s3/sigv4/hmac.h"

#define LAYERS_MAX 2u

typedef struct secrets {
    uint8_t dek[LAYERS_MAX * OL_AT_REST_KEY_BYTES];
    uint8_t mac[OL_AT_REST_KEY_BYTES];
} secrets;

struct ol_at_rest_key {
    atomic_uint refs;
    unsigned layers;
    secrets *secret;
    uint8_t salt[OL_AT_REST_SALT_BYTES];
    uint8_t commitment[OL_AT_REST_MAC_BYTES]; /* is public */
};

#define INFO_BYTES_MAX 32u

/* HKDF-SHA-256 (RFC 5869) of one block: two HMACs on the stack, because each GET of a small object
 * takes four of these. */
static void derive_from(const ol_at_rest_key *key, ol_slice secret, ol_slice info, uint8_t *out)
{
    uint8_t extracted[OL_SHA256_BYTES], message[INFO_BYTES_MAX + 1];
    _Static_assert(OL_SHA256_BYTES == OL_AT_REST_KEY_BYTES, "one block is a key");
    ol_hmac_sha256(ol_slice_of(key->salt, OL_AT_REST_SALT_BYTES), secret, extracted);
    memcpy(message, info.data, info.len);
    message[info.len] = 1;
    ol_hmac_sha256(ol_slice_of(extracted, sizeof extracted), ol_slice_of(message, info.len + 1),
                   out);
    ol_wipe(extracted, sizeof extracted);
}

/* Of the whole of it. */
static void derive(const ol_at_rest_key *key, ol_slice info, uint8_t *out)
{
    derive_from(key, ol_slice_of(key->secret->dek, key->layers * OL_AT_REST_KEY_BYTES), info, out);
}

static int fill(ol_at_rest_key *key, const uint8_t *dek)
{
    size_t bytes = key->layers * OL_AT_REST_KEY_BYTES;
    if (dek)
        memcpy(key->secret->dek, dek, bytes);
    else if (RAND_priv_bytes(key->secret->dek, (int)bytes) != 1)
        return OL_EINTERNAL;
    derive(key, OL_SLICE_LIT("meta"), key->secret->mac);
    derive(key, OL_SLICE_LIT("commit"), key->commitment);
    return OL_OK;
}

int ol_at_rest_key_new(ol_at_rest_key **out, const uint8_t *dek, unsigned layers,
                       const uint8_t *salt, ol_error *err)
{
    *out = NULL;
    ol_at_rest_key *key = ol_calloc(1, sizeof *key);
    if (!key)
        return ol_error_set(err, OL_ENOMEM, "no memory for a data key");
    atomic_init(&key->refs, 1);
    key->layers = layers == LAYERS_MAX ? LAYERS_MAX : 1;
    memcpy(key->salt, salt, sizeof key->salt);
    key->secret = ol_secret_alloc(sizeof *key->secret);
    int rc = key->secret ? fill(key, dek) : OL_ENOMEM;
    if (rc != OL_OK) {
        ol_at_rest_key_release(key);
        return ol_error_set(err, rc, "no memory for a data key");
    }
    *out = key;
    return OL_OK;
}

ol_at_rest_key *ol_at_rest_key_acquire(ol_at_rest_key *key)
{
    if (key)
        atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void ol_at_rest_key_release(ol_at_rest_key *key)
{
    if (!key || atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) != 1)
        return;
    ol_secret_free(key->secret, sizeof *key->secret);
    ol_free(key);
}

unsigned ol_at_rest_key_layers(const ol_at_rest_key *key)
{
    return key->layers;
}

const uint8_t *ol_at_rest_key_bytes(const ol_at_rest_key *key)
{
    return key->secret->dek;
}

const uint8_t *ol_at_rest_commitment(const ol_at_rest_key *key)
{
    return key->commitment;
}

void ol_at_rest_mac(const ol_at_rest_key *key, ol_slice message, uint8_t mac[OL_AT_REST_MAC_BYTES])
{
    ol_hmac_sha256(ol_slice_of(key->secret->mac, OL_AT_REST_KEY_BYTES), message, mac);
}

/* ---- parts ---- */

int ol_at_rest_id_make(uint8_t id[OL_AT_REST_ID_BYTES])
{
    return RAND_bytes(id, OL_AT_REST_ID_BYTES) == 1 ? OL_OK : OL_EINTERNAL;
}

/* Each layer's from its own half of the data key. */
static void derive_layer(const ol_at_rest_key *key, unsigned layer, uint32_t number,
                        const uint8_t id[OL_AT_REST_ID_BYTES], uint8_t *out)
{
    uint8_t info[4 + 4 + OL_AT_REST_ID_BYTES];
    memcpy(info, layer == 0 ? "part" : "over", 4);
    for (unsigned i = 0; i < 4; i++)
        info[4 + i] = (uint8_t)(number >> (24 - 8 * i));
    memcpy(info + 8, id, OL_AT_REST_ID_BYTES);
    derive_from(
        key, ol_slice_of(key->secret->dek + layer * OL_AT_REST_KEY_BYTES, OL_AT_REST_KEY_BYTES),
        ol_slice_of(info, sizeof info), out + layer * OL_AT_REST_KEY_BYTES);
}

int ol_at_rest_part_init(ol_at_rest_part *part, const ol_at_rest_key *key, uint32_t number,
                         const uint8_t id[OL_AT_REST_ID_BYTES], ol_error *err)
{
    *part = (ol_at_rest_part){.key = ol_secret_alloc(key->layers * OL_AT_REST_KEY_BYTES),
                              .layers = key->layers};
    memcpy(part->id, id, OL_AT_REST_ID_BYTES);
    if (!part->key)
        return ol_error_set(err, OL_ENOMEM, "no memory for the key of a part");
    for (unsigned i = 0; i < key->layers; i++)
        derive_layer(key, i, number, id, part->key);
    return OL_OK;
}

void ol_at_rest_part_fini(ol_at_rest_part *part)
{
    ol_secret_free(part->key, part->layers * OL_AT_REST_KEY_BYTES);
    part->key = NULL;
}
