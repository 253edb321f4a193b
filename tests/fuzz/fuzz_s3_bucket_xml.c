/* SPDX-License-Identifier: MIT */
/* Small configuration documents: public access blocks, ownership controls. Input: the document. */
#include <assert.h>

#include "s3/documents/ownership.h"
#include "s3/documents/public_access_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(4 << 20);
    ol_public_access_block block, block_again;
    enum ol_ownership ownership = OL_OWNERSHIP_NONE, ownership_again;
    ol_error err = {0};
    ol_buf xml;
    if (!arena)
        return 0;
    ol_buf_init(&xml, 4096);
    int rc = ol_public_access_block_parse(ol_slice_of(data, size), NULL, arena, &block, &err);
    assert(rc == err.code);
    if (rc == OL_OK) {
        assert(ol_public_access_block_write(&xml, &block, NULL) == OL_OK);
        assert(ol_public_access_block_parse(ol_buf_slice(&xml), NULL, arena, &block_again, &err) ==
               OL_OK);
        assert(memcmp(&block, &block_again, sizeof block) == 0);
    }
    ol_buf_clear(&xml);
    ol_error_clear(&err);
    rc = ol_ownership_parse(ol_slice_of(data, size), arena, &ownership, &err);
    assert(rc == err.code);
    if (rc == OL_OK) {
        assert(ol_ownership_write(&xml, ownership) == OL_OK);
        assert(ol_ownership_parse(ol_buf_slice(&xml), arena, &ownership_again, &err) == OL_OK);
        assert(ownership == ownership_again && ownership != OL_OWNERSHIP_NONE);
    }
    ol_buf_fini(&xml);
    ol_arena_destroy(arena);
    return 0;
}
