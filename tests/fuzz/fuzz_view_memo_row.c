/* SPDX-License-Identifier: MIT */
/*
 * Rows of the memo's database: what passes the check can be read, gives valid headers, and is the
 * row that it would be written as.
 */
#include <assert.h>

#include "view/memo_db.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char etag[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef-v";

static void read_row(ol_slice row)
{
    uint8_t again[OL_MEMO_ROW_BYTES_MAX];
    size_t len;
    ol_view_facts facts;
    ol_arena *arena = ol_arena_new(1 << 16);
    if (!arena)
        return;
    if (ol_memo_row_decode(row, arena, &facts) == OL_OK) {
        for (size_t i = 0; i < facts.head.headers.count; i++)
            assert(ol_header_is_valid(facts.head.headers.items[i].name,
                                      facts.head.headers.items[i].value));
        assert(facts.unstable || (facts.head.status >= 200 && facts.head.status <= 299));
        assert(facts.unstable || facts.head.content_length >= 0);
        assert(ol_memo_row_encode(&facts, again, &len) == OL_OK);
        assert(ol_slice_eq(row, ol_slice_of(again, len)));
        assert(ol_memo_row_merge(row, row) == OL_MEMO_MERGED_SAME);
    }
    ol_arena_destroy(arena);
}

/* The input is two rows, the first as long as its first byte says (times 16). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_slice input = ol_slice_of(data, size), stored;
    if (ol_memo_db_check(etag, input, &stored))
        read_row(stored);
    if (ol_memo_row_check(input))
        read_row(input);
    if (size < 1)
        return 0;
    ol_slice rest = ol_slice_from(input, 1);
    ol_slice first = ol_slice_first(rest, data[0] * 16u), second = ol_slice_from(rest, first.len);
    if (ol_memo_row_check(first) && ol_memo_row_check(second))
        (void)ol_memo_row_merge(first, second);
    return 0;
}
