/* SPDX-License-Identifier: MIT */
#include "front/authorize.h"

/* The ARN of the bucket or of the access point, and of the key in it. */
static char *resource_arn(const ol_request *request, ol_slice key)
{
    bool with_key = key.len > 0;
    if (request->via == OL_VIA_SERVICE)
        return ol_arena_strdup(request->arena, "arn:aws:s3:::*");
    if (request->via == OL_VIA_BUCKET)
        return ol_arena_printf(request->arena, "arn:aws:s3:::%.*s%s%.*s",
                               OL_SLICE_FMT(request->bucket), with_key ? "/" : "",
                               OL_SLICE_FMT(key));
    return ol_arena_printf(request->arena, "%.*s%s%.*s", OL_SLICE_FMT(request->access_point->arn),
                           with_key ? "/object/" : "", OL_SLICE_FMT(key));
}

static int decide(const ol_request *request, const char *service, const char *action,
                  const char *arn, ol_error *err)
{
    char name[64];
    int len = snprintf(name, sizeof(name), "%s:%s", service, action);
    if (!arn)
        return ol_error_set(err, OL_ENOMEM, "resource ARN");
    return ol_access_decide(request->who, ol_slice_of(name, (size_t)len), ol_slice_cstr(arn), err);
}

int ol_authorize(const ol_request *request, const ol_authorize_ask *ask, ol_error *err)
{
    if (request->who->root && request->who->statement_count == 0)
        return OL_OK; /* what the decision would be, without building an ARN */
    if (request->via != OL_VIA_OBJECT_LAMBDA)
        return decide(request, "s3", ask->action, resource_arn(request, ask->key), err);
    const char *olap_arn =
        ol_arena_printf(request->arena, "%.*s", OL_SLICE_FMT(request->olap->arn));
    int rc = decide(request, "s3-object-lambda", ask->lambda_action, olap_arn, err);
    if (rc != OL_OK || !ask->delegated)
        return rc;
    return decide(request, "s3", ask->action, resource_arn(request, ask->key), err);
}
