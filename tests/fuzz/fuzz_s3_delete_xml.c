/* SPDX-License-Identifier: MIT */
/* The bodies of DeleteObjects and CreateBucket. Input: the document. */
#include <assert.h>

#include "base/limits.h"
#include "s3/documents/xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    ol_s3_delete_request request;
    ol_slice location;
    ol_error err = {0};
    if (!arena)
        return 0;
    int rc = ol_s3_xml_parse_delete(ol_slice_of(data, size), arena, &request, &err);
    assert(rc == err.code);
    if (rc == OL_OK) {
        assert(request.count >= 1 && request.count <= OL_LIST_KEYS_MAX);
        for (size_t i = 0; i < request.count; i++) {
            assert(request.objects[i].key.len >= 1 && request.objects[i].key.len <= OL_KEY_BYTES_MAX);
            assert(ol_slice_is_utf8(request.objects[i].key));
            assert(ol_slice_find(request.objects[i].key, 0) < 0);
        }
    }
    ol_error_clear(&err);
    rc = ol_s3_xml_parse_create_bucket(ol_slice_of(data, size), arena, &location, &err);
    assert(rc == err.code);
    ol_arena_destroy(arena);
    return 0;
}
