/* SPDX-License-Identifier: MIT */
/*
 * Carrying out a change. jansson's setters fail for want of memory only (texts were checked to
 * be UTF-8), so a failed one is OL_ENOMEM.
 */
#include <jansson.h>
#include <stdio.h>

#include "access/policy.h"
#include "base/buf.h"
#include "control/edit.h"
#include "control/features.h"
#include "control/names.h"
#include "control/realm_private.h"
#include "s3/address.h"

typedef struct applying {
    const ol_edit *edit;
    const ol_realm *realm;
    json_t *document;
    int64_t now_ms;
    bool no_memory;
    ol_error *err;
} applying;

static void set(applying *a, json_t *record, const char *key, json_t *value)
{
    if (json_object_set_new(record, key, value) != 0)
        a->no_memory = true;
}

static json_t *text_value(ol_slice text)
{
    return json_stringn(text.len ? (const char *)text.data : "", text.len);
}

/* An empty or absent text takes the key away. */
static void set_text(applying *a, json_t *record, const char *key, ol_slice text)
{
    if (text.len)
        set(a, record, key, text_value(text));
    else
        json_object_del(record, key);
}

static json_t *block_value(const ol_public_access_block *block)
{
    return json_pack("{s:b,s:b,s:b,s:b}", "block_public_acls", block->block_public_acls,
                     "ignore_public_acls", block->ignore_public_acls, "block_public_policy",
                     block->block_public_policy, "restrict_public_buckets",
                     block->restrict_public_buckets);
}

static json_t *section(const applying *a, const char *name)
{
    return json_object_get(a->document, name);
}

/* The record of that key; made when it is not there. */
static json_t *record_of(applying *a, const char *section_name, const char *key)
{
    json_t *records = section(a, section_name);
    json_t *record = json_object_get(records, key);
    if (record)
        return record;
    set(a, records, key, json_object());
    return json_object_get(records, key);
}

static void drop_if_empty(const applying *a, const char *section_name, const char *key)
{
    json_t *records = section(a, section_name);
    if (json_object_size(json_object_get(records, key)) == 0)
        json_object_del(records, key);
}

static int refuse_declared(applying *a, const char *what)
{
    return ol_error_say(a->err, OL_EACCESS,
                        "%s is declared in the server's configuration file, and can be changed "
                        "only there.",
                        what);
}

static int refuse_request(applying *a, const char *message)
{
    return ol_error_say(a->err, OL_EINVALIDREQUEST, "%s", message);
}

/* ---- texts ---- */

static int check_policy(applying *a, enum ol_policy_kind kind, ol_slice arn)
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

/* As ol_cors_write makes it, so that what is kept is UTF-8 whatever the document said of itself. */
static int set_cors(applying *a, json_t *record)
{
    ol_cors *cors = NULL;
    ol_buf text;
    if (a->edit->text.len == 0) {
        json_object_del(record, "cors");
        return OL_OK;
    }
    ol_buf_init(&text, 2 * OL_CORS_BYTES_MAX);
    int rc = ol_cors_parse(a->edit->text, &cors, a->err);
    if (rc == OL_OK)
        rc = ol_cors_write(&text, cors);
    if (rc == OL_OK)
        set_text(a, record, "cors", ol_buf_slice(&text));
    ol_cors_release(cors);
    ol_buf_fini(&text);
    return rc;
}

/* ---- buckets ---- */

static unsigned declared_part(enum ol_edit_kind kind)
{
    switch (kind) {
    case OL_EDIT_BUCKET_POLICY:
        return OL_DECLARED_POLICY;
    case OL_EDIT_BUCKET_CORS:
        return OL_DECLARED_CORS;
    case OL_EDIT_BUCKET_OWNERSHIP:
        return OL_DECLARED_OWNERSHIP;
    case OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK:
        return OL_DECLARED_PUBLIC_ACCESS_BLOCK;
    default:
        return 0;
    }
}

static int bucket_created(applying *a, const char *name)
{
    const ol_edit *edit = a->edit;
    const ol_realm_bucket *rules = ol_realm_bucket_of(a->realm, edit->name);
    json_object_del(section(a, OL_DOCUMENT_BUCKETS), name);
    json_t *record = record_of(a, OL_DOCUMENT_BUCKETS, name);
    bool owner_follows = (rules->declared & OL_DECLARED_OWNER) ||
                         ol_slice_eq(edit->account, a->realm->default_account->id);
    if (!owner_follows)
        set_text(a, record, "owner", edit->account);
    if (edit->ownership != OL_OWNERSHIP_NONE)
        set_text(a, record, "ownership", ol_slice_cstr(ol_ownership_name(edit->ownership)));
    set_text(a, record, "acl", edit->text);
    return OL_OK;
}

