/* SPDX-License-Identifier: MIT */
#include "front/control_api/control_page.h"

#include "s3/documents/xml.h"

static int decode_token(ol_control_call *call, ol_slice token, ol_slice *after, ol_error *err)
{
    ol_buf name;
    ol_buf_init(&name, OL_KIB);
    int rc = ol_s3_token_decode(&name, token);
    if (rc == OL_OK)
        *after = ol_arena_copy(call->op.request->arena, ol_buf_slice(&name));
    ol_buf_fini(&name);
    if (rc == OL_ENOMEM || (rc == OL_OK && !after->data))
        return ol_error_set(err, OL_ENOMEM, "s3control");
    return rc == OL_OK ? OL_OK
                       : ol_error_say(err, OL_EINVALIDREQUEST, "The nextToken is not valid.");
}

static int read_query(ol_control_call *call, size_t *max, ol_slice *after, ol_error *err)
{
    const ol_s3_address *address = &call->op.request->address;
    ol_slice limit = ol_s3_param_get(address, "maxResults"),
             token = ol_s3_param_get(address, "nextToken");
    uint64_t count = OL_LIST_KEYS_MAX;
    *after = OL_SLICE_NONE;
    if (limit.data && (!ol_slice_u64(limit, &count) || count > OL_LIST_KEYS_MAX))
        return ol_error_say(err, OL_EINVALIDREQUEST, "maxResults must be from 0 to %d.",
                            OL_LIST_KEYS_MAX);
    *max = count > 0 ? (size_t)count : OL_LIST_KEYS_MAX;
    return token.len > 0 ? decode_token(call, token, after, err) : OL_OK;
}

static int read_page(ol_control_call *call, ol_control_page *page, ol_error *err)
{
    int rc = read_query(call, &page->max, &page->after, err);
    if (rc != OL_OK)
        return rc;
    page->entries = ol_arena_calloc(call->op.request->arena, page->max * sizeof(*page->entries));
    return page->entries ? OL_OK : ol_error_set(err, OL_ENOMEM, "s3control");
}

void ol_control_page_reply(ol_control_call *call, ol_control_fill_fn fill,
                           ol_control_list_fn write)
{
    ol_control_page page = {0};
    ol_error err = {0};
    ol_buf xml, token;
    int rc = read_page(call, &page, &err);
    if (rc != OL_OK) {
        ol_operation_fail(&call->op, &err);
        return;
    }
    ol_buf_init(&token, OL_KIB);
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    if (fill(call, &page) && page.count > 0)
        rc = ol_s3_token_encode(&token, page.entries[page.count - 1].name);
    if (rc == OL_OK)
        rc = write(&xml, page.entries, page.count, ol_buf_slice(&token));
    ol_buf_fini(&token);
    ol_operation_reply_xml(&call->op, rc, NULL, &xml);
}
