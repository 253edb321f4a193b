/* SPDX-License-Identifier: MIT */
/*
 * The way of a request to its operation: address, authenticate, resolve the target,
 * authorize, run. Nothing about the target's existence is said before the caller is allowed.
 */
#include "front/authorize.h"
#include "front/operations.h"
#include "s3/request_headers.h"

typedef struct operation_row {
    enum ol_s3_operation operation;
    const char *action;        /* on a bucket or an access point, after "s3:" */
    const char *lambda_action; /* on an OLAP, after "s3-object-lambda:"; NULL = not there */
    bool on_access_point;
    bool delegated; /* through an OLAP: done by its access point, with its permission as well */
    void (*run)(ol_request *request);
    void (*run_view)(ol_request *request); /* instead, through an OLAP; NULL = the same */
} operation_row;

static const operation_row operations[] = {
    {OL_S3_LIST_BUCKETS, "ListAllMyBuckets", NULL, false, false, ol_op_list_buckets, NULL},
    {OL_S3_CREATE_BUCKET, "CreateBucket", NULL, false, false, ol_op_create_bucket, NULL},
    {OL_S3_DELETE_BUCKET, "DeleteBucket", NULL, false, false, ol_op_delete_bucket, NULL},
    {OL_S3_HEAD_BUCKET, "ListBucket", "ListBucket", true, false, ol_op_head_bucket, NULL},
    {OL_S3_GET_BUCKET_LOCATION, "GetBucketLocation", "ListBucket", true, false, ol_op_get_bucket_location, NULL},
    {OL_S3_LIST_OBJECTS_V2, "ListBucket", "ListBucket", true, false, ol_op_list_objects, ol_op_list_view},
    {OL_S3_LIST_OBJECTS, "ListBucket", "ListBucket", true, false, ol_op_list_objects, ol_op_list_view},
    {OL_S3_GET_OBJECT, "GetObject", "GetObject", true, false, ol_op_get_object, ol_op_view_object},
    {OL_S3_HEAD_OBJECT, "GetObject", "GetObject", true, false, ol_op_get_object, ol_op_view_object},
    {OL_S3_PUT_OBJECT, "PutObject", "PutObject", true, true, ol_op_put_object, NULL},
    {OL_S3_DELETE_OBJECT, "DeleteObject", "DeleteObject", true, true, ol_op_delete_object, NULL},
    {OL_S3_DELETE_OBJECTS, "DeleteObject", "DeleteObject", true, true, ol_op_delete_objects, NULL},
};

static const operation_row *find_row(enum ol_s3_operation operation)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (operations[i].operation == operation)
            return &operations[i];
    return NULL;
}

/* ---- authentication ---- */

static ol_slice secret_of(void *arg, ol_slice access_key)
{
    const ol_config_key *key = ol_config_find_key(arg, access_key);
    return key ? key->secret_key : OL_SLICE_NONE;
}

static int authenticate(ol_request *request, ol_error *err)
{
    ol_worker *worker = request->worker;
    ol_config *config = request->generation->config;
    int rc = ol_sigv4_check(worker->sigv4, request->http, request->line.wall_ms, config->region,
                            secret_of, config, &request->auth, err);
    if (rc != OL_OK) {
        ol_metrics_add(worker->metrics, OL_COUNTER_auth_failures, 1);
        return rc;
    }
    const ol_config_key *key = ol_config_find_key(config, request->auth.access_key);
    if (!key)
        return ol_error_set(err, OL_EACCESSKEY, NULL);
    request->who = key->identity;
    return OL_OK;
}

/* ---- the target ---- */

static int resolve(ol_request *request, ol_error *err)
{
    const ol_config *config = request->generation->config;
    ol_slice name = request->address.bucket;
    if (name.len == 0) {
        request->via = OL_VIA_SERVICE;
        return OL_OK;
    }
    request->olap = ol_config_find_olap(config, name);
    request->access_point =
        request->olap ? request->olap->access_point : ol_config_find_access_point(config, name);
    if (request->access_point) {
        request->via = request->olap ? OL_VIA_OBJECT_LAMBDA : OL_VIA_ACCESS_POINT;
        request->bucket = request->access_point->bucket;
        return OL_OK;
    }
    if (ol_slice_ends(name, OL_SLICE_LIT("--ol-s3")) || ol_slice_ends(name, OL_SLICE_LIT("-s3alias")))
        return ol_error_set(err, OL_ENOSUCHACCESSPOINT, NULL);
    request->via = OL_VIA_BUCKET;
    request->bucket = name;
    return OL_OK;
}

/* ---- all of it ---- */

/* The address outlives the exchange (the log wants it, and an origin's call may), so it is read
 * from a copy of the target. */
static int read_address(ol_request *request, ol_error *err)
{
    ol_http_request copy = *request->http;
    copy.path = ol_arena_copy(request->arena, copy.path);
    if (copy.query.data)
        copy.query = ol_arena_copy(request->arena, copy.query);
    if (!copy.path.data || (request->http->query.data && !copy.query.data))
        return ol_error_set(err, OL_ENOMEM, "the request's target");
    return ol_s3_address_parse(&copy, request->arena, &request->address, err);
}

static int prepare(ol_request *request, const operation_row **out, ol_error *err)
{
    int rc = read_address(request, err);
    if (rc == OL_OK)
        rc = authenticate(request, err);
    if (rc == OL_OK)
        rc = resolve(request, err);
    if (rc != OL_OK)
        return rc;
    const operation_row *row = find_row(request->address.operation);
    if (!row)
        return ol_error_set(err, OL_ENOTIMPLEMENTED, NULL);
    if (request->access_point && !row->on_access_point)
        return ol_error_set(err, OL_EMETHOD, NULL);
    if (request->olap && !row->lambda_action)
        return ol_error_say(err, OL_ENOTIMPLEMENTED,
                            "This operation is not available through an Object Lambda access point.");
    /* Each key of a batch is authorized on its own, when the batch is known. */
    if (row->run != ol_op_delete_objects)
        rc = ol_authorize(request,
                          &(ol_authorize_ask){.action = row->action,
                                              .lambda_action = row->lambda_action,
                                              .key = request->address.key,
                                              .delegated = row->delegated},
                          err);
    if (rc == OL_OK)
        rc = ol_s3_headers_refuse(&request->http->headers, err);
    if (rc == OL_OK)
        rc = ol_s3_headers_check_owner(&request->http->headers,
                                       request->generation->config->account_id, err);
    *out = row;
    return rc;
}

void ol_request_dispatch(ol_request *request)
{
    ol_error err = {0};
    const operation_row *row = NULL;
    if (prepare(request, &row, &err) != OL_OK) {
        ol_request_fail(request, &err);
        return;
    }
    if (request->olap && row->run_view)
        row->run_view(request);
    else
        row->run(request);
}
