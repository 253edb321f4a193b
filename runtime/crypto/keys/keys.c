/* SPDX-License-Identifier: MIT */
#include "crypto/keys/keys.h"

#include <openssl/decoder.h>
#include <openssl/evp.h>

#include "base/alloc.h"
#include "crypto/formats/pgp_packets.h"
#include "crypto/keys/secret.h"

#define ARENA_BYTES_MAX (256u * 1024)
#define RSA_BITS_MIN 1024 /* what old objects were wrapped with must still open */
#define RSA_BITS_MAX 16384

struct ol_keys {
    ol_arena *arena;
    int references; /* atomic */
    size_t count;
    ol_key keys[OL_KEYS_MAX];
};

int ol_keys_new(ol_keys **out)
{
    ol_keys *keys = ol_calloc(1, sizeof(*keys));
    if (!keys)
        return OL_ENOMEM;
    keys->arena = ol_arena_new(ARENA_BYTES_MAX);
    if (!keys->arena) {
        ol_free(keys);
        return OL_ENOMEM;
    }
    keys->references = 1;
    *out = keys;
    return OL_OK;
}

static void key_fini(ol_key *key)
{
    ol_secret_free(key->material, key->material_len);
    EVP_PKEY_free(key->rsa);
}

ol_keys *ol_keys_acquire(ol_keys *keys)
{
    if (keys)
        __atomic_add_fetch(&keys->references, 1, __ATOMIC_RELAXED);
    return keys;
}

void ol_keys_release(ol_keys *keys)
{
    if (!keys || __atomic_sub_fetch(&keys->references, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < keys->count; i++)
        key_fini(&keys->keys[i]);
    ol_arena_destroy(keys->arena);
    ol_free(keys);
}

/* ---- one key ---- */

/* Never asks a terminal for a passphrase. */
static int no_passphrase(char *buf, int size, int writing, void *arg)
{
    (void)buf, (void)size, (void)writing, (void)arg;
    return 0;
}

/* PEM or DER; PKCS#1, PKCS#8 or a public key alone. */
static EVP_PKEY *read_rsa(ol_slice text)
{
    EVP_PKEY *pkey = NULL;
    const unsigned char *at = text.data;
    size_t left = text.len;
    OSSL_DECODER_CTX *ctx =
        OSSL_DECODER_CTX_new_for_pkey(&pkey, NULL, NULL, "RSA", 0, NULL, NULL);
    if (!ctx || OSSL_DECODER_CTX_set_pem_password_cb(ctx, no_passphrase, NULL) != 1 ||
        OSSL_DECODER_from_data(ctx, &at, &left) != 1)
        pkey = NULL;
    OSSL_DECODER_CTX_free(ctx);
    return pkey;
}

static int take_rsa(ol_key *key, ol_error *err)
{
    if (ol_pgp_is_secret_key(ol_slice_of(key->material, key->material_len)))
        return OL_OK; /* opens messages of OpenPGP, and nothing else */
    EVP_PKEY *pkey = read_rsa(ol_slice_of(key->material, key->material_len));
    if (!pkey)
        return ol_error_set(err, OL_ECONFIG, "neither PEM nor DER of an RSA key");
    key->rsa = pkey;
    key->rsa_bytes = (size_t)EVP_PKEY_get_size(pkey);
    int bits = EVP_PKEY_get_bits(pkey);
    if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA || bits < RSA_BITS_MIN || bits > RSA_BITS_MAX)
        return ol_error_set(err, OL_ECONFIG, "not an RSA key of %d to %d bits", RSA_BITS_MIN,
                            RSA_BITS_MAX);
    return OL_OK;
}

static int check_material(ol_key *key, ol_error *err)
{
    switch (key->kind) {
    case OL_KEY_AES:
        if (key->material_len != 16 && key->material_len != 24 && key->material_len != 32)
            return ol_error_set(err, OL_ECONFIG, "an AES key has 16, 24 or 32 bytes");
        return OL_OK;
    case OL_KEY_RSA:
        return take_rsa(key, err);
    case OL_KEY_PASSWORD:
        if (key->material_len == 0)
            return ol_error_set(err, OL_ECONFIG, "an empty password");
        return OL_OK;
    case OL_KEY_KMS:
        if (key->id.len == 0)
            return ol_error_set(err, OL_ECONFIG, "a KMS key needs its id");
        return OL_OK;
    }
    return ol_error_set(err, OL_ECONFIG, "a kind of key that is not known");
}

static int copy_text(ol_arena *arena, ol_slice from, ol_slice *to)
{
    *to = from.len > 0 ? ol_arena_copy(arena, from) : OL_SLICE_NONE;
    return from.len > 0 && !to->data ? OL_ENOMEM : OL_OK;
}

static int copy_key(ol_keys *keys, const ol_key *from, ol_key *to)
{
    *to = (ol_key){.kind = from->kind, .kms = from->kms};
    if (from->material_len > 0) {
        to->material = ol_secret_alloc(from->material_len);
        if (!to->material)
            return OL_ENOMEM;
        memcpy(to->material, from->material, from->material_len);
        to->material_len = from->material_len;
    }
    int rc = copy_text(keys->arena, from->id, &to->id);
    if (rc == OL_OK)
        rc = copy_text(keys->arena, from->name_space, &to->name_space);
    return rc == OL_OK ? copy_text(keys->arena, from->endpoint, &to->endpoint) : rc;
}

int ol_keys_add(ol_keys *keys, const ol_key *key, ol_error *err)
{
    if (keys->count == OL_KEYS_MAX)
        return ol_error_set(err, OL_ECONFIG, "more than %d keys", OL_KEYS_MAX);
    if (key->material_len > OL_SECRET_BYTES_MAX)
        return ol_error_set(err, OL_ECONFIG, "key %zu: its material is too long", keys->count + 1);
    ol_key *own = &keys->keys[keys->count];
    ol_error why = {0};
    int rc = copy_key(keys, key, own);
    if (rc == OL_OK)
        rc = check_material(own, &why);
    if (rc == OL_OK) {
        keys->count++;
        return OL_OK;
    }
    key_fini(own);
    if (rc != OL_ECONFIG)
        return ol_error_set(err, rc, "key %zu", keys->count + 1);
    return ol_error_set(err, rc, "key %zu: %s", keys->count + 1, why.detail);
}

size_t ol_keys_count(const ol_keys *keys)
{
    return keys->count;
}

const ol_key *ol_keys_at(const ol_keys *keys, size_t index)
{
    return index < keys->count ? &keys->keys[index] : NULL;
}

void ol_keys_set_kms(ol_keys *keys, size_t index, ol_kms *kms)
{
    keys->keys[index].kms = kms;
}
