/* SPDX-License-Identifier: MIT */
/*
 * What a host answers about a page of a listing. Input: a byte that chooses prefix, delimiter and
 * how many entries are allowed, then the answer.
 */
#include <assert.h>

#include "front/views/view_listing.h"

#define KEYS 4
#define PREFIXES 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ol_object_info objects[KEYS] = {
    {.key = {(const uint8_t *)"a", 1}, .size = 1},
    {.key = {(const uint8_t *)"a/b", 3}, .size = 2},
    {.key = {(const uint8_t *)"c.csv", 5}, .size = 3},
    {.key = {(const uint8_t *)"\xc3\xa4", 2}, .size = 4},
};
static ol_slice prefixes[PREFIXES] = {{(const uint8_t *)"a/", 2}, {(const uint8_t *)"d/", 2}};

static bool is_on_page(ol_slice key)
{
    for (size_t i = 0; i < KEYS; i++)
        if (ol_slice_eq(objects[i].key, key))
            return true;
    return false;
}

static void check_name(ol_slice name, const ol_s3_list_page *page)
{
    assert(name.len >= 1 && name.len <= OL_KEY_BYTES_MAX);
    assert(ol_slice_is_utf8(name) && ol_slice_find(name, 0) < 0);
    assert(ol_slice_starts(name, page->prefix));
}

static void check(const ol_view_listing *listing, const ol_s3_list_page *page)
{
    assert(listing->count + listing->prefix_count <= page->max_keys);
    for (size_t i = 0; i < listing->count; i++) {
        const ol_view_listing_entry *entry = &listing->entries[i];
        check_name(entry->key, page);
        assert(entry->info ? is_on_page(entry->original)
                           : ol_slice_eq(entry->original, entry->key));
        assert(entry->size <= INT64_MAX);
        assert(i == 0 || ol_slice_cmp(listing->entries[i - 1].key, entry->key) < 0);
        ol_slice rest = ol_slice_from(entry->key, page->prefix.len);
        assert(page->delimiter.len == 0 || ol_slice_find(rest, page->delimiter.data[0]) < 0);
    }
    for (size_t i = 0; i < listing->prefix_count; i++) {
        check_name(listing->prefixes[i].prefix, page);
        assert(listing->prefixes[i].original.len > 0);
        assert(i == 0 ||
               ol_slice_cmp(listing->prefixes[i - 1].prefix, listing->prefixes[i].prefix) < 0);
    }
}

/* What was believed can be told to the next program, and is believed again. */
static void check_again(const ol_view_listing *listing, const ol_s3_list_page *page,
                        ol_arena *arena)
{
    const ol_view_listing_frame frame = {.page = page};
    ol_view_listing second;
    ol_error err = {0};
    ol_buf text;
    ol_buf_init(&text, OL_VIEW_LISTING_BYTES_MAX);
    if (ol_view_listing_write(&text, listing, &frame) == OL_OK &&
        ol_view_listing_read(&second, ol_buf_slice(&text), listing, page, arena, &err) == OL_OK) {
        assert(second.count == listing->count && second.prefix_count == listing->prefix_count);
        for (size_t i = 0; i < second.count; i++)
            assert(ol_slice_eq(second.entries[i].original, listing->entries[i].original));
    } else {
        assert(err.code == OL_OK || err.code == OL_ENOMEM);
    }
    ol_buf_fini(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const ol_s3_list_page page = {
        .v2 = data[0] & 1,
        .name = OL_SLICE_LIT("alias"),
        .prefix = data[0] & 2 ? OL_SLICE_LIT("a") : OL_SLICE_LIT(""),
        .delimiter = data[0] & 4 ? OL_SLICE_LIT("/") : OL_SLICE_LIT(""),
        .max_keys = data[0] >> 3,
    };
    const ol_list_result origin = {.objects = objects,
                                   .object_count = KEYS,
                                   .common_prefixes = prefixes,
                                   .common_prefix_count = page.delimiter.len > 0 ? PREFIXES : 0};
    ol_view_listing given, listing;
    ol_error err = {0};
    ol_arena *arena = ol_arena_new(OL_VIEW_LISTING_ARENA_BYTES_MAX);
    if (arena && ol_view_listing_make(&given, &origin, arena) == OL_OK) {
        int rc = ol_view_listing_read(&listing, ol_slice_of(data + 1, size - 1), &given, &page,
                                      arena, &err);
        assert(rc == err.code);
        assert(rc == OL_OK || rc == OL_ETRANSFORMRESPONSE || rc == OL_ENOMEM);
        if (rc == OL_OK && listing.xml.len == 0) {
            check(&listing, &page);
            check_again(&listing, &page, arena);
        }
    }
    if (arena)
        ol_arena_destroy(arena);
    return 0;
}
