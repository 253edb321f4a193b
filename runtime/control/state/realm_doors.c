/* SPDX-License-Identifier: MIT */
/*
 * The access points of a realm, ordinary ones and those of Object Lambda: first the declared
 * ones, then those that the API made and nobody declared.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/config/compile.h"
#include "control/config/features.h"
#include "control/config/names.h"
#include "control/state/realm_private.h"
#include "s3/address/address.h"
#include "s3/sigv4/hmac.h"

#define ALIAS_NAME_BYTES 20 /* of the name, when the alias cannot hold all that tells it apart */
#define ALIAS_DIGEST_LETTERS 20

/* ---- names ---- */

void ol_alias_make(char out[OL_ALIAS_SIZE], bool default_account, ol_slice account, ol_slice name,
                   const char *ending)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    char digest_text[ALIAS_DIGEST_LETTERS + 1] = "";
    uint8_t digest[OL_SHA256_BYTES];
    if (default_account) {
        snprintf(out, OL_ALIAS_SIZE, "%.*s%s", OL_SLICE_FMT(name), ending);
        return;
    }
    ol_sha256 sha;
    ol_sha256_init(&sha);
    ol_sha256_update(&sha, account.data, account.len);
    ol_sha256_update(&sha, "/", 1);
    ol_sha256_update(&sha, name.data, name.len);
    ol_sha256_update(&sha, ending, strlen(ending));
    ol_sha256_final(&sha, digest);
    for (size_t i = 0; i < ALIAS_DIGEST_LETTERS; i++)
        digest_text[i] = letters[digest[i] & 31];
    snprintf(out, OL_ALIAS_SIZE, "%.*s-%s%s",
             (int)(name.len < ALIAS_NAME_BYTES ? name.len : ALIAS_NAME_BYTES),
             (const char *)name.data, digest_text, ending);
}

static ol_slice keep_alias(ol_realm_build *build, const ol_realm_account *account, ol_slice name,
                           const char *ending)
{
    char alias[OL_ALIAS_SIZE];
    ol_alias_make(alias, account == build->realm->default_account, account->id, name, ending);
    return ol_realm_keep(build, ol_slice_cstr(alias));
}

static ol_slice keep_arn(ol_realm_build *build, const char *service,
                         const ol_realm_account *account, ol_slice name)
{
    char *arn = ol_arena_printf(build->realm->arena, "arn:aws:%s:%.*s:%.*s:accesspoint/%.*s",
                                service, OL_SLICE_FMT(build->realm->config->region),
                                OL_SLICE_FMT(account->id), OL_SLICE_FMT(name));
    build->no_memory |= !arn;
    return ol_slice_cstr(arn);
}

static int explain(ol_error *err, int rc, const char *word, const char *key)
{
    char why[160];
    if (rc == OL_OK || rc == OL_ENOMEM)
        return rc;
    snprintf(why, sizeof(why), "%.150s", err->detail[0] ? err->detail : err->message);
    ol_error_clear(err);
    ol_error_set(err, OL_ECONFIG, "%s \"%s\": %s", word, key, why);
    return rc;
}

static int keep_policy(ol_realm_build *build, ol_slice text, enum ol_policy_kind kind, ol_slice arn,
                       const ol_realm_policy *known, ol_realm_policy *out, ol_error *err)
{
    const ol_policy_rules rules = {
        .kind = kind, .arn = arn, .bytes_max = OL_CONFIG_POLICY_BYTES_MAX};
    if (text.len == 0 || build->no_memory)
        return OL_OK;
    return ol_compile_policy(build->realm->arena, text, &rules, known, out, err);
}

/* ---- access points ---- */

static ol_slice *keep_prefixes(ol_realm_build *build, const json_t *prefixes)
{
    ol_slice *kept = ol_realm_alloc(build, json_array_size(prefixes), sizeof(*kept));
    for (size_t i = 0; kept && i < json_array_size(prefixes); i++) {
        const json_t *prefix = json_array_get(prefixes, i);
        kept[i] = ol_realm_keep(
            build, ol_slice_of(json_string_value(prefix), json_string_length(prefix)));
    }
    return kept;
}

