/* SPDX-License-Identifier: MIT */
/* Rows: there and back, what they refuse, and what two of them make of each other. */
#include "memo_kit.h"

#include "base/limits.h"
#include "view/memo_row.h"

typedef struct row {
    uint8_t bytes[OL_MEMO_ROW_BYTES_MAX];
    size_t len;
} row;

static ol_slice slice_of(const row *r)
{
    return ol_slice_of(r->bytes, r->len);
}

static row encoded(const ol_view_facts *facts)
{
    row r;
    assert_code(ol_memo_row_encode(facts, r.bytes, &r.len), OL_OK);
    assert_true(ol_memo_row_check(slice_of(&r)));
    return r;
}

static void goes_there_and_back(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 16);
    for (unsigned number = 0; number < 100; number++) {
        ol_view_facts facts = memo_facts(arena, number), back;
        row r = encoded(&facts);
        assert_code(ol_memo_row_decode(slice_of(&r), arena, &back), OL_OK);
        memset(&r, 0xee, sizeof(r)); /* the arena has a copy */
        memo_assert_facts(&back, number);
        ol_arena_reset(arena);
    }
    ol_arena_destroy(arena);
}

static void refuses_what_it_cannot_hold(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 20);
    row r;
    ol_view_facts facts = memo_facts(arena, 1);
    facts.head.content_length = -1;
    assert_code(ol_memo_row_encode(&facts, r.bytes, &r.len), OL_SKIP);
    facts.head.content_length = 5;
    facts.head.status = 404;
    assert_code(ol_memo_row_encode(&facts, r.bytes, &r.len), OL_SKIP);
    facts.head.status = 200;
    for (size_t i = facts.head.headers.count; i < OL_HTTP_HEADERS_MAX; i++)
        assert_code(ol_headers_add(&facts.head.headers, OL_SLICE_LIT("a"), OL_SLICE_LIT("b")),
                    OL_OK);
    encoded(&facts);
    ol_headers_borrow(&facts.head.headers, OL_SLICE_LIT("a"), OL_SLICE_LIT("b"));
    assert_code(ol_memo_row_encode(&facts, r.bytes, &r.len), OL_SKIP);
    ol_arena_destroy(arena);
}

/* A value of any length: what fits to the last byte is taken, one more is not. */
static void bounds_the_size(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 20);
    static char value[70000];
    memset(value, 'x', sizeof(value));
    size_t most = OL_MEMO_ROW_BYTES_MAX - OL_MEMO_ROW_BYTES_MIN - 4;
    for (size_t len = most - 2; len < sizeof(value); len += len < most + 2 ? 1 : 9999) {
        ol_view_facts facts = {.head = {.status = 200}};
        row r;
        ol_headers_init(&facts.head.headers, arena);
        ol_headers_borrow(&facts.head.headers, OL_SLICE_LIT("n"), ol_slice_of(value, len));
        assert_code(ol_memo_row_encode(&facts, r.bytes, &r.len), len <= most ? OL_OK : OL_SKIP);
        ol_arena_reset(arena);
    }
    ol_view_facts facts = {.head = {.status = 200}};
    row r;
    ol_headers_init(&facts.head.headers, arena);
    ol_headers_borrow(&facts.head.headers, ol_slice_of(value, 256), OL_SLICE_NONE);
    assert_code(ol_memo_row_encode(&facts, r.bytes, &r.len), OL_SKIP);
    ol_arena_destroy(arena);
}

static void checks_foreign_bytes(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 16);
    ol_view_facts facts = memo_facts(arena, 3);
    row good = encoded(&facts);
    for (size_t len = 0; len < good.len; len++)
        assert_false(ol_memo_row_check(ol_slice_first(slice_of(&good), len)));
    row longer = good;
    longer.bytes[longer.len++] = 0;
    assert_false(ol_memo_row_check(slice_of(&longer)));
    static const struct {
        size_t at;
        uint8_t value;
    } wrong[] = {{0, 2}, {1, 2}, {1, 3}, {1, 4}, {2, 1}, {3, 9}, {11, 0x80}, {24, 1}, {24, 129},
                 {25, 255}, {26, 255}, {28, ':'}, {28, '\n'}, {28, 0}};
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        row bad = good;
        bad.bytes[wrong[i].at] = wrong[i].value;
        assert_false(ol_memo_row_check(slice_of(&bad)));
    }
    facts.has_checksums = false;
    row without = encoded(&facts);
    without.bytes[12] = 1;
    assert_false(ol_memo_row_check(slice_of(&without)));
    ol_arena_destroy(arena);
}

