/* SPDX-License-Identifier: MIT */
/*
 * The tables. Longer than most files here because it is one list: the language.
 */
#include "control/schema.h"

#include "control/names.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELDS(array) .fields = array, .field_count = COUNT(array)
#define AT(type, member) .offset = offsetof(type, member)

#define HOUR_MS 3600000u
#define DAY_MS (24u * HOUR_MS)
#define TIB (1ull << 40)
#define PAYLOAD_BYTES_MAX (32 * OL_KIB)

/* ---- settings ---- */

static const ol_field settings_fields[] = {
    {"region", OL_FIELD_TEXT, AT(ol_draft_settings, region), .fallback = "\"us-east-1\"",
     .wrong = ol_name_region_wrong},
    {"account", OL_FIELD_TEXT, AT(ol_draft_settings, account), .fallback = "\"000000000000\"",
     .wrong = ol_name_account_wrong},
    {"data", OL_FIELD_FOLDER, AT(ol_draft_settings, data),
     .fallback = "\"" OL_CONFIG_DATA_PATH "\""},
    {"loops", OL_FIELD_NUMBER, AT(ol_draft_settings, loops), .max = 1024, .fallback = "0"},
};

const ol_schema ol_schema_settings = {.form = OL_FORM_SETTINGS, FIELDS(settings_fields)};

/* ---- listeners ---- */

static const ol_field listen_fields[] = {
    {"address", OL_FIELD_TEXT, AT(ol_draft_listener, address), .required = true, .bare = true},
    {"certificate", OL_FIELD_FILE, AT(ol_draft_listener, certificate)},
    {"key", OL_FIELD_FILE, AT(ol_draft_listener, key)},
};

static const ol_schema schema_listen = {
    .word = "listen",
    .written = "listen \"ADDRESS:PORT\" or listen { address = \"…\", certificate = \"…\", key = \"…\" }",
    .form = OL_FORM_TABLE,
    .list_offset = offsetof(ol_draft, listeners),
    .item_size = sizeof(ol_draft_listener),
    FIELDS(listen_fields),
};

static const ol_field admin_fields[] = {
    {"address", OL_FIELD_TEXT, AT(ol_draft_listener, address), .required = true, .bare = true},
};

static const ol_schema schema_admin = {
    .word = "admin",
    .written = "admin \"ADDRESS:PORT\" or admin(false)",
    .form = OL_FORM_TABLE,
    .once = true,
    .may_be_off = true,
    .list_offset = offsetof(ol_draft, admins),
    .item_size = sizeof(ol_draft_listener),
    FIELDS(admin_fields),
};

/* ---- identities ---- */

static const ol_field root_fields[] = {
    {"access_key", OL_FIELD_SECRET, AT(ol_draft_user, access_key), .required = true,
     .wrong = ol_name_access_key_wrong},
    {"secret_key", OL_FIELD_SECRET, AT(ol_draft_user, secret_key), .required = true,
     .wrong = ol_name_secret_key_wrong},
};

static const ol_schema schema_root = {
    .word = "root",
    .written = "root { access_key = …, secret_key = … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, roots),
    .item_size = sizeof(ol_draft_user),
    FIELDS(root_fields),
};

static const char *const effects[] = {"Allow", "Deny", NULL};

static const ol_field statement_fields[] = {
    {"effect", OL_FIELD_CHOICE, AT(ol_draft_statement, effect), .required = true,
     .choices = effects},
    {"actions", OL_FIELD_TEXTS, AT(ol_draft_statement, actions), .required = true,
     .wrong = ol_name_action_wrong},
    {"resources", OL_FIELD_TEXTS, AT(ol_draft_statement, resources), .required = true,
     .wrong = ol_name_resource_wrong},
};

static const ol_schema schema_statement = {
    .written = "{ effect = \"Allow\", actions = { … }, resources = { … } }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_statement),
    FIELDS(statement_fields),
};

static const ol_field user_fields[] = {
    {"access_key", OL_FIELD_SECRET, AT(ol_draft_user, access_key), .required = true,
     .wrong = ol_name_access_key_wrong},
    {"secret_key", OL_FIELD_SECRET, AT(ol_draft_user, secret_key), .required = true,
     .wrong = ol_name_secret_key_wrong},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_user, policy), .table = &schema_statement},
};

static const ol_schema schema_user = {
    .word = "user",
    .written = "user \"NAME\" { access_key = …, secret_key = …, policy = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, users),
    .item_size = sizeof(ol_draft_user),
    .name_wrong = ol_name_user_wrong,
    FIELDS(user_fields),
};

