/* SPDX-License-Identifier: MIT */
/*
 * What is asked of a bucket as such: HEAD, its location, its versioning; and its end.
 */
#include "control/state/control.h"
#include "front/operations/operations.h"
#include "s3/documents/bucket_documents.h"

/* ---- is it there? then this is the answer ---- */

static void ask_exists(ol_request *request, ol_done_cb cb)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    ol_request_acquire(request);
    int rc = origin->ops->bucket_exists(origin, request->worker->loop, request->target.bucket, cb,
                                        request, &err);
    if (rc != OL_WAIT)
        cb(request, rc == OL_OK ? NULL : &err);
}

/* `missing`: why the bucket cannot be told of; NULL = it is there. */
static void reply_document(ol_request *request, const ol_error *missing,
                           int (*write)(ol_buf *out, const ol_request *request))
{
    ol_buf xml;
    ol_error err = {0};
    if (missing) {
        ol_request_fail(request, missing);
        ol_request_release(request);
        return;
    }
    ol_buf_init(&xml, OL_KIB);
    int rc = write(&xml, request);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else if (ol_error_set(&err, rc, "a small document"))
        ol_request_fail(request, &err);
    ol_buf_fini(&xml);
    ol_request_release(request);
}

static void on_head(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    ol_headers *headers = err ? NULL : ol_request_headers(request);
    bool by_alias = request->target.via != OL_VIA_BUCKET;
    if (headers) {
        ol_headers_add(headers, OL_SLICE_LIT("x-amz-bucket-region"),
                       request->generation->config->region);
        ol_headers_add(headers, OL_SLICE_LIT("x-amz-access-point-alias"),
                       by_alias ? OL_SLICE_LIT("true") : OL_SLICE_LIT("false"));
    }
    if (err)
        ol_request_fail(request, err);
    else
        ol_request_reply_empty(request, 200, headers);
    ol_request_release(request);
}

void ol_op_head_bucket(ol_request *request)
{
    ask_exists(request, on_head);
}

static int write_location(ol_buf *out, const ol_request *request)
{
    return ol_s3_xml_location(out, request->generation->config->region);
}

static void on_location(void *arg, const ol_error *err)
{
    reply_document(arg, err, write_location);
}

void ol_op_get_bucket_location(ol_request *request)
{
    ask_exists(request, on_location);
}

static int write_versioning(ol_buf *out, const ol_request *request)
{
    (void)request;
    return ol_s3_xml_versioning(out);
}

static void on_versioning(void *arg, const ol_error *err)
{
    reply_document(arg, err, write_versioning);
}

void ol_op_get_bucket_versioning(ol_request *request)
{
    ask_exists(request, on_versioning);
}

/* ---- DeleteBucket ---- */

static void reply_deleted(ol_request *request)
{
    ol_request_reply_empty(request, 204, NULL);
    ol_request_release(request);
}

/* The bucket is gone. Rules that could not be dropped are dropped when a bucket of that name is
 * made again, so nobody inherits them. */
static void on_forgotten(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    if (err)
        request->line.detail =
            ol_arena_printf(request->arena, "rules stay behind: %s", err->detail);
    reply_deleted(request);
}

static void on_removed(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    ol_control *control = request->worker->shared->control;
    ol_error edit_err = {0};
    if (err) {
        ol_request_fail(request, err);
        ol_request_release(request);
        return;
    }
    if (!ol_control_is_writable(control)) {
        reply_deleted(request);
        return;
    }
    ol_edit edit = {.kind = OL_EDIT_BUCKET_DELETED,
                    .account = request->target.rule->owner->id,
                    .name = request->target.bucket};
    int rc = ol_control_edit(control, request->worker->loop, &edit, on_forgotten, request, &edit_err);
    if (rc < 0)
        on_forgotten(request, &edit_err);
}

void ol_op_delete_bucket(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    if (ol_realm_access_points_of(request->realm, request->target.bucket) > 0) {
        ol_error_custom(&err, OL_EINVALIDREQUEST, 400,
                        OL_SLICE_LIT("BucketHasAccessPointsAttached"),
                        OL_SLICE_LIT("The bucket you tried to delete has access points attached."));
        ol_request_fail(request, &err);
        return;
    }
    ol_request_acquire(request);
    int rc = origin->ops->bucket_remove(origin, request->worker->loop, request->target.bucket,
                                        on_removed, request, &err);
    if (rc != OL_WAIT)
        on_removed(request, rc == OL_OK ? NULL : &err);
}
