/* SPDX-License-Identifier: MIT */
#include "front/request/target.h"

#include "front/request/request.h"

/* A door's address: what the address room read off a host label, an ARN or an alias. */
typedef struct door {
    enum ol_s3_door kind;
    ol_slice bucket; /* the name, should it be a bucket after all */
    ol_slice name, account, region;
} door;

static int set_bucket(const ol_request *request, ol_slice name, ol_target *out)
{
    out->bucket = name;
    out->rule = ol_realm_bucket_of(request->realm, name);
    out->origin = request->worker->shared->origins[out->rule->origin];
    return OL_OK;
}

static int set_access_point(const ol_request *request, const ol_realm_access_point *access_point,
                            ol_target *out)
{
    out->via = OL_VIA_ACCESS_POINT;
    out->access_point = access_point;
    return set_bucket(request, access_point->bucket, out);
}

/* An OLAP whose access point is gone leads nowhere. */
static int set_olap(const ol_request *request, const ol_realm_olap *olap, ol_target *out,
                    ol_error *err)
{
    if (!olap->access_point)
        return ol_error_set(err, OL_ENOSUCHACCESSPOINT, "the supporting access point is gone");
    set_access_point(request, olap->access_point, out);
    out->via = OL_VIA_OBJECT_LAMBDA;
    out->olap = olap;
    return OL_OK;
}

static int by_alias(const ol_request *request, ol_slice name, ol_target *out, ol_error *err)
{
    const ol_realm_olap *olap = ol_realm_find_olap_by_alias(request->realm, name);
    if (olap)
        return set_olap(request, olap, out, err);
    const ol_realm_access_point *access_point =
        ol_realm_find_access_point_by_alias(request->realm, name);
    if (access_point)
        return set_access_point(request, access_point, out);
    if (ol_slice_ends(name, OL_SLICE_LIT("--ol-s3")) ||
        ol_slice_ends(name, OL_SLICE_LIT("-s3alias")))
        return ol_error_set(err, OL_ENOSUCHACCESSPOINT, NULL);
    out->via = OL_VIA_BUCKET;
    return set_bucket(request, name, out);
}

static int by_door(const ol_request *request, const door *at, ol_target *out, ol_error *err)
{
    if (at->region.len > 0 && !ol_slice_eq(at->region, request->generation->config->region))
        return ol_error_set(err, OL_ENOSUCHACCESSPOINT, "another region's");
    if (at->kind == OL_S3_DOOR_OBJECT_LAMBDA) {
        const ol_realm_olap *olap = ol_realm_find_olap(request->realm, at->account, at->name);
        return olap ? set_olap(request, olap, out, err)
                    : ol_error_set(err, OL_ENOSUCHACCESSPOINT, NULL);
    }
    const ol_realm_access_point *access_point =
        ol_realm_find_access_point(request->realm, at->account, at->name);
    if (access_point)
        return set_access_point(request, access_point, out);
    if (at->kind == OL_S3_DOOR_ACCESS_POINT)
        return ol_error_set(err, OL_ENOSUCHACCESSPOINT, NULL);
    /* A request that is not signed (a preflight) does not say which service it means. */
    const ol_realm_olap *olap = request->auth.service[0]
                                    ? NULL
                                    : ol_realm_find_olap(request->realm, at->account, at->name);
    if (olap)
        return set_olap(request, olap, out, err);
    return by_alias(request, at->bucket, out, err); /* a bucket may be called like that */
}

int ol_target_resolve(const ol_request *request, ol_slice name, ol_target *out, ol_error *err)
{
    ol_s3_arn arn;
    *out = (ol_target){0};
    if (!ol_s3_arn_parse(name, &arn))
        return by_alias(request, name, out, err);
    const door at = {arn.door, arn.name, arn.name, arn.account, arn.region};
    return arn.door == OL_S3_DOOR_NONE ? by_alias(request, arn.name, out, err)
                                       : by_door(request, &at, out, err);
}

int ol_target_resolve_address(const ol_request *request, ol_target *out, ol_error *err)
{
    const ol_s3_address *address = &request->address;
    door at = {address->door, address->bucket, address->door_name, address->door_account,
               address->door_region};
    *out = (ol_target){0};
    if (address->bucket.len == 0)
        return OL_OK;
    /* The host is the same for both: only the scope that was signed for tells them apart. */
    if (at.kind == OL_S3_DOOR_BY_SERVICE && strcmp(request->auth.service, "s3-object-lambda") == 0)
        at.kind = OL_S3_DOOR_OBJECT_LAMBDA;
    return at.kind == OL_S3_DOOR_NONE ? by_alias(request, address->bucket, out, err)
                                      : by_door(request, &at, out, err);
}
