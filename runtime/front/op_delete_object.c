/* SPDX-License-Identifier: MIT */
#include "front/operations.h"
#include "s3/conditions.h"

static void on_removed(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    if (err)
        ol_request_fail(request, err);
    else
        ol_request_reply_empty(request, 204, NULL);
    ol_request_release(request);
}

void ol_op_delete_object(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    if (ol_s3_conditions_none(&request->http->headers, &err) != OL_OK) {
        ol_request_fail(request, &err);
        return;
    }
    ol_request_acquire(request);
    int rc = origin->ops->remove(origin, request->worker->loop, request->bucket,
                                 request->address.key, on_removed, request, &err);
    if (rc == OL_WAIT)
        return;
    on_removed(request, rc == OL_OK ? NULL : &err);
}
