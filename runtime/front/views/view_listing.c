/* SPDX-License-Identifier: MIT */
#include "front/views/view_listing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/encode.h"

/* ---- the origin's page ---- */

int ol_view_listing_make(ol_view_listing *listing, const ol_list_result *page, ol_arena *arena)
{
    *listing = (ol_view_listing){0};
    listing->entries = ol_arena_calloc(arena, (page->object_count + 1) * sizeof(*listing->entries));
    listing->prefixes =
        ol_arena_calloc(arena, (page->common_prefix_count + 1) * sizeof(*listing->prefixes));
    if (!listing->entries || !listing->prefixes)
        return OL_ENOMEM;
    for (size_t i = 0; i < page->object_count; i++) {
        const ol_object_info *info = &page->objects[i];
        listing->entries[listing->count++] = (ol_view_listing_entry){
            .key = info->key, .original = info->key, .info = info, .size = info->size};
    }
    for (size_t i = 0; i < page->common_prefix_count; i++)
        listing->prefixes[listing->prefix_count++] = (ol_view_listing_prefix){
            .prefix = page->common_prefixes[i], .original = page->common_prefixes[i]};
    return OL_OK;
}

void ol_view_listing_cut(ol_list_result *page, ol_slice last)
{
    if (page->truncated && ol_slice_cmp(last, page->next_start_after) > 0)
        return;
    while (page->object_count > 0 &&
           ol_slice_cmp(page->objects[page->object_count - 1].key, last) > 0)
        page->object_count--;
    while (page->common_prefix_count > 0 &&
           ol_slice_cmp(page->common_prefixes[page->common_prefix_count - 1], last) > 0)
        page->common_prefix_count--;
    page->truncated = true;
    page->next_start_after = last;
}

/* ---- order ---- */

static int by_key(const void *a, const void *b)
{
    const ol_view_listing_entry *left = a, *right = b;
    return ol_slice_cmp(left->key, right->key);
}

static int by_prefix(const void *a, const void *b)
{
    const ol_view_listing_prefix *left = a, *right = b;
    int order = ol_slice_cmp(left->prefix, right->prefix);
    return order ? order : ol_slice_cmp(left->original, right->original);
}

int ol_view_listing_settle(ol_view_listing *listing, ol_error *err)
{
    if (listing->count > 1)
        qsort(listing->entries, listing->count, sizeof(*listing->entries), by_key);
    for (size_t i = 1; i < listing->count; i++)
        if (ol_slice_eq(listing->entries[i - 1].key, listing->entries[i].key))
            return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a listing has a key twice");
    if (listing->prefix_count > 1)
        qsort(listing->prefixes, listing->prefix_count, sizeof(*listing->prefixes), by_prefix);
    size_t kept = 0;
    for (size_t i = 0; i < listing->prefix_count; i++)
        if (kept == 0 ||
            !ol_slice_eq(listing->prefixes[kept - 1].prefix, listing->prefixes[i].prefix))
            listing->prefixes[kept++] = listing->prefixes[i];
    listing->prefix_count = kept;
    return OL_OK;
}

/* ---- the JSON ---- */

typedef struct writer {
    ol_buf *out;
    int rc;         /* the first failure */
    bool separated; /* nothing stands before the next member */
} writer;

static void put(writer *w, const char *text)
{
    if (w->rc == OL_OK)
        w->rc = ol_buf_add_cstr(w->out, text);
}

static void put_name(writer *w, const char *name)
{
    put(w, w->separated ? "\"" : ",\"");
    put(w, name);
    put(w, "\":");
    w->separated = false;
}

static void put_text(writer *w, const char *name, ol_slice text)
{
    put_name(w, name);
    if (w->rc == OL_OK)
        w->rc = ol_json_string(w->out, text);
}

static void put_number(writer *w, const char *name, uint64_t number)
{
    put_name(w, name);
    if (w->rc == OL_OK)
        w->rc = ol_buf_add_u64(w->out, number);
}

static void put_bool(writer *w, const char *name, bool value)
{
    put_name(w, name);
    put(w, value ? "true" : "false");
}

/* The next object of a list, or of nothing. */
static void open_object(writer *w, bool first)
{
    put(w, first ? "{" : ",{");
    w->separated = true;
}

static void close_object(writer *w)
{
    put(w, "}");
    w->separated = false;
}

static void put_optional(writer *w, const char *name, ol_slice text)
{
    if (text.len > 0)
        put_text(w, name, text);
}

static void put_position(writer *w, const ol_view_listing *listing,
                         const ol_view_listing_frame *frame)
{
    const ol_s3_list_page *page = frame->page;
    if (!page->v2) {
        put_text(w, "marker", page->marker);
        put_optional(w, "nextMarker", frame->next);
        return;
    }
    put_optional(w, "startAfter", page->start_after);
    put_optional(w, "continuationToken", page->continuation_token);
    put_optional(w, "nextContinuationToken", frame->next);
    put_number(w, "keyCount", listing->count + listing->prefix_count);
}

static void put_entry(writer *w, const ol_view_listing_entry *entry, bool first)
{
    char date[OL_ISO8601_SIZE];
    open_object(w, first);
    put_text(w, "key", entry->key);
    put_text(w, "originalKey", entry->key);
    if (entry->info) {
        ol_clock_iso8601(entry->info->last_modified_ms, date);
        put_text(w, "lastModified", ol_slice_cstr(date));
    }
    put_number(w, "size", entry->size);
    put_text(w, "storageClass", OL_SLICE_LIT("STANDARD"));
    close_object(w);
}

static void put_prefix(writer *w, const ol_view_listing_prefix *prefix, bool first)
{
    open_object(w, first);
    put_text(w, "prefix", prefix->prefix);
    put_text(w, "originalPrefix", prefix->prefix);
    close_object(w);
}

int ol_view_listing_write(ol_buf *out, const ol_view_listing *listing,
                          const ol_view_listing_frame *frame)
{
    const ol_s3_list_page *page = frame->page;
    writer writing = {.out = out}, *w = &writing;
    open_object(w, true);
    put_text(w, "name", page->name);
    put_text(w, "prefix", page->prefix);
    put_position(w, listing, frame);
    put_number(w, "maxKeys", page->max_keys);
    put_optional(w, "delimiter", page->delimiter);
    if (page->encoding_url)
        put_text(w, "encodingType", OL_SLICE_LIT("url"));
    put_bool(w, "isTruncated", frame->truncated);
    put_name(w, "contents");
    put(w, "[");
    for (size_t i = 0; i < listing->count; i++)
        put_entry(w, &listing->entries[i], i == 0);
    put(w, "]");
    put_name(w, "commonPrefixes");
    put(w, "[");
    for (size_t i = 0; i < listing->prefix_count; i++)
        put_prefix(w, &listing->prefixes[i], i == 0);
    put(w, "]");
    close_object(w);
    return w->rc;
}
