/* SPDX-License-Identifier: MIT */
/*
 * CORS: a configuration, and a request that meets it. Input: an origin, headers that are asked
 * for, and the document, each but the last ended by a NUL. Written and read again, it means the
 * same; no answer can be split.
 */
#include <assert.h>

#include "access/cors.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ol_slice cut(ol_slice *rest)
{
    ptrdiff_t end = ol_slice_find(*rest, 0);
    ol_slice piece = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
    *rest = ol_slice_from(*rest, piece.len + 1);
    return piece;
}

static size_t meet(const ol_cors *cors, ol_slice origin, ol_slice asked, ol_arena *arena)
{
    ol_headers request, answer;
    ol_headers_init(&request, arena);
    ol_headers_init(&answer, arena);
    ol_headers_borrow(&request, OL_SLICE_LIT("Origin"), origin);
    ol_headers_borrow(&request, OL_SLICE_LIT("Access-Control-Request-Headers"), asked);
    ol_headers_borrow(&request, OL_SLICE_LIT("Access-Control-Request-Method"), OL_SLICE_LIT("GET"));
    ol_cors_actual(cors, OL_SLICE_LIT("PUT"), &request, &answer);
    for (size_t i = 0; i < answer.count; i++)
        assert(ol_slice_find(answer.items[i].value, '\n') < 0);
    size_t count = answer.count;
    ol_error err = {0};
    ol_headers_init(&answer, arena);
    int rc = ol_cors_preflight(cors, &request, &answer, &err);
    assert(rc == err.code);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_slice rest = ol_slice_of(data, size), origin = cut(&rest), asked = cut(&rest);
    ol_cors *cors, *again;
    ol_error err = {0};
    int rc = ol_cors_parse(rest, &cors, &err);
    assert(rc == err.code && (rc == OL_OK) == (cors != NULL));
    if (rc != OL_OK)
        return 0;
    ol_arena *arena = ol_arena_new(1 << 20);
    ol_buf xml;
    ol_buf_init(&xml, 1 << 20);
    assert(ol_cors_write(&xml, cors) == OL_OK);
    /* Escaping may have made it too long to be read again. */
    if (xml.len <= OL_CORS_BYTES_MAX) {
        assert(ol_cors_parse(ol_buf_slice(&xml), &again, &err) == OL_OK);
        assert(again->rule_count == cors->rule_count);
        assert(meet(cors, origin, asked, arena) == meet(again, origin, asked, arena));
        ol_cors_release(again);
    }
    ol_buf_fini(&xml);
    ol_arena_destroy(arena);
    ol_cors_release(cors);
    return 0;
}
