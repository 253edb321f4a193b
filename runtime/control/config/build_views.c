/* SPDX-License-Identifier: MIT */
/*
 * How Object Lambda access points answer, and what is kept of views: the options of a block, the
 * cache, the memo, the key of the ETags.
 */
#include <stdio.h>

#include "base/encode.h"
#include "control/config/build.h"
#include "control/config/names.h"

#define HEADER_BYTES_MAX (8u * OL_KIB) /* of one access point's, names and values together */
#define HEADERS_MAX 32
#define DISK_BYTES (4096ull * OL_MIB)

/* ---- headers ---- */

static bool is_repeated(const ol_draft_pair *pairs, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (ol_slice_ieq(pairs[k].at.name.bytes, pairs[i].at.name.bytes))
            return true;
    return false;
}

/* What is wrong with one of the headers, as the rest of a sentence; NULL = nothing. */
static const char *header_wrong(const ol_draft_pair *pairs, size_t i)
{
    const ol_draft_pair *pair = &pairs[i];
    if (pair->values.count != 1)
        return "must have one value";
    if (!ol_header_is_valid(pair->at.name.bytes, pair->values.items[0].bytes))
        return "is not a header, or its value is none";
    if (is_repeated(pairs, i))
        return "is given twice";
    return ol_name_view_header_wrong(pair->at.name.bytes);
}

static void build_headers(ol_builder *b, const char *label, const ol_draft_olap *from,
                          ol_view_options *to)
{
    const ol_draft_pair *pairs = from->headers.items;
    size_t count = from->headers.count, bytes = 0;
    ol_header *headers = ol_build_alloc(b, count, sizeof(*headers));
    for (size_t i = 0; headers && i < count; i++) {
        char shown[OL_TEXT_SHOW_SIZE];
        const char *wrong = header_wrong(pairs, i);
        if (wrong)
            ol_build_mistake(b, pairs[i].at.line, "%s: headers: %s %s", label,
                             ol_text_show(pairs[i].at.name.bytes, false, shown), wrong);
        if (pairs[i].values.count == 0)
            continue;
        headers[to->header_count++] = (ol_header){.name = pairs[i].at.name.bytes,
                                                  .value = pairs[i].values.items[0].bytes};
        bytes += pairs[i].at.name.bytes.len + pairs[i].values.items[0].bytes.len;
    }
    to->headers = headers;
    if (count > HEADERS_MAX || bytes > HEADER_BYTES_MAX)
        ol_build_mistake(b, from->at.line, "%s: headers: more than %d, or more than %u KiB of them",
                         label, HEADERS_MAX, HEADER_BYTES_MAX / OL_KIB);
}

/* ---- the options of one ---- */

static unsigned encoding_bits(const ol_text_list *names)
{
    unsigned bits = 0, one;
    for (size_t i = 0; i < names->count; i++)
        if (!names->items[i].unknown && ol_name_view_encoding_parse(names->items[i].bytes, &one))
            bits |= one;
    return bits;
}

void ol_build_view_options(ol_builder *b, const char *label, const ol_draft_olap *from,
                           ol_view_options *to)
{
    *to = (ol_view_options){
        .ranges = (enum ol_view_ranges)from->ranges,
        .head = (enum ol_view_head)from->head,
        .unconfigured = (enum ol_view_unconfigured)from->unconfigured,
        .list_sizes = (enum ol_view_sizes)from->list.sizes,
        .forward_metadata = from->metadata == OL_DRAFT_FORWARD,
        .uncached = from->cache == OL_DRAFT_NO,
        .customer_keys = from->sse_c == 1,
        .encodings = encoding_bits(&from->encodings),
        .client_encryption = ol_build_client_encryption(b, label, &from->client_encryption),
    };
    build_headers(b, label, from, to);
}

/* ---- the cache ---- */

static uint64_t or_quarter(uint64_t given, uint64_t whole)
{
    return given == OL_DRAFT_BYTES_UNSET ? whole / 4 : given;
}

static void build_cache(ol_builder *b, const ol_draft_view_cache *given)
{
    ol_view_cache_config *cache = &b->config->view_cache;
    b->config->view_cache_enabled = given->enabled != OL_DRAFT_NO;
    *cache = (ol_view_cache_config){
        .memory_bytes = given->memory_bytes,
        .memory_entry_bytes = or_quarter(given->memory_entry_bytes, given->memory_bytes),
    };
    if (given->disk.bytes.data && !given->disk.unknown) {
        cache->disk_folder = (const char *)given->disk.bytes.data;
        cache->disk_bytes =
            given->disk_bytes == OL_DRAFT_BYTES_UNSET ? DISK_BYTES : given->disk_bytes;
        cache->disk_entry_bytes = or_quarter(given->disk_entry_bytes, cache->disk_bytes);
    }
    if (cache->memory_entry_bytes > cache->memory_bytes)
        ol_build_mistake(b, given->at.line,
                         "view_cache: memory_entry_bytes is above memory_bytes");
    if (!given->disk.bytes.data && !given->disk.unknown &&
        (given->disk_bytes != OL_DRAFT_BYTES_UNSET || given->disk_entry_bytes != OL_DRAFT_BYTES_UNSET))
        ol_build_mistake(b, given->at.line,
                         "view_cache: disk_bytes and disk_entry_bytes are of no use without disk");
    if (cache->disk_entry_bytes > cache->disk_bytes)
        ol_build_mistake(b, given->at.line, "view_cache: disk_entry_bytes is above disk_bytes");
}

static void build_memo(ol_builder *b, const ol_draft_view_memo *given)
{
    b->config->view_memo = (ol_view_memo_config){
        .folder = given->rows_max ? b->config->data_path : NULL,
        .rows_max = given->rows_max,
        .memory_rows_max = (size_t)given->memory_rows_max,
    };
}

/* ---- the key ---- */

static void build_key(ol_builder *b, const ol_text *given)
{
    if (!given->bytes.data || given->unknown)
        return;
    uint8_t *key = ol_build_alloc(b, 1, OL_CONFIG_VIEW_KEY_BYTES);
    if (!key)
        return;
    b->config->view_key = ol_slice_of(key, OL_CONFIG_VIEW_KEY_BYTES);
    if (ol_draft_guard_secret(b->draft->arena, b->config->view_key) != OL_OK)
        b->no_memory = true;
    ol_name_view_key_decode(given->bytes, key); /* it was looked at when it was read */
}

void ol_build_views(ol_builder *b)
{
    ol_draft_view_cache cache;
    ol_draft_view_memo memo;
    ol_draft_view_cache_default(&cache);
    ol_draft_view_memo_default(&memo);
    build_cache(b, b->draft->view_cache.count ? b->draft->view_cache.items : &cache);
    build_memo(b, b->draft->view_memo.count ? b->draft->view_memo.items : &memo);
    build_key(b, &b->draft->settings.view_key);
}
