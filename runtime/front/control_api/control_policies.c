/* SPDX-License-Identifier: MIT */
/* Policies of access points of both kinds. */
#include "access/public_access.h"
#include "front/control_api/control_call.h"
#include "s3/documents/control_documents.h"

/* What of an access point of either kind matters here. */
typedef struct subject {
    const ol_realm_policy *policy;
    ol_public_access_block block;
} subject;

/* False: there is none, and the call has been answered. */
static bool find_subject(ol_control_call *call, subject *out)
{
    ol_public_access_block of_account = call->account->public_access_block;
    if (ol_control_call_is_olap(call)) {
        const ol_realm_olap *olap = ol_control_call_olap(call);
        if (olap)
            *out = (subject){&olap->policy, OL_PUBLIC_ACCESS_BLOCK_ALL};
        return olap != NULL;
    }
    const ol_realm_access_point *point = ol_control_call_access_point(call);
    if (point)
        *out = (subject){&point->policy,
                         ol_public_access_block_or(point->public_access_block, of_account)};
    return point != NULL;
}

static bool find_policy(ol_control_call *call, subject *out)
{
    if (!find_subject(call, out))
        return false;
    if (out->policy->policy)
        return true;
    ol_control_call_refuse(call, 404, "NoSuchAccessPointPolicy",
                           "The specified accesspoint policy does not exist");
    return false;
}

void ol_control_get_policy(ol_control_call *call)
{
    subject found;
    ol_buf xml;
    if (!find_policy(call, &found))
        return;
    ol_buf_init(&xml, 6 * OL_CONFIG_POLICY_BYTES_MAX); /* quotes become entities */
    int rc = ol_control_xml_policy(&xml, found.policy->text, ol_control_call_is_olap(call));
    ol_operation_reply_xml(&call->op, rc, NULL, &xml);
}

void ol_control_get_policy_status(ol_control_call *call)
{
    subject found;
    ol_buf xml;
    if (!find_policy(call, &found))
        return;
    ol_buf_init(&xml, OL_CONTROL_XML_BYTES_MAX);
    int rc = ol_control_xml_policy_status(&xml, ol_policy_is_public(found.policy->policy),
                                          ol_control_call_is_olap(call));
    ol_operation_reply_xml(&call->op, rc, NULL, &xml);
}

/* ---- changing ---- */

static int check_policy(ol_control_call *call, ol_slice text, const subject *of, ol_error *err)
{
    const ol_config *config = call->op.request->generation->config;
    const ol_policy_rules rules = {
        .kind = ol_control_call_is_olap(call) ? OL_POLICY_OLAP : OL_POLICY_ACCESS_POINT,
        .arn = call->arn,
        .bytes_max = config->limits.policy_bytes_max};
    ol_policy *policy;
    int rc = ol_policy_parse(&policy, text, &rules, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_public_policy_check(&of->block, policy, err);
    ol_policy_release(policy);
    return rc;
}

static enum ol_edit_kind edit_kind(const ol_control_call *call)
{
    return ol_control_call_is_olap(call) ? OL_EDIT_OLAP_POLICY : OL_EDIT_ACCESS_POINT_POLICY;
}

static void on_document(ol_operation *op, ol_slice body)
{
    ol_control_call *call = (ol_control_call *)op;
    ol_error err = {0};
    ol_slice text;
    int rc = ol_control_parse_policy(body, op->request->arena, &text, &err);
    if (rc == OL_OK)
        rc = check_policy(call, text, call->state, &err);
    if (rc != OL_OK)
        ol_operation_fail(op, &err);
    else
        ol_control_call_change(call, &(ol_edit){.kind = edit_kind(call), .text = text}, NULL, 200);
}

void ol_control_put_policy(ol_control_call *call)
{
    ol_error err = {0};
    subject *found = ol_arena_calloc(call->op.request->arena, sizeof(*found));
    if (!found) {
        ol_error_set(&err, OL_ENOMEM, "s3control");
        ol_operation_fail(&call->op, &err);
    } else if (find_subject(call, found)) {
        call->state = found;
        ol_control_call_read(call, on_document);
    }
}

void ol_control_delete_policy(ol_control_call *call)
{
    subject found;
    if (find_subject(call, &found))
        ol_control_call_change(call, &(ol_edit){.kind = edit_kind(call)}, NULL, 204);
}
