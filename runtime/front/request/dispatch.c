/* SPDX-License-Identifier: MIT */
/*
 * The way of a request to its operation: address, authenticate, resolve the target, authorize,
 * run; CORS headers as soon as the target is known, because errors bear them too.
 *
 * Whether a target exists is said after authentication only, and then as AWS does: a bucket that
 * is not there is NoSuchBucket to every signed caller, a key that is not there NoSuchKey to those
 * who may list.
 */
#include "front/answer/cors_answer.h"
#include "front/control_api/sts.h"
#include "front/keys/encryption.h"
#include "front/operations/operation_table.h"
#include "front/operations/operations.h"
#include "front/request/authenticate.h"
#include "front/request/authorize.h"
#include "front/request/doors.h"
#include "s3/request/request_headers.h"

/* ---- address ---- */

/* The address outlives the exchange (the log wants it, and an origin's call may), so it is read
 * from a copy of the target. */
static int copy_http(ol_request *request, ol_error *err)
{
    ol_arena *arena = request->arena;
    ol_http_request *copy = ol_arena_alloc(arena, sizeof(*copy));
    if (!copy)
        return ol_error_set(err, OL_ENOMEM, "the request's target");
    *copy = *request->http;
    copy->path = ol_arena_copy(arena, copy->path);
    copy->host = ol_arena_copy(arena, copy->host);
    if (copy->query.data)
        copy->query = ol_arena_copy(arena, copy->query);
    if (!copy->path.data || !copy->host.data || (request->http->query.data && !copy->query.data))
        return ol_error_set(err, OL_ENOMEM, "the request's target");
    int rc = ol_s3_headers_from_query(copy, arena, err);
    request->http = copy;
    return rc;
}

static int read_address(ol_request *request, ol_error *err)
{
    const ol_config *config = request->generation->config;
    const ol_s3_address_rules rules = {.domains = config->domains,
                                       .domain_count = config->domain_count,
                                       .base_path = config->base_path,
                                       .amazon_hosts = config->amazon_hosts};
    int rc = copy_http(request, err);
    if (rc == OL_OK)
        rc = ol_s3_address_parse(request->http, &rules, request->arena, &request->address, err);
    if (request->address.api == OL_S3_API_CONTROL)
        request->error_shape = OL_S3_ERROR_CONTROL;
    if (request->address.api == OL_S3_API_STS)
        request->error_shape = OL_S3_ERROR_STS;
    return rc;
}

static int add_hsts(ol_request *request, ol_error *err)
{
    if (!request->http->tls || request->listener->hsts_s == 0)
        return OL_OK;
    char text[40];
    int len = snprintf(text, sizeof(text), "max-age=%u", request->listener->hsts_s);
    int rc = ol_request_standing_header(request, "Strict-Transport-Security",
                                        ol_slice_of(text, (size_t)len));
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "HSTS");
}

/* ---- run ---- */

static void run(ol_request *request, const ol_operation_row *row)
{
    if (!request->view)
        row->run(request);
    else if (row->flags & OL_OPERATION_LISTS)
        ol_op_list_view(request);
    else if (row->operation == OL_S3_GET_OBJECT_ATTRIBUTES)
        ol_op_view_attributes(request);
    else
        ol_op_view_object(request);
}

/* ---- denied ---- */

typedef struct denial {
    ol_request *request;
    ol_error err;
} denial;

static void on_checked(denial *self, const ol_error *err)
{
    bool missing = err && (err->code == OL_ENOSUCHBUCKET || err->code == OL_ENOSUCHKEY);
    ol_request_fail(self->request, missing ? err : &self->err);
    ol_request_release(self->request);
}

static void on_bucket(void *arg, const ol_error *err)
{
    on_checked(arg, err);
}

static void on_key(void *arg, const ol_error *err, ol_slice text)
{
    (void)text;
    on_checked(arg, err);
}

static int check_there(denial *self, bool key, ol_error *err)
{
    const ol_request *request = self->request;
    ol_origin *origin = request->target.origin;
    const ol_object_ref ref = {.bucket = request->target.bucket,
                               .key = request->address.key,
                               .open_for = OL_OPEN_FOR_INFO};
    if (key)
        return origin->ops->attribute_get(origin, request->worker->loop, &ref, OL_ATTRIBUTE_TAGS,
                                          on_key, self, err);
    return origin->ops->bucket_exists(origin, request->worker->loop, ref.bucket, on_bucket, self,
                                      err);
}

/* AWS says that a bucket does not exist before it looks at permissions; and that a key does not to
 * all who may list, whether or not they might have read it. */
