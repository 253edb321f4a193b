/* SPDX-License-Identifier: MIT */
#include "base/limits.h"
#include "http/headers.h"
#include "lib/alloc_check.h"
#include "lib/check.h"

static int set_up(void **state)
{
    *state = ol_arena_new(1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    ol_arena_destroy(*state);
    return 0;
}

static int add(ol_headers *h, const char *name, const char *value)
{
    return ol_headers_add(h, ol_slice_cstr(name), ol_slice_cstr(value));
}

static void finds_without_case_and_in_order(void **state)
{
    ol_headers h;
    ol_headers_init(&h, *state);
    assert_null(ol_headers_find(&h, OL_SLICE_LIT("a")));
    assert_code(add(&h, "Accept", "one"), OL_OK);
    assert_code(add(&h, "ETag", ""), OL_OK);
    assert_code(add(&h, "accept", "  two\t"), OL_OK);
    assert_slice(ol_headers_get(&h, "ACCEPT"), "one");
    assert_int_equal(ol_headers_count_of(&h, "Accept"), 2);
    assert_slice(h.items[2].value, "two");
    assert_true(ol_header_name_is(&h.items[1], "etag"));
    assert_non_null(ol_headers_get(&h, "etag").data);
    assert_null(ol_headers_get(&h, "none").data);
    assert_slice(h.items[2].name, "accept");
}

static void copies_what_it_is_given(void **state)
{
    ol_headers h;
    ol_headers_init(&h, *state);
    char name[] = "Name", value[] = "value";
    assert_code(add(&h, name, value), OL_OK);
    memset(name, 'x', 4);
    memset(value, 'x', 5);
    assert_slice(h.items[0].name, "Name");
    assert_slice(h.items[0].value, "value");
}

static void refuses_what_could_split_a_message(void **state)
{
    ol_headers h;
    ol_headers_init(&h, *state);
    static const char *const names[] = {"", "a b", "a:", "a\r", "a\n", " a", "\xc3\xa9", "a\x7f"};
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_code(add(&h, names[i], "v"), OL_EINVAL);
    static const char *const values[] = {"a\rb", "a\nb", "a\r\nB: c", "\x01", "a\x7f", "\x1b[0m"};
    for (unsigned i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        assert_code(add(&h, "n", values[i]), OL_EINVAL);
        assert_code(ol_headers_set(&h, OL_SLICE_LIT("n"), ol_slice_cstr(values[i])), OL_EINVAL);
    }
    assert_code(ol_headers_add(&h, OL_SLICE_LIT("n"), OL_SLICE_LIT("a\0b")), OL_EINVAL);
    assert_int_equal(h.count, 0);
    assert_code(add(&h, "n", "tab\t and \xc3\xa9"), OL_OK);
}

static bool may_stand_in_a_value(uint8_t byte)
{
    return byte == '\t' || (byte >= ' ' && byte != 0x7f);
}

static void looks_at_every_place_of_a_value(void **state)
{
    (void)state;
    uint8_t value[19];
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < sizeof(value); at++) {
            memset(value, 'v', sizeof(value));
            value[at] = (uint8_t)byte;
            bool valid = ol_header_is_valid(OL_SLICE_LIT("n"), ol_slice_of(value, sizeof(value)));
            if (valid != may_stand_in_a_value((uint8_t)byte))
                fail_msg("byte %02x at %zu", byte, at);
        }
    }
}

static void sets_and_removes(void **state)
{
    ol_headers h;
    ol_headers_init(&h, *state);
    add(&h, "A", "1");
    add(&h, "B", "2");
    add(&h, "a", "3");
    add(&h, "C", "4");
    assert_code(ol_headers_set(&h, OL_SLICE_LIT("a"), OL_SLICE_LIT("5")), OL_OK);
    assert_int_equal(h.count, 3);
    assert_slice(h.items[0].value, "5");
    assert_slice(h.items[2].value, "4");
    assert_code(ol_headers_set(&h, OL_SLICE_LIT("D"), OL_SLICE_LIT("6")), OL_OK);
    assert_slice(ol_headers_get(&h, "d"), "6");
    assert_code(ol_headers_set(&h, OL_SLICE_LIT("a"), OL_SLICE_LIT("\n")), OL_EINVAL);
    assert_slice(ol_headers_get(&h, "a"), "5");
    ol_headers_remove(&h, "b");
    assert_int_equal(h.count, 3);
    assert_null(ol_headers_find(&h, OL_SLICE_LIT("B")));
    ol_headers_remove(&h, "none");
    assert_int_equal(h.count, 3);
}

static void joins_by_reference_and_within_the_bound(void **state)
{
    ol_headers h, more;
    ol_headers_init(&h, *state);
    ol_headers_init(&more, *state);
    assert_code(ol_headers_join(&h, &more), OL_OK);
    assert_int_equal(h.count, 0);
    for (unsigned i = 0; i < 40; i++)
        assert_code(add(&more, "more", "m"), OL_OK);
    assert_code(add(&h, "first", "f"), OL_OK);
    assert_code(ol_headers_join(&h, &more), OL_OK);
    assert_int_equal(h.count, 41);
    assert_slice(h.items[0].name, "first");
    assert_ptr_equal(h.items[40].value.data, more.items[39].value.data);
    while (h.count + more.count <= OL_HTTP_HEADERS_MAX)
        assert_code(add(&h, "x", "v"), OL_OK);
    size_t count = h.count;
    assert_code(ol_headers_join(&h, &more), OL_ELIMIT);
    assert_int_equal(h.count, count);
}

static void bounds_their_number(void **state)
{
    ol_headers h;
    ol_headers_init(&h, *state);
    for (unsigned i = 0; i < OL_HTTP_HEADERS_MAX; i++)
        assert_code(add(&h, i ? "x" : "first", "v"), OL_OK);
    assert_code(add(&h, "x", "v"), OL_ELIMIT);
    assert_code(ol_headers_set(&h, OL_SLICE_LIT("new"), OL_SLICE_LIT("v")), OL_ELIMIT);
    assert_code(ol_headers_set(&h, OL_SLICE_LIT("first"), OL_SLICE_LIT("w")), OL_OK);
    assert_slice(h.items[0].value, "w");
    assert_int_equal(h.count, OL_HTTP_HEADERS_MAX);
}

static void reports_that_the_arena_is_full(void **state)
{
    (void)state;
    ol_arena *small = ol_arena_new(1024);
    ol_headers h;
    ol_headers_init(&h, small);
    int rc = OL_OK;
    for (unsigned i = 0; i < 200 && rc == OL_OK; i++)
        rc = add(&h, "name", "a value of some length");
    assert_code(rc, OL_ENOMEM);
    ol_arena_destroy(small);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(finds_without_case_and_in_order), T(copies_what_it_is_given),
        T(refuses_what_could_split_a_message), T(looks_at_every_place_of_a_value),
        T(sets_and_removes), T(joins_by_reference_and_within_the_bound),
        T(bounds_their_number), T(reports_that_the_arena_is_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
