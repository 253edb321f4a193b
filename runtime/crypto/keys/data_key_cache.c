/* SPDX-License-Identifier: MIT */
/* Entries: what is remembered, how long, and what goes first. */
#include "base/alloc.h"
#include "base/clock.h"
#include "crypto/keys/data_key_private.h"
#include "crypto/keys/secret.h"

#define DENIAL_MS_MAX 1000u

void ol_data_key_limits_default(ol_data_key_limits *limits)
{
    *limits = (ol_data_key_limits){.age_ms = 300000,
                                   .bytes_max = 256 * 1024,
                                   .entries_max = 8192,
                                   .denial_ms = DENIAL_MS_MAX};
}

int ol_data_key_cache_new(ol_data_key_cache **out, const ol_data_key_limits *limits, ol_error *err)
{
    if (limits->denial_ms > DENIAL_MS_MAX)
        return ol_error_say(err, OL_ECONFIG,
                            "data-key cache: refusals are remembered for a second at most");
    ol_data_key_cache *cache = ol_calloc(1, sizeof *cache);
    if (cache)
        cache->entries = ol_map_new();
    if (!cache || !cache->entries) {
        ol_free(cache);
        return ol_error_set(err, OL_ENOMEM, "data-key cache");
    }
    cache->limits = *limits;
    pthread_mutex_init(&cache->lock, NULL);
    *out = cache;
    return OL_OK;
}

/* ---- one entry ---- */

static void forget_key(ol_data_key_cache *cache, ol_data_key_entry *entry)
{
    if (entry->key)
        cache->bytes -= entry->key_len;
    ol_secret_free(entry->key, entry->key_len);
    ol_free(entry->used_key);
    entry->key = NULL;
    entry->used_key = NULL;
}

static void unlink_entry(ol_data_key_cache *cache, ol_data_key_entry *entry)
{
    if (entry->prev)
        entry->prev->next = entry->next;
    else
        cache->first = entry->next;
    if (entry->next)
        entry->next->prev = entry->prev;
    else
        cache->last = entry->prev;
    entry->prev = entry->next = NULL;
    cache->count--;
}

static void link_first(ol_data_key_cache *cache, ol_data_key_entry *entry)
{
    entry->next = cache->first;
    if (entry->next)
        entry->next->prev = entry;
    else
        cache->last = entry;
    cache->first = entry;
    cache->count++;
}

static void entry_free(ol_data_key_cache *cache, ol_data_key_entry *entry)
{
    ol_map_remove(cache->entries, ol_slice_of(entry->hash, sizeof entry->hash));
    forget_key(cache, entry);
    ol_free(entry);
}

static void drop(ol_data_key_cache *cache, ol_data_key_entry *entry)
{
    unlink_entry(cache, entry);
    entry_free(cache, entry);
}

/* ---- under the lock ---- */

ol_data_key_entry *ol_data_key_find(ol_data_key_cache *cache, const uint8_t *hash, uint64_t now_ms)
{
    ol_data_key_entry *entry =
        ol_map_get(cache->entries, ol_slice_of(hash, OL_DATA_KEY_HASH_BYTES));
    if (!entry || entry->asking || now_ms < entry->ends_ms)
        return entry;
    cache->stats.expired++;
    drop(cache, entry);
    return NULL;
}

ol_data_key_entry *ol_data_key_begin(ol_data_key_cache *cache, const uint8_t *hash)
{
    ol_data_key_entry *entry = ol_calloc(1, sizeof *entry);
    if (!entry)
        return NULL;
    memcpy(entry->hash, hash, sizeof entry->hash);
    entry->asking = true;
    if (ol_map_put(cache->entries, ol_slice_of(entry->hash, sizeof entry->hash), entry, NULL) ==
        OL_OK)
        return entry;
    ol_free(entry);
    return NULL;
}

void ol_data_key_evict(ol_data_key_cache *cache)
{
    while (cache->last && (cache->count > cache->limits.entries_max ||
                           cache->bytes > cache->limits.bytes_max)) {
        cache->stats.evicted++;
        drop(cache, cache->last);
    }
}

/* A refusal for good; trouble is asked about again. */
static bool is_refusal(int code)
{
    return code == OL_EACCESS || code == OL_EDECRYPT || code == OL_EKMSNOTFOUND ||
           code == OL_EKMSDISABLED || code == OL_EKMSSTATE;
}

static bool keep_key(ol_data_key_cache *cache, ol_data_key_entry *entry, const ol_kms_call *answer)
{
    entry->key = answer->key ? ol_secret_alloc(answer->key_len) : NULL;
    entry->used_key = ol_strndup(answer->used_key.data, answer->used_key.len);
    if ((answer->key && !entry->key) || !entry->used_key) {
        ol_secret_free(entry->key, answer->key_len);
        ol_free(entry->used_key);
        entry->key = NULL;
        entry->used_key = NULL;
        return false;
    }
    if (entry->key)
        memcpy(entry->key, answer->key, answer->key_len);
    entry->key_len = entry->key ? answer->key_len : 0;
    entry->key_version = answer->key_version;
    cache->bytes += entry->key_len;
    return true;
}

