/* SPDX-License-Identifier: MIT */
/*
 * The language, part one: settings, transforms, logs, and the list of all blocks.
 */
#include "control/config/schema_parts.h"

/* ---- settings ---- */

static const ol_field settings_fields[] = {
    {"region", OL_FIELD_TEXT, AT(ol_draft_settings, region), .fallback = "\"us-east-1\"",
     .wrong = ol_name_region_wrong},
    {"account", OL_FIELD_TEXT, AT(ol_draft_settings, account), .fallback = "\"000000000000\"",
     .wrong = ol_name_account_wrong},
    {"data", OL_FIELD_FOLDER, AT(ol_draft_settings, data),
     .fallback = "\"" OL_CONFIG_DATA_PATH "\""},
    {"loops", OL_FIELD_NUMBER, AT(ol_draft_settings, loops), .max = 1024, .fallback = "0"},
    {"domains", OL_FIELD_TEXTS, AT(ol_draft_settings, domains), .wrong = ol_name_domain_wrong},
    {"sandbox_required", OL_FIELD_TEXTS, AT(ol_draft_settings, sandbox_required),
     .wrong = ol_name_wall_wrong},
    {"base_path", OL_FIELD_TEXT, AT(ol_draft_settings, base_path),
     .wrong = ol_name_base_path_wrong},
    {"default_origin", OL_FIELD_TEXT, AT(ol_draft_settings, default_origin),
     .fallback = "\"" OL_NAME_STORE "\""},
    {"view_key", OL_FIELD_SECRET, AT(ol_draft_settings, view_key), .wrong = ol_name_view_key_wrong},
    {"amazon_hosts", OL_FIELD_BOOL, AT(ol_draft_settings, amazon_hosts), .fallback = "false"},
    {"legacy_form_signatures", OL_FIELD_BOOL, AT(ol_draft_settings, legacy_form_signatures),
     .fallback = "false"},
    {"keyring", OL_FIELD_TEXT, AT(ol_draft_settings, keyring)},
    {"sse_c_over_http", OL_FIELD_BOOL, AT(ol_draft_settings, sse_c_over_http),
     .fallback = "false"},
    {"sse_s3_key", OL_FIELD_TEXT, AT(ol_draft_settings, sse_s3_key), .max = 2048},
};

const ol_schema ol_schema_settings = {.form = OL_FORM_SETTINGS, FIELDS(settings_fields)};

/* ---- transforms ---- */

static const char *const shares[] = {
    [OL_SHARE_IDENTITY] = "identity",
    [OL_SHARE_REQUEST] = "request",
    [OL_SHARE_ALL] = "all",
    NULL,
};

static const char *const isolations[] = {
    [OL_ISOLATION_PROCESS] = "process",
    [OL_ISOLATION_INLINE] = "inline",
    NULL,
};

static const ol_field transform_fields[] = {
    {"file", OL_FIELD_FILE, AT(ol_draft_transform, file), .wrong = ol_name_script_file_wrong},
    {"plugin", OL_FIELD_TEXT, AT(ol_draft_transform, plugin), .wrong = ol_name_transform_wrong},
    {"sha256", OL_FIELD_TEXT, AT(ol_draft_transform, sha256), .wrong = ol_name_sha256_wrong},
    {"preload_folders", OL_FIELD_FOLDERS, AT(ol_draft_transform, preload_folders)},
    {"share", OL_FIELD_CHOICE, AT(ol_draft_transform, share), .choices = shares,
     .fallback = "\"identity\""},
    {"isolation", OL_FIELD_CHOICE, AT(ol_draft_transform, isolation), .choices = isolations,
     .fallback = "\"process\""},
    {"limits", OL_FIELD_TABLE, AT(ol_draft_transform, limits), .table = &ol_schema_transform_limits},
};

/* The limits block comes first in the list below, so its values are known here. */
static void prepare_transform(const ol_draft *draft, void *item)
{
    ol_draft_transform *transform = item;
    transform->share = OL_DRAFT_SHARE_UNSET;
    transform->limits = ol_draft_transform_limits(draft);
}