static int bucket_deleted(applying *a, const char *name)
{
    if (ol_realm_access_points_of(a->realm, a->edit->name) > 0)
        return ol_error_custom(a->err, OL_EINVALIDREQUEST, 400,
                               OL_SLICE_LIT("BucketHasAccessPointsAttached"),
                               OL_SLICE_LIT("The bucket you tried to delete has access points "
                                            "attached. Delete your access points and try again."));
    json_object_del(section(a, OL_DOCUMENT_BUCKETS), name);
    return OL_OK;
}

static int bucket_policy(applying *a, json_t *record)
{
    char arn[OL_BUCKET_NAME_MAX + 16];
    snprintf(arn, sizeof(arn), "arn:aws:s3:::%.*s", OL_SLICE_FMT(a->edit->name));
    int rc = check_policy(a, OL_POLICY_BUCKET, ol_slice_cstr(arn));
    if (rc != OL_OK)
        return rc;
    set_text(a, record, "policy", a->edit->text);
    if (a->edit->binds_root && a->edit->text.len)
        set(a, record, "binds_root", json_true());
    else
        json_object_del(record, "binds_root");
    return OL_OK;
}

static int bucket_part(applying *a, json_t *record)
{
    const ol_edit *edit = a->edit;
    switch (edit->kind) {
    case OL_EDIT_BUCKET_POLICY:
        return bucket_policy(a, record);
    case OL_EDIT_BUCKET_CORS:
        return set_cors(a, record);
    case OL_EDIT_BUCKET_TAGS:
        set_text(a, record, "tags", edit->text);
        return OL_OK;
    case OL_EDIT_BUCKET_ACL:
        set_text(a, record, "acl", edit->text);
        return OL_OK;
    case OL_EDIT_BUCKET_OWNERSHIP:
        set(a, record, "ownership", text_value(ol_slice_cstr(ol_ownership_name(edit->ownership))));
        return OL_OK;
    default:
        set(a, record, "public_access_block",
            edit->public_access_block ? block_value(edit->public_access_block) : json_null());
        return OL_OK;
    }
}

static int apply_bucket(applying *a)
{
    char name[OL_BUCKET_NAME_MAX + 1];
    const ol_edit *edit = a->edit;
    if (ol_name_bucket_wrong(edit->name))
        return ol_error_set(a->err, OL_EINVALIDBUCKET, NULL);
    snprintf(name, sizeof(name), "%.*s", OL_SLICE_FMT(edit->name));
    if (ol_realm_bucket_of(a->realm, edit->name)->declared & declared_part(edit->kind))
        return refuse_declared(a, "This part of the bucket");
    int rc;
    if (edit->kind == OL_EDIT_BUCKET_CREATED)
        rc = bucket_created(a, name);
    else if (edit->kind == OL_EDIT_BUCKET_DELETED)
        rc = bucket_deleted(a, name);
    else
        rc = bucket_part(a, record_of(a, OL_DOCUMENT_BUCKETS, name));
    drop_if_empty(a, OL_DOCUMENT_BUCKETS, name);
    return rc;
}

/* ---- accounts ---- */

static int apply_account(applying *a)
{
    const ol_edit *edit = a->edit;
    const ol_realm_account *account = ol_realm_find_account(a->realm, edit->account);
    char id[16];
    if (ol_name_account_wrong(edit->account))
        return refuse_request(a, "The account id is not valid.");
    if (account && account->public_access_block_declared)
        return refuse_declared(a, "The account's public access block");
    snprintf(id, sizeof(id), "%.*s", OL_SLICE_FMT(edit->account));
    if (edit->public_access_block)
        set(a, record_of(a, OL_DOCUMENT_ACCOUNTS, id), "public_access_block",
            block_value(edit->public_access_block));
    else
        json_object_del(section(a, OL_DOCUMENT_ACCOUNTS), id);
    return OL_OK;
}

/* ---- access points of both kinds ---- */

static int refuse_taken(applying *a, bool object_lambda)
{
    return ol_error_custom(
        a->err, OL_EBUCKETEXISTS, 409, OL_SLICE_LIT("AccessPointAlreadyOwnedByYou"),
        object_lambda
            ? OL_SLICE_LIT("You already own an Object Lambda access point of that name.")
            : OL_SLICE_LIT("An access point with that name already exists and is owned by you."));
}

static int refuse_too_many(applying *a)
{
    return ol_error_custom(a->err, OL_ELIMIT, 400, OL_SLICE_LIT("TooManyAccessPoints"),
                           OL_SLICE_LIT("You have attempted to create more access points than are "
                                        "allowed for an account."));
}

