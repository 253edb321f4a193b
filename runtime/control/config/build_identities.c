/* SPDX-License-Identifier: MIT */
/*
 * Roots, users, roles and origin identities: what each is, and what is attached to it. Keys are
 * build_keys.c's matter.
 */
#include <openssl/evp.h>
#include <stdio.h>

#include "control/config/build_people.h"

/* ---- policies ---- */

/* Policies of one identity, gathered from several places. */
typedef struct gathered {
    const struct ol_policy **items;
    size_t count;
} gathered;

static void add_policies(ol_builder *b, const char *label, const ol_draft_list *list,
                         gathered *out)
{
    char where[OL_BUILD_LABEL_SIZE + 16];
    const ol_policy_rules rules = {.kind = OL_POLICY_IDENTITY};
    ol_realm_policy *made = ol_build_alloc(b, list->count, sizeof(*made));
    if (!made)
        return;
    snprintf(where, sizeof(where), "%s: policy", label);
    size_t count = ol_build_policies(b, where, list, &rules, made);
    for (size_t i = 0; i < count; i++)
        out->items[out->count++] = made[i].policy;
}

static void build_boundary(ol_builder *b, const char *label, const ol_draft_list *list,
                           ol_identity *identity)
{
    char where[OL_BUILD_LABEL_SIZE + 16];
    const ol_policy_rules rules = {.kind = OL_POLICY_IDENTITY};
    ol_realm_policy made = {0};
    snprintf(where, sizeof(where), "%s: boundary", label);
    ol_build_policy(b, where, list, &rules, &made);
    identity->boundary = made.policy;
}

/* A group, compiled once for all of its members. */
typedef struct built_group {
    ol_draft_place at; /* first: it stands in b->groups */
    gathered policies;
} built_group;

static size_t count_group_policies(ol_builder *b, const char *label, ol_slice account,
                                   const ol_text_list *groups)
{
    size_t count = 0;
    for (size_t i = 0; i < groups->count; i++) {
        const ol_text *name = &groups->items[i];
        if (name->unknown)
            continue;
        const built_group *group = ol_map_get(b->groups, ol_build_key(b, account, name->bytes));
        if (group)
            count += group->policies.count;
        else
            ol_build_unknown_door(b, b->groups, label, "group", account, name);
    }
    return count;
}

static void add_group_policies(ol_builder *b, ol_slice account, const ol_text_list *groups,
                               gathered *out)
{
    for (size_t i = 0; i < groups->count; i++) {
        const built_group *group =
            ol_map_get(b->groups, ol_build_key(b, account, groups->items[i].bytes));
        for (size_t k = 0; group && k < group->policies.count; k++)
            out->items[out->count++] = group->policies.items[k];
    }
}

static void build_group(ol_builder *b, const ol_draft_group *from, built_group *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("group", &from->at, label);
    const ol_realm_account *account = ol_build_account(b, label, &from->account);
    to->at = from->at;
    to->policies.items = ol_build_alloc(b, from->policy.count, sizeof(*to->policies.items));
    if (to->policies.items)
        add_policies(b, label, &from->policy, &to->policies);
    ol_build_person_once(b, b->groups, label, account->id, &to->at);
}

static void build_groups(ol_builder *b)
{
    const ol_draft_group *given = b->draft->groups.items;
    size_t count = b->draft->groups.count;
    built_group *groups = ol_build_alloc(b, count, sizeof(*groups));
    for (size_t i = 0; groups && i < count; i++)
        build_group(b, &given[i], &groups[i]);
}

/* ---- views ---- */

/* Who is given a view may read that and, of what is behind it, nothing: neither the bucket itself
 * nor any access point, whoever else may grant it. Master keys open that bucket's objects for it, and
 * only behind a view. */
