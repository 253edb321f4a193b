/* SPDX-License-Identifier: MIT */
/*
 * Carrying out a change: which file does it, and what they share.
 */
#include "control/state/edit_private.h"

void ol_edit_set(ol_applying *a, json_t *record, const char *key, json_t *value)
{
    if (json_object_set_new(record, key, value) != 0)
        a->no_memory = true;
}

json_t *ol_edit_text(ol_slice text)
{
    return json_stringn(text.len ? (const char *)text.data : "", text.len);
}

void ol_edit_set_text(ol_applying *a, json_t *record, const char *key, ol_slice text)
{
    if (text.len)
        ol_edit_set(a, record, key, ol_edit_text(text));
    else
        json_object_del(record, key);
}

json_t *ol_edit_block(const ol_public_access_block *block)
{
    return json_pack("{s:b,s:b,s:b,s:b}", "block_public_acls", block->block_public_acls,
                     "ignore_public_acls", block->ignore_public_acls, "block_public_policy",
                     block->block_public_policy, "restrict_public_buckets",
                     block->restrict_public_buckets);
}

json_t *ol_edit_section(const ol_applying *a, const char *name)
{
    return json_object_get(a->document, name);
}

json_t *ol_edit_record(ol_applying *a, const char *section_name, const char *key)
{
    json_t *records = ol_edit_section(a, section_name);
    json_t *record = json_object_get(records, key);
    if (record)
        return record;
    ol_edit_set(a, records, key, json_object());
    return json_object_get(records, key);
}

int ol_edit_refuse_declared(ol_applying *a, const char *what)
{
    return ol_error_say(a->err, OL_EACCESS,
                        "%s is declared in the server's configuration file, and can be changed "
                        "only there.",
                        what);
}

int ol_edit_refuse(ol_applying *a, const char *message)
{
    return ol_error_say(a->err, OL_EINVALIDREQUEST, "%s", message);
}

int ol_edit_check_policy(ol_applying *a, enum ol_policy_kind kind, ol_slice arn)
{
    ol_policy *policy = NULL;
    const ol_policy_rules rules = {
        .kind = kind, .arn = arn, .bytes_max = a->realm->config->limits.policy_bytes_max};
    if (a->edit->text.len == 0)
        return OL_OK;
    int rc = ol_policy_parse(&policy, a->edit->text, &rules, a->err);
    ol_policy_release(policy);
    return rc;
}

int ol_edit_apply(const ol_edit *edit, const ol_realm *realm, ol_document *document, int64_t now_ms,
                  ol_error *err)
{
    ol_applying a = {
        .edit = edit, .realm = realm, .document = document, .now_ms = now_ms, .err = err};
    int rc;
    if (edit->kind <= OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK)
        rc = ol_edit_apply_bucket(&a);
    else if (edit->kind == OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK)
        rc = ol_edit_apply_account(&a);
    else if (edit->kind <= OL_EDIT_ACCESS_POINT_POLICY)
        rc = ol_edit_apply_point(&a);
    else
        rc = ol_edit_apply_olap(&a);
    if (rc == OL_OK && a.no_memory)
        rc = OL_ENOMEM;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a change of the control state");
}