static void deny(ol_request *request, const ol_error *err)
{
    enum ol_via via = request->target.via;
    ol_error ignored = ol_error_none();
    bool key = (via == OL_VIA_BUCKET || via == OL_VIA_ACCESS_POINT) &&
               ol_authorize_is_read(request) && ol_authorize_missing(request);
    bool bucket = via == OL_VIA_BUCKET && request->address.operation != OL_S3_CREATE_BUCKET;
    denial *self = NULL;
    if (err->code == OL_EACCESS && !request->gone && (key || bucket))
        self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self) {
        ol_request_fail(request, err);
        return;
    }
    self->request = ol_request_acquire(request);
    self->err = *err;
    int rc = check_there(self, key, &ignored);
    if (rc != OL_WAIT)
        on_checked(self, rc == OL_OK ? NULL : &ignored);
}

/* ---- authorize ---- */

/* What an OLAP's transforms may be asked; OL_ACTIONS = nothing. */
static enum ol_realm_action action_of(enum ol_s3_operation operation)
{
    switch (operation) {
    case OL_S3_GET_OBJECT:
    case OL_S3_GET_OBJECT_ATTRIBUTES:
        return OL_ACTION_GET_OBJECT;
    case OL_S3_HEAD_OBJECT:
        return OL_ACTION_HEAD_OBJECT;
    case OL_S3_LIST_OBJECTS:
        return OL_ACTION_LIST_OBJECTS;
    case OL_S3_LIST_OBJECTS_V2:
        return OL_ACTION_LIST_OBJECTS_V2;
    default:
        return OL_ACTIONS;
    }
}

/* What is settled about a request before anybody weighs policies. */
static int check_form(const ol_request *request, const ol_operation_row *row, ol_error *err)
{
    const ol_target *target = &request->target;
    const ol_headers *headers = &request->http->headers;
    if (target->access_point && !(row->flags & OL_OPERATION_BY_ACCESS_POINT))
        return ol_error_set(err, OL_EMETHOD, NULL);
    if (target->olap && !(row->flags & OL_OPERATION_BY_OLAP))
        return ol_error_set(err, OL_EMETHOD, NULL);
    if (!target->olap && strcmp(request->auth.service, "s3-object-lambda") == 0)
        return ol_error_say(err, OL_EAUTHHEADER,
                            "The authorization header is malformed; incorrect service "
                            "\"s3-object-lambda\". This endpoint belongs to \"s3\".");
    if (request->view && !target->olap->options.customer_keys &&
        ol_s3_sse_customer_named(headers, OL_S3_SSE_OF_OBJECT))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Objects encrypted with a customer's key cannot be read through an "
                            "Object Lambda access point.");
    return OL_OK;
}

/* response-* are the signer's to choose, not a stranger's. */
static int check_overrides(const ol_request *request, ol_error *err)
{
    const ol_s3_address *address = &request->address;
    if (request->auth.type != OL_AUTH_ANONYMOUS)
        return OL_OK;
    for (size_t i = 0; i < address->param_count; i++)
        if (ol_slice_starts(address->params[i].name, OL_SLICE_LIT("response-")))
            return ol_error_say(err, OL_EINVALIDREQUEST,
                                "Request specific response headers cannot be used for anonymous "
                                "GET requests.");
    return OL_OK;
}

static int check_allowed(const ol_request *request, ol_error *err)
{
    const ol_realm_bucket *rule = request->target.rule;
    int rc = ol_s3_headers_refuse(&request->http->headers, err);
    if (rc == OL_OK && rule && request->address.operation != OL_S3_CREATE_BUCKET)
        rc = ol_s3_headers_check_owner(&request->http->headers, rule->owner->id, err);
    return rc == OL_OK ? check_overrides(request, err) : rc;
}

/* The caller's key for the original of a view, where the door takes one (check_form has seen to
 * that). Listings open originals of their own choice, and have no key for any. */
static int read_view_key(ol_request *request, const ol_operation_row *row, ol_error *err)
{
    ol_customer_key customer;
    if (!request->view || (row->flags & OL_OPERATION_LISTS))
        return OL_OK;
    int rc = ol_encryption_of_read(&customer, request, err);
    request->customer_key = customer.key;
    return rc;
}

static void allowed(ol_request *request, const ol_operation_row *row)
{
    ol_error err = ol_error_none();
    int rc = check_allowed(request, &err);
    if (rc == OL_OK)
        rc = read_view_key(request, row, &err);
    if (rc == OL_OK)
        run(request, row);
    else
        ol_request_fail(request, &err);
}

static void on_authorized(void *arg, const ol_error *err)
{
    ol_request *request = arg;
    if (err)
        deny(request, err);
    else if (!request->gone)
        allowed(request, ol_operation_row_of(request->address.operation));
    ol_request_release(request);
}

/* Does the OLAP's permission do, without the access point's and the bucket's? */
static bool view_suffices(const ol_request *request, const ol_operation_row *row)
{
    const ol_realm_olap *olap = request->target.olap;
    if (!olap)
        return false;
    return (row->flags & OL_OPERATION_HARMLESS) ||
           (request->view && ol_realm_view_suffices(olap, action_of(row->operation)));
}

