/* SPDX-License-Identifier: MIT */
/*
 * ListObjects and ListObjectsV2 of a bucket or an access point.
 */
#include "front/operations/list_query.h"
#include "front/operations/operation.h"
#include "front/operations/operations.h"

typedef struct list {
    ol_operation op;
    ol_list_query query;
} list;

static void on_list(void *arg, const ol_error *err, ol_list_result *result)
{
    list *self = arg;
    if (ol_operation_lives(&self->op, err)) {
        ol_list_query_reply(&self->query, self->op.request, result);
        ol_operation_end(&self->op);
    }
    if (result)
        ol_arena_destroy(result->arena);
}

void ol_op_list_objects(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    list *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    int rc = ol_list_query_read(&self->query, request, &err);
    if (rc == OL_OK)
        rc = origin->ops->list(origin, request->worker->loop, &self->query.ask, on_list, self,
                               &err);
    ol_operation_called(&self->op, rc, &err);
}