/* ---- where objects live and how they are reached ---- */

static const ol_schema schema_bucket = {
    .word = "bucket",
    .written = "bucket \"NAME\"",
    .form = OL_FORM_NAME_ALONE,
    .list_offset = offsetof(ol_draft, buckets),
    .item_size = sizeof(ol_draft_bucket),
    .name_wrong = ol_name_bucket_wrong,
};

static const ol_field access_point_fields[] = {
    {"bucket", OL_FIELD_TEXT, AT(ol_draft_access_point, bucket), .required = true},
};

static const ol_schema schema_access_point = {
    .word = "access_point",
    .written = "access_point \"NAME\" { bucket = \"…\" }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, access_points),
    .item_size = sizeof(ol_draft_access_point),
    .name_wrong = ol_name_access_point_wrong,
    FIELDS(access_point_fields),
};

static const ol_field step_fields[] = {
    {"transform", OL_FIELD_TEXT, AT(ol_draft_step, transform), .required = true, .bare = true},
    {"payload", OL_FIELD_TEXT, AT(ol_draft_step, payload), .max = PAYLOAD_BYTES_MAX,
     .fallback = "\"\""},
};

static const ol_schema schema_step = {
    .written = "\"TRANSFORM\" or { \"TRANSFORM\", payload = \"…\" }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_step),
    FIELDS(step_fields),
};

static const ol_field object_lambda_fields[] = {
    {"access_point", OL_FIELD_TEXT, AT(ol_draft_olap, access_point), .required = true},
    {"transforms", OL_FIELD_TABLES, AT(ol_draft_olap, transforms), .required = true,
     .table = &schema_step},
};

static const ol_schema schema_object_lambda = {
    .word = "object_lambda",
    .written = "object_lambda \"NAME\" { access_point = \"…\", transforms = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, olaps),
    .item_size = sizeof(ol_draft_olap),
    .name_wrong = ol_name_access_point_wrong,
    FIELDS(object_lambda_fields),
};

/* ---- limits ---- */

#define TRANSFORM_LIMIT(member) AT(ol_transform_limits, member)

static const ol_field transform_limit_fields[] = {
    {"memory_bytes", OL_FIELD_SIZE64, TRANSFORM_LIMIT(memory_bytes), .min = OL_MIB,
     .max = TIB, .fallback = "32 MiB"},
    {"cpu_ms", OL_FIELD_MS, TRANSFORM_LIMIT(cpu_ms), .min = 1, .max = DAY_MS, .fallback = "10000"},
    {"wall_ms", OL_FIELD_MS, TRANSFORM_LIMIT(wall_ms), .min = 1, .max = DAY_MS,
     .fallback = "300000"},
    {"output_bytes", OL_FIELD_SIZE64, TRANSFORM_LIMIT(output_bytes), .max = 1024 * TIB,
     .fallback = "1 TiB"},
    {"pattern_steps", OL_FIELD_NUMBER64, TRANSFORM_LIMIT(pattern_steps), .min = 1000,
     .max = 1000000000000ull, .fallback = "10000000"},
    {"unyieldable_ms", OL_FIELD_MS, TRANSFORM_LIMIT(unyieldable_ms), .min = 1, .max = 60000,
     .fallback = "20"},
    {"slice_ms", OL_FIELD_MS, TRANSFORM_LIMIT(slice_ms), .min = 1, .max = 1000, .fallback = "2"},
    {"read_at_calls", OL_FIELD_NUMBER, TRANSFORM_LIMIT(read_at_calls), .max = 1000000000,
     .fallback = "10000"},
    {"read_at_bytes", OL_FIELD_SIZE64, TRANSFORM_LIMIT(read_at_bytes), .max = 1024 * TIB,
     .fallback = "16 GiB"},
    {"log_bytes", OL_FIELD_SIZE, TRANSFORM_LIMIT(log_bytes), .max = 64 * OL_MIB,
     .fallback = "16 KiB"},
};

const ol_schema ol_schema_transform_limits = {
    .form = OL_FORM_NESTED,
    FIELDS(transform_limit_fields),
};

#define HTTP_LIMIT(member) AT(ol_http_limits, member)