static ol_authorize_ask ask_for(const ol_request *request, const ol_operation_row *row)
{
    ol_slice version = ol_s3_param_get(&request->address, "versionId");
    bool named = version.len > 0 && row->version_action;
    return (ol_authorize_ask){
        .action = named ? row->version_action : row->action,
        .lambda_action = row->lambda_action,
        .key = request->address.key,
        .version = version,
        .view = view_suffices(request, row),
    };
}

static void authorize(ol_request *request, const ol_operation_row *row)
{
    ol_error err = ol_error_none();
    const ol_authorize_ask ask = ask_for(request, row);
    int rc = OL_OK;
    if (row->flags & OL_OPERATION_LISTS)
        rc = ol_doors_borders_list(request, &request->target,
                                   ol_s3_param_get(&request->address, "prefix"), &err);
    if (row->flags & OL_OPERATION_UNAUTHORIZED) {
        allowed(request, row);
        return;
    }
    if (rc == OL_OK) {
        ol_request_acquire(request);
        rc = ol_authorize(request, &ask, on_authorized, request, &err);
        if (rc == OL_WAIT)
            return;
        ol_request_release(request);
    }
    if (rc == OL_OK)
        allowed(request, row);
    else
        deny(request, &err);
}

/* ---- S3 ---- */

/* The transforms that answer, if there are any for this operation. Attributes cannot be configured:
 * they describe what GET gives, or are delegated. */
static const ol_realm_view *view_of(const ol_request *request)
{
    enum ol_s3_operation operation = request->address.operation;
    enum ol_realm_action action = action_of(operation);
    const ol_realm_olap *olap = request->target.olap;
    if (!olap || action == OL_ACTIONS)
        return NULL;
    if (operation == OL_S3_GET_OBJECT_ATTRIBUTES &&
        olap->options.unconfigured == OL_VIEW_UNCONFIGURED_DELEGATE)
        return NULL;
    return ol_realm_view_for(olap, action);
}

static void serve_s3(ol_request *request)
{
    ol_error err = ol_error_none(), unresolved = ol_error_none();
    bool may_be_lambda = request->address.door != OL_S3_DOOR_ACCESS_POINT;
    unsigned services = OL_SIGV4_S3 | (may_be_lambda ? OL_SIGV4_OBJECT_LAMBDA : 0);
    int rc = ol_authenticate(request, services, NULL, &err);
    int resolved = ol_target_resolve_address(request, &request->target, &unresolved);
    if (ol_cors_answer_actual(request) != OL_OK && rc == OL_OK)
        rc = ol_error_set(&err, OL_ENOMEM, "CORS headers");
    if (rc == OL_OK && resolved != OL_OK && request->who == &ol_identity_anonymous)
        rc = ol_error_set(&err, OL_EACCESS, "anonymous, and there is no such access point");
    if (rc == OL_OK && resolved != OL_OK) {
        err = unresolved;
        rc = resolved;
    }
    const ol_operation_row *row = ol_operation_row_of(request->address.operation);
    if (rc == OL_OK && !row)
        rc = ol_error_set(&err, OL_ENOTIMPLEMENTED, NULL);
    if (rc == OL_OK) {
        request->view = view_of(request);
        rc = check_form(request, row, &err);
    }
    if (rc == OL_OK)
        authorize(request, row);
    else
        ol_request_fail(request, &err);
}

/* ---- the other APIs ---- */

static void serve_preflight(ol_request *request)
{
    ol_error ignored = ol_error_none();
    int resolved = ol_target_resolve_address(request, &request->target, &ignored);
    ol_cors_answer_preflight(request, resolved);
}

static void serve_control(ol_request *request)
{
    ol_error err = ol_error_none();
    int rc = ol_authenticate(request, OL_SIGV4_S3, NULL, &err);
    if (rc == OL_OK && request->who == &ol_identity_anonymous)
        rc = ol_error_set(&err, OL_EACCESS, "nobody signed");
    if (rc == OL_OK)
        ol_control_api_run(request);
    else
        ol_request_fail(request, &err);
}

static void refuse_write_response(ol_request *request)
{
    ol_error err = ol_error_none();
    ol_error_say(&err, OL_ENOTIMPLEMENTED, "WriteGetObjectResponse is not implemented.");
    ol_request_fail(request, &err);
}

void ol_request_dispatch(ol_request *request)
{
    ol_error err = ol_error_none();
    int rc = read_address(request, &err);
    if (rc == OL_OK && !ol_realm_is_complete(request->realm))
        rc = ol_error_set(&err, OL_EUNAVAILABLE, "what the control API made is not read yet");
    if (rc == OL_OK)
        rc = add_hsts(request, &err);
    if (rc != OL_OK)
        ol_request_fail(request, &err);
    else if (request->address.api == OL_S3_API_CONTROL)
        serve_control(request);
    else if (request->address.api == OL_S3_API_STS)
        ol_sts_run(request);
    else if (request->address.api == OL_S3_API_WRITE_RESPONSE)
        refuse_write_response(request);
    else if (request->address.operation == OL_S3_CORS_PREFLIGHT)
        serve_preflight(request);
    else
        serve_s3(request);
}