static const char view_policy[] =
    "{\"Version\":\"2012-10-17\",\"Statement\":["
    "{\"Sid\":\"View\",\"Effect\":\"Allow\",\"Action\":[\"s3-object-lambda:Get*\","
    "\"s3-object-lambda:List*\"],\"Resource\":\"%.*s\"},"
    "{\"Sid\":\"NotTheOriginal\",\"Effect\":\"Deny\",\"Action\":\"s3:*\",\"Resource\":["
    "\"arn:aws:s3:::%.*s\",\"arn:aws:s3:::%.*s/*\",\"arn:aws:s3:*:*:accesspoint/*\"]},"
    "{\"Sid\":\"KeysBehindViews\",\"Effect\":\"Allow\",\"Action\":\"kms:Decrypt\","
    "\"Resource\":\"*\",\"Condition\":{"
    "\"ForAnyValue:StringEquals\":{\"aws:CalledVia\":\"s3-object-lambda.amazonaws.com\"},"
    "\"StringLike\":{\"kms:EncryptionContext:aws:s3:arn\":"
    "[\"arn:aws:s3:::%.*s\",\"arn:aws:s3:::%.*s/*\"]}}}]}";

static const ol_realm_olap *find_olap(const ol_builder *b, const ol_draft_olap *found)
{
    const ol_draft_olap *first = b->draft->olaps.items;
    return found && b->config->olaps ? &b->config->olaps[found - first] : NULL;
}

static void add_view(ol_builder *b, const ol_realm_olap *olap, gathered *out)
{
    const ol_policy_rules rules = {.kind = OL_POLICY_IDENTITY};
    ol_realm_policy made;
    ol_error err = {0};
    if (!olap->access_point)
        return; /* reported already */
    ol_slice bucket = olap->access_point->bucket;
    char *text = ol_arena_printf(b->draft->arena, view_policy, OL_SLICE_FMT(olap->arn),
                                 OL_SLICE_FMT(bucket), OL_SLICE_FMT(bucket), OL_SLICE_FMT(bucket),
                                 OL_SLICE_FMT(bucket));
    int rc = text ? ol_compile_policy(b->draft->arena, ol_slice_cstr(text), &rules, NULL, &made,
                                      &err)
                  : OL_ENOMEM;
    if (rc == OL_OK)
        out->items[out->count++] = made.policy;
    else if (rc == OL_ENOMEM)
        b->no_memory = true;
}

/* Nor may the view itself tell of originals. */
static void check_shows_nothing(ol_builder *b, const char *label, int line,
                                const ol_realm_olap *olap)
{
    const char *option = NULL;
    if (olap->options.unconfigured == OL_VIEW_UNCONFIGURED_DELEGATE)
        option = "unconfigured = \"delegate\"";
    else if (olap->options.list_sizes == OL_VIEW_SIZES_ORIGINAL)
        option = "list = { sizes = \"original\" }";
    if (option)
        ol_build_mistake(b, line, "%s: views: object_lambda \"%.*s\" has %s, which tells of originals",
                         label, OL_SLICE_FMT(olap->name), option);
}

static void add_views(ol_builder *b, const char *label, ol_slice account, const ol_text_list *views,
                      gathered *out)
{
    for (size_t i = 0; i < views->count; i++) {
        const ol_text *name = &views->items[i];
        if (name->unknown)
            continue;
        const ol_realm_olap *olap =
            find_olap(b, ol_map_get(b->olaps, ol_build_key(b, account, name->bytes)));
        if (!olap) {
            ol_build_unknown_door(b, b->olaps, label, "object_lambda", account, name);
            continue;
        }
        check_shows_nothing(b, label, name->line, olap);
        add_view(b, olap, out);
    }
}

static void build_attached(ol_builder *b, const char *label, const ol_text_list *groups,
                           const ol_text_list *views, const ol_draft_list *policy,
                           ol_identity *identity)
{
    ol_slice account = identity->account_id;
    size_t room =
        policy->count + views->count + count_group_policies(b, label, account, groups);
    gathered all = {.items = ol_build_alloc(b, room, sizeof(*all.items))};
    if (!all.items || b->no_memory) /* a group may not have been counted, and be found now */
        return;
    add_policies(b, label, policy, &all);
    add_group_policies(b, account, groups, &all);
    add_views(b, label, account, views, &all);
    identity->policies = all.items;
    identity->policy_count = all.count;
}

/* ---- identities ---- */

/* AWS gives ids of this form; ours follow from account and name, so that they are the same in
 * every replica. */
