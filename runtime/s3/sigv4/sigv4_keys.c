/* SPDX-License-Identifier: MIT */
/*
 * A set-associative table: the access key and the day pick a set of WAYS entries, and the one not
 * used for longest gives way. All that a key depends on is kept beside it and compared, so a
 * changed secret can never meet a key of the old one, and nothing has to be flushed when the
 * configuration is reloaded.
 *
 * Only access keys with a known secret get this far, so strangers cannot push keys out.
 */
#include "s3/sigv4/sigv4_keys.h"

#include "base/alloc.h"

#define WAYS 4
#define SETS (OL_SIGV4_KEYS_MAX / WAYS)

#define SCOPE_BYTES_MAX 80 /* 8 + 31 + 23 + 12 and 3 slashes are used */

typedef struct entry {
    uint64_t used; /* tick of the last use; 0 = empty */
    uint8_t access_key_len, secret_len, scope_len;
    uint8_t access_key[OL_ACCESS_KEY_BYTES_MAX];
    uint8_t secret[OL_SECRET_KEY_BYTES_MAX];
    uint8_t scope[SCOPE_BYTES_MAX];
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

/* The last bytes of an access key and of a day differ most. */
static size_t set_of(const ol_sigv4_key_of *of)
{
    uint64_t key_end = 0, day_end = 0;
    size_t len = of->access_key.len < 8 ? of->access_key.len : 8;
    if (len > 0)
        memcpy(&key_end, of->access_key.data + of->access_key.len - len, len);
    if (of->date.len >= 4)
        memcpy(&day_end, of->date.data + of->date.len - 4, 4);
    return (size_t)(((key_end + day_end) * 0x9E3779B97F4A7C15ull) >> 32) % SETS;
}

static bool holds(const uint8_t *kept, uint8_t len, ol_slice text)
{
    return ol_slice_eq(ol_slice_of(kept, len), text);
}

static entry *find(entry *set, const ol_sigv4_key_of *of)
{
    for (size_t i = 0; i < WAYS; i++) {
        entry *e = &set[i];
        if (e->used != 0 && holds(e->scope, e->scope_len, of->scope) &&
            holds(e->access_key, e->access_key_len, of->access_key) &&
            holds(e->secret, e->secret_len, of->secret))
            return e;
    }
    return NULL;
}

static uint8_t keep(uint8_t *kept, ol_slice text)
{
    if (text.len > 0)
        memcpy(kept, text.data, text.len);
    return (uint8_t)text.len;
}

static void fill(entry *e, const ol_sigv4_key_of *of, uint64_t tick)
{
    e->used = tick;
    e->access_key_len = keep(e->access_key, of->access_key);
    e->secret_len = keep(e->secret, of->secret);
    e->scope_len = keep(e->scope, of->scope);
    ol_sigv4_key_derive(of, e->key.bytes);
    ol_hmac_key_init(&e->key.hmac, ol_slice_of(e->key.bytes, OL_SHA256_BYTES));
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
    if (of->secret.len > OL_SECRET_KEY_BYTES_MAX || of->access_key.len > OL_ACCESS_KEY_BYTES_MAX ||
        of->scope.len > SCOPE_BYTES_MAX)
        return NULL;
    entry *set = keys->entries[set_of(of)];
    entry *found = find(set, of);
    keys->tick++;
    if (found) {
        keys->stats.hits++;
        found->used = keys->tick;
        return &found->key;
    }
    keys->stats.misses++;
    entry *fresh = take_oldest(keys, set);
    fill(fresh, of, keys->tick);
    return &fresh->key;
}

void ol_sigv4_keys_read_stats(const ol_sigv4_keys *keys, ol_sigv4_keys_stats *out)
{
    *out = keys->stats;
}