static const ol_schema schema_transform = {
    .word = "transform",
    .written = "transform \"NAME\" { file = \"…\" }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, transforms),
    .item_size = sizeof(ol_draft_transform),
    .name_wrong = ol_name_transform_wrong,
    .prepare = prepare_transform,
    FIELDS(transform_fields),
};

/* ---- where shared objects come from ---- */

static const ol_field plugins_fields[] = {
    {"folders", OL_FIELD_FOLDERS, AT(ol_draft_plugins, folders), .required = true},
    {"keys", OL_FIELD_FILES, AT(ol_draft_plugins, keys)},
};

static const ol_schema schema_plugins = {
    .word = "plugins",
    .written = "plugins { folders = { \"…\" } }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, plugins),
    .item_size = sizeof(ol_draft_plugins),
    FIELDS(plugins_fields),
};

/* ---- logs ---- */

static const ol_field logs_fields[] = {
    {"access", OL_FIELD_LOG, AT(ol_draft_logs, access), .fallback = "\"-\""},
    {"transforms", OL_FIELD_LOG, AT(ol_draft_logs, transforms), .fallback = "\"--\""},
};

static const ol_schema schema_logs = {
    .word = "logs",
    .written = "logs { access = \"…\", transforms = \"…\" }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, logs),
    .item_size = sizeof(ol_draft_logs),
    FIELDS(logs_fields),
};

/* ---- all of it ---- */

const ol_schema *const ol_schema_blocks[] = {
    &ol_schema_limits,       &schema_logs,          &ol_schema_listen, &ol_schema_admin,
    &ol_schema_vpc,          &ol_schema_origin,     &ol_schema_sts,    &ol_schema_control,
    &ol_schema_account,      &ol_schema_root,       &ol_schema_group,  &ol_schema_user,
    &ol_schema_role,         &ol_schema_origin_identity, &ol_schema_bucket_defaults,
    &ol_schema_client_encryption, &ol_schema_spool,
    &ol_schema_bucket,
    &ol_schema_access_point, &schema_plugins,       &schema_transform,
    &ol_schema_object_lambda,
    &ol_schema_view_cache,   &ol_schema_view_memo,  &ol_schema_kms,    &ol_schema_data_keys,
    &ol_schema_key_audit,    &ol_schema_client_key,  &ol_schema_master_key,
};
const size_t ol_schema_block_count = OL_SCHEMA_COUNT(ol_schema_blocks);

const ol_field *ol_schema_field(const ol_schema *schema, ol_slice key)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (ol_slice_eq_cstr(key, schema->fields[i].key))
            return &schema->fields[i];
    return NULL;
}

const ol_field *ol_schema_bare_field(const ol_schema *schema)
{
    for (size_t i = 0; i < schema->field_count; i++)
        if (schema->fields[i].bare)
            return &schema->fields[i];
    return NULL;
}

const char *ol_field_type_name(enum ol_field_type type)
{
    static const char *const names[] = {
        [OL_FIELD_TEXT] = "text",       [OL_FIELD_SECRET] = "secret",
        [OL_FIELD_FILE] = "file",       [OL_FIELD_FOLDER] = "folder",
        [OL_FIELD_LOG] = "log",         [OL_FIELD_NUMBER] = "number",
        [OL_FIELD_NUMBER64] = "number", [OL_FIELD_MS] = "ms",
        [OL_FIELD_SIZE] = "size",       [OL_FIELD_SIZE64] = "size",
        [OL_FIELD_CHOICE] = "choice",   [OL_FIELD_TEXTS] = "list of texts",
        [OL_FIELD_FILES] = "list of files", [OL_FIELD_FOLDERS] = "list of folders",
        [OL_FIELD_TABLE] = "table",     [OL_FIELD_TABLES] = "list of tables",
        [OL_FIELD_BOOL] = "bool",       [OL_FIELD_MAP] = "map",
        [OL_FIELD_CONDITIONS] = "conditions",
    };
    return names[type];
}
