/* SPDX-License-Identifier: MIT */
/*
 * ListObjects and ListObjectsV2 of a bucket or an access point.
 */
#include "front/list_query.h"
#include "front/operations.h"

typedef struct list {
    ol_request *request;
    ol_list_query query;
} list;

static void on_list(void *arg, const ol_error *err, ol_list_result *result)
{
    list *self = arg;
    if (err) {
        ol_request_fail(self->request, err);
    } else {
        ol_list_query_reply(&self->query, self->request, result);
        ol_arena_destroy(result->arena);
    }
    ol_request_release(self->request);
}

void ol_op_list_objects(ol_request *request)
{
    ol_origin *origin = request->worker->shared->origin;
    ol_error err = {0};
    list *self = ol_arena_calloc(request->arena, sizeof(*self));
    int rc = self ? OL_OK : ol_error_set(&err, OL_ENOMEM, "listing");
    if (rc == OL_OK) {
        self->request = request;
        rc = ol_list_query_read(&self->query, request, &err);
    }
    if (rc == OL_OK) {
        ol_request_acquire(request);
        rc = origin->ops->list(origin, request->worker->loop, &self->query.ask, on_list, self,
                               &err);
        if (rc >= 0)
            return;
        ol_request_release(request);
    }
    ol_request_fail(request, &err);
}
