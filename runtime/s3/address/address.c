/* SPDX-License-Identifier: MIT */
/*
 * The order of a reading: what kind of API, then bucket and key or door, then the operation.
 * Path style is /BUCKET/KEY, the key being everything behind the second slash; with the bucket in
 * the host the key is everything behind the first.
 */
#include "base/limits.h"
#include "s3/address/address_private.h"
#include "s3/request/params.h"

#define CONTROL_PREFIX "/v20180820/"
#define WRITE_RESPONSE_SUFFIX "/WriteGetObjectResponse"

static const ol_s3_address_rules no_rules;

/* ---- the path ---- */

static int strip_base(const ol_s3_address_rules *rules, const ol_s3_host *host, ol_slice *path,
                      ol_error *err)
{
    ol_slice base = rules->base_path;
    if (path->len == 0) /* absolute form without a path */
        *path = OL_SLICE_LIT("/");
    if (base.len == 0 || host->amazon)
        return OL_OK;
    if (!ol_slice_starts(*path, base) || (path->len > base.len && path->data[base.len] != '/'))
        return ol_error_set(err, OL_EINVALIDURI, "the path is outside of the base path");
    *path = path->len == base.len ? OL_SLICE_LIT("/") : ol_slice_from(*path, base.len);
    return OL_OK;
}

/* An ARN whose slashes were not encoded goes on behind "accesspoint". */
static size_t bucket_len(ol_slice path)
{
    ptrdiff_t slash = ol_slice_find(path, '/');
    size_t len = slash < 0 ? path.len : (size_t)slash;
    ol_slice bucket = ol_slice_first(path, len);
    if (slash < 0 || !ol_slice_starts(bucket, OL_SLICE_LIT("arn:")) ||
        !ol_slice_ends(bucket, OL_SLICE_LIT(":accesspoint")))
        return len;
    slash = ol_slice_find(ol_slice_from(path, len + 1), '/');
    return slash < 0 ? path.len : len + 1 + (size_t)slash;
}

/* The undecoded bucket and key; the key may be empty. */
static int split_path(ol_slice path, ol_slice *bucket, ol_slice *key, ol_error *err)
{
    path = ol_slice_from(path, 1);
    size_t len = bucket_len(path);
    *bucket = ol_slice_first(path, len);
    *key = ol_slice_from(path, len + 1);
    if (len == 0 && path.len > 0)
        return ol_error_set(err, OL_EINVALIDBUCKET, "the bucket's name is empty");
    return OL_OK;
}

/* ---- names ---- */

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

static int take_arn(ol_s3_address *out, ol_error *err)
{
    ol_s3_arn arn;
    if (!ol_s3_arn_parse(out->bucket, &arn) || arn.door == OL_S3_DOOR_NONE || arn.key.data)
        return ol_error_set(err, OL_EINVALIDBUCKET, "not an access point's ARN");
    out->door = arn.door;
    out->door_name = arn.name;
    out->door_account = arn.account;
    out->door_region = arn.region;
    return OL_OK;
}

/* The bucket stands in the path. */
static int take_path(ol_slice bucket, ol_arena *arena, ol_s3_address *out, ol_error *err)
{
    int rc = ol_s3_decode(bucket, false, arena, &out->bucket, err);
    if (rc != OL_OK)
        return rc;
    if (ol_slice_starts(out->bucket, OL_SLICE_LIT("arn:")))
        return take_arn(out, err);
    return check_bucket(out->bucket, err);
}

/* The bucket, or a door, stands in the host. */
static int take_label(const ol_s3_host *host, ol_s3_address *out, ol_error *err)
{
    out->virtual_host = true;
    out->bucket = host->label;
    out->door_region = host->region;
    bool split = ol_s3_split_door(host->label, &out->door_name, &out->door_account);
    if (split && !(host->amazon && host->door == OL_S3_DOOR_NONE))
        out->door = host->door == OL_S3_DOOR_NONE ? OL_S3_DOOR_BY_SERVICE : host->door;
    else
        out->door_name = out->door_account = OL_SLICE_NONE;
    if (!split && host->door != OL_S3_DOOR_NONE)
        return ol_error_set(err, OL_EINVALIDBUCKET, "no account in an access point's host");
    return check_bucket(out->bucket, err);
}

static int find_names(const ol_s3_host *host, ol_arena *arena, ol_s3_address *out, ol_error *err)
{
    ol_slice bucket, key = ol_slice_from(out->path, 1);
    int rc;
    if (host->label.len > 0) {
        rc = take_label(host, out, err);
    } else {
        rc = split_path(out->path, &bucket, &key, err);
        if (rc == OL_OK)
            rc = take_path(bucket, arena, out, err);
    }
    if (rc == OL_OK)
        rc = ol_s3_decode(key, false, arena, &out->key, err);
    return rc == OL_OK ? check_key(out->key, err) : rc;
}

