/* SPDX-License-Identifier: MIT */
/* Positions of listings: they come back as they were, and say nothing to anybody else. */
#include "lib/alloc_check.h"
#include "lib/check.h"

#include "base/encode.h"
#include "front/views/view_token.h"

#define DOOR OL_SLICE_LIT("arn:aws:s3-object-lambda:eu-west-1:111122223333:accesspoint/x")

static const ol_view_key key = {.bytes = {1, 2, 3}}, other_key = {.bytes = {1, 2, 4}};

static void every_length_comes_back(void **state)
{
    (void)state;
    uint8_t bytes[OL_VIEW_POSITION_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(i * 31);
    for (size_t len = 0; len <= OL_VIEW_POSITION_BYTES_MAX; len++) {
        ol_buf token, back;
        ol_buf_init(&token, OL_VIEW_TOKEN_BYTES_MAX);
        ol_buf_init(&back, OL_VIEW_POSITION_BYTES_MAX);
        assert_code(ol_view_token_seal(&key, DOOR, ol_slice_of(bytes, len), &token), OL_OK);
        assert_code(ol_view_token_open(&key, DOOR, ol_buf_slice(&token), &back), OL_OK);
        assert_slices(ol_buf_slice(&back), ol_slice_of(bytes, len));
        ol_buf_fini(&token);
        ol_buf_fini(&back);
    }
    ol_buf out;
    ol_buf_init(&out, OL_VIEW_TOKEN_BYTES_MAX);
    assert_code(ol_view_token_seal(&key, DOOR, ol_slice_of(bytes, sizeof(bytes)), &out), OL_ELIMIT);
    ol_buf_fini(&out);
}

static size_t token_len(const char *position, ol_buf *token)
{
    ol_buf_init(token, OL_VIEW_TOKEN_BYTES_MAX);
    assert_code(ol_view_token_seal(&key, DOOR, ol_slice_cstr(position), token), OL_OK);
    return token->len;
}

static void nothing_can_be_read_off(void **state)
{
    (void)state;
    ol_buf one, two, again;
    assert_int_equal(token_len("hidden", &one), token_len("hidden/salaries.csv", &two));
    assert_int_equal(token_len("hidden", &again), one.len);
    assert_memory_not_equal(one.data, again.data, one.len);
    uint8_t bytes[256];
    size_t len;
    assert_code(ol_base64_decode(ol_buf_slice(&two), bytes, sizeof(bytes), &len), OL_OK);
    assert_null(memmem(bytes, len, "hidden", 6));
    ol_buf_fini(&one);
    ol_buf_fini(&two);
    ol_buf_fini(&again);
}

static int open_with(const ol_view_key *with, ol_slice door, ol_slice token)
{
    ol_buf back;
    ol_buf_init(&back, OL_VIEW_POSITION_BYTES_MAX);
    int rc = ol_view_token_open(with, door, token, &back);
    assert_true(rc == OL_OK || back.len == 0);
    ol_buf_fini(&back);
    return rc;
}

static void others_and_changed_ones_are_refused(void **state)
{
    (void)state;
    ol_buf token;
    token_len("a/b", &token);
    ol_slice text = ol_buf_slice(&token);
    assert_code(open_with(&key, DOOR, text), OL_OK);
    assert_code(open_with(&other_key, DOOR, text), OL_EINVAL);
    assert_code(open_with(&key, OL_SLICE_LIT("arn:another"), text), OL_EINVAL);
    for (size_t len = 0; len < text.len; len++)
        assert_code(open_with(&key, DOOR, ol_slice_first(text, len)), OL_EINVAL);
    for (size_t i = 0; i < token.len; i++) {
        uint8_t was = token.data[i];
        token.data[i] = was == 'A' ? 'B' : 'A';
        assert_code(open_with(&key, DOOR, text), OL_EINVAL);
        token.data[i] = was;
    }
    assert_code(open_with(&key, DOOR, OL_SLICE_LIT("no/base64?")), OL_EINVAL);
    assert_code(open_with(&key, DOOR, OL_SLICE_NONE), OL_EINVAL);
    ol_buf_fini(&token);
}

static int seal_with_little_memory(void *arg)
{
    (void)arg;
    ol_buf token, back;
    ol_buf_init(&token, OL_VIEW_TOKEN_BYTES_MAX);
    ol_buf_init(&back, OL_VIEW_POSITION_BYTES_MAX);
    int rc = ol_view_token_seal(&key, DOOR, OL_SLICE_LIT("k"), &token);
    if (rc == OL_OK)
        rc = ol_view_token_open(&key, DOOR, ol_buf_slice(&token), &back);
    ol_buf_fini(&token);
    ol_buf_fini(&back);
    return rc;
}

static void memory_may_run_out(void **state)
{
    (void)state;
    assert_true(ol_test_fail_each(seal_with_little_memory, NULL) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_length_comes_back),
        cmocka_unit_test(nothing_can_be_read_off),
        cmocka_unit_test(others_and_changed_ones_are_refused),
        cmocka_unit_test(memory_may_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