static ol_slice principal_id(ol_builder *b, const char *prefix, ol_slice account, ol_slice name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint8_t digest[EVP_MAX_MD_SIZE];
    const char *input = ol_build_text(b, "%.*s/%.*s", OL_SLICE_FMT(account), OL_SLICE_FMT(name));
    if (EVP_Digest(input, strlen(input), digest, NULL, EVP_sha256(), NULL) != 1) {
        b->no_memory = true;
        return OL_SLICE_NONE;
    }
    char id[22];
    snprintf(id, sizeof(id), "%s", prefix);
    for (size_t i = 4; i < sizeof(id) - 1; i++)
        id[i] = letters[digest[i] & 31];
    id[sizeof(id) - 1] = '\0';
    return ol_slice_cstr(ol_build_text(b, "%s", id));
}

static void build_tags(ol_builder *b, const char *label, const ol_draft_list *list,
                       ol_identity *identity)
{
    const ol_draft_pair *pairs = list->items;
    ol_tag *tags = ol_build_alloc(b, list->count, sizeof(*tags));
    for (size_t i = 0; tags && i < list->count; i++) {
        if (pairs[i].values.count != 1)
            ol_build_mistake(b, pairs[i].at.line, "%s: tags: a tag has one value", label);
        else
            tags[i] = (ol_tag){.key = pairs[i].at.name.bytes, .value = pairs[i].values.items[0].bytes};
    }
    identity->tags = tags;
    identity->tag_count = tags ? list->count : 0;
}

static ol_identity *new_identity(ol_builder *b, enum ol_identity_kind kind,
                                 const ol_realm_account *account)
{
    ol_identity *identity = ol_build_alloc(b, 1, sizeof(*identity));
    if (!identity)
        return NULL;
    identity->kind = kind;
    identity->account_id = account->id;
    identity->canonical_id = account->canonical_id;
    return identity;
}

static const ol_identity *build_root(ol_builder *b, const ol_realm_account *account)
{
    ol_identity *identity = new_identity(b, OL_IDENTITY_ROOT, account);
    if (!identity)
        return NULL;
    identity->principal_id = account->id;
    identity->arn =
        ol_slice_cstr(ol_build_text(b, "arn:aws:iam::%.*s:root", OL_SLICE_FMT(account->id)));
    return identity;
}

static const ol_identity *build_user(ol_builder *b, const char *label, const ol_draft_user *user)
{
    const ol_realm_account *account = ol_build_account(b, label, &user->account);
    ol_slice name = user->at.name.bytes;
    ol_identity *identity = new_identity(b, OL_IDENTITY_USER, account);
    if (!identity)
        return NULL;
    identity->user_name = name;
    identity->principal_id = principal_id(b, "AIDA", account->id, name);
    identity->arn = ol_slice_cstr(ol_build_text(b, "arn:aws:iam::%.*s:user/%.*s",
                                                OL_SLICE_FMT(account->id), OL_SLICE_FMT(name)));
    build_tags(b, label, &user->tags, identity);
    build_boundary(b, label, &user->boundary, identity);
    build_attached(b, label, &user->groups, &user->views, &user->policy, identity);
    return identity;
}

/* As a CDN's bucket policies name it, by its ARN or by its canonical id. */
static const ol_identity *build_origin_identity(ol_builder *b, const ol_draft_user *from)
{
    static const ol_realm_account nobody;
    char id[OL_CANONICAL_ID_SIZE];
    ol_slice name = from->at.name.bytes;
    ol_identity *identity = new_identity(b, OL_IDENTITY_SERVICE, &nobody);
    if (!identity)
        return NULL;
    if (!ol_canonical_id_make(id, name))
        b->no_memory = true;
    identity->canonical_id = from->canonical_id.bytes.len && !from->canonical_id.unknown
                                 ? from->canonical_id.bytes
                                 : ol_slice_cstr(ol_build_text(b, "%s", id));
    identity->principal_id = name;
    identity->arn = ol_slice_cstr(
        ol_build_text(b, "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity %.*s",
                      OL_SLICE_FMT(name)));
    return identity;
}

/* ---- roles ---- */

