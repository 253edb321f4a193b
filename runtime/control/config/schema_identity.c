/* SPDX-License-Identifier: MIT */
/*
 * The language, part two: policies, accounts, users, groups, roles.
 */
#include "control/config/schema_parts.h"

#define SESSION_S_MIN 900u
#define SESSION_S_MAX 43200u

/* ---- policies ---- */

static const char *const effects[] = {"Allow", "Deny", NULL};

static const ol_field principal_fields[] = {
    {"AWS", OL_FIELD_TEXTS, AT(ol_draft_principal, aws), .bare = true},
    {"CanonicalUser", OL_FIELD_TEXTS, AT(ol_draft_principal, canonical)},
    {"Service", OL_FIELD_TEXTS, AT(ol_draft_principal, service)},
    {"Federated", OL_FIELD_TEXTS, AT(ol_draft_principal, federated)},
};

static const ol_schema schema_principal = {
    .word = "policy.principal",
    .written = "\"*\", an ARN, an account, or { AWS = { … }, CanonicalUser = { … } }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_principal),
    FIELDS(principal_fields),
};

static const ol_field statement_fields[] = {
    {"json", OL_FIELD_TEXT, AT(ol_draft_statement, json), .bare = true,
     .max = OL_CONFIG_POLICY_BYTES_MAX},
    {"sid", OL_FIELD_TEXT, AT(ol_draft_statement, sid), .max = 256},
    {"effect", OL_FIELD_CHOICE, AT(ol_draft_statement, effect), .required = true,
     .choices = effects},
    {"principal", OL_FIELD_TABLE, AT(ol_draft_statement, principal), .table = &schema_principal},
    {"not_principal", OL_FIELD_TABLE, AT(ol_draft_statement, not_principal),
     .table = &schema_principal},
    {"actions", OL_FIELD_TEXTS, AT(ol_draft_statement, actions), .required = true,
     .unless = "not_actions", .wrong = ol_name_action_wrong},
    {"not_actions", OL_FIELD_TEXTS, AT(ol_draft_statement, not_actions),
     .wrong = ol_name_action_wrong},
    {"resources", OL_FIELD_TEXTS, AT(ol_draft_statement, resources),
     .wrong = ol_name_resource_wrong},
    {"not_resources", OL_FIELD_TEXTS, AT(ol_draft_statement, not_resources),
     .wrong = ol_name_resource_wrong},
    {"conditions", OL_FIELD_CONDITIONS, AT(ol_draft_statement, conditions)},
};

static void prepare_statement(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_statement *)item)->effect = OL_DRAFT_CHOICE_UNSET;
}

const ol_schema ol_schema_statement = {
    .word = "policy",
    .written = "{ effect = \"Allow\", actions = { … }, resources = { … } }, or a policy as JSON",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_statement),
    .prepare = prepare_statement,
    FIELDS(statement_fields),
};

/* ---- keys ---- */

static const ol_field key_fields[] = {
    {"access_key", OL_FIELD_SECRET, AT(ol_draft_key, access_key), .required = true,
     .wrong = ol_name_access_key_wrong},
    {"secret_key", OL_FIELD_SECRET, AT(ol_draft_key, secret_key), .required = true,
     .wrong = ol_name_secret_key_wrong},
    {"active", OL_FIELD_BOOL, AT(ol_draft_key, active), .fallback = "true"},
};

static const ol_schema schema_key = {
    .word = "keys",
    .written = "{ access_key = …, secret_key = … }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_key),
    FIELDS(key_fields),
};

static const ol_field mfa_fields[] = {
    {"serial", OL_FIELD_TEXT, AT(ol_draft_mfa, serial), .required = true,
     .wrong = ol_name_mfa_serial_wrong},
    {"secret", OL_FIELD_SECRET, AT(ol_draft_mfa, secret), .required = true,
     .wrong = ol_name_mfa_secret_wrong},
};

static const ol_schema schema_mfa = {
    .word = "mfa",
    .written = "{ serial = \"…\", secret = … }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_mfa),
    FIELDS(mfa_fields),
};

#define KEY_PAIR(type, root_)                                                                      \
    {"access_key", OL_FIELD_SECRET, AT(type, root_ access_key), .wrong = ol_name_access_key_wrong},  \
        {"secret_key", OL_FIELD_SECRET, AT(type, root_ secret_key),                                  \
         .wrong = ol_name_secret_key_wrong},                                                       \
        {"keys", OL_FIELD_TABLES, AT(type, root_ keys), .table = &schema_key},                       \
    {                                                                                              \
        "mfa", OL_FIELD_TABLES, AT(type, root_ mfa), .table = &schema_mfa                            \
    }

/* ---- who there is ---- */

