/* SPDX-License-Identifier: MIT */
/* Object Lambda access points of an account: create, get, delete, list, and their configuration. */
#include "front/control_api/control_page.h"

static ol_control_entry entry_of(const ol_realm_olap *olap)
{
    return (ol_control_entry){.name = olap->name,
                              .alias = olap->alias,
                              .arn = olap->arn,
                              .created_ms = olap->created_ms,
                              .block = OL_PUBLIC_ACCESS_BLOCK_ALL};
}

/* ---- what a configuration may say ---- */

static int check_supporting(ol_control_call *call, const ol_control_olap *olap, ol_error *err)
{
    ol_request *request = call->op.request;
    ol_s3_arn arn;
    if (!ol_s3_arn_parse(olap->supporting_access_point, &arn) ||
        arn.door != OL_S3_DOOR_ACCESS_POINT || arn.key.data)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "SupportingAccessPoint is not the ARN of an access point.");
    if (!ol_slice_eq(arn.region, request->generation->config->region) ||
        !ol_slice_eq(arn.account, call->account->id))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "SupportingAccessPoint is of another region or account.");
    if (!ol_realm_find_access_point(request->realm, arn.account, arn.name))
        return ol_error_say(err, OL_EINVALIDREQUEST, "SupportingAccessPoint does not exist.");
    return OL_OK;
}

static int check_function(ol_control_call *call, ol_slice text, ol_error *err)
{
    ol_function_name function;
    ol_slice shown = ol_slice_first(text, 200);
    if (!ol_function_name_parse(text, &function) ||
        (function.account.len > 0 && !ol_slice_eq(function.account, call->account->id)))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "FunctionArn names no function of the account: %.*s",
                            OL_SLICE_FMT(shown));
    ol_program *program = ol_registry_get(call->op.request->generation->registry, function.name);
    if (!program)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "FunctionArn names a transform that does not exist: %.*s",
                            OL_SLICE_FMT(shown));
    ol_program_release(program);
    return OL_OK;
}

static int read_configuration(ol_control_call *call, ol_slice body, ol_control_olap **out,
                              ol_error *err)
{
    ol_arena *arena = call->op.request->arena;
    ol_control_olap *olap = ol_arena_calloc(arena, sizeof(*olap));
    if (!olap)
        return ol_error_set(err, OL_ENOMEM, "s3control");
    *out = olap;
    int rc = ol_control_parse_olap(body, arena, olap, err);
    if (rc == OL_OK)
        rc = check_supporting(call, olap, err);
    for (size_t i = 0; rc == OL_OK && i < olap->transformation_count; i++)
        rc = check_function(call, olap->transformations[i].function, err);
    return rc;
}

/* ---- create, change ---- */

/* As of access points: the worker's realm has it. */
static int write_created(ol_buf *out, const ol_control_call *call)
{
    const ol_realm *realm = call->op.request->worker->realm;
    const ol_realm_olap *olap = ol_realm_find_olap(realm, call->account->id, call->route.name);
    const ol_control_entry gone = {.name = call->route.name, .arn = call->arn};
    const ol_control_entry entry = olap ? entry_of(olap) : gone;
    return ol_control_xml_olap_created(out, &entry);
}

/* Both carry a whole configuration. */
static void change(ol_operation *op, ol_slice body, enum ol_edit_kind kind,
                   int (*write)(ol_buf *out, const ol_control_call *call))
{
    ol_control_call *call = (ol_control_call *)op;
    ol_control_olap *olap = NULL;
    ol_error err = {0};
    if (read_configuration(call, body, &olap, &err) == OL_OK)
        ol_control_call_change(call, &(ol_edit){.kind = kind, .olap = olap}, write, 200);
    else
        ol_operation_fail(op, &err);
}

static void on_creation(ol_operation *op, ol_slice body)
{
    change(op, body, OL_EDIT_OLAP_CREATED, write_created);
}

void ol_control_create_olap(ol_control_call *call)
{
    ol_control_call_read_new(call, on_creation);
}

static void on_configuration(ol_operation *op, ol_slice body)
{
    change(op, body, OL_EDIT_OLAP_CONFIGURATION, NULL);
}

void ol_control_put_olap_configuration(ol_control_call *call)
{
    if (ol_control_call_olap(call))
        ol_control_call_read(call, on_configuration);
}

void ol_control_delete_olap(ol_control_call *call)
{
    if (ol_control_call_olap(call))
        ol_control_call_change(call, &(ol_edit){.kind = OL_EDIT_OLAP_DELETED}, NULL, 204);
}

/* ---- get ---- */

void ol_control_get_olap(ol_control_call *call)
{
    ol_buf xml;
    const ol_realm_olap *olap = ol_control_call_olap(call);
    if (!olap)
        return;
    const ol_control_entry entry = entry_of(olap);
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    ol_operation_reply_xml(&call->op, ol_control_xml_olap(&xml, &entry), NULL, &xml);
}

static int write_configuration(ol_buf *out, const ol_realm_olap *olap)
{
    ol_control_transformation views[OL_ACTIONS];
    size_t count = olap->view_count < OL_ACTIONS ? olap->view_count : OL_ACTIONS;
    for (size_t i = 0; i < count; i++)
        views[i] = (ol_control_transformation){.actions = olap->views[i].actions,
                                               .function = olap->views[i].function,
                                               .payload = olap->views[i].payload};
    const ol_control_olap document = {.supporting_access_point = olap->supporting_arn,
                                      .metrics = olap->metrics,
                                      .features = olap->features,
                                      .transformations = views,
                                      .transformation_count = count};
    return ol_control_xml_olap_configuration(out, &document);
}

void ol_control_get_olap_configuration(ol_control_call *call)
{
    ol_buf xml;
    const ol_realm_olap *olap = ol_control_call_olap(call);
    if (!olap)
        return;
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    ol_operation_reply_xml(&call->op, write_configuration(&xml, olap), NULL, &xml);
}

/* ---- list ---- */

static bool fill(const ol_control_call *call, ol_control_page *page)
{
    const ol_realm *realm = call->op.request->realm;
    const ol_realm_olap *olap = ol_realm_next_olap(realm, call->account->id, page->after);
    while (olap && page->count < page->max) {
        page->entries[page->count++] = entry_of(olap);
        olap = ol_realm_next_olap(realm, call->account->id, olap->name);
    }
    return olap != NULL;
}

void ol_control_list_olaps(ol_control_call *call)
{
    ol_control_page_reply(call, fill, ol_control_xml_olaps);
}