static void build_role(ol_builder *b, const ol_draft_role *from, ol_realm_role *to)
{
    static const ol_text_list no_groups;
    char label[OL_BUILD_LABEL_SIZE], where[OL_BUILD_LABEL_SIZE + 16];
    const ol_policy_rules trust = {.kind = OL_POLICY_TRUST};
    ol_slice name = from->at.name.bytes;
    ol_build_label("role", &from->at, label);
    const ol_realm_account *account = ol_build_account(b, label, &from->account);
    ol_build_person_once(b, b->roles, label, account->id, &from->at);
    ol_identity *identity = new_identity(b, OL_IDENTITY_ROLE, account);
    if (!identity)
        return;
    identity->principal_id = principal_id(b, "AROA", account->id, name);
    identity->arn = ol_slice_cstr(ol_build_text(b, "arn:aws:iam::%.*s:role/%.*s",
                                                OL_SLICE_FMT(account->id), OL_SLICE_FMT(name)));
    identity->role_arn = identity->arn;
    build_tags(b, label, &from->tags, identity);
    build_boundary(b, label, &from->boundary, identity);
    build_attached(b, label, &no_groups, &from->views, &from->policy, identity);
    *to = (ol_realm_role){
        .name = name, .identity = identity, .session_seconds_max = from->session_s_max};
    snprintf(where, sizeof(where), "%s: trust", label);
    ol_build_policy(b, where, &from->trust, &trust, &to->trust);
}

static void build_roles(ol_builder *b)
{
    const ol_draft_role *given = b->draft->roles.items;
    size_t count = b->draft->roles.count;
    ol_realm_role *roles = ol_build_alloc(b, count, sizeof(*roles));
    for (size_t i = 0; roles && i < count && !b->no_memory; i++)
        build_role(b, &given[i], &roles[i]);
    b->config->roles = roles;
    b->config->role_count = roles && !b->no_memory ? count : 0;
}

/* ---- all of them ---- */

static const ol_draft_user *find_account_block(const ol_builder *b, ol_slice id)
{
    const ol_draft_account *accounts = b->draft->accounts.items;
    for (size_t i = 0; i < b->draft->accounts.count; i++)
        if (ol_slice_eq(accounts[i].root.at.name.bytes, id))
            return &accounts[i].root;
    return NULL;
}

static void add_roots(ol_builder *b, ol_people_builder *people)
{
    for (size_t i = 0; i < b->config->account_count; i++) {
        const ol_realm_account *account = &b->config->accounts[i];
        const ol_draft_user *block = find_account_block(b, account->id);
        const ol_draft_user *root =
            i == 0 && b->draft->roots.count ? b->draft->roots.items : NULL;
        const ol_identity *identity = build_root(b, account);
        if (!identity)
            return;
        ol_people_add(people, identity);
        if (root)
            ol_people_add_keys(people, "root", root, identity, true);
        if (block)
            ol_people_add_keys(people, "account", block, identity, false);
    }
}

static void add_users(ol_builder *b, ol_people_builder *people)
{
    const ol_draft_user *users = b->draft->users.items;
    for (size_t i = 0; i < b->draft->users.count; i++) {
        char label[OL_BUILD_LABEL_SIZE];
        ol_build_label("user", &users[i].at, label);
        const ol_identity *identity = build_user(b, label, &users[i]);
        if (!identity)
            return;
        ol_build_person_once(b, b->users, label, identity->account_id, &users[i].at);
        ol_people_add(people, identity);
        ol_people_add_keys(people, "user", &users[i], identity, true);
    }
}

static void add_origin_identities(ol_builder *b, ol_people_builder *people)
{
    const ol_draft_user *given = b->draft->origin_identities.items;
    for (size_t i = 0; i < b->draft->origin_identities.count; i++) {
        const ol_identity *identity = build_origin_identity(b, &given[i]);
        char label[OL_BUILD_LABEL_SIZE];
        if (!identity)
            return;
        ol_build_person_once(b, b->users, ol_build_label("origin_identity", &given[i].at, label),
                             OL_SLICE_LIT("cloudfront"), &given[i].at);
        ol_people_add(people, identity);
        ol_people_add_keys(people, "origin_identity", &given[i], identity, true);
    }
}

void ol_build_identities(ol_builder *b)
{
    ol_people_builder people = {.b = b};
    build_groups(b);
    add_roots(b, &people);
    add_users(b, &people);
    add_origin_identities(b, &people);
    build_roles(b);
    ol_people_finish(&people);
    size_t written = b->draft->roots.count + b->draft->users.count;
    if (written + b->config->key_count + ol_map_count(b->config->certificate_map) == 0)
        ol_build_mistake(b, 0, "there is neither root nor a user: nobody could sign a request");
}
