/* SPDX-License-Identifier: MIT */
/*
 * The s3control API: account, route, permission, then the call. Calls that read answer from the
 * request's realm at once; calls that change wait until control/state/control.h has made it durable.
 */
#include "front/control_api/control_call.h"
#include "front/operations/operations.h"
#include "s3/documents/control_documents.h"

/* ---- the way in ---- */

static int find_account(ol_control_call *call, ol_error *err)
{
    ol_request *request = call->op.request;
    ol_slice id = request->address.account;
    if (id.len == 0)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "Missing required header for this request: x-amz-account-id");
    call->account = ol_realm_find_account(request->realm, id);
    return call->account ? OL_OK : ol_error_set(err, OL_EACCESS, "an account that is not here");
}

static int make_arn(ol_control_call *call, ol_error *err)
{
    ol_request *request = call->op.request;
    bool olap = call->route.thing == OL_CONTROL_OLAP;
    if (call->route.thing == OL_CONTROL_TAGS) {
        call->arn = call->route.name;
        return OL_OK;
    }
    if (!olap && call->route.thing != OL_CONTROL_ACCESS_POINT) {
        call->arn = OL_SLICE_LIT("*");
        return OL_OK;
    }
    char *arn = ol_arena_printf(request->arena, "arn:aws:%s:%.*s:%.*s:accesspoint/%.*s",
                                olap ? "s3-object-lambda" : "s3",
                                OL_SLICE_FMT(request->generation->config->region),
                                OL_SLICE_FMT(call->account->id), OL_SLICE_FMT(call->route.name));
    call->arn = ol_slice_cstr(arn);
    return arn ? OL_OK : ol_error_set(err, OL_ENOMEM, "s3control");
}

void ol_control_api_run(ol_request *request)
{
    ol_error err = {0};
    ol_control_call *call = ol_operation_new(request, sizeof(*call));
    if (!call)
        return;
    int rc = ol_control_route_parse(request->address.path, request->arena, &call->route, &err);
    if (rc == OL_OK)
        rc = ol_control_row_find(&call->route, request->http->method, &call->row, &err);
    if (rc == OL_OK)
        rc = find_account(call, &err);
    if (rc == OL_OK)
        rc = make_arn(call, &err);
    if (rc == OL_OK)
        rc = ol_authorize_control(request, call->row->action, call->arn, call->account->id, &err);
    if (rc == OL_OK)
        call->row->run(call);
    else
        ol_operation_fail(&call->op, &err);
}

/* ---- what calls share ---- */

void ol_control_call_read(ol_control_call *call, ol_document_fn then)
{
    ol_operation_document(&call->op, OL_CONTROL_XML_BYTES_MAX, NULL, then);
}

static void on_changed(void *arg, const ol_error *err)
{
    ol_control_call *call = arg;
    ol_buf xml;
    if (!ol_operation_lives(&call->op, err))
        return;
    if (!call->write_) {
        ol_request_reply_empty(call->op.request, call->status_, NULL);
        ol_operation_end(&call->op);
        return;
    }
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    ol_operation_reply_xml(&call->op, call->write_(&xml, call), NULL, &xml);
}

void ol_control_call_change(ol_control_call *call, const ol_edit *edit,
                            int (*write)(ol_buf *out, const ol_control_call *call), int status)
{
    ol_request *request = call->op.request;
    ol_error err = {0};
    ol_edit whole = *edit;
    whole.account = call->account->id;
    whole.name = call->route.name;
    call->write_ = write;
    call->status_ = status;
    int rc = ol_control_edit(request->worker->shared->control, request->worker->loop, &whole,
                             on_changed, call, &err);
    ol_operation_called(&call->op, rc, &err);
}

void ol_control_call_refuse(ol_control_call *call, int status, const char *s3_code,
                            const char *message)
{
    ol_error err = {0};
    ol_error_custom(&err, OL_EINVALIDREQUEST, status, ol_slice_cstr(s3_code),
                    ol_slice_cstr(message));
    if (call->route.name.len > 0)
        ol_request_error_extra(call->op.request, "AccessPointName", call->route.name);
    ol_operation_fail(&call->op, &err);
}

void ol_control_call_read_new(ol_control_call *call, ol_document_fn then)
{
    if (ol_access_point_name_ok(call->route.name, ol_control_call_is_olap(call)))
        ol_control_call_read(call, then);
    else
        ol_control_call_refuse(call, 400, "InvalidAccessPoint",
                               "The specified access point name or account is not valid.");
}

static void refuse_unknown(ol_control_call *call)
{
    ol_control_call_refuse(call, 404, "NoSuchAccessPoint",
                           "The specified accesspoint does not exist");
}

const ol_realm_access_point *ol_control_call_access_point(ol_control_call *call)
{
    const ol_realm_access_point *found = ol_realm_find_access_point(
        call->op.request->realm, call->account->id, call->route.name);
    if (!found)
        refuse_unknown(call);
    return found;
}

const ol_realm_olap *ol_control_call_olap(ol_control_call *call)
{
    const ol_realm_olap *found =
        ol_realm_find_olap(call->op.request->realm, call->account->id, call->route.name);
    if (!found)
        refuse_unknown(call);
    return found;
}
