/* SPDX-License-Identifier: MIT */
/*
 * What a remote service answers: listings, error documents, heads. Input: one byte that chooses,
 * then the document, or header lines.
 */
#include <assert.h>

#include "base/limits.h"
#include "origin/s3/answer.h"
#include "origin/s3/lists.h"
#include "origin/s3/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LIST_MAX 20

static void try_list(ol_slice xml)
{
    ol_error err = {0};
    ol_slice after = OL_SLICE_LIT("b/");
    ol_list_result *list = ol_s3_list_parse(xml, after, LIST_MAX, &err);
    assert((list == NULL) == (err.code != OL_OK));
    if (!list)
        return;
    assert(list->object_count <= LIST_MAX && list->common_prefix_count <= LIST_MAX);
    for (size_t i = 0; i < list->object_count; i++)
        assert(ol_slice_cmp(list->objects[i].key, after) > 0);
    for (size_t i = 0; i < list->common_prefix_count; i++)
        assert(ol_slice_cmp(list->common_prefixes[i], after) > 0);
    ol_arena_destroy(list->arena);
}

static void try_others(uint8_t which, ol_slice xml)
{
    ol_error err = {0};
    ol_arena *arena = NULL;
    if (which == 1) {
        ol_uploads_result *uploads = ol_s3_uploads_parse(xml, LIST_MAX, &err);
        arena = uploads ? uploads->arena : NULL;
        assert(!uploads || uploads->count <= LIST_MAX);
    } else if (which == 2 || which == 3) {
        ol_part_list *parts = ol_s3_parts_parse(xml, which == 3, LIST_MAX, &err);
        arena = parts ? parts->arena : NULL;
        assert(!parts || parts->count <= LIST_MAX);
    } else {
        ol_bucket_list *buckets = ol_s3_buckets_parse(xml, &err);
        arena = buckets ? buckets->arena : NULL;
    }
    assert((arena == NULL) == (err.code != OL_OK));
    if (arena)
        ol_arena_destroy(arena);
}

/* Lines of "name: value". */
static void read_headers(ol_headers *headers, ol_slice text)
{
    while (text.len > 0) {
        ptrdiff_t end = ol_slice_find(text, '\n');
        ol_slice line = end < 0 ? text : ol_slice_first(text, (size_t)end);
        ptrdiff_t colon = ol_slice_find(line, ':');
        text = end < 0 ? OL_SLICE_NONE : ol_slice_from(text, (size_t)end + 1);
        if (colon > 0)
            ol_headers_add(headers, ol_slice_first(line, (size_t)colon),
                           ol_slice_from(line, (size_t)colon + 1));
    }
}

static void try_head(ol_slice text)
{
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    ol_http_answer answer = {.status = 206};
    ol_object_info info = {0};
    ol_s3_fields fields;
    ol_s3_extent extent;
    ol_put_result result;
    ol_header *items;
    uint64_t length;
    ol_error err = {0};
    if (!arena)
        return;
    ol_headers_init(&answer.headers, arena);
    read_headers(&answer.headers, text);
    bool told = ol_slice_u64(ol_headers_get(&answer.headers, "content-length"), &length);
    answer.content_length = told && length < INT64_MAX ? (int64_t)length : -1;
    if (ol_s3_extent_of(&answer, &extent, &err) == OL_OK) {
        assert(extent.range.length > 0 && extent.range.start < extent.size);
        assert(extent.range.length <= extent.size - extent.range.start);
    }
    ol_error_clear(&err);
    if (ol_s3_info_of(&answer, 1, arena, &info, &fields, &err) == OL_OK) {
        assert(info.header_count <= fields.count && fields.count <= answer.headers.count + 2);
        assert(ol_s3_fields_copy(&fields, 3, arena, &items) == OL_OK);
        for (size_t i = 0; i < fields.count; i++)
            assert(ol_slice_eq(items[i].value, fields.items[i].value));
    }
    ol_s3_put_result_of(&answer, &result);
    ol_arena_destroy(arena);
}

static void try_refusal(uint8_t which, ol_slice document)
{
    static const int statuses[] = {200, 301, 304, 400, 403, 404, 412, 416, 500, 503};
    ol_headers none = {0};
    ol_error err = {0};
    const ol_s3_refusal refusal = {.origin = "o",
                                   .status = statuses[which % 10],
                                   .document = document,
                                   .headers = &none,
                                   .about_key = true};
    ol_s3_outcome(&refusal, &err);
    assert(err.code < 0 && err.status >= 300 && err.s3_code[0] && err.message[0]);
    ol_s3_is_error_document(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    ol_slice rest = ol_slice_of(data + 1, size - 1);
    uint8_t which = data[0] % 16;
    if (which == 0)
        try_list(rest);
    else if (which < 5)
        try_others(which, rest);
    else if (which == 5)
        try_head(rest);
    else
        try_refusal(which, rest);
    return 0;
}
