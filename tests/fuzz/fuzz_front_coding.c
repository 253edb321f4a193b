/* SPDX-License-Identifier: MIT */
/*
 * Accept-Encoding, and conditions with ETags of compressed answers. Input: a byte of what is offered,
 * a line for Accept-Encoding, and a list for If-None-Match. What is chosen was offered; a condition
 * only ever loses bytes, and none where nothing is offered.
 */
#include <assert.h>

#include "base/limits.h"
#include "front/answer/content_coding.h"
#include "front/views/view_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add(ol_headers *headers, const char *name, ol_slice value)
{
    ol_headers_add(headers, ol_slice_cstr(name), value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > OL_HTTP_HEAD_BYTES_MAX)
        return 0;
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    ol_headers headers, plain;
    if (!arena)
        return 0;
    unsigned offered = data[0] & (OL_VIEW_GZIP | OL_VIEW_ZSTD);
    ol_slice rest = ol_slice_of(data + 1, size - 1);
    ptrdiff_t end = ol_slice_find(rest, '\n');
    ol_slice accept = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
    ol_slice list = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
    ol_headers_init(&headers, arena);
    add(&headers, "accept-encoding", accept);
    add(&headers, "if-none-match", list);

    unsigned chosen = ol_coding_choose(offered, &headers);
    assert((chosen & offered) == chosen && (chosen & (chosen - 1)) == 0);
    unsigned held = ol_coding_held(offered, &headers, OL_SLICE_LIT("e-v"));
    assert((held & offered) == held);
    assert(ol_coding_plain_conditions(offered, &headers, arena, &plain) == OL_OK);
    ol_slice before = ol_headers_get(&headers, "if-none-match");
    ol_slice after = ol_headers_get(&plain, "if-none-match");
    assert(after.len <= before.len);
    if (offered == 0)
        assert(ol_slice_eq(before, after));
    ol_view_metadata_is_telling(list, accept, list);
    ol_arena_destroy(arena);
    return 0;
}
