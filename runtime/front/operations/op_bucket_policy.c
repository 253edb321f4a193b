/* SPDX-License-Identifier: MIT */
/* ?policy and ?policyStatus of a bucket. */
#include "access/public_access.h"
#include "front/operations/bucket_config.h"
#include "front/operations/bucket_forward.h"
#include "front/operations/operations.h"
#include "s3/documents/bucket_documents.h"

/* ---- reading ---- */

static void answer_policy(ol_operation *op)
{
    const ol_realm_policy *policy = &op->request->target.rule->policy;
    ol_error err = {0};
    ol_buf text;
    if (!policy->policy) {
        ol_bucket_config_refuse(op, 404, "NoSuchBucketPolicy", "The bucket policy does not exist");
        return;
    }
    ol_buf_init(&text, OL_CONFIG_POLICY_BYTES_MAX);
    int rc = ol_buf_add(&text, policy->text);
    if (rc == OL_OK) {
        ol_request_reply_document(op->request, 200, "application/json", NULL, &text);
        ol_operation_end(op);
    } else {
        ol_error_set(&err, rc, "a bucket's policy");
        ol_operation_fail(op, &err);
    }
    ol_buf_fini(&text);
}

void ol_op_get_bucket_policy(ol_request *request)
{
    if (!ol_bucket_forward(request, "policy"))
        ol_bucket_config_begin(request, answer_policy);
}

/* A public list counts like a public policy, where lists count at all. */
static int find_status(const ol_request *request, bool *is_public, ol_error *err)
{
    const ol_realm_bucket *rule = request->target.rule;
    ol_acl acl;
    *is_public = ol_policy_is_public(rule->policy.policy);
    if (*is_public || ol_bucket_config_block(request).ignore_public_acls)
        return OL_OK;
    int rc = ol_bucket_config_acl(request, &acl, err);
    if (rc == OL_OK)
        *is_public = ol_acl_is_public(&acl);
    return rc;
}

static void answer_status(ol_operation *op)
{
    bool is_public;
    ol_error err = {0};
    ol_buf xml;
    if (find_status(op->request, &is_public, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    ol_buf_init(&xml, OL_KIB);
    ol_operation_reply_xml(op, ol_s3_xml_policy_status(&xml, is_public), NULL, &xml);
}

void ol_op_get_bucket_policy_status(ol_request *request)
{
    if (!ol_bucket_forward(request, "policyStatus"))
        ol_bucket_config_begin(request, answer_status);
}

/* ---- changing ---- */

static int check_policy(ol_request *request, ol_slice text, ol_error *err)
{
    const char *arn = ol_arena_printf(request->arena, "arn:aws:s3:::%.*s",
                                      OL_SLICE_FMT(request->target.bucket));
    const ol_policy_rules rules = {.kind = OL_POLICY_BUCKET,
                                   .arn = ol_slice_cstr(arn),
                                   .bytes_max =
                                       request->generation->config->limits.policy_bytes_max};
    const ol_public_access_block block = ol_bucket_config_block(request);
    ol_policy *policy;
    if (!arn)
        return ol_error_set(err, OL_ENOMEM, "a bucket's policy");
    int rc = ol_policy_parse(&policy, text, &rules, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_public_policy_check(&block, policy, err);
    ol_policy_release(policy);
    return rc;
}

static void put_policy(ol_operation *op, ol_slice text)
{
    ol_error err = {0};
    if (check_policy(op->request, text, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    ol_slice confirmed = ol_headers_get(&op->request->http->headers,
                                        "x-amz-confirm-remove-self-bucket-access");
    const ol_edit edit = {.kind = OL_EDIT_BUCKET_POLICY,
                          .text = text,
                          .binds_root = ol_slice_ieq(confirmed, OL_SLICE_LIT("true"))};
    ol_bucket_config_edit(op, &edit, 204);
}

static void read_policy(ol_operation *op)
{
    ol_bucket_config_read(op, OL_CONFIG_POLICY_BYTES_MAX, false, put_policy);
}

void ol_op_put_bucket_policy(ol_request *request)
{
    if (!ol_bucket_forward(request, "policy"))
        ol_bucket_config_begin(request, read_policy);
}

static void delete_policy(ol_operation *op)
{
    ol_bucket_config_edit(op, &(ol_edit){.kind = OL_EDIT_BUCKET_POLICY}, 204);
}

void ol_op_delete_bucket_policy(ol_request *request)
{
    if (!ol_bucket_forward(request, "policy"))
        ol_bucket_config_begin(request, delete_policy);
}