static const ol_field http_limit_fields[] = {
    {"head_bytes_max", OL_FIELD_SIZE, HTTP_LIMIT(head_bytes_max), .min = 4 * OL_KIB,
     .max = OL_MIB, .fallback = "32 KiB"},
    {"url_bytes_max", OL_FIELD_SIZE, HTTP_LIMIT(url_bytes_max), .min = 1 * OL_KIB, .max = OL_MIB,
     .fallback = "16 KiB"},
    {"headers_max", OL_FIELD_NUMBER, HTTP_LIMIT(headers_max), .min = 16,
     .max = OL_HTTP_HEADERS_MAX, .fallback = "128"},
    {"header_timeout_ms", OL_FIELD_MS, HTTP_LIMIT(header_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "15000"},
    {"body_timeout_ms", OL_FIELD_MS, HTTP_LIMIT(body_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "30000"},
    {"idle_timeout_ms", OL_FIELD_MS, HTTP_LIMIT(idle_timeout_ms), .min = 10, .max = HOUR_MS,
     .fallback = "60000"},
    {"connections_max", OL_FIELD_NUMBER, HTTP_LIMIT(connections_max), .min = 1, .max = 1000000,
     .fallback = "4096"},
    {"body_rate_min", OL_FIELD_SIZE, HTTP_LIMIT(body_rate_min), .max = OL_MIB, .fallback = "256"},
};

static const ol_schema schema_http_limits = {
    .form = OL_FORM_NESTED,
    FIELDS(http_limit_fields),
};

#define LIMIT(member) AT(ol_draft_limits, limits.member)

static const ol_field limits_fields[] = {
    {"drain_ms", OL_FIELD_MS, LIMIT(drain_ms), .max = HOUR_MS, .fallback = "30000"},
    {"put_bytes_max", OL_FIELD_SIZE64, LIMIT(put_bytes_max), .max = 1024 * TIB,
     .fallback = "5 GiB"},
    {"cache_bytes_max", OL_FIELD_SIZE64, LIMIT(cache_bytes_max), .max = TIB, .fallback = "64 MiB"},
    {"cache_object_bytes_max", OL_FIELD_SIZE64, LIMIT(cache_object_bytes_max), .max = 1024 * OL_MIB,
     .fallback = "64 KiB"},
    {"hosts_max", OL_FIELD_NUMBER, LIMIT(hosts_max), .min = 1, .max = 1024, .fallback = "16"},
    {"host_jobs_max", OL_FIELD_NUMBER, LIMIT(host_jobs_max), .min = 1, .max = 96,
     .fallback = "64"},
    {"transform_queue_max", OL_FIELD_NUMBER, LIMIT(transform_queue_max), .max = 1000000,
     .fallback = "256"},
    {"slot_bytes", OL_FIELD_SIZE, LIMIT(slot_bytes), .min = 4 * OL_KIB, .max = 4 * OL_MIB,
     .fallback = "128 KiB"},
    {"slots", OL_FIELD_NUMBER, LIMIT(slots), .min = 8, .max = 4096, .fallback = "256"},
    {"http", OL_FIELD_TABLE, LIMIT(http), .table = &schema_http_limits},
    {"transform", OL_FIELD_TABLE, AT(ol_draft_limits, transform),
     .table = &ol_schema_transform_limits},
};

static void prepare_limits(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_limits *limits = item;
    ol_limits_default(&limits->limits);
    ol_transform_limits_default(&limits->transform);
}

static const ol_schema schema_limits = {
    .word = "limits",
    .written = "limits { … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, limits),
    .item_size = sizeof(ol_draft_limits),
    .prepare = prepare_limits,
    FIELDS(limits_fields),
};

/* ---- transforms ---- */

static const char *const shares[] = {
    [OL_SHARE_IDENTITY] = "identity",
    [OL_SHARE_REQUEST] = "request",
    [OL_SHARE_ALL] = "all",
    NULL,
};

static const ol_field transform_fields[] = {
    {"file", OL_FIELD_FILE, AT(ol_draft_transform, file),
     .wrong = ol_name_transform_file_wrong},
    {"share", OL_FIELD_CHOICE, AT(ol_draft_transform, share), .choices = shares,
     .fallback = "\"identity\""},
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
    &schema_limits, &schema_logs,         &schema_listen,    &schema_admin,         &schema_root,
    &schema_user,   &schema_bucket,       &schema_access_point, &schema_transform,
    &schema_object_lambda,
};
const size_t ol_schema_block_count = COUNT(ol_schema_blocks);

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
        [OL_FIELD_TABLE] = "table",     [OL_FIELD_TABLES] = "list of tables",
    };
    return names[type];
}
