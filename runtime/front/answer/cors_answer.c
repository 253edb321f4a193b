/* SPDX-License-Identifier: MIT */
#include "front/answer/cors_answer.h"

#include "access/cors.h"

static const ol_cors *rules_of(const ol_request *request)
{
    return request->target.rule ? request->target.rule->cors : NULL;
}

int ol_cors_answer_actual(ol_request *request)
{
    const ol_cors *cors = rules_of(request);
    const ol_headers *headers = &request->http->headers;
    if (!cors || !ol_headers_find(headers, OL_SLICE_LIT("origin")))
        return OL_OK;
    return ol_cors_actual(cors, request->http->method_text, headers, &request->standing);
}

/* ---- preflight ---- */

static void reply(ol_request *request)
{
    ol_error err = {0};
    ol_headers *answer = ol_request_headers(request);
    int rc = answer ? OL_OK : ol_error_set(&err, OL_ENOMEM, "preflight");
    if (rc == OL_OK)
        rc = ol_cors_preflight(rules_of(request), &request->http->headers, answer, &err);
    if (rc == OL_OK) {
        ol_request_reply_empty(request, 200, answer);
        return;
    }
    const ol_headers *headers = &request->http->headers;
    ol_request_error_extra(request, "Method",
                           ol_headers_get(headers, "access-control-request-method"));
    ol_request_error_extra(request, "ResourceType",
                           rules_of(request) ? OL_SLICE_LIT("OBJECT") : OL_SLICE_LIT("BUCKET"));
    ol_request_fail(request, &err);
}

/* Whether a bucket that has no rules exists, strangers learn as they would on AWS. */
static void on_exists(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    ol_error missing = {0};
    if (err && err->code == OL_ENOSUCHBUCKET) {
        ol_error_say(&missing, OL_EFORBIDDENCORS, "CORSResponse: Bucket not found");
        ol_request_fail(request, &missing);
    } else if (err) {
        ol_request_fail(request, err);
    } else if (!request->gone) {
        reply(request);
    }
    ol_request_release(request);
}

void ol_cors_answer_preflight(ol_request *request, int resolved)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    if (resolved != OL_OK || rules_of(request) || !origin ||
        !ol_headers_find(&request->http->headers, OL_SLICE_LIT("origin"))) {
        reply(request);
        return;
    }
    ol_request_acquire(request);
    int rc = origin->ops->bucket_exists(origin, request->worker->loop, request->target.bucket,
                                        on_exists, request, &err);
    if (rc != OL_WAIT)
        on_exists(request, rc == OL_OK ? NULL : &err);
}