void ol_data_key_settle(ol_data_key_cache *cache, ol_data_key_entry *entry,
                        const ol_kms_call *answer, enum ol_kms_state state,
                        const ol_error *failure, uint64_t asked_ms)
{
    uint32_t age_ms = failure || state != OL_KMS_ENABLED ? cache->limits.denial_ms
                                                         : cache->limits.age_ms;
    age_ms = age_ms < cache->limits.age_ms ? age_ms : cache->limits.age_ms;
    bool keeps = age_ms > 0 && (!failure || is_refusal(failure->code));
    entry->asking = false;
    entry->state = state;
    entry->ends_ms = asked_ms + age_ms;
    if (keeps && failure)
        entry->refusal = *failure;
    else if (keeps)
        keeps = keep_key(cache, entry, answer);
    if (!keeps) {
        entry_free(cache, entry);
        return;
    }
    link_first(cache, entry);
    ol_data_key_evict(cache);
}

static int copy_out(const ol_data_key_entry *entry, ol_data_key_answer *out)
{
    const ol_kms_call like = {.key = entry->key,
                              .key_len = entry->key_len,
                              .used_key = ol_slice_cstr(entry->used_key),
                              .key_version = entry->key_version};
    return ol_data_key_answer_of(&like, entry->state, entry->used_key ? NULL : &entry->refusal,
                                 out);
}

void ol_data_key_use(ol_data_key_cache *cache, ol_data_key_entry *entry, ol_data_key_answer *out)
{
    copy_out(entry, out);
    out->cached = true;
    /* Uses that are counted have to come here. */
    out->until_ms = cache->limits.uses_max == 0 ? entry->ends_ms : 0;
    if (entry->used_key)
        cache->stats.hits++;
    else
        cache->stats.denials++;
    unlink_entry(cache, entry);
    entry->uses++;
    if (entry->key && cache->limits.uses_max > 0 && entry->uses >= cache->limits.uses_max) {
        cache->stats.expired++;
        entry_free(cache, entry);
        return;
    }
    link_first(cache, entry);
}

/* ---- answers ---- */

int ol_data_key_answer_of(const ol_kms_call *call, enum ol_kms_state state,
                          const ol_error *failure, ol_data_key_answer *out)
{
    *out = (ol_data_key_answer){0};
    if (failure) {
        out->err = *failure;
        return out->code = failure->code;
    }
    out->state = state;
    out->key = call->key ? ol_secret_alloc(call->key_len) : NULL;
    out->used_key = ol_strndup(call->used_key.data, call->used_key.len);
    if ((call->key && !out->key) || !out->used_key) {
        ol_data_key_answer_fini(out);
        return out->code = ol_error_set(&out->err, OL_ENOMEM, "data key");
    }
    if (out->key)
        memcpy(out->key, call->key, call->key_len);
    out->key_len = out->key ? call->key_len : 0;
    out->key_version = call->key_version;
    return OL_OK;
}

void ol_data_key_answer_fini(ol_data_key_answer *answer)
{
    ol_secret_free(answer->key, answer->key_len);
    ol_free(answer->used_key);
    answer->key = NULL;
    answer->used_key = NULL;
}

/* ---- the whole ---- */

void ol_data_key_cache_expire(ol_data_key_cache *cache)
{
    uint64_t now_ms = ol_clock_mono_ms();
    pthread_mutex_lock(&cache->lock);
    for (ol_data_key_entry *entry = cache->last, *before; entry; entry = before) {
        before = entry->prev;
        if (entry->ends_ms > now_ms)
            continue;
        cache->stats.expired++;
        drop(cache, entry);
    }
    pthread_mutex_unlock(&cache->lock);
}

void ol_data_key_cache_clear(ol_data_key_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    while (cache->last)
        drop(cache, cache->last);
    pthread_mutex_unlock(&cache->lock);
}

void ol_data_key_cache_destroy(ol_data_key_cache *cache)
{
    if (!cache)
        return;
    ol_data_key_cache_clear(cache);
    ol_map_destroy(cache->entries, NULL);
    pthread_mutex_destroy(&cache->lock);
    ol_free(cache);
}

void ol_data_key_cache_read_stats(ol_data_key_cache *cache, ol_data_key_stats *stats)
{
    pthread_mutex_lock(&cache->lock);
    *stats = cache->stats;
    stats->entries = cache->count;
    stats->bytes = cache->bytes;
    pthread_mutex_unlock(&cache->lock);
}
