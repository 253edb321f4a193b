/* SPDX-License-Identifier: MIT */
#include "front/operations/object_headers.h"
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/version_id.h"
#include "s3/request/conditions.h"

/* What is not there is deleted already, whatever it should have been. */
static bool is_gone(const ol_error *err)
{
    return err->code == OL_ENOSUCHKEY || err->code == OL_ENOSUCHVERSION;
}

static void on_removed(void *arg, const ol_error *err, const ol_remove_result *result)
{
    ol_operation *op = arg;
    if (!ol_operation_lives(op, err && !is_gone(err) ? err : NULL))
        return;
    ol_headers *headers = ol_request_headers(op->request);
    if (headers && result && ol_object_headers_version(headers, result->version_id) == OL_OK &&
        result->delete_marker)
        ol_headers_add(headers, OL_SLICE_LIT("x-amz-delete-marker"), OL_SLICE_LIT("true"));
    ol_request_reply_empty(op->request, 204, headers);
    ol_operation_end(op);
}

void ol_op_delete_object(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    ol_s3_remove_conditions conditions;
    ol_operation *op = ol_operation_new(request, sizeof(*op));
    if (!op)
        return;
    ol_slice version;
    int rc = ol_version_id(request, &version, &err);
    if (rc == OL_OK)
        rc = ol_s3_conditions_remove(&request->http->headers, &conditions, &err);
    if (rc == OL_OK)
        rc = ol_operation_keep(op, &conditions.if_match, &err);
    if (rc == OL_OK) {
        ol_remove_request ask = {
            .bucket = request->target.bucket,
            .key = request->address.key,
            .version = version,
            .if_match = conditions.if_match,
            .if_modified_ms = conditions.if_modified_ms,
            .if_size = conditions.if_size,
        };
        rc = origin->ops->remove(origin, request->worker->loop, &ask, on_removed, op, &err);
    }
    if (rc != OL_WAIT)
        on_removed(op, rc == OL_OK ? NULL : &err, NULL);
}
