/* SPDX-License-Identifier: MIT */
/* The ring: keys, their versions and names. */
#include "crypto/keys/keyring.h"

#include <openssl/rand.h>
#include <stdio.h>

#include "base/alloc.h"
#include "crypto/keys/secret.h"

#define ALIAS_PREFIX "alias/"

static bool is_word(ol_slice text, size_t max, const char *more)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t ch = text.data[i];
        bool plain = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                     (ch >= '0' && ch <= '9');
        if (!plain && (ch == '\0' || !strchr(more, ch)))
            return false;
    }
    return text.len > 0 && text.len <= max;
}

/* ---- life ---- */

int ol_keyring_new(ol_keyring **out, const char *region, const char *account, ol_error *err)
{
    ol_keyring *ring = ol_calloc(1, sizeof *ring);
    if (!ring)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    if (!is_word(ol_slice_cstr(region), sizeof ring->region - 1, "-") ||
        !is_word(ol_slice_cstr(account), sizeof ring->account - 1, "")) {
        ol_free(ring);
        return ol_error_say(err, OL_ECONFIG, "keyring: not the names of a region and an account");
    }
    memcpy(ring->region, region, strlen(region) + 1);
    memcpy(ring->account, account, strlen(account) + 1);
    *out = ring;
    return OL_OK;
}

static void key_destroy(ol_keyring_key *key)
{
    for (size_t i = 0; i < key->version_count; i++)
        ol_secret_free(key->versions[i].material, OL_DATA_KEY_BYTES);
    ol_free(key->versions);
    ol_free(key);
}

void ol_keyring_destroy(ol_keyring *ring)
{
    if (!ring)
        return;
    for (size_t i = 0; i < ring->key_count; i++)
        key_destroy(ring->keys[i]);
    ol_free(ring->keys);
    ol_free(ring->aliases);
    ol_free(ring);
}

/* Room for one more; NULL when there is none. */
static void *grow(void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return items;
    size_t more = *room ? *room * 2 : 4;
    void *grown = ol_realloc(items, more * size);
    if (grown)
        *room = more;
    return grown;
}

/* ---- keys ---- */

static ol_keyring_key *by_id(const ol_keyring *ring, ol_slice id)
{
    for (size_t i = 0; i < ring->key_count; i++)
        if (ol_slice_eq_cstr(id, ring->keys[i]->id))
            return ring->keys[i];
    return NULL;
}

static int random_id(char id[OL_KEYRING_ID_SIZE])
{
    uint8_t b[16];
    if (RAND_bytes(b, sizeof b) != 1)
        return OL_EINTERNAL;
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    snprintf(id, OL_KEYRING_ID_SIZE,
             "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
             b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
             b[15]);
    return OL_OK;
}

int ol_keyring_add_bare_key(ol_keyring *ring, ol_slice id, int64_t now_ms, ol_keyring_key **out,
                            ol_error *err)
{
    if (!is_word(id, OL_KEYRING_ID_SIZE - 1, "-_"))
        return ol_error_say(err, OL_ECONFIG,
                            "a key's id has 1 to 64 letters, digits, hyphens and underscores");
    if (by_id(ring, id))
        return ol_error_say(err, OL_ECONFIG, "the key %.*s is there already", OL_SLICE_FMT(id));
    if (ring->key_count == OL_KEYRING_KEYS_MAX)
        return ol_error_say(err, OL_ECONFIG, "more than %d keys", OL_KEYRING_KEYS_MAX);
    ol_keyring_key **keys = grow(ring->keys, ring->key_count, &ring->key_room, sizeof *keys);
    if (!keys)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    ring->keys = keys;
    ol_keyring_key *key = ol_calloc(1, sizeof *key);
    if (!key)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    memcpy(key->id, id.data, id.len);
    key->created_ms = now_ms;
    keys[ring->key_count++] = key;
    *out = key;
    return OL_OK;
}

int ol_keyring_add_version(ol_keyring_key *key, int64_t now_ms, uint8_t **material, ol_error *err)
{
    if (key->version_count == OL_KEYRING_VERSIONS_MAX)
        return ol_error_say(err, OL_ECONFIG, "more than %d versions of a key",
                            OL_KEYRING_VERSIONS_MAX);
    ol_keyring_version *versions =
        grow(key->versions, key->version_count, &key->version_room, sizeof *versions);
    if (!versions)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    key->versions = versions;
    uint8_t *secret = ol_secret_alloc(OL_DATA_KEY_BYTES);
    if (!secret)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    versions[key->version_count++] = (ol_keyring_version){now_ms, secret};
    *material = secret;
    return OL_OK;
}

int ol_keyring_rotate(ol_keyring_key *key, int64_t now_ms, ol_error *err)
{
    uint8_t *material = NULL;
    int rc = ol_keyring_add_version(key, now_ms, &material, err);
    if (rc != OL_OK)
        return rc;
    if (RAND_priv_bytes(material, OL_DATA_KEY_BYTES) == 1)
        return OL_OK;
    ol_secret_free(material, OL_DATA_KEY_BYTES);
    key->version_count--;
    return ol_error_set(err, OL_EINTERNAL, "keyring: no random numbers");
}

