/* SPDX-License-Identifier: MIT */
/* Tags as a query and as a document. Input: either. What is taken can be kept, and comes back. */
#include <assert.h>

#include "s3/documents/tagging.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const ol_tags *tags, ol_arena *arena)
{
    ol_tags again;
    ol_slice text, text_again, value;
    ol_error err = {0};
    ol_buf xml;
    assert(tags->count <= OL_TAGS_BUCKET_MAX);
    assert(ol_tags_text(tags, arena, &text, &err) == OL_OK);
    assert(text.len <= OL_TAGS_TEXT_BYTES_MAX && ol_tags_count(text) == tags->count);
    assert(ol_tags_parse_query(text, OL_TAGS_BUCKET_MAX, arena, &again, &err) == OL_OK);
    assert(ol_tags_text(&again, arena, &text_again, &err) == OL_OK);
    assert(ol_slice_eq(text, text_again));
    for (size_t i = 0; i < tags->count; i++) {
        assert(ol_tags_find(text, tags->items[i].key, arena, &value) == OL_OK);
        assert(value.data && ol_slice_eq(value, tags->items[i].value));
    }
    ol_buf_init(&xml, 1 << 20);
    assert(ol_tags_write_xml(&xml, text) == OL_OK);
    assert(ol_tags_parse_xml(ol_buf_slice(&xml), OL_TAGS_BUCKET_MAX, arena, &again, &err) == OL_OK);
    assert(again.count == tags->count);
    ol_buf_fini(&xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(16 << 20);
    ol_slice input = ol_slice_of(data, size), value;
    ol_tags tags;
    ol_error err = {0};
    if (!arena)
        return 0;
    int rc = ol_tags_parse_query(input, OL_TAGS_BUCKET_MAX, arena, &tags, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        check(&tags, arena);
    ol_error_clear(&err);
    rc = ol_tags_parse_xml(input, OL_TAGS_BUCKET_MAX, arena, &tags, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        check(&tags, arena);
    /* A kept text that others made may be anything. */
    ol_tags_read(input, arena, &tags, NULL);
    ol_tags_find(input, OL_SLICE_LIT("k"), arena, &value);
    ol_arena_destroy(arena);
    return 0;
}