static json_t *prefixes_value(const ol_control_access_point *point)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < point->prefix_count; i++)
        if (json_array_append_new(list, text_value(point->prefixes[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static size_t count_points(const applying *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->realm->access_point_count; i++)
        count += ol_slice_eq(a->realm->access_points[i].account->id, a->edit->account);
    return count;
}

static bool alias_is_taken(const applying *a, const char *ending, bool object_lambda)
{
    char alias[OL_ALIAS_SIZE];
    const ol_edit *edit = a->edit;
    ol_alias_make(alias, ol_slice_eq(edit->account, a->realm->default_account->id), edit->account,
                  edit->name, ending);
    ol_slice text = ol_slice_cstr(alias);
    return object_lambda ? ol_realm_find_olap_by_alias(a->realm, text) != NULL
                         : ol_realm_find_access_point_by_alias(a->realm, text) != NULL;
}

static int point_created(applying *a, const char *key)
{
    const ol_edit *edit = a->edit;
    const ol_control_access_point *point = edit->access_point;
    static const ol_public_access_block all = OL_PUBLIC_ACCESS_BLOCK_ALL;
    if (!ol_access_point_name_ok(edit->name, false) || ol_name_account_wrong(edit->account))
        return refuse_request(a, "The access point's name is not valid.");
    if (ol_realm_find_access_point(a->realm, edit->account, edit->name) ||
        alias_is_taken(a, OL_ALIAS_ACCESS_POINT_SUFFIX, false))
        return refuse_taken(a, false);
    if (count_points(a) >= a->realm->config->limits.access_points_max)
        return refuse_too_many(a);
    if (ol_name_bucket_wrong(point->bucket))
        return refuse_request(a, "The bucket's name is not valid.");
    if (point->vpc_id.len && ol_name_vpc_wrong(point->vpc_id))
        return refuse_request(a, "The VPC's id is not valid.");
    if (point->bucket_account_id.len && ol_name_account_wrong(point->bucket_account_id))
        return refuse_request(a, "The bucket's account id is not valid.");
    json_t *record = record_of(a, OL_DOCUMENT_ACCESS_POINTS, key);
    set_text(a, record, "bucket", point->bucket);
    set_text(a, record, "bucket_account", point->bucket_account_id);
    set_text(a, record, "vpc", point->vpc_id);
    if (point->prefix_count)
        set(a, record, "prefixes", prefixes_value(point));
    set(a, record, "public_access_block", block_value(point->has_block ? &point->block : &all));
    set(a, record, "created_ms", json_integer(a->now_ms));
    return OL_OK;
}

static int apply_point(applying *a)
{
    char key[OL_DOCUMENT_KEY_SIZE];
    const ol_edit *edit = a->edit;
    ol_document_key(key, edit->account, edit->name);
    if (edit->kind == OL_EDIT_ACCESS_POINT_CREATED)
        return point_created(a, key);
    const ol_realm_access_point *point =
        ol_realm_find_access_point(a->realm, edit->account, edit->name);
    if (!point)
        return ol_error_set(a->err, OL_ENOSUCHACCESSPOINT, NULL);
    if (point->declared)
        return refuse_declared(a, "This access point");
    if (edit->kind == OL_EDIT_ACCESS_POINT_DELETED) {
        json_object_del(section(a, OL_DOCUMENT_ACCESS_POINTS), key);
        return OL_OK;
    }
    int rc = check_policy(a, OL_POLICY_ACCESS_POINT, point->arn);
    if (rc == OL_OK)
        set_text(a, record_of(a, OL_DOCUMENT_ACCESS_POINTS, key), "policy", edit->text);
    return rc;
}

/* ---- Object Lambda access points ---- */

static bool transform_is_known(const ol_config *config, ol_slice function)
{
    ol_function_name parsed;
    if (!ol_function_name_parse(function, &parsed))
        return false;
    for (size_t i = 0; i < config->transform_count; i++)
        if (ol_slice_eq_cstr(parsed.name, config->transforms[i].name))
            return true;
    return false;
}

static int check_view(applying *a, const ol_control_transformation *view)
{
    if (!transform_is_known(a->realm->config, view->function))
        return ol_error_say(a->err, OL_EINVALIDREQUEST,
                            "The function does not exist: there is no transform named \"%.*s\".",
                            (int)(view->function.len < 200 ? view->function.len : 200),
                            (const char *)view->function.data);
    if (view->payload.len > OL_CONFIG_PAYLOAD_BYTES_MAX)
        return refuse_request(a, "The function's payload is too large.");
    return OL_OK;
}

static const ol_realm_access_point *find_supporting(const applying *a, ol_slice name)
{
    ol_s3_arn arn;
    if (!ol_slice_starts(name, OL_SLICE_LIT("arn:")))
        return ol_realm_find_access_point(a->realm, a->edit->account, name);
    bool ok = ol_s3_arn_parse(name, &arn) && arn.door == OL_S3_DOOR_ACCESS_POINT;
    return ok ? ol_realm_find_access_point(a->realm, arn.account, arn.name) : NULL;
}

static json_t *names_value(unsigned bits, unsigned count, bool actions)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < count; i++) {
        if (!(bits & (1u << i)))
            continue;
        const char *name =
            actions ? ol_realm_action_name((enum ol_realm_action)i) : ol_feature_name(i);
        if (json_array_append_new(list, json_string(name)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *view_value(applying *a, const ol_control_transformation *view)
{
    json_t *value = json_object();
    set(a, value, "actions", names_value(view->actions, OL_ACTIONS, true));
    set_text(a, value, "function", view->function);
    set_text(a, value, "payload", view->payload);
    return value;
}

static int set_configuration(applying *a, json_t *record)
{
    const ol_control_olap *olap = a->edit->olap;
    json_t *views = json_array();
    if (!find_supporting(a, olap->supporting_access_point)) {
        json_decref(views);
        return refuse_request(a, "The supporting access point does not exist.");
    }
    for (size_t i = 0; i < olap->transformation_count; i++) {
        int rc = check_view(a, &olap->transformations[i]);
        if (rc != OL_OK) {
            json_decref(views);
            return rc;
        }
        a->no_memory |=
            json_array_append_new(views, view_value(a, &olap->transformations[i])) != 0;
    }
    set(a, record, "views", views);
    set_text(a, record, "supporting", olap->supporting_access_point);
    json_object_del(record, "features");
    json_object_del(record, "metrics");
    if (olap->features)
        set(a, record, "features", names_value(olap->features, OL_FEATURES, false));
    if (olap->metrics)
        set(a, record, "metrics", json_true());
    return OL_OK;
}

static size_t count_olaps(const applying *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->realm->olap_count; i++)
        count += ol_slice_eq(a->realm->olaps[i].account->id, a->edit->account);
    return count;
}

static int olap_created(applying *a, const char *key)
{
    const ol_edit *edit = a->edit;
    if (!ol_access_point_name_ok(edit->name, true) || ol_name_account_wrong(edit->account))
        return refuse_request(a, "The access point's name is not valid.");
    if (ol_realm_find_olap(a->realm, edit->account, edit->name) ||
        alias_is_taken(a, OL_ALIAS_OLAP_SUFFIX, true))
        return refuse_taken(a, true);
    if (count_olaps(a) >= a->realm->config->limits.olaps_max)
        return refuse_too_many(a);
    json_t *record = record_of(a, OL_DOCUMENT_OLAPS, key);
    set(a, record, "created_ms", json_integer(a->now_ms));
    return set_configuration(a, record);
}

static int apply_olap(applying *a)
{
    char key[OL_DOCUMENT_KEY_SIZE];
    const ol_edit *edit = a->edit;
    ol_document_key(key, edit->account, edit->name);
    if (edit->kind == OL_EDIT_OLAP_CREATED)
        return olap_created(a, key);
    const ol_realm_olap *olap = ol_realm_find_olap(a->realm, edit->account, edit->name);
    if (!olap)
        return ol_error_set(a->err, OL_ENOSUCHACCESSPOINT, NULL);
    if (olap->declared)
        return refuse_declared(a, "This Object Lambda access point");
    json_t *record = record_of(a, OL_DOCUMENT_OLAPS, key);
    if (edit->kind == OL_EDIT_OLAP_CONFIGURATION)
        return set_configuration(a, record);
    if (edit->kind == OL_EDIT_OLAP_DELETED) {
        json_object_del(section(a, OL_DOCUMENT_OLAPS), key);
        return OL_OK;
    }
    int rc = check_policy(a, OL_POLICY_OLAP, olap->arn);
    if (rc == OL_OK)
        set_text(a, record, "policy", edit->text);
    return rc;
}

/* ---- all of them ---- */

int ol_edit_apply(const ol_edit *edit, const ol_realm *realm, ol_document *document, int64_t now_ms,
                  ol_error *err)
{
    applying a = {
        .edit = edit, .realm = realm, .document = document, .now_ms = now_ms, .err = err};
    int rc;
    if (edit->kind <= OL_EDIT_BUCKET_PUBLIC_ACCESS_BLOCK)
        rc = apply_bucket(&a);
    else if (edit->kind == OL_EDIT_ACCOUNT_PUBLIC_ACCESS_BLOCK)
        rc = apply_account(&a);
    else if (edit->kind <= OL_EDIT_ACCESS_POINT_POLICY)
        rc = apply_point(&a);
    else
        rc = apply_olap(&a);
    if (rc == OL_OK && a.no_memory)
        rc = OL_ENOMEM;
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a change of the control state");
}
