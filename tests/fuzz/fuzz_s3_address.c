/* SPDX-License-Identifier: MIT */
/*
 * Addressing. Input: a method's first letter, then a request target. What is accepted must keep
 * the promises of s3/address.h, and reading must not depend on what is read next to it.
 */
#include <assert.h>

#include "base/limits.h"
#include "s3/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ol_http_method method_of(uint8_t letter)
{
    return (enum ol_http_method)(letter % (OL_HTTP_OTHER + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > OL_HTTP_URL_BYTES_MAX)
        return 0;
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    ol_slice target = ol_slice_of(data + 1, size - 1);
    ptrdiff_t mark = ol_slice_find(target, '?');
    ol_http_request req = {.method = method_of(data[0]), .target = target, .path = target};
    ol_s3_address address;
    ol_error err = {0};
    if (!arena)
        return 0;
    if (mark >= 0) {
        req.path = ol_slice_first(target, (size_t)mark);
        req.query = ol_slice_of(target.data + mark + 1, target.len - (size_t)mark - 1);
    }
    int rc = ol_s3_address_parse(&req, arena, &address, &err);
    assert(rc == err.code);
    if (rc == OL_OK) {
        assert(address.operation != OL_S3_UNKNOWN);
        assert(address.bucket.len <= OL_BUCKET_NAME_MAX);
        assert(ol_slice_find(address.bucket, '/') < 0);
        assert(address.key.len <= OL_KEY_BYTES_MAX);
        assert(address.key.len == 0 || address.bucket.len > 0);
        assert(ol_slice_find(address.key, 0) < 0);
        assert(ol_slice_is_utf8(address.key));
        for (size_t i = 0; i < address.param_count; i++)
            assert(address.params[i].name.len <= size && address.params[i].value.len <= size);
        assert(!ol_s3_param_has(&address, "uploadId"));
    }
    ol_s3_bucket_name_ok(target);
    ol_arena_destroy(arena);
    return 0;
}
