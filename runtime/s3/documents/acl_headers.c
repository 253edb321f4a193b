/* SPDX-License-Identifier: MIT */
/* x-amz-acl and x-amz-grant-*: the value of a grant is `type=grantee, …`, quoted or not. */
#include "s3/documents/acl_private.h"

static const struct {
    const char *header;
    unsigned permission;
} grant_headers[] = {{"x-amz-grant-read", OL_ACL_READ},
                     {"x-amz-grant-write", OL_ACL_WRITE},
                     {"x-amz-grant-read-acp", OL_ACL_READ_ACP},
                     {"x-amz-grant-write-acp", OL_ACL_WRITE_ACP},
                     {"x-amz-grant-full-control", OL_ACL_FULL_CONTROL}};
#define GRANT_HEADERS (sizeof grant_headers / sizeof grant_headers[0])

static int malformed(ol_error *err)
{
    return ol_error_say(err, OL_EINVAL, "Argument format not recognized");
}

static int add_grantee(ol_acl *acl, const ol_acl_context *context, ol_slice type, ol_slice value,
                       unsigned permission, ol_error *err)
{
    if (ol_slice_ieq(type, OL_SLICE_LIT("id")))
        return ol_acl_add_id(acl, context, value, permission, err);
    if (ol_slice_ieq(type, OL_SLICE_LIT("uri")))
        return ol_acl_add_uri(acl, value, permission, err);
    if (ol_slice_ieq(type, OL_SLICE_LIT("emailAddress")))
        return ol_acl_add_email(acl, context, value, permission, err);
    return malformed(err);
}

static bool unquote(ol_slice *value)
{
    if (value->len == 0 || value->data[0] != '"')
        return ol_slice_find(*value, '"') < 0;
    if (value->len < 2 || value->data[value->len - 1] != '"')
        return false;
    *value = ol_slice_of(value->data + 1, value->len - 2);
    return ol_slice_find(*value, '"') < 0;
}

static int add_item(ol_acl *acl, const ol_acl_context *context, ol_slice item, unsigned permission,
                    ol_error *err)
{
    ptrdiff_t equals = ol_slice_find(item, '=');
    if (equals < 0)
        return malformed(err);
    ol_slice value = ol_slice_trim(ol_slice_from(item, (size_t)equals + 1));
    if (!unquote(&value))
        return malformed(err);
    return add_grantee(acl, context, ol_slice_trim(ol_slice_first(item, (size_t)equals)), value,
                       permission, err);
}

static int add_header(ol_acl *acl, const ol_acl_context *context, ol_slice list,
                      unsigned permission, ol_error *err)
{
    int rc = OL_OK;
    while (rc == OL_OK && list.len > 0) {
        ptrdiff_t comma = ol_slice_find(list, ',');
        ol_slice item = comma < 0 ? list : ol_slice_first(list, (size_t)comma);
        list = ol_slice_from(list, item.len + 1);
        rc = add_item(acl, context, ol_slice_trim(item), permission, err);
    }
    return rc;
}

static bool has_grants(const ol_headers *headers)
{
    for (size_t i = 0; i < GRANT_HEADERS; i++)
        if (ol_headers_count_of(headers, grant_headers[i].header) > 0)
            return true;
    return false;
}

bool ol_acl_in_headers(const ol_headers *headers)
{
    return ol_headers_count_of(headers, "x-amz-acl") > 0 || has_grants(headers);
}

static int read_grants(const ol_headers *headers, const ol_acl_context *context, ol_acl *out,
                       ol_error *err)
{
    int rc = ol_acl_begin(out, context->owner_id, context->arena, err);
    for (size_t i = 0; rc == OL_OK && i < GRANT_HEADERS; i++)
        for (size_t j = 0; rc == OL_OK && j < headers->count; j++)
            if (ol_header_name_is(&headers->items[j], grant_headers[i].header))
                rc = add_header(out, context, headers->items[j].value, grant_headers[i].permission,
                                err);
    return rc;
}

int ol_acl_from_headers(const ol_headers *headers, const ol_acl_context *context, bool *asked,
                        ol_acl *out, ol_error *err)
{
    size_t canned = ol_headers_count_of(headers, "x-amz-acl");
    bool grants = has_grants(headers);
    *asked = canned > 0 || grants;
    if (canned > 1)
        return ol_error_say(err, OL_EINVAL, "x-amz-acl is there more than once.");
    if (canned > 0 && grants)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Specifying both Canned ACLs and Header Grants is not allowed");
    if (grants)
        return read_grants(headers, context, out, err);
    int rc = ol_acl_canned(canned > 0 ? ol_headers_get(headers, "x-amz-acl")
                                      : OL_SLICE_LIT("private"),
                           context, out, err);
    return rc;
}