static void says_unstable(void **state)
{
    (void)state;
    row r = {.len = OL_MEMO_ROW_BYTES_MIN};
    ol_view_facts facts = {.unstable = true}, back = {0};
    ol_memo_row_unstable(r.bytes);
    assert_true(ol_memo_row_check(slice_of(&r)));
    assert_true(ol_memo_row_is_unstable(slice_of(&r)));
    row other = encoded(&facts);
    assert_slices(slice_of(&other), slice_of(&r));
    ol_arena *arena = ol_arena_new(1 << 16);
    assert_code(ol_memo_row_decode(slice_of(&r), arena, &back), OL_OK);
    assert_true(back.unstable);
    r.bytes[5] = 1;
    assert_false(ol_memo_row_check(slice_of(&r)));
    ol_arena_destroy(arena);
}

static enum ol_memo_merged merge(const ol_view_facts *old_facts, const ol_view_facts *new_facts)
{
    row a = encoded(old_facts), b = encoded(new_facts);
    return ol_memo_row_merge(slice_of(&a), slice_of(&b));
}

static void compares(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 16);
    ol_view_facts full = memo_facts(arena, 1), less = full, unstable = {.unstable = true};
    less.has_checksums = false;
    assert_int_equal(merge(&full, &full), OL_MEMO_MERGED_SAME);
    assert_int_equal(merge(&full, &less), OL_MEMO_MERGED_SAME);
    assert_int_equal(merge(&less, &full), OL_MEMO_MERGED_MORE);
    assert_int_equal(merge(&less, &less), OL_MEMO_MERGED_SAME);
    assert_int_equal(merge(&full, &unstable), OL_MEMO_MERGED_OTHER);
    assert_int_equal(merge(&unstable, &full), OL_MEMO_MERGED_SAME);
    assert_int_equal(merge(&unstable, &unstable), OL_MEMO_MERGED_SAME);
    ol_view_facts others[5];
    for (int i = 0; i < 5; i++)
        others[i] = memo_facts(arena, 1);
    others[0].head.content_length++;
    others[1].crc64nvme ^= 1;
    others[2].crc32 ^= 1;
    others[3].head.status = 203;
    ol_headers_set(&others[4].head.headers, OL_SLICE_LIT("content-type"), OL_SLICE_LIT("a/b"));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(merge(&full, &others[i]), OL_MEMO_MERGED_OTHER);
        bool crc_only = i == 1 || i == 2;
        assert_int_equal(merge(&less, &others[i]),
                         crc_only ? OL_MEMO_MERGED_MORE : OL_MEMO_MERGED_OTHER);
    }
    ol_arena_destroy(arena);
}

static int decode_without_memory(void *arg)
{
    ol_arena *arena = ol_arena_new(1 << 16);
    ol_view_facts back;
    int rc = arena ? ol_memo_row_decode(*(ol_slice *)arg, arena, &back) : OL_ENOMEM;
    ol_arena_destroy(arena);
    return rc;
}

static void survives_a_lack_of_memory(void **state)
{
    (void)state;
    ol_arena *arena = ol_arena_new(1 << 16);
    ol_view_facts facts = memo_facts(arena, 1);
    row r = encoded(&facts);
    ol_slice bytes = slice_of(&r);
    assert_true(ol_test_fail_each(decode_without_memory, &bytes) > 0);
    ol_arena_destroy(arena);
    ol_view_facts back;
    ol_arena *small = ol_arena_new(64); /* a request that has used up its own */
    assert_code(ol_memo_row_decode(bytes, small, &back), OL_ENOMEM);
    ol_arena_destroy(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_there_and_back),   cmocka_unit_test(refuses_what_it_cannot_hold),
        cmocka_unit_test(bounds_the_size),       cmocka_unit_test(checks_foreign_bytes),
        cmocka_unit_test(says_unstable),         cmocka_unit_test(compares),
        cmocka_unit_test(survives_a_lack_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
