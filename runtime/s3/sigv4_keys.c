/* SPDX-License-Identifier: MIT */
/*
 * A set-associative table: the digest of everything a key depends on picks a set of WAYS
 * entries, and the one not used for longest gives way. The secret is part of the digest, so
 * a changed secret can never meet a key of the old one, and nothing has to be flushed when
 * the configuration is reloaded.
 *
 * Only access keys with a known secret get this far, so strangers cannot push keys out.
 */
#include "s3/sigv4_keys.h"

#include "base/alloc.h"

#define WAYS 4
#define SETS (OL_SIGV4_KEYS_MAX / WAYS)

typedef struct entry {
    uint8_t id[OL_SHA256_BYTES];
    uint64_t used; /* tick of the last use; 0 = empty */
    ol_sigv4_key key;
} entry;

struct ol_sigv4_keys {
    entry entries[SETS][WAYS];
    uint64_t tick;
    ol_sigv4_keys_stats stats;
};

ol_sigv4_keys *ol_sigv4_keys_new(void)
{
    return ol_calloc(1, sizeof(ol_sigv4_keys));
}

void ol_sigv4_keys_destroy(ol_sigv4_keys *keys)
{
    if (!keys)
        return;
    ol_wipe(keys, sizeof *keys);
    ol_free(keys);
}

bool ol_sigv4_key_derive(const ol_sigv4_key_of *of, uint8_t out[OL_SHA256_BYTES])
{
    uint8_t first[4 + OL_SECRET_KEY_BYTES_MAX] = "AWS4";
    if (of->secret.len > OL_SECRET_KEY_BYTES_MAX)
        return false;
    if (of->secret.len > 0)
        memcpy(first + 4, of->secret.data, of->secret.len);
    ol_hmac_sha256(ol_slice_of(first, 4 + of->secret.len), of->date, out);
    ol_hmac_sha256(ol_slice_of(out, OL_SHA256_BYTES), of->region, out);
    ol_hmac_sha256(ol_slice_of(out, OL_SHA256_BYTES), of->service, out);
    ol_hmac_sha256(ol_slice_of(out, OL_SHA256_BYTES), OL_SLICE_LIT("aws4_request"), out);
    ol_wipe(first, sizeof first);
    return true;
}

/* Lengths in front keep (access key, secret) pairs apart that read the same when joined. */
static void identify(const ol_sigv4_key_of *of, uint8_t id[OL_SHA256_BYTES])
{
    ol_sha256 sha;
    uint8_t lengths[2] = {(uint8_t)of->access_key.len, (uint8_t)of->secret.len};
    ol_sha256_init(&sha);
    ol_sha256_update(&sha, lengths, sizeof lengths);
    ol_sha256_update(&sha, of->access_key.data, of->access_key.len);
    ol_sha256_update(&sha, of->secret.data, of->secret.len);
    ol_sha256_update(&sha, of->scope.data, of->scope.len);
    ol_sha256_final(&sha, id);
    ol_wipe(&sha, sizeof sha);
}

static entry *find(entry *set, const uint8_t id[OL_SHA256_BYTES])
{
    for (size_t i = 0; i < WAYS; i++)
        if (set[i].used != 0 && memcmp(set[i].id, id, OL_SHA256_BYTES) == 0)
            return &set[i];
    return NULL;
}

static entry *take_oldest(ol_sigv4_keys *keys, entry *set)
{
    entry *oldest = &set[0];
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].used < oldest->used)
            oldest = &set[i];
    if (oldest->used != 0) {
        keys->stats.evictions++;
        ol_wipe(oldest, sizeof *oldest);
    }
    return oldest;
}

const ol_sigv4_key *ol_sigv4_keys_get(ol_sigv4_keys *keys, const ol_sigv4_key_of *of)
{
    if (of->secret.len > OL_SECRET_KEY_BYTES_MAX)
        return NULL;
    uint8_t id[OL_SHA256_BYTES];
    identify(of, id);
    entry *set = keys->entries[id[0] % SETS];
    entry *found = find(set, id);
    keys->tick++;
    if (found) {
        keys->stats.hits++;
        found->used = keys->tick;
        return &found->key;
    }
    keys->stats.misses++;
    entry *fresh = take_oldest(keys, set);
    memcpy(fresh->id, id, sizeof id);
    fresh->used = keys->tick;
    ol_sigv4_key_derive(of, fresh->key.bytes);
    ol_hmac_key_init(&fresh->key.hmac, ol_slice_of(fresh->key.bytes, OL_SHA256_BYTES));
    return &fresh->key;
}

void ol_sigv4_keys_read_stats(const ol_sigv4_keys *keys, ol_sigv4_keys_stats *out)
{
    *out = keys->stats;
}
