/* SPDX-License-Identifier: MIT */
/*
 * Operations on buckets as such: list, create, head, delete, location.
 */
#include "front/document.h"
#include "front/operations.h"
#include "s3/xml.h"

#define BUCKETS_XML_BYTES_MAX (4 * OL_MIB)

static void fail_and_release(ol_request *request, const ol_error *err)
{
    ol_request_fail(request, err);
    ol_request_release(request);
}

/* ---- ListBuckets ---- */

static void on_list(void *arg, const ol_error *err, ol_bucket_list *list)
{
    ol_request *request = arg;
    if (err) {
        fail_and_release(request, err);
        return;
    }
    ol_buf xml;
    ol_buf_init(&xml, BUCKETS_XML_BYTES_MAX);
    ol_error failure = {0};
    int rc = ol_s3_xml_buckets(&xml, list, request->generation->config->account_id);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else
        ol_error_set(&failure, rc, "the list of buckets");
    ol_buf_fini(&xml);
    ol_arena_destroy(list->arena);
    if (rc != OL_OK)
        ol_request_fail(request, &failure);
    ol_request_release(request);
}

void ol_op_list_buckets(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    ol_request_acquire(request);
    int rc = origin->ops->bucket_list(origin, request->worker->loop, on_list, request, &err);
    if (rc < 0)
        fail_and_release(request, &err);
}

/* ---- CreateBucket ---- */

static void on_created(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    ol_headers *headers = err ? NULL : ol_request_headers(request);
    char *location = err ? NULL : ol_arena_printf(request->arena, "/%.*s",
                                                  OL_SLICE_FMT(request->bucket));
    if (err) {
        ol_request_fail(request, err);
    } else {
        if (headers && location)
            ol_headers_add(headers, OL_SLICE_LIT("Location"), ol_slice_cstr(location));
        ol_request_reply_empty(request, 200, headers);
    }
    ol_request_release(request);
}

static void create(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    int rc = origin->ops->bucket_create(origin, request->worker->loop, request->bucket, on_created,
                                        request, &err);
    if (rc != OL_WAIT)
        on_created(request, rc == OL_OK ? NULL : &err);
}

/* A location other than ours would be a promise that nobody keeps. */
static int check_location(ol_request *request, ol_slice body, ol_error *err)
{
    ol_slice location = OL_SLICE_NONE;
    int rc = ol_s3_xml_parse_create_bucket(body, request->arena, &location, err);
    if (rc != OL_OK || location.len == 0 ||
        ol_slice_eq(location, request->generation->config->region))
        return rc;
    return ol_error_custom(
        err, OL_EINVALIDREQUEST, 400, OL_SLICE_LIT("IllegalLocationConstraintException"),
        OL_SLICE_LIT("The specified location constraint is not the region of this server."));
}

static void on_location_body(ol_request *request, ol_slice body)
{
    ol_error err = {0};
    if (check_location(request, body, &err) == OL_OK)
        create(request);
    else
        fail_and_release(request, &err);
}

void ol_op_create_bucket(ol_request *request)
{
    ol_error err = {0};
    ol_slice lock = ol_headers_get(&request->http->headers, "x-amz-bucket-object-lock-enabled");
    if (ol_slice_ieq(lock, OL_SLICE_LIT("true")))
        ol_error_say(&err, OL_ENOTIMPLEMENTED, "Object Lock is not implemented.");
    else if (!ol_s3_bucket_name_ok(request->bucket))
        ol_error_set(&err, OL_EINVALIDBUCKET, NULL);
    if (err.code != OL_OK) {
        ol_request_fail(request, &err);
        return;
    }
    ol_request_acquire(request);
    if (request->http->content_length > 0 || request->http->chunked)
        ol_document_read(request, on_location_body);
    else
        create(request);
}

/* ---- HeadBucket, DeleteBucket, GetBucketLocation ---- */

static void on_exists(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    ol_headers *headers = err ? NULL : ol_request_headers(request);
    if (headers)
        ol_headers_add(headers, OL_SLICE_LIT("x-amz-bucket-region"),
                       request->generation->config->region);
    if (err)
        ol_request_fail(request, err);
    else
        ol_request_reply_empty(request, 200, headers);
    ol_request_release(request);
}

void ol_op_head_bucket(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    ol_request_acquire(request);
    int rc = origin->ops->bucket_exists(origin, request->worker->loop, request->bucket, on_exists,
                                        request, &err);
    if (rc != OL_WAIT)
        on_exists(request, rc == OL_OK ? NULL : &err);
}

static void on_removed(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    if (err)
        ol_request_fail(request, err);
    else
        ol_request_reply_empty(request, 204, NULL);
    ol_request_release(request);
}

/* A bucket that the configuration names would come back at the next start, and its access
 * points would lead nowhere until then. */
static bool is_configured(const ol_request *request)
{
    const ol_config *config = request->generation->config;
    for (size_t i = 0; i < config->access_point_count; i++)
        if (ol_slice_eq(config->access_points[i].bucket, request->bucket))
            return true;
    return false;
}

void ol_op_delete_bucket(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    if (is_configured(request)) {
        ol_error_custom(&err, OL_EINVALIDREQUEST, 400,
                        OL_SLICE_LIT("BucketHasAccessPointsAttached"),
                        OL_SLICE_LIT("The bucket you tried to delete has access points attached."));
        ol_request_fail(request, &err);
        return;
    }
    ol_request_acquire(request);
    int rc = origin->ops->bucket_remove(origin, request->worker->loop, request->bucket, on_removed,
                                        request, &err);
    if (rc != OL_WAIT)
        on_removed(request, rc == OL_OK ? NULL : &err);
}

static void on_location(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    if (err) {
        fail_and_release(request, err);
        return;
    }
    ol_buf xml;
    ol_buf_init(&xml, OL_KIB);
    ol_error failure = {0};
    int rc = ol_s3_xml_location(&xml, request->generation->config->region);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else if (ol_error_set(&failure, rc, "location"))
        ol_request_fail(request, &failure);
    ol_buf_fini(&xml);
    ol_request_release(request);
}

void ol_op_get_bucket_location(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    ol_request_acquire(request);
    int rc = origin->ops->bucket_exists(origin, request->worker->loop, request->bucket, on_location,
                                        request, &err);
    if (rc != OL_WAIT)
        on_location(request, rc == OL_OK ? NULL : &err);
}