static const ol_field account_fields[] = {
    {"canonical_id", OL_FIELD_TEXT, AT(ol_draft_account, canonical_id),
     .wrong = ol_name_canonical_id_wrong},
    {"display_name", OL_FIELD_TEXT, AT(ol_draft_account, display_name), .max = 256},
    KEY_PAIR(ol_draft_account, root.),
    {"certificates", OL_FIELD_TEXTS, AT(ol_draft_account, root.certificates)},
    {"public_access_block", OL_FIELD_TABLE, AT(ol_draft_account, public_access),
     .table = &ol_schema_public_access},
};

const ol_schema ol_schema_account = {
    .word = "account",
    .written = "account \"111122223333\" { … }",
    .form = OL_FORM_NAME_ALONE,
    .list_offset = offsetof(ol_draft, accounts),
    .item_size = sizeof(ol_draft_account),
    .name_wrong = ol_name_account_wrong,
    FIELDS(account_fields),
};

static const ol_field root_fields[] = {
    KEY_PAIR(ol_draft_user, ),
    {"certificates", OL_FIELD_TEXTS, AT(ol_draft_user, certificates)},
};

const ol_schema ol_schema_root = {
    .word = "root",
    .written = "root { access_key = …, secret_key = … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, roots),
    .item_size = sizeof(ol_draft_user),
    FIELDS(root_fields),
};

static const ol_field user_fields[] = {
    KEY_PAIR(ol_draft_user, ),
    {"account", OL_FIELD_TEXT, AT(ol_draft_user, account)},
    {"groups", OL_FIELD_TEXTS, AT(ol_draft_user, groups)},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_user, policy), .table = &ol_schema_statement},
    {"boundary", OL_FIELD_TABLES, AT(ol_draft_user, boundary), .table = &ol_schema_statement},
    {"views", OL_FIELD_TEXTS, AT(ol_draft_user, views)},
    {"tags", OL_FIELD_MAP, AT(ol_draft_user, tags)},
    {"certificates", OL_FIELD_TEXTS, AT(ol_draft_user, certificates)},
};

const ol_schema ol_schema_user = {
    .word = "user",
    .written = "user \"NAME\" { access_key = …, secret_key = …, policy = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, users),
    .item_size = sizeof(ol_draft_user),
    .name_wrong = ol_name_user_wrong,
    FIELDS(user_fields),
};

static const ol_field group_fields[] = {
    {"account", OL_FIELD_TEXT, AT(ol_draft_group, account)},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_group, policy), .required = true,
     .table = &ol_schema_statement},
};

const ol_schema ol_schema_group = {
    .word = "group",
    .written = "group \"NAME\" { policy = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, groups),
    .item_size = sizeof(ol_draft_group),
    .name_wrong = ol_name_user_wrong,
    FIELDS(group_fields),
};

static const ol_field role_fields[] = {
    {"account", OL_FIELD_TEXT, AT(ol_draft_role, account)},
    {"trust", OL_FIELD_TABLES, AT(ol_draft_role, trust), .required = true,
     .table = &ol_schema_statement},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_role, policy), .table = &ol_schema_statement},
    {"boundary", OL_FIELD_TABLES, AT(ol_draft_role, boundary), .table = &ol_schema_statement},
    {"views", OL_FIELD_TEXTS, AT(ol_draft_role, views)},
    {"tags", OL_FIELD_MAP, AT(ol_draft_role, tags)},
    {"session_s_max", OL_FIELD_NUMBER, AT(ol_draft_role, session_s_max), .min = SESSION_S_MIN,
     .max = SESSION_S_MAX, .fallback = "3600"},
};

static void prepare_role(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_role *)item)->session_s_max = 3600;
}

const ol_schema ol_schema_role = {
    .word = "role",
    .written = "role \"NAME\" { trust = { … }, policy = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, roles),
    .item_size = sizeof(ol_draft_role),
    .name_wrong = ol_name_user_wrong,
    .prepare = prepare_role,
    FIELDS(role_fields),
};

/* ---- a CDN's origin identity ---- */

static const ol_field origin_identity_fields[] = {
    {"access_key", OL_FIELD_SECRET, AT(ol_draft_user, access_key),
     .wrong = ol_name_access_key_wrong},
    {"secret_key", OL_FIELD_SECRET, AT(ol_draft_user, secret_key),
     .wrong = ol_name_secret_key_wrong},
    {"keys", OL_FIELD_TABLES, AT(ol_draft_user, keys), .table = &schema_key},
    {"canonical_id", OL_FIELD_TEXT, AT(ol_draft_user, canonical_id),
     .wrong = ol_name_canonical_id_wrong},
    {"certificates", OL_FIELD_TEXTS, AT(ol_draft_user, certificates)},
};

const ol_schema ol_schema_origin_identity = {
    .word = "origin_identity",
    .written = "origin_identity \"ID\" { access_key = …, secret_key = … }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, origin_identities),
    .item_size = sizeof(ol_draft_user),
    .name_wrong = ol_name_user_wrong,
    FIELDS(origin_identity_fields),
};
