/* SPDX-License-Identifier: MIT */
/*
 * Changes of access points, ordinary ones and those of Object Lambda.
 */
#include <stdio.h>

#include "control/config/features.h"
#include "control/config/names.h"
#include "control/state/edit_private.h"
#include "s3/address/address.h"

static int refuse_taken(ol_applying *a, bool object_lambda)
{
    return ol_error_custom(
        a->err, OL_EBUCKETEXISTS, 409, OL_SLICE_LIT("AccessPointAlreadyOwnedByYou"),
        object_lambda
            ? OL_SLICE_LIT("You already own an Object Lambda access point of that name.")
            : OL_SLICE_LIT("An access point with that name already exists and is owned by you."));
}

static int refuse_too_many(ol_applying *a)
{
    return ol_error_custom(a->err, OL_ELIMIT, 400, OL_SLICE_LIT("TooManyAccessPoints"),
                           OL_SLICE_LIT("You have attempted to create more access points than are "
                                        "allowed for an account."));
}

static json_t *prefixes_value(const ol_control_access_point *point)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < point->prefix_count; i++)
        if (json_array_append_new(list, ol_edit_text(point->prefixes[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static size_t count_points(const ol_applying *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->realm->access_point_count; i++)
        count += ol_slice_eq(a->realm->access_points[i].account->id, a->edit->account);
    return count;
}

static bool alias_is_taken(const ol_applying *a, const char *ending, bool object_lambda)
{
    char alias[OL_ALIAS_SIZE];
    const ol_edit *edit = a->edit;
    ol_alias_make(alias, ol_slice_eq(edit->account, a->realm->default_account->id), edit->account,
                  edit->name, ending);
    ol_slice text = ol_slice_cstr(alias);
    return object_lambda ? ol_realm_find_olap_by_alias(a->realm, text) != NULL
                         : ol_realm_find_access_point_by_alias(a->realm, text) != NULL;
}

static int point_created(ol_applying *a, const char *key)
{
    const ol_edit *edit = a->edit;
    const ol_control_access_point *point = edit->access_point;
    static const ol_public_access_block all = OL_PUBLIC_ACCESS_BLOCK_ALL;
    if (!ol_access_point_name_ok(edit->name, false) || ol_name_account_wrong(edit->account))
        return ol_edit_refuse(a, "The access point's name is not valid.");
    if (ol_realm_find_access_point(a->realm, edit->account, edit->name) ||
        alias_is_taken(a, OL_ALIAS_ACCESS_POINT_SUFFIX, false))
        return refuse_taken(a, false);
    if (count_points(a) >= a->realm->config->limits.access_points_max)
        return refuse_too_many(a);
    if (ol_name_bucket_wrong(point->bucket))
        return ol_edit_refuse(a, "The bucket's name is not valid.");
    if (point->vpc_id.len && ol_name_vpc_wrong(point->vpc_id))
        return ol_edit_refuse(a, "The VPC's id is not valid.");
    if (point->bucket_account_id.len && ol_name_account_wrong(point->bucket_account_id))
        return ol_edit_refuse(a, "The bucket's account id is not valid.");
    json_t *record = ol_edit_record(a, OL_DOCUMENT_ACCESS_POINTS, key);
    ol_edit_set_text(a, record, "bucket", point->bucket);
    ol_edit_set_text(a, record, "bucket_account", point->bucket_account_id);
    ol_edit_set_text(a, record, "vpc", point->vpc_id);
    if (point->prefix_count)
        ol_edit_set(a, record, "prefixes", prefixes_value(point));
    ol_edit_set(a, record, "public_access_block", ol_edit_block(point->has_block ? &point->block : &all));
    ol_edit_set(a, record, "created_ms", json_integer(a->now_ms));
    return OL_OK;
}

int ol_edit_apply_point(ol_applying *a)
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
        return ol_edit_refuse_declared(a, "This access point");
    if (edit->kind == OL_EDIT_ACCESS_POINT_DELETED) {
        json_object_del(ol_edit_section(a, OL_DOCUMENT_ACCESS_POINTS), key);
        return OL_OK;
    }
    int rc = ol_edit_check_policy(a, OL_POLICY_ACCESS_POINT, point->arn);
    if (rc == OL_OK)
        ol_edit_set_text(a, ol_edit_record(a, OL_DOCUMENT_ACCESS_POINTS, key), "policy", edit->text);
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

static int check_view(ol_applying *a, const ol_control_transformation *view)
{
    if (!transform_is_known(a->realm->config, view->function))
        return ol_error_say(a->err, OL_EINVALIDREQUEST,
                            "The function does not exist: there is no transform named \"%.*s\".",
                            (int)(view->function.len < 200 ? view->function.len : 200),
                            (const char *)view->function.data);
    if (view->payload.len > OL_CONFIG_PAYLOAD_BYTES_MAX)
        return ol_edit_refuse(a, "The function's payload is too large.");
    return OL_OK;
}

static const ol_realm_access_point *find_supporting(const ol_applying *a, ol_slice name)
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

static json_t *view_value(ol_applying *a, const ol_control_transformation *view)
{
    json_t *value = json_object();
    ol_edit_set(a, value, "actions", names_value(view->actions, OL_ACTIONS, true));
    ol_edit_set_text(a, value, "function", view->function);
    ol_edit_set_text(a, value, "payload", view->payload);
    return value;
}

static int set_configuration(ol_applying *a, json_t *record)
{
    const ol_control_olap *olap = a->edit->olap;
    json_t *views = json_array();
    if (!find_supporting(a, olap->supporting_access_point)) {
        json_decref(views);
        return ol_edit_refuse(a, "The supporting access point does not exist.");
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
    ol_edit_set(a, record, "views", views);
    ol_edit_set_text(a, record, "supporting", olap->supporting_access_point);
    json_object_del(record, "features");
    json_object_del(record, "metrics");
    if (olap->features)
        ol_edit_set(a, record, "features", names_value(olap->features, OL_FEATURES, false));
    if (olap->metrics)
        ol_edit_set(a, record, "metrics", json_true());
    return OL_OK;
}

static size_t count_olaps(const ol_applying *a)
{
    size_t count = 0;
    for (size_t i = 0; i < a->realm->olap_count; i++)
        count += ol_slice_eq(a->realm->olaps[i].account->id, a->edit->account);
    return count;
}

static int olap_created(ol_applying *a, const char *key)
{
    const ol_edit *edit = a->edit;
    if (!ol_access_point_name_ok(edit->name, true) || ol_name_account_wrong(edit->account))
        return ol_edit_refuse(a, "The access point's name is not valid.");
    if (ol_realm_find_olap(a->realm, edit->account, edit->name) ||
        alias_is_taken(a, OL_ALIAS_OLAP_SUFFIX, true))
        return refuse_taken(a, true);
    if (count_olaps(a) >= a->realm->config->limits.olaps_max)
        return refuse_too_many(a);
    json_t *record = ol_edit_record(a, OL_DOCUMENT_OLAPS, key);
    ol_edit_set(a, record, "created_ms", json_integer(a->now_ms));
    return set_configuration(a, record);
}

int ol_edit_apply_olap(ol_applying *a)
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
        return ol_edit_refuse_declared(a, "This Object Lambda access point");
    json_t *record = ol_edit_record(a, OL_DOCUMENT_OLAPS, key);
    if (edit->kind == OL_EDIT_OLAP_CONFIGURATION)
        return set_configuration(a, record);
    if (edit->kind == OL_EDIT_OLAP_DELETED) {
        json_object_del(ol_edit_section(a, OL_DOCUMENT_OLAPS), key);
        return OL_OK;
    }
    int rc = ol_edit_check_policy(a, OL_POLICY_OLAP, olap->arn);
    if (rc == OL_OK)
        ol_edit_set_text(a, record, "policy", edit->text);
    return rc;
}