/* ---- which API ---- */

/* A function's answer may come to any host: two headers say whose it is. */
static bool is_write_response(const ol_http_request *req)
{
    return req->method == OL_HTTP_POST &&
           ol_slice_ends(req->path, OL_SLICE_LIT(WRITE_RESPONSE_SUFFIX)) &&
           ol_headers_get(&req->headers, "x-amz-request-route").len > 0;
}

static bool is_sts(const ol_http_request *req, const ol_s3_host *host, const ol_s3_address *out)
{
    const ol_slice form = OL_SLICE_LIT("application/x-www-form-urlencoded");
    if (host->api == OL_S3_API_STS)
        return true;
    if (!ol_slice_eq_cstr(out->path, "/") ||
        (host->label.len > 0 && !ol_slice_eq_cstr(host->label, "sts")))
        return false;
    if (ol_s3_param_has(out, "Action") && ol_s3_param_has(out, "Version"))
        return true;
    ol_slice type = ol_slice_trim(ol_headers_get(&req->headers, "content-type"));
    return req->method == OL_HTTP_POST && !ol_s3_param_has(out, "delete") &&
           ol_slice_ieq(ol_slice_first(type, form.len), form);
}

static bool is_control(const ol_s3_host *host, const ol_s3_address *out, ol_slice account)
{
    if (host->api == OL_S3_API_CONTROL)
        return true;
    return ol_slice_starts(out->path, OL_SLICE_LIT(CONTROL_PREFIX)) &&
           (host->label.len > 0 ? ol_s3_is_account(host->label) : account.len > 0);
}

static int take_control(const ol_s3_host *host, ol_slice account, ol_s3_address *out,
                        ol_error *err)
{
    out->api = OL_S3_API_CONTROL;
    out->account = account.len > 0 ? account : host->label;
    if (!ol_slice_starts(out->path, OL_SLICE_LIT(CONTROL_PREFIX)))
        return ol_error_set(err, OL_EINVALIDURI, "not a path of s3control");
    if (account.len > 0 && host->label.len > 0 && !ol_slice_eq(account, host->label))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "x-amz-account-id is not the account that the host names");
    return OL_OK;
}

static int find_api(const ol_http_request *req, const ol_s3_host *host, ol_arena *arena,
                    ol_s3_address *out, ol_error *err)
{
    ol_slice account = ol_slice_trim(ol_headers_get(&req->headers, "x-amz-account-id"));
    if (is_control(host, out, account))
        return take_control(host, account, out, err);
    if (is_sts(req, host, out)) {
        out->api = OL_S3_API_STS;
        return OL_OK;
    }
    int rc = find_names(host, arena, out, err);
    return rc == OL_OK ? ol_s3_operation_find(req, out, err) : rc;
}

int ol_s3_address_parse(const ol_http_request *req, const ol_s3_address_rules *rules,
                        ol_arena *arena, ol_s3_address *out, ol_error *err)
{
    ol_s3_host host;
    memset(out, 0, sizeof *out);
    out->path = req->path;
    if (is_write_response(req)) {
        out->api = OL_S3_API_WRITE_RESPONSE;
        return OL_OK;
    }
    if (req->path.len > 0 && req->path.data[0] != '/')
        return ol_error_set(err, OL_EINVALIDURI, "the path does not begin with a slash");
    if (!rules)
        rules = &no_rules;
    int rc = ol_s3_host_read(req, rules, arena, &host, err);
    if (rc == OL_OK)
        rc = strip_base(rules, &host, &out->path, err);
    if (rc == OL_OK)
        rc = ol_s3_params_parse(req->query, arena, out, err);
    if (rc == OL_OK)
        rc = find_api(req, &host, arena, out, err);
    if (rc != OL_OK)
        out->operation = OL_S3_UNKNOWN;
    return rc;
}

/* ---- parameters ---- */

ol_slice ol_s3_params_get(const ol_s3_param *params, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (ol_slice_eq_cstr(params[i].name, name))
            return params[i].value;
    return OL_SLICE_NONE;
}

ol_slice ol_s3_param_get(const ol_s3_address *address, const char *name)
{
    return ol_s3_params_get(address->params, address->param_count, name);
}

bool ol_s3_param_has(const ol_s3_address *address, const char *name)
{
    for (size_t i = 0; i < address->param_count; i++)
        if (ol_slice_eq_cstr(address->params[i].name, name))
            return true;
    return false;
}
