/* SPDX-License-Identifier: MIT */
/*
 * A request's body on its way into a sink: what the client sends, decoded and verified.
 */
#ifndef OL_FRONT_RECEIVE_H
#define OL_FRONT_RECEIVE_H

#include "front/operations/operation.h"
#include "s3/upload/upload_stages.h"

/* A step of an operation, as ol_operation_run: `then`, or the operation fails. The plan and the
 * sink's config outlive it. */
void ol_receive(ol_operation *op, const ol_upload_plan *plan, const ol_stage_ops *sink,
                const void *config, ol_operation_fn then);

#endif
