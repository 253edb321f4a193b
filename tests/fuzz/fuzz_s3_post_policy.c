/* SPDX-License-Identifier: MIT */
/* The policy of a POST form. Input: its JSON; and the same bytes as its base64. */
#include <assert.h>

#include "base/encode.h"
#include "s3/upload/post_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ol_post_form *make_form(ol_arena *arena)
{
    ol_post_form *form;
    ol_error err = {0};
    ol_slice piece,
        in = OL_SLICE_LIT("--X\r\nContent-Disposition: form-data; name=\"key\"\r\n\r\nfoo.txt\r\n"
                          "--X\r\nContent-Disposition: form-data; name=\"Content-Type\"\r\n\r\n"
                          "image/png,image/gif\r\n--X\r\nContent-Disposition: form-data; "
                          "name=\"file\"\r\n\r\n");
    assert(ol_post_form_new(&form, OL_SLICE_LIT("multipart/form-data; boundary=X"), arena, &err) ==
           OL_OK);
    assert(ol_post_form_next(form, &in, &piece, &err) == OL_POST_FILE);
    return form;
}

static void try(ol_slice base64, ol_arena *arena)
{
    ol_post_policy *policy;
    uint64_t min, max;
    ol_error err = {0};
    int rc = ol_post_policy_parse(base64, arena, &policy, &err);
    assert(rc == err.code && (rc == OL_OK) == (policy != NULL));
    if (rc != OL_OK)
        return;
    ol_post_policy_range(policy, &min, &max);
    rc = ol_post_policy_check(policy, make_form(arena), OL_SLICE_LIT("b"), 0, &err);
    assert(rc == err.code && (rc == OL_OK || rc == OL_EACCESS));
    ol_error_clear(&err);
    rc = ol_post_policy_check_size(policy, 100, &err);
    assert((rc == OL_OK) == (min <= 100 && max >= 100) || min > max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(4 << 20);
    ol_buf text;
    if (!arena || size > OL_POST_FIELDS_BYTES_MAX) {
        ol_arena_destroy(arena);
        return 0;
    }
    ol_buf_init(&text, 2 * OL_POST_FIELDS_BYTES_MAX);
    assert(ol_base64_encode(&text, ol_slice_of(data, size)) == OL_OK);
    try(ol_buf_slice(&text), arena);
    try(ol_slice_of(data, size), arena);
    ol_buf_fini(&text);
    ol_arena_destroy(arena);
    return 0;
}
