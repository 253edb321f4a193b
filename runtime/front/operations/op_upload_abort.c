/* SPDX-License-Identifier: MIT */
#include "front/operations/operation.h"
#include "front/operations/operations.h"

static void on_aborted(void *arg, const ol_error *err)
{
    ol_operation *op = arg;
    if (!ol_operation_lives(op, err))
        return;
    ol_request_reply_empty(op->request, 204, NULL);
    ol_operation_end(op);
}

void ol_op_abort_multipart_upload(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    ol_operation *op = ol_operation_new(request, sizeof(*op));
    if (!op)
        return;
    int rc = origin->ops->upload_abort(origin, request->worker->loop, request->target.bucket,
                                       request->address.key,
                                       ol_s3_param_get(&request->address, "uploadId"), on_aborted,
                                       op, &err);
    if (rc == OL_OK)
        on_aborted(op, NULL);
    else
        ol_operation_called(op, rc, &err);
}
