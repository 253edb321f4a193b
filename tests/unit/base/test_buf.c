/* SPDX-License-Identifier: MIT */
/* The bounded buffer. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/alloc.h"
#include "base/buf.h"

static void grows_to_its_maximum_and_no_further(void **state)
{
    (void)state;
    ol_buf buf;
    ol_buf_init(&buf, 1000);
    assert_string_equal(ol_buf_cstr(&buf), "");
    assert_null(buf.data);
    for (int i = 0; i < 1000; i++)
        assert_code(ol_buf_add_byte(&buf, (uint8_t)('a' + i % 26)), OL_OK);
    assert_code(ol_buf_add_byte(&buf, 'x'), OL_ELIMIT);
    assert_int_equal(buf.len, 1000);
    assert_int_equal(strlen(ol_buf_cstr(&buf)), 1000);
    assert_true(buf.cap <= 1001);
    ol_buf_fini(&buf);
    assert_code(ol_buf_add_cstr(&buf, "again"), OL_OK);
    ol_buf_fini(&buf);
}

static void a_failed_append_leaves_the_content(void **state)
{
    (void)state;
    ol_buf buf;
    ol_buf_init(&buf, 10);
    assert_code(ol_buf_add_cstr(&buf, "0123456"), OL_OK);
    assert_code(ol_buf_add_cstr(&buf, "789a"), OL_ELIMIT);
    assert_code(ol_buf_addf(&buf, "%d", 1234), OL_ELIMIT);
    assert_code(ol_buf_reserve(&buf, SIZE_MAX), OL_ELIMIT);
    assert_slice(ol_buf_slice(&buf), "0123456");
    assert_code(ol_buf_addf(&buf, "%s", "789"), OL_OK);
    assert_slice(ol_buf_slice(&buf), "0123456789");
    assert_string_equal(ol_buf_cstr(&buf), "0123456789");
    ol_buf_fini(&buf);
}

static void no_maximum_overflows(void **state)
{
    (void)state;
    ol_buf buf;
    ol_buf_init(&buf, SIZE_MAX);
    assert_code(ol_buf_add_cstr(&buf, "x"), OL_OK);
    assert_code(ol_buf_reserve(&buf, SIZE_MAX), OL_ELIMIT);
    assert_slice(ol_buf_slice(&buf), "x");
    ol_buf_fini(&buf);
}

static void numbers_and_formats(void **state)
{
    (void)state;
    ol_buf buf;
    ol_buf_init(&buf, 4096);
    assert_code(ol_buf_add_u64(&buf, 0), OL_OK);
    assert_code(ol_buf_add_byte(&buf, ' '), OL_OK);
    assert_code(ol_buf_add_u64(&buf, UINT64_MAX), OL_OK);
    assert_code(ol_buf_addf(&buf, " %s=%d", "n", -5), OL_OK);
    assert_slice(ol_buf_slice(&buf), "0 18446744073709551615 n=-5");
    ol_buf_clear(&buf);
    assert_code(ol_buf_addf(&buf, "%300d", 1), OL_OK);
    assert_int_equal(buf.len, 300);
    ol_buf_fini(&buf);
}

static void consuming(void **state)
{
    (void)state;
    ol_buf buf;
    ol_buf_init(&buf, 100);
    ol_buf_consume(&buf, 5);
    ol_buf_add_cstr(&buf, "abcdef");
    ol_buf_consume(&buf, 2);
    assert_slice(ol_buf_slice(&buf), "cdef");
    ol_buf_consume(&buf, 99);
    assert_int_equal(buf.len, 0);
    ol_buf_fini(&buf);
}

static void secrets_are_overwritten_when_cleared(void **state)
{
    (void)state;
    ol_buf buf;
    ol_buf_init_secret(&buf, 1000);
    ol_buf_add_cstr(&buf, "the secret");
    ol_buf_consume(&buf, 4);
    assert_slice(ol_buf_slice(&buf), "secret");
    assert_int_equal(buf.data[6], 0);
    ol_buf_clear(&buf);
    for (size_t i = 0; i < 10; i++)
        assert_int_equal(buf.data[i], 0);
    for (int i = 0; i < 500; i++)
        assert_code(ol_buf_add_byte(&buf, 'k'), OL_OK);
    for (int i = 0; i < 500; i++)
        assert_int_equal(buf.data[i], 'k');
    ol_buf_fini(&buf);
    ol_buf plain;
    ol_buf_init(&plain, 10);
    ol_buf_add_cstr(&plain, "secret");
    ol_buf_fini_secret(&plain);
    assert_null(plain.data);
}

static int fill(void *secret)
{
    ol_buf buf;
    if (secret)
        ol_buf_init_secret(&buf, 5000);
    else
        ol_buf_init(&buf, 5000);
    int rc = OL_OK;
    size_t added = 0;
    while (rc == OL_OK && added < 5000) {
        rc = ol_buf_addf(&buf, "%c", 'a' + (int)(added % 26));
        added += rc == OL_OK;
    }
    assert_int_equal(buf.len, added);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], 'a' + i % 26);
    ol_buf_fini(&buf);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_in_range(ol_test_fail_each(fill, NULL), 4, 20);
    assert_in_range(ol_test_fail_each(fill, ""), 4, 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_to_its_maximum_and_no_further),
        cmocka_unit_test(a_failed_append_leaves_the_content),
        cmocka_unit_test(no_maximum_overflows),
        cmocka_unit_test(numbers_and_formats),
        cmocka_unit_test(consuming),
        cmocka_unit_test(secrets_are_overwritten_when_cleared),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
