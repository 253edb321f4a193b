/* SPDX-License-Identifier: MIT */
/* Access control lists: the document, a grant header, the kept text. Input: any of them. What is
 * taken can be kept and comes back. */
#include <assert.h>

#include "access/acl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const ol_acl *acl, ol_arena *arena)
{
    ol_acl back;
    ol_slice text;
    ol_error err = {0};
    ol_buf xml;
    assert(acl->count <= OL_ACL_GRANTS_MAX);
    int rc = ol_acl_text(acl, arena, &text, &err);
    if (rc != OL_OK)
        return; /* an owner's id that is too long to be kept */
    if (acl->owner_id.len > 0) {
        assert(ol_acl_read_text(text, OL_SLICE_NONE, arena, &back, &err) == OL_OK);
        assert(back.count == acl->count && ol_slice_eq(back.owner_id, acl->owner_id));
        assert(ol_acl_is_public(acl) == ol_acl_is_public(&back));
    }
    ol_buf_init(&xml, 4 << 20);
    assert(ol_acl_write_xml(&xml, acl, NULL) == OL_OK);
    ol_buf_fini(&xml);
    ol_acl_allows(acl, OL_SLICE_LIT("a"), OL_ACL_READ, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ol_arena *arena = ol_arena_new(8 << 20);
    ol_slice input = ol_slice_of(data, size);
    const ol_acl_context context = {.arena = arena};
    ol_headers headers;
    ol_acl acl;
    bool asked;
    ol_error err = {0};
    if (!arena)
        return 0;
    int rc = ol_acl_parse_xml(input, &context, &acl, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        check(&acl, arena);
    ol_headers_init(&headers, arena);
    ol_headers_borrow(&headers, OL_SLICE_LIT("x-amz-grant-read"), input);
    ol_error_clear(&err);
    rc = ol_acl_from_headers(&headers, &context, &asked, &acl, &err);
    assert(rc == err.code && asked);
    if (rc == OL_OK)
        check(&acl, arena);
    ol_error_clear(&err);
    rc = ol_acl_read_text(input, OL_SLICE_LIT("o"), arena, &acl, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        check(&acl, arena);
    ol_arena_destroy(arena);
    return 0;
}