static int read_access_point(ol_realm_build *build, const char *key, const json_t *record,
                             ol_realm_access_point *out, ol_error *err)
{
    ol_slice account = ol_slice_of(key, 12);
    const json_t *prefixes = json_object_get(record, "prefixes");
    out->account = ol_realm_account_of(build, account);
    out->name = ol_realm_keep(build, ol_slice_cstr(key + 13));
    out->bucket = ol_realm_keep(build, ol_realm_text(record, "bucket"));
    out->bucket_account = ol_realm_keep(build, ol_realm_text(record, "bucket_account"));
    out->vpc = ol_realm_keep(build, ol_realm_text(record, "vpc"));
    out->prefix_count = json_array_size(prefixes);
    out->prefixes = out->prefix_count ? keep_prefixes(build, prefixes) : NULL;
    out->created_ms = json_integer_value(json_object_get(record, "created_ms"));
    ol_realm_block(json_object_get(record, "public_access_block"), &out->public_access_block);
    if (build->no_memory)
        return OL_ENOMEM;
    out->alias = keep_alias(build, out->account, out->name, OL_ALIAS_ACCESS_POINT_SUFFIX);
    out->arn = keep_arn(build, "s3", out->account, out->name);
    ol_slice policy = ol_realm_text(record, "policy");
    const ol_realm_access_point *known =
        build->previous ? ol_realm_find_access_point(build->previous, account, out->name) : NULL;
    return keep_policy(build, policy, OL_POLICY_ACCESS_POINT, out->arn, known ? &known->policy : NULL,
                       &out->policy, err);
}

static int point_order(const void *left, const void *right)
{
    const ol_realm_access_point *a = left, *b = right;
    int order = ol_slice_cmp(a->account->id, b->account->id);
    return order ? order : ol_slice_cmp(a->name, b->name);
}

static void index_points(ol_realm_build *build)
{
    ol_realm *realm = build->realm;
    for (size_t i = 0; i < realm->access_point_count; i++) {
        const ol_realm_access_point *point = &realm->access_points[i];
        char key[OL_DOCUMENT_KEY_SIZE];
        ol_document_key(key, point->account->id, point->name);
        ol_realm_index(build, realm->access_point_map, ol_slice_cstr(key), point);
        ol_realm_index(build, realm->access_point_alias_map, point->alias, point);
    }
}

int ol_realm_add_access_points(ol_realm_build *build, ol_error *err)
{
    ol_realm *realm = build->realm;
    const ol_config *config = realm->config;
    json_t *records = json_object_get(build->document, OL_DOCUMENT_ACCESS_POINTS), *record;
    size_t room = config->access_point_count + json_object_size(records);
    ol_realm_access_point *points = ol_realm_alloc(build, room, sizeof(*points));
    if (!points)
        return OL_ENOMEM;
    realm->access_points = points;
    for (size_t i = 0; i < config->access_point_count; i++) {
        points[i] = config->access_points[i];
        points[i].account = ol_realm_account_of(build, config->access_points[i].account->id);
    }
    realm->access_point_count = config->access_point_count;
    index_points(build); /* to be asked below */
    const char *key;
    json_object_foreach(records, key, record)
    {
        if (ol_map_get(realm->access_point_map, ol_slice_cstr(key)))
            continue; /* declared meanwhile */
        int rc = read_access_point(build, key, record, &points[realm->access_point_count], err);
        if (rc != OL_OK)
            return explain(err, rc, "access point", key);
        realm->access_point_count++;
    }
    qsort(points, realm->access_point_count, sizeof(*points), point_order);
    index_points(build);
    return build->no_memory ? OL_ENOMEM : OL_OK;
}

/* ---- Object Lambda access points ---- */

static unsigned bits_of(const json_t *list, bool actions)
{
    unsigned bits = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        ol_slice name = ol_slice_of(json_string_value(item), json_string_length(item));
        enum ol_realm_action action;
        unsigned feature;
        if (actions && ol_realm_action_parse(name, &action))
            bits |= 1u << action;
        else if (!actions && ol_feature_parse(name, &feature))
            bits |= feature;
    }
    return bits;
}

static void read_view(ol_realm_build *build, const json_t *record, ol_realm_view *view)
{
    ol_realm_step *step = ol_realm_alloc(build, 1, sizeof(*step));
    ol_function_name function = {0};
    if (!step)
        return;
    view->actions = bits_of(json_object_get(record, "actions"), true);
    view->function = ol_realm_keep(build, ol_realm_text(record, "function"));
    view->payload = ol_realm_keep(build, ol_realm_text(record, "payload"));
    ol_function_name_parse(view->function, &function);
    *step = (ol_realm_step){.transform = function.name, .payload = view->payload};
    view->steps = step;
    view->step_count = 1;
}

static void read_views(ol_realm_build *build, const json_t *records, ol_realm_olap *out)
{
    size_t count = json_array_size(records);
    ol_realm_view *views = ol_realm_alloc(build, count, sizeof(*views));
    for (size_t i = 0; views && i < count; i++)
        read_view(build, json_array_get(records, i), &views[i]);
    out->views = views;
    out->view_count = views ? count : 0;
}

