/* SPDX-License-Identifier: MIT */
/*
 * Range, If-Range and the conditions. Input: eight bytes of total length, then header lines
 * `name:value`. A range that is served lies within the body.
 */
#include <assert.h>

#include "base/limits.h"
#include "s3/request/conditions.h"
#include "s3/request/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_headers(ol_headers *headers, ol_slice rest)
{
    while (rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        ol_slice line = end < 0 ? rest : ol_slice_first(rest, (size_t)end);
        ptrdiff_t colon = ol_slice_find(line, ':');
        rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(rest, (size_t)end + 1);
        if (colon > 0)
            ol_headers_add(headers, ol_slice_first(line, (size_t)colon),
                           ol_slice_from(line, (size_t)colon + 1));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t total;
    if (size < sizeof total || size > OL_HTTP_HEAD_BYTES_MAX)
        return 0;
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    ol_headers headers;
    ol_byte_range range;
    ol_error err = {0};
    ol_s3_write_conditions write;
    ol_s3_remove_conditions removal;
    if (!arena)
        return 0;
    memcpy(&total, data, sizeof total);
    ol_headers_init(&headers, arena);
    read_headers(&headers, ol_slice_of(data + sizeof total, size - sizeof total));
    int rc = ol_s3_range_of(&headers, OL_SLICE_LIT("e"), 1700000000123, total, &range, &err);
    assert(rc == OL_OK || rc == OL_SKIP || rc == OL_ERANGE);
    if (rc == OL_OK) {
        char text[OL_CONTENT_RANGE_SIZE];
        assert(range.length > 0 && range.start < total && range.length <= total - range.start);
        ol_s3_content_range(&range, total, text);
    }
    if (rc == OL_SKIP)
        assert(range.start == 0 && range.length == total);
    ol_error_clear(&err);
    rc = ol_s3_conditions_read(&headers, OL_SLICE_LIT("e"), 1700000000123, &err);
    assert(rc == OL_OK || rc == OL_ENOTMODIFIED || rc == OL_EPRECONDITION);
    ol_error_clear(&err);
    rc = ol_s3_conditions_copy(&headers, OL_SLICE_LIT("e"), 1700000000123, &err);
    assert(rc == OL_OK || rc == OL_EPRECONDITION);
    ol_error_clear(&err);
    rc = ol_s3_conditions_write(&headers, &write, &err);
    assert(rc == OL_OK || rc == OL_ENOTIMPLEMENTED);
    ol_error_clear(&err);
    rc = ol_s3_conditions_remove(&headers, &removal, &err);
    assert(rc == OL_OK || rc == OL_ENOTIMPLEMENTED || rc == OL_EINVAL);
    ol_arena_destroy(arena);
    return 0;
}
