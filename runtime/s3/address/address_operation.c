/* SPDX-License-Identifier: MIT */
/* Which operation a method, a subresource and a few headers mean: one table. */
#include "s3/address/address_private.h"
#include "s3/request/params.h"

typedef struct route {
    const char *subresource; /* NULL = none */
    enum ol_http_method method;
    enum ol_s3_operation operation;
} route;

static const route service_routes[] = {
    {NULL, OL_HTTP_GET, OL_S3_LIST_BUCKETS},
};

static const route bucket_routes[] = {
    {NULL, OL_HTTP_GET, OL_S3_LIST_OBJECTS},
    {NULL, OL_HTTP_HEAD, OL_S3_HEAD_BUCKET},
    {NULL, OL_HTTP_PUT, OL_S3_CREATE_BUCKET},
    {NULL, OL_HTTP_DELETE, OL_S3_DELETE_BUCKET},
    {NULL, OL_HTTP_POST, OL_S3_POST_OBJECT},
    {"delete", OL_HTTP_POST, OL_S3_DELETE_OBJECTS},
    {"location", OL_HTTP_GET, OL_S3_GET_BUCKET_LOCATION},
    {"versions", OL_HTTP_GET, OL_S3_LIST_OBJECT_VERSIONS},
    {"uploads", OL_HTTP_GET, OL_S3_LIST_MULTIPART_UPLOADS},
    {"policy", OL_HTTP_GET, OL_S3_GET_BUCKET_POLICY},
    {"policy", OL_HTTP_PUT, OL_S3_PUT_BUCKET_POLICY},
    {"policy", OL_HTTP_DELETE, OL_S3_DELETE_BUCKET_POLICY},
    {"policyStatus", OL_HTTP_GET, OL_S3_GET_BUCKET_POLICY_STATUS},
    {"cors", OL_HTTP_GET, OL_S3_GET_BUCKET_CORS},
    {"cors", OL_HTTP_PUT, OL_S3_PUT_BUCKET_CORS},
    {"cors", OL_HTTP_DELETE, OL_S3_DELETE_BUCKET_CORS},
    {"publicAccessBlock", OL_HTTP_GET, OL_S3_GET_PUBLIC_ACCESS_BLOCK},
    {"publicAccessBlock", OL_HTTP_PUT, OL_S3_PUT_PUBLIC_ACCESS_BLOCK},
    {"publicAccessBlock", OL_HTTP_DELETE, OL_S3_DELETE_PUBLIC_ACCESS_BLOCK},
    {"ownershipControls", OL_HTTP_GET, OL_S3_GET_BUCKET_OWNERSHIP_CONTROLS},
    {"ownershipControls", OL_HTTP_PUT, OL_S3_PUT_BUCKET_OWNERSHIP_CONTROLS},
    {"ownershipControls", OL_HTTP_DELETE, OL_S3_DELETE_BUCKET_OWNERSHIP_CONTROLS},
    {"encryption", OL_HTTP_GET, OL_S3_GET_BUCKET_ENCRYPTION},
    {"encryption", OL_HTTP_PUT, OL_S3_PUT_BUCKET_ENCRYPTION},
    {"encryption", OL_HTTP_DELETE, OL_S3_DELETE_BUCKET_ENCRYPTION},
    {"acl", OL_HTTP_GET, OL_S3_GET_BUCKET_ACL},
    {"acl", OL_HTTP_PUT, OL_S3_PUT_BUCKET_ACL},
    {"tagging", OL_HTTP_GET, OL_S3_GET_BUCKET_TAGGING},
    {"tagging", OL_HTTP_PUT, OL_S3_PUT_BUCKET_TAGGING},
    {"tagging", OL_HTTP_DELETE, OL_S3_DELETE_BUCKET_TAGGING},
    {"versioning", OL_HTTP_GET, OL_S3_GET_BUCKET_VERSIONING},
};