static void index_views(ol_realm_olap *olap)
{
    for (unsigned action = 0; action < OL_ACTIONS; action++)
        for (size_t i = 0; i < olap->view_count; i++)
            if (olap->views[i].actions & (1u << action))
                olap->by_action[action] = &olap->views[i];
}

/* The supporting access point, by its ARN, or by its name when it is the account's own. */
static const ol_realm_access_point *find_supporting(const ol_realm *realm,
                                                    const ol_realm_olap *olap)
{
    ol_s3_arn arn;
    if (!ol_slice_starts(olap->supporting_arn, OL_SLICE_LIT("arn:")))
        return ol_realm_find_access_point(realm, olap->account->id, olap->supporting_arn);
    if (!ol_s3_arn_parse(olap->supporting_arn, &arn) || arn.door != OL_S3_DOOR_ACCESS_POINT)
        return NULL;
    return ol_realm_find_access_point(realm, arn.account, arn.name);
}

static int read_olap(ol_realm_build *build, const char *key, const json_t *record,
                     ol_realm_olap *out, ol_error *err)
{
    ol_slice account = ol_slice_of(key, 12);
    out->account = ol_realm_account_of(build, account);
    out->name = ol_realm_keep(build, ol_slice_cstr(key + 13));
    out->supporting_arn = ol_realm_keep(build, ol_realm_text(record, "supporting"));
    out->features = bits_of(json_object_get(record, "features"), false);
    out->metrics = json_is_true(json_object_get(record, "metrics"));
    out->created_ms = json_integer_value(json_object_get(record, "created_ms"));
    read_views(build, json_object_get(record, "views"), out);
    if (build->no_memory)
        return OL_ENOMEM;
    out->alias = keep_alias(build, out->account, out->name, OL_ALIAS_OLAP_SUFFIX);
    out->arn = keep_arn(build, "s3-object-lambda", out->account, out->name);
    ol_slice policy = ol_realm_text(record, "policy");
    const ol_realm_olap *known =
        build->previous ? ol_realm_find_olap(build->previous, account, out->name) : NULL;
    return keep_policy(build, policy, OL_POLICY_OLAP, out->arn, known ? &known->policy : NULL,
                       &out->policy, err);
}

static int olap_order(const void *left, const void *right)
{
    const ol_realm_olap *a = left, *b = right;
    int order = ol_slice_cmp(a->account->id, b->account->id);
    return order ? order : ol_slice_cmp(a->name, b->name);
}

static void index_olaps(ol_realm_build *build)
{
    ol_realm *realm = build->realm;
    for (size_t i = 0; i < realm->olap_count; i++) {
        const ol_realm_olap *olap = &realm->olaps[i];
        char key[OL_DOCUMENT_KEY_SIZE];
        ol_document_key(key, olap->account->id, olap->name);
        ol_realm_index(build, realm->olap_map, ol_slice_cstr(key), olap);
        ol_realm_index(build, realm->olap_alias_map, olap->alias, olap);
    }
}

int ol_realm_add_olaps(ol_realm_build *build, ol_error *err)
{
    ol_realm *realm = build->realm;
    const ol_config *config = realm->config;
    json_t *records = json_object_get(build->document, OL_DOCUMENT_OLAPS), *record;
    size_t room = config->olap_count + json_object_size(records);
    ol_realm_olap *olaps = ol_realm_alloc(build, room, sizeof(*olaps));
    if (!olaps)
        return OL_ENOMEM;
    realm->olaps = olaps;
    for (size_t i = 0; i < config->olap_count; i++) {
        olaps[i] = config->olaps[i];
        olaps[i].account = ol_realm_account_of(build, config->olaps[i].account->id);
    }
    realm->olap_count = config->olap_count;
    index_olaps(build);
    const char *key;
    json_object_foreach(records, key, record)
    {
        if (ol_map_get(realm->olap_map, ol_slice_cstr(key)))
            continue;
        int rc = read_olap(build, key, record, &olaps[realm->olap_count], err);
        if (rc != OL_OK)
            return explain(err, rc, "Object Lambda access point", key);
        realm->olap_count++;
    }
    qsort(olaps, realm->olap_count, sizeof(*olaps), olap_order);
    for (size_t i = 0; i < realm->olap_count; i++) {
        index_views(&olaps[i]);
        olaps[i].access_point = find_supporting(realm, &olaps[i]);
    }
    index_olaps(build);
    return build->no_memory ? OL_ENOMEM : OL_OK;
}
