/* SPDX-License-Identifier: MIT */
/* The body of CompleteMultipartUpload. Input: the document. */
#include <assert.h>

#include "s3/documents/xml_multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(OL_XML_COMPLETE_ARENA_BYTES);
    ol_s3_complete asked;
    ol_error err = {0};
    if (!arena)
        return 0;
    int rc = ol_s3_xml_parse_complete(ol_slice_of(data, size), arena, &asked, &err);
    assert(rc == err.code && rc != OL_ENOMEM);
    if (rc == OL_OK) {
        assert(asked.count >= 1 && asked.count <= OL_PARTS_MAX);
        for (size_t i = 0; i < asked.count; i++) {
            const ol_part *part = &asked.parts[i];
            assert(part->number >= 1 && part->number <= OL_PARTS_MAX);
            assert(part->etag.len >= 1 && part->etag.len < OL_ETAG_SIZE);
            assert(strnlen(part->checksum.text, sizeof part->checksum.text) <
                   sizeof part->checksum.text);
        }
    }
    ol_arena_destroy(arena);
    return 0;
}