static const route object_routes[] = {
    {NULL, OL_HTTP_GET, OL_S3_GET_OBJECT},
    {NULL, OL_HTTP_HEAD, OL_S3_HEAD_OBJECT},
    {NULL, OL_HTTP_PUT, OL_S3_PUT_OBJECT},
    {NULL, OL_HTTP_DELETE, OL_S3_DELETE_OBJECT},
    {"tagging", OL_HTTP_GET, OL_S3_GET_OBJECT_TAGGING},
    {"tagging", OL_HTTP_PUT, OL_S3_PUT_OBJECT_TAGGING},
    {"tagging", OL_HTTP_DELETE, OL_S3_DELETE_OBJECT_TAGGING},
    {"acl", OL_HTTP_GET, OL_S3_GET_OBJECT_ACL},
    {"acl", OL_HTTP_PUT, OL_S3_PUT_OBJECT_ACL},
    {"attributes", OL_HTTP_GET, OL_S3_GET_OBJECT_ATTRIBUTES},
    {"uploads", OL_HTTP_POST, OL_S3_CREATE_MULTIPART_UPLOAD},
    {"uploadId", OL_HTTP_PUT, OL_S3_UPLOAD_PART},
    {"uploadId", OL_HTTP_POST, OL_S3_COMPLETE_MULTIPART_UPLOAD},
    {"uploadId", OL_HTTP_DELETE, OL_S3_ABORT_MULTIPART_UPLOAD},
    {"uploadId", OL_HTTP_GET, OL_S3_LIST_PARTS},
};

typedef struct route_table {
    const route *routes;
    size_t count;
} route_table;

static route_table table_of(enum ol_s3_level level)
{
    if (level == OL_S3_SERVICE)
        return (route_table){service_routes, sizeof service_routes / sizeof *service_routes};
    if (level == OL_S3_BUCKET)
        return (route_table){bucket_routes, sizeof bucket_routes / sizeof *bucket_routes};
    return (route_table){object_routes, sizeof object_routes / sizeof *object_routes};
}

static bool is_subresource(const route_table *table, ol_slice name, const char **found)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *subresource = table->routes[i].subresource;
        if (subresource && ol_slice_eq_cstr(name, subresource)) {
            *found = subresource;
            return true;
        }
    }
    return false;
}

/* The one subresource that the query names, or NULL. */
static int find_subresource(const route_table *table, const ol_s3_address *address,
                            const char **out, ol_error *err)
{
    const char *found;
    *out = NULL;
    for (size_t i = 0; i < address->param_count; i++) {
        if (!is_subresource(table, address->params[i].name, &found))
            continue;
        if (*out)
            return ol_error_say(err, OL_EINVAL, "Conflicting query parameters: %s, %s", *out,
                                found);
        *out = found;
    }
    return OL_OK;
}

/* Reading whether a bucket is versioned is answered; making it so is not there. */
static int no_route(const char *subresource, enum ol_http_method method, ol_error *err)
{
    if (subresource && strcmp(subresource, "versioning") == 0 && method == OL_HTTP_PUT)
        return ol_s3_params_refuse(subresource, err);
    return ol_error_set(err, OL_EMETHOD, NULL);
}

/* ---- what the table cannot say ---- */

static int settle_list(ol_s3_address *address, ol_error *err)
{
    ol_slice type = ol_s3_param_get(address, "list-type");
    if (ol_slice_eq_cstr(type, "2"))
        address->operation = OL_S3_LIST_OBJECTS_V2;
    else if (type.len > 0 && !ol_slice_eq_cstr(type, "1"))
        return ol_error_say(err, OL_EINVAL, "Invalid List Type specified in Request");
    return OL_OK;
}

static int settle_form(const ol_http_request *req, ol_error *err)
{
    const ol_slice form = OL_SLICE_LIT("multipart/form-data");
    ol_slice type = ol_slice_trim(ol_headers_get(&req->headers, "content-type"));
    if (ol_slice_ieq(ol_slice_first(type, form.len), form))
        return OL_OK;
    return ol_error_say(err, OL_EPRECONDITION,
                        "Bucket POST must be of the enclosure-type multipart/form-data");
}

static int settle_write(const ol_http_request *req, ol_s3_address *address, ol_error *err)
{
    bool part = address->operation == OL_S3_UPLOAD_PART;
    if (part && !ol_s3_param_has(address, "partNumber"))
        return ol_error_say(err, OL_EINVAL, "This operation needs partNumber beside uploadId");
    if (ol_headers_get(&req->headers, "x-amz-copy-source").data)
        address->operation = part ? OL_S3_UPLOAD_PART_COPY : OL_S3_COPY_OBJECT;
    return OL_OK;
}

