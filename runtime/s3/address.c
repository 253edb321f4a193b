/* SPDX-License-Identifier: MIT */
/* Path-style addressing: /BUCKET/KEY, the key being everything behind the second slash. */
#include "s3/address.h"

#include "base/limits.h"
#include "s3/params.h"

/* The undecoded bucket and key; `key` has data NULL when there is no second slash. */
static int split_path(ol_slice path, ol_slice *bucket, ol_slice *key, ol_error *err)
{
    *bucket = *key = OL_SLICE_NONE;
    if (path.len == 0) /* absolute form without a path */
        return OL_OK;
    if (path.data[0] != '/')
        return ol_error_set(err, OL_EINVALIDURI, "the path does not begin with a slash");
    path = ol_slice_from(path, 1);
    ptrdiff_t slash = ol_slice_find(path, '/');
    if (slash < 0) {
        *bucket = path;
        return OL_OK;
    }
    *bucket = ol_slice_first(path, (size_t)slash);
    *key = ol_slice_from(path, (size_t)slash + 1);
    if (bucket->len == 0)
        return ol_error_set(err, OL_EINVALIDBUCKET, "the bucket's name is empty");
    return OL_OK;
}

/* Whether the bucket exists is not known here; what can never be a name is refused. */
static int check_bucket(ol_slice bucket, ol_error *err)
{
    if (bucket.len > OL_BUCKET_NAME_MAX)
        return ol_error_set(err, OL_EINVALIDBUCKET, "%zu bytes", bucket.len);
    if (bucket.len > 0 && bucket.data[0] == '.') /* "." and ".." must not reach a file system */
        return ol_error_set(err, OL_EINVALIDBUCKET, "a dot in front");
    for (size_t i = 0; i < bucket.len; i++) {
        uint8_t c = bucket.data[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '.' || c == '_';
        if (!ok)
            return ol_error_set(err, OL_EINVALIDBUCKET, "byte %u in the name", c);
    }
    return OL_OK;
}

static int check_key(ol_slice key, ol_error *err)
{
    if (key.len > OL_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, "%zu bytes", key.len);
    if (ol_slice_find(key, 0) >= 0)
        return ol_error_set(err, OL_EINVALIDURI, "the key holds a NUL");
    if (!ol_slice_is_utf8(key))
        return ol_error_set(err, OL_EINVALIDURI, "the key is not UTF-8");
    return OL_OK;
}

static int method_not_allowed(ol_error *err)
{
    return ol_error_set(err, OL_EMETHOD, NULL);
}

static int list_operation(const ol_s3_address *address, enum ol_s3_operation *operation,
                          ol_error *err)
{
    ol_slice type = ol_s3_param_get(address, "list-type");
    *operation = ol_slice_eq_cstr(type, "2") ? OL_S3_LIST_OBJECTS_V2 : OL_S3_LIST_OBJECTS;
    if (*operation == OL_S3_LIST_OBJECTS && type.len > 0 && !ol_slice_eq_cstr(type, "1"))
        return ol_error_say(err, OL_EINVAL, "Invalid List Type specified in Request");
    return OL_OK;
}

static int bucket_operation(const ol_http_request *req, const ol_s3_address *address,
                            enum ol_s3_operation *operation, ol_error *err)
{
    bool location = ol_s3_param_has(address, "location");
    bool deletes = ol_s3_param_has(address, "delete");
    if ((location && req->method != OL_HTTP_GET) || (deletes && req->method != OL_HTTP_POST))
        return method_not_allowed(err);
    switch (req->method) {
    case OL_HTTP_GET:
        if (!location)
            return list_operation(address, operation, err);
        *operation = OL_S3_GET_BUCKET_LOCATION;
        return OL_OK;
    case OL_HTTP_HEAD:
        *operation = OL_S3_HEAD_BUCKET;
        return OL_OK;
    case OL_HTTP_PUT:
        *operation = OL_S3_CREATE_BUCKET;
        return OL_OK;
    case OL_HTTP_DELETE:
        *operation = OL_S3_DELETE_BUCKET;
        return OL_OK;
    case OL_HTTP_POST:
        if (!deletes)
            return ol_error_say(err, OL_ENOTIMPLEMENTED,
                                "POST of a form (browser-based upload) is not implemented.");
        *operation = OL_S3_DELETE_OBJECTS;
        return OL_OK;
    default:
        return method_not_allowed(err);
    }
}

/* Buckets are not versioned: the only version of an object is the one called "null". */
static int check_version(const ol_http_request *req, const ol_s3_address *address, ol_error *err)
{
    if (!ol_s3_param_has(address, "versionId"))
        return OL_OK;
    if (req->method != OL_HTTP_PUT && req->method != OL_HTTP_POST &&
        ol_slice_eq_cstr(ol_s3_param_get(address, "versionId"), "null"))
        return OL_OK;
    return ol_error_say(err, OL_ENOTIMPLEMENTED,
                        "A query you provided implies functionality that is not implemented: "
                        "versionId");
}

static int object_operation(const ol_http_request *req, const ol_s3_address *address,
                            enum ol_s3_operation *operation, ol_error *err)
{
    int rc = check_version(req, address, err);
    if (rc != OL_OK)
        return rc;
    bool reads = req->method == OL_HTTP_GET || req->method == OL_HTTP_HEAD;
    if (!reads && ol_s3_param_has(address, "partNumber"))
        return ol_error_say(err, OL_EINVAL,
                            "This operation does not accept partNumber without uploadId");
    switch (req->method) {
    case OL_HTTP_GET:
        *operation = OL_S3_GET_OBJECT;
        return OL_OK;
    case OL_HTTP_HEAD:
        *operation = OL_S3_HEAD_OBJECT;
        return OL_OK;
    case OL_HTTP_PUT:
        *operation = OL_S3_PUT_OBJECT;
        return OL_OK;
    case OL_HTTP_DELETE:
        *operation = OL_S3_DELETE_OBJECT;
        return OL_OK;
    default:
        return method_not_allowed(err);
    }
}

static int service_operation(const ol_http_request *req, enum ol_s3_operation *operation,
                             ol_error *err)
{
    if (req->method != OL_HTTP_GET)
        return method_not_allowed(err);
    *operation = OL_S3_LIST_BUCKETS;
    return OL_OK;
}

static int find_operation(const ol_http_request *req, ol_s3_address *out, ol_error *err)
{
    enum ol_s3_level level = out->bucket.len == 0 ? OL_S3_SERVICE
                             : out->key.len == 0  ? OL_S3_BUCKET
                                                  : OL_S3_OBJECT;
    int rc = ol_s3_params_check(out, level, err);
    if (rc != OL_OK)
        return rc;
    if (level == OL_S3_SERVICE)
        return service_operation(req, &out->operation, err);
    if (level == OL_S3_BUCKET)
        return bucket_operation(req, out, &out->operation, err);
    return object_operation(req, out, &out->operation, err);
}

int ol_s3_address_parse(const ol_http_request *req, ol_arena *arena, ol_s3_address *out,
                        ol_error *err)
{
    ol_slice bucket, key;
    memset(out, 0, sizeof *out);
    int rc = split_path(req->path, &bucket, &key, err);
    if (rc == OL_OK)
        rc = ol_s3_decode(bucket, false, arena, &out->bucket, err);
    if (rc == OL_OK)
        rc = check_bucket(out->bucket, err);
    if (rc == OL_OK)
        rc = ol_s3_decode(key, false, arena, &out->key, err);
    if (rc == OL_OK)
        rc = check_key(out->key, err);
    if (rc == OL_OK)
        rc = ol_s3_params_parse(req->query, arena, out, err);
    if (rc == OL_OK)
        rc = find_operation(req, out, err);
    if (rc != OL_OK)
        out->operation = OL_S3_UNKNOWN;
    return rc;
}

ol_slice ol_s3_param_get(const ol_s3_address *address, const char *name)
{
    for (size_t i = 0; i < address->param_count; i++)
        if (ol_slice_eq_cstr(address->params[i].name, name))
            return address->params[i].value;
    return OL_SLICE_NONE;
}

bool ol_s3_param_has(const ol_s3_address *address, const char *name)
{
    for (size_t i = 0; i < address->param_count; i++)
        if (ol_slice_eq_cstr(address->params[i].name, name))
            return true;
    return false;
}

const char *ol_s3_operation_name(enum ol_s3_operation operation)
{
    static const char *const names[] = {
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
    };
    size_t index = (size_t)operation;
    return index < sizeof names / sizeof names[0] ? names[index] : names[OL_S3_UNKNOWN];
}