int ol_keyring_add_key(ol_keyring *ring, const char *id, int64_t now_ms, ol_keyring_key **key,
                       ol_error *err)
{
    char made[OL_KEYRING_ID_SIZE];
    if (!id && random_id(made) != OL_OK)
        return ol_error_set(err, OL_EINTERNAL, "keyring: no random numbers");
    int rc = ol_keyring_add_bare_key(ring, ol_slice_cstr(id ? id : made), now_ms, key, err);
    if (rc == OL_OK && (rc = ol_keyring_rotate(*key, now_ms, err)) != OL_OK)
        key_destroy(ring->keys[--ring->key_count]);
    return rc;
}

int ol_keyring_set_alias(ol_keyring *ring, const char *name, ol_keyring_key *key, ol_error *err)
{
    ol_slice text = ol_slice_cstr(name);
    const ol_slice prefix = OL_SLICE_LIT(ALIAS_PREFIX);
    if (!ol_slice_starts(text, prefix) ||
        !is_word(ol_slice_from(text, prefix.len), OL_KEYRING_ALIAS_SIZE - 1 - prefix.len, "-_/"))
        return ol_error_say(err, OL_ECONFIG, "an alias is " ALIAS_PREFIX
                                             "NAME, of letters, digits, -, _ and /");
    for (size_t i = 0; i < ring->alias_count; i++) {
        if (ol_slice_eq_cstr(text, ring->aliases[i].name)) {
            ring->aliases[i].key = key;
            return OL_OK;
        }
    }
    if (ring->alias_count == OL_KEYRING_ALIASES_MAX)
        return ol_error_say(err, OL_ECONFIG, "more than %d aliases", OL_KEYRING_ALIASES_MAX);
    ol_keyring_alias *aliases =
        grow(ring->aliases, ring->alias_count, &ring->alias_room, sizeof *aliases);
    if (!aliases)
        return ol_error_set(err, OL_ENOMEM, "keyring");
    ring->aliases = aliases;
    aliases[ring->alias_count] = (ol_keyring_alias){.key = key};
    memcpy(aliases[ring->alias_count++].name, name, text.len + 1);
    return OL_OK;
}

/* ---- finding ---- */

void ol_keyring_arn(const ol_keyring *ring, const ol_keyring_key *key,
                    char out[OL_KEYRING_ARN_SIZE])
{
    snprintf(out, OL_KEYRING_ARN_SIZE, "arn:aws:kms:%s:%s:key/%s", ring->region, ring->account,
             key->id);
}

static int of_alias(const ol_keyring *ring, ol_slice name, ol_keyring_key **key, ol_error *err)
{
    for (size_t i = 0; i < ring->alias_count; i++) {
        if (ol_slice_eq_cstr(name, ring->aliases[i].name)) {
            *key = ring->aliases[i].key;
            return OL_OK;
        }
    }
    return ol_error_say(err, OL_EKMSNOTFOUND, "Alias arn:aws:kms:%s:%s:%.*s is not found.",
                        ring->region, ring->account, name.len < 100 ? (int)name.len : 100,
                        (const char *)name.data);
}

static int of_id(const ol_keyring *ring, ol_slice id, ol_keyring_key **key, ol_error *err)
{
    int shown = id.len < 80 ? (int)id.len : 80;
    if (!is_word(id, OL_KEYRING_ID_SIZE - 1, "-_"))
        return ol_error_say(err, OL_EKMSNOTFOUND, "Invalid keyId '%.*s'", shown,
                            (const char *)id.data);
    *key = by_id(ring, id);
    if (*key)
        return OL_OK;
    return ol_error_say(err, OL_EKMSNOTFOUND, "Key 'arn:aws:kms:%s:%s:key/%.*s' does not exist",
                        ring->region, ring->account, shown, (const char *)id.data);
}

static int of_arn(const ol_keyring *ring, ol_slice arn, ol_keyring_key **key, ol_error *err)
{
    char head[96];
    const ol_slice kind = OL_SLICE_LIT("key/"), alias = OL_SLICE_LIT(ALIAS_PREFIX);
    int len = snprintf(head, sizeof head, "arn:aws:kms:%s:%s:", ring->region, ring->account);
    if (!ol_slice_starts(arn, ol_slice_of(head, (size_t)len)))
        return ol_error_say(err, OL_EKMSNOTFOUND, "Invalid arn %s", ring->region);
    ol_slice rest = ol_slice_from(arn, (size_t)len);
    if (ol_slice_starts(rest, alias))
        return of_alias(ring, rest, key, err);
    if (ol_slice_starts(rest, kind))
        return of_id(ring, ol_slice_from(rest, kind.len), key, err);
    return ol_error_say(err, OL_EKMSNOTFOUND, "Invalid arn %s", ring->region);
}

int ol_keyring_find(const ol_keyring *ring, ol_slice name, ol_keyring_key **key, ol_error *err)
{
    *key = NULL;
    if (name.len == 0)
        return of_alias(ring, OL_SLICE_LIT(OL_KEYRING_DEFAULT_ALIAS), key, err);
    if (ol_slice_starts(name, OL_SLICE_LIT("arn:")))
        return of_arn(ring, name, key, err);
    if (ol_slice_starts(name, OL_SLICE_LIT(ALIAS_PREFIX)))
        return of_alias(ring, name, key, err);
    return of_id(ring, name, key, err);
}

const char *ol_keyring_state_name(enum ol_kms_state state)
{
    switch (state) {
    case OL_KMS_ENABLED:
        return "enabled";
    case OL_KMS_DISABLED:
        return "disabled";
    case OL_KMS_PENDING_DELETION:
        return "pending";
    case OL_KMS_MISSING:
        break;
    }
    return "missing";
}