static int settle(const ol_http_request *req, ol_s3_address *address, ol_error *err)
{
    switch (address->operation) {
    case OL_S3_LIST_OBJECTS:
        return settle_list(address, err);
    case OL_S3_POST_OBJECT:
        return settle_form(req, err);
    case OL_S3_PUT_OBJECT:
    case OL_S3_UPLOAD_PART:
        return settle_write(req, address, err);
    default:
        return OL_OK;
    }
}

static bool takes_version(enum ol_s3_operation operation)
{
    switch (operation) {
    case OL_S3_GET_OBJECT:
    case OL_S3_HEAD_OBJECT:
    case OL_S3_DELETE_OBJECT:
    case OL_S3_GET_OBJECT_TAGGING:
    case OL_S3_PUT_OBJECT_TAGGING:
    case OL_S3_DELETE_OBJECT_TAGGING:
    case OL_S3_GET_OBJECT_ACL:
    case OL_S3_PUT_OBJECT_ACL:
    case OL_S3_GET_OBJECT_ATTRIBUTES:
        return true;
    default:
        return false;
    }
}

static bool takes_part_number(enum ol_s3_operation operation)
{
    return operation == OL_S3_GET_OBJECT || operation == OL_S3_HEAD_OBJECT ||
           operation == OL_S3_UPLOAD_PART || operation == OL_S3_UPLOAD_PART_COPY;
}

static int check_object_params(const ol_s3_address *address, ol_error *err)
{
    if (ol_s3_param_has(address, "versionId")) {
        if (!takes_version(address->operation))
            return ol_error_say(err, OL_EINVAL, "This operation does not accept a version-id.");
        if (ol_s3_param_get(address, "versionId").len == 0)
            return ol_error_say(err, OL_EINVAL, "Version id cannot be the empty string");
    }
    if (ol_s3_param_has(address, "partNumber") && !takes_part_number(address->operation))
        return ol_error_say(err, OL_EINVAL,
                            "This operation does not accept partNumber without uploadId");
    return OL_OK;
}

static int find_route(const ol_http_request *req, const route_table *table,
                      ol_s3_address *address, ol_error *err)
{
    const char *subresource;
    int rc = find_subresource(table, address, &subresource, err);
    if (rc != OL_OK)
        return rc;
    for (size_t i = 0; i < table->count; i++) {
        const route *r = &table->routes[i];
        if (r->method != req->method || (r->subresource != NULL) != (subresource != NULL) ||
            (subresource && strcmp(r->subresource, subresource) != 0))
            continue;
        address->operation = r->operation;
        return OL_OK;
    }
    return no_route(subresource, req->method, err);
}

int ol_s3_operation_find(const ol_http_request *req, ol_s3_address *address, ol_error *err)
{
    enum ol_s3_level level = address->bucket.len == 0 ? OL_S3_SERVICE
                             : address->key.len == 0  ? OL_S3_BUCKET
                                                      : OL_S3_OBJECT;
    if (req->method == OL_HTTP_OPTIONS) {
        address->operation = OL_S3_CORS_PREFLIGHT;
        return OL_OK;
    }
    int rc = ol_s3_params_check(address, level, err);
    const route_table table = table_of(level);
    if (rc == OL_OK)
        rc = find_route(req, &table, address, err);
    if (rc == OL_OK)
        rc = settle(req, address, err);
    if (rc == OL_OK && level == OL_S3_OBJECT)
        rc = check_object_params(address, err);
    return rc;
}

/* ---- names ---- */

