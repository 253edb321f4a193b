/* SPDX-License-Identifier: MIT */
#include "front/operations/receive.h"

#include "front/request/body_stage.h"

void ol_receive(ol_operation *op, const ol_upload_plan *plan, const ol_stage_ops *sink,
                const void *config, ol_operation_fn then)
{
    ol_error err = {0};
    int rc = ol_operation_pipe(op, &ol_body_stage_ops, op->request, &err);
    if (rc == OL_OK)
        rc = ol_upload_plan_add(plan, op->pipeline);
    if (rc == OL_OK)
        rc = ol_operation_add(op, sink, config, &err);
    if (rc == OL_OK) {
        ol_operation_run(op, then);
        return;
    }
    ol_error_set(&err, rc, "upload pipeline");
    ol_operation_fail(op, &err);
}
