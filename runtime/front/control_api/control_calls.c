/* SPDX-License-Identifier: MIT */
/* Which call does what, and which permission it needs. */
#include "front/control_api/control_call.h"
#include "s3/request/params.h"

static const ol_control_row rows[] = {
#define ROW(thing, part, method, action, run)                                                      \
    {OL_CONTROL_##thing, part, OL_HTTP_##method, action, ol_control_##run}
    ROW(ACCESS_POINTS, "", GET, "ListAccessPoints", list_access_points),
    ROW(ACCESS_POINT, "", PUT, "CreateAccessPoint", create_access_point),
    ROW(ACCESS_POINT, "", GET, "GetAccessPoint", get_access_point),
    ROW(ACCESS_POINT, "", DELETE, "DeleteAccessPoint", delete_access_point),
    ROW(ACCESS_POINT, "policy", PUT, "PutAccessPointPolicy", put_policy),
    ROW(ACCESS_POINT, "policy", GET, "GetAccessPointPolicy", get_policy),
    ROW(ACCESS_POINT, "policy", DELETE, "DeleteAccessPointPolicy", delete_policy),
    ROW(ACCESS_POINT, "policyStatus", GET, "GetAccessPointPolicyStatus", get_policy_status),
    ROW(ACCESS_POINT, "scope", GET, "GetAccessPointScope", get_scope),
    ROW(OLAPS, "", GET, "ListAccessPointsForObjectLambda", list_olaps),
    ROW(OLAP, "", PUT, "CreateAccessPointForObjectLambda", create_olap),
    ROW(OLAP, "", GET, "GetAccessPointForObjectLambda", get_olap),
    ROW(OLAP, "", DELETE, "DeleteAccessPointForObjectLambda", delete_olap),
    ROW(OLAP, "configuration", PUT, "PutAccessPointConfigurationForObjectLambda",
        put_olap_configuration),
    ROW(OLAP, "configuration", GET, "GetAccessPointConfigurationForObjectLambda",
        get_olap_configuration),
    ROW(OLAP, "policy", PUT, "PutAccessPointPolicyForObjectLambda", put_policy),
    ROW(OLAP, "policy", GET, "GetAccessPointPolicyForObjectLambda", get_policy),
    ROW(OLAP, "policy", DELETE, "DeleteAccessPointPolicyForObjectLambda", delete_policy),
    ROW(OLAP, "policyStatus", GET, "GetAccessPointPolicyStatusForObjectLambda",
        get_policy_status),
    ROW(ACCOUNT, "publicAccessBlock", PUT, "PutAccountPublicAccessBlock", put_account_block),
    ROW(ACCOUNT, "publicAccessBlock", GET, "GetAccountPublicAccessBlock", get_account_block),
    ROW(ACCOUNT, "publicAccessBlock", DELETE, "PutAccountPublicAccessBlock",
        delete_account_block),
    ROW(TAGS, "", GET, "ListTagsForResource", list_tags),
};
#define ROWS (sizeof rows / sizeof rows[0])

static int not_implemented(ol_error *err)
{
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "This part of the s3control API is not implemented.");
}

int ol_control_row_find(const ol_control_route *route, enum ol_http_method method,
                        const ol_control_row **out, ol_error *err)
{
    bool known = false;
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].thing != route->thing || !ol_slice_eq_cstr(route->part, rows[i].part))
            continue;
        known = true;
        *out = &rows[i];
        if (rows[i].method == method)
            return OL_OK;
    }
    return known ? ol_error_set(err, OL_EMETHOD, "s3control") : not_implemented(err);
}

static ol_slice cut(ol_slice *rest)
{
    ptrdiff_t slash = ol_slice_find(*rest, '/');
    ol_slice piece = slash < 0 ? *rest : ol_slice_first(*rest, (size_t)slash);
    *rest = ol_slice_from(*rest, piece.len + 1);
    return piece;
}

int ol_control_route_parse(ol_slice path, ol_arena *arena, ol_control_route *out, ol_error *err)
{
    ol_slice rest = ol_slice_from(path, sizeof OL_CONTROL_PATH - 1), first = cut(&rest);
    *out = (ol_control_route){0};
    if (ol_slice_eq_cstr(first, "configuration")) {
        out->thing = OL_CONTROL_ACCOUNT;
        out->part = rest;
        return OL_OK;
    }
    bool tags = ol_slice_eq_cstr(first, "tags");
    bool olap = ol_slice_eq_cstr(first, "accesspointforobjectlambda");
    if (!tags && !olap && !ol_slice_eq_cstr(first, "accesspoint"))
        return not_implemented(err);
    ol_slice name = tags ? rest : cut(&rest);
    out->thing = tags ? OL_CONTROL_TAGS
                      : (name.len > 0 ? (olap ? OL_CONTROL_OLAP : OL_CONTROL_ACCESS_POINT)
                                      : (olap ? OL_CONTROL_OLAPS : OL_CONTROL_ACCESS_POINTS));
    out->part = tags ? OL_SLICE_NONE : rest;
    return ol_s3_decode(name, false, arena, &out->name, err);
}