const char *ol_s3_operation_name(enum ol_s3_operation operation)
{
    static const char *const names[OL_S3_OPERATIONS] = {
        [OL_S3_UNKNOWN] = "Unknown",
        [OL_S3_LIST_BUCKETS] = "ListBuckets",
        [OL_S3_CREATE_BUCKET] = "CreateBucket",
        [OL_S3_HEAD_BUCKET] = "HeadBucket",
        [OL_S3_DELETE_BUCKET] = "DeleteBucket",
        [OL_S3_GET_BUCKET_LOCATION] = "GetBucketLocation",
        [OL_S3_LIST_OBJECTS_V2] = "ListObjectsV2",
        [OL_S3_LIST_OBJECTS] = "ListObjects",
        [OL_S3_GET_OBJECT] = "GetObject",
        [OL_S3_HEAD_OBJECT] = "HeadObject",
        [OL_S3_PUT_OBJECT] = "PutObject",
        [OL_S3_DELETE_OBJECT] = "DeleteObject",
        [OL_S3_DELETE_OBJECTS] = "DeleteObjects",
        [OL_S3_CORS_PREFLIGHT] = "CorsPreflight",
        [OL_S3_COPY_OBJECT] = "CopyObject",
        [OL_S3_POST_OBJECT] = "PostObject",
        [OL_S3_GET_OBJECT_TAGGING] = "GetObjectTagging",
        [OL_S3_PUT_OBJECT_TAGGING] = "PutObjectTagging",
        [OL_S3_DELETE_OBJECT_TAGGING] = "DeleteObjectTagging",
        [OL_S3_GET_OBJECT_ACL] = "GetObjectAcl",
        [OL_S3_PUT_OBJECT_ACL] = "PutObjectAcl",
        [OL_S3_GET_OBJECT_ATTRIBUTES] = "GetObjectAttributes",
        [OL_S3_LIST_OBJECT_VERSIONS] = "ListObjectVersions",
        [OL_S3_CREATE_MULTIPART_UPLOAD] = "CreateMultipartUpload",
        [OL_S3_UPLOAD_PART] = "UploadPart",
        [OL_S3_UPLOAD_PART_COPY] = "UploadPartCopy",
        [OL_S3_COMPLETE_MULTIPART_UPLOAD] = "CompleteMultipartUpload",
        [OL_S3_ABORT_MULTIPART_UPLOAD] = "AbortMultipartUpload",
        [OL_S3_LIST_MULTIPART_UPLOADS] = "ListMultipartUploads",
        [OL_S3_LIST_PARTS] = "ListParts",
        [OL_S3_GET_BUCKET_POLICY] = "GetBucketPolicy",
        [OL_S3_PUT_BUCKET_POLICY] = "PutBucketPolicy",
        [OL_S3_DELETE_BUCKET_POLICY] = "DeleteBucketPolicy",
        [OL_S3_GET_BUCKET_POLICY_STATUS] = "GetBucketPolicyStatus",
        [OL_S3_GET_BUCKET_CORS] = "GetBucketCors",
        [OL_S3_PUT_BUCKET_CORS] = "PutBucketCors",
        [OL_S3_DELETE_BUCKET_CORS] = "DeleteBucketCors",
        [OL_S3_GET_PUBLIC_ACCESS_BLOCK] = "GetPublicAccessBlock",
        [OL_S3_PUT_PUBLIC_ACCESS_BLOCK] = "PutPublicAccessBlock",
        [OL_S3_DELETE_PUBLIC_ACCESS_BLOCK] = "DeletePublicAccessBlock",
        [OL_S3_GET_BUCKET_OWNERSHIP_CONTROLS] = "GetBucketOwnershipControls",
        [OL_S3_PUT_BUCKET_OWNERSHIP_CONTROLS] = "PutBucketOwnershipControls",
        [OL_S3_DELETE_BUCKET_OWNERSHIP_CONTROLS] = "DeleteBucketOwnershipControls",
        [OL_S3_GET_BUCKET_ENCRYPTION] = "GetBucketEncryption",
        [OL_S3_PUT_BUCKET_ENCRYPTION] = "PutBucketEncryption",
        [OL_S3_DELETE_BUCKET_ENCRYPTION] = "DeleteBucketEncryption",
        [OL_S3_GET_BUCKET_ACL] = "GetBucketAcl",
        [OL_S3_PUT_BUCKET_ACL] = "PutBucketAcl",
        [OL_S3_GET_BUCKET_TAGGING] = "GetBucketTagging",
        [OL_S3_PUT_BUCKET_TAGGING] = "PutBucketTagging",
        [OL_S3_DELETE_BUCKET_TAGGING] = "DeleteBucketTagging",
        [OL_S3_GET_BUCKET_VERSIONING] = "GetBucketVersioning",
    };
    size_t index = (size_t)operation;
    return index < OL_S3_OPERATIONS && names[index] ? names[index] : names[OL_S3_UNKNOWN];
}
