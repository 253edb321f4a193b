/* SPDX-License-Identifier: MIT */
/*
 * The language, part six: Object Lambda access points, how they answer, and what is kept of views.
 */
#include "control/config/schema_parts.h"

/* ---- Object Lambda access points ---- */

static const ol_field step_fields[] = {
    {"transform", OL_FIELD_TEXT, AT(ol_draft_step, transform), .required = true, .bare = true},
    {"payload", OL_FIELD_TEXT, AT(ol_draft_step, payload), .max = OL_CONFIG_PAYLOAD_BYTES_MAX,
     .fallback = "\"\""},
};

static const ol_schema schema_step = {
    .written = "\"TRANSFORM\" or { \"TRANSFORM\", payload = \"…\" }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_step),
    FIELDS(step_fields),
};

static const ol_field view_fields[] = {
    {"actions", OL_FIELD_TEXTS, AT(ol_draft_view, actions), .required = true,
     .wrong = ol_name_view_action_wrong},
    {"transforms", OL_FIELD_TABLES, AT(ol_draft_view, transforms), .required = true,
     .table = &schema_step},
};

static const ol_schema schema_view = {
    .written = "{ actions = { \"GetObject\", … }, transforms = { … } }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_view),
    FIELDS(view_fields),
};

/* ---- how they answer: in the order of the enums of realm.h ---- */

static const char *const ranges[] = {
    [OL_VIEW_RANGES_RUNTIME] = "runtime",
    [OL_VIEW_RANGES_TRANSFORM] = "transform",
    [OL_VIEW_RANGES_REFUSE] = "refuse",
    NULL,
};
static const char *const heads[] = {
    [OL_VIEW_HEAD_EXACT] = "exact", [OL_VIEW_HEAD_CHEAP] = "cheap", NULL};
static const char *const unconfigured[] = {
    [OL_VIEW_UNCONFIGURED_VIEW] = "view", [OL_VIEW_UNCONFIGURED_DELEGATE] = "delegate", NULL};
static const char *const metadata[] = {[OL_DRAFT_DROP] = "drop", [OL_DRAFT_FORWARD] = "forward",
                                       NULL};
static const char *const sizes[] = {
    [OL_VIEW_SIZES_EXACT] = "exact",
    [OL_VIEW_SIZES_KNOWN] = "known",
    [OL_VIEW_SIZES_ORIGINAL] = "original",
    NULL,
};

static const ol_field list_fields[] = {
    {"sizes", OL_FIELD_CHOICE, AT(ol_draft_view_list, sizes), .choices = sizes,
     .fallback = "\"exact\""},
};

static const ol_schema schema_list = {
    .written = "{ sizes = \"exact\" }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_view_list),
    FIELDS(list_fields),
};

static const char *const customer_keys[] = {"refuse", "allow", NULL};

static const ol_field object_lambda_fields[] = {
    {"access_point", OL_FIELD_TEXT, AT(ol_draft_olap, access_point), .required = true},
    {"account", OL_FIELD_TEXT, AT(ol_draft_olap, account)},
    {"transforms", OL_FIELD_TABLES, AT(ol_draft_olap, transforms), .required = true,
     .unless = "transformations", .table = &schema_step},
    {"transformations", OL_FIELD_TABLES, AT(ol_draft_olap, transformations),
     .table = &schema_view},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_olap, policy), .table = &ol_schema_statement},
    {"allowed_features", OL_FIELD_TEXTS, AT(ol_draft_olap, features),
     .wrong = ol_name_feature_wrong},
    {"ranges", OL_FIELD_CHOICE, AT(ol_draft_olap, ranges), .choices = ranges,
     .fallback = "\"runtime\""},
    {"head", OL_FIELD_CHOICE, AT(ol_draft_olap, head), .choices = heads, .fallback = "\"exact\""},
    {"unconfigured", OL_FIELD_CHOICE, AT(ol_draft_olap, unconfigured),
     .choices = unconfigured, .fallback = "\"view\""},
    {"list", OL_FIELD_TABLE, AT(ol_draft_olap, list), .table = &schema_list},
    {"metadata", OL_FIELD_CHOICE, AT(ol_draft_olap, metadata), .choices = metadata,
     .fallback = "\"drop\""},
    {"cache", OL_FIELD_BOOL, AT(ol_draft_olap, cache), .fallback = "true"},
    {"sse_c", OL_FIELD_CHOICE, AT(ol_draft_olap, sse_c), .choices = customer_keys,
     .fallback = "\"refuse\""},
    {"encodings", OL_FIELD_TEXTS, AT(ol_draft_olap, encodings),
     .wrong = ol_name_view_encoding_wrong},
    {"headers", OL_FIELD_MAP, AT(ol_draft_olap, headers)},
    {"client_encryption", OL_FIELD_TABLE, AT(ol_draft_olap, client_encryption),
     .table = &ol_schema_client_encryption},
};

const ol_schema ol_schema_object_lambda = {
    .word = "object_lambda",
    .written = "object_lambda \"NAME\" { access_point = \"…\", transforms = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, olaps),
    .item_size = sizeof(ol_draft_olap),
    .name_wrong = ol_name_access_point_wrong,
    FIELDS(object_lambda_fields),
};

/* ---- what is kept of views ---- */

static const ol_field view_cache_fields[] = {
    {"enabled", OL_FIELD_BOOL, AT(ol_draft_view_cache, enabled), .fallback = "true"},
    {"memory_bytes", OL_FIELD_SIZE64, AT(ol_draft_view_cache, memory_bytes), .max = TIB,
     .fallback = "64 MiB"},
    {"memory_entry_bytes", OL_FIELD_SIZE64, AT(ol_draft_view_cache, memory_entry_bytes),
     .max = TIB},
    {"disk", OL_FIELD_FOLDER, AT(ol_draft_view_cache, disk)},
    {"disk_bytes", OL_FIELD_SIZE64, AT(ol_draft_view_cache, disk_bytes), .min = OL_MIB,
     .max = 1024 * TIB, .fallback = "4 GiB"},
    {"disk_entry_bytes", OL_FIELD_SIZE64, AT(ol_draft_view_cache, disk_entry_bytes),
     .max = 1024 * TIB},
};

static void prepare_view_cache(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_view_cache_default(item);
}

const ol_schema ol_schema_view_cache = {
    .word = "view_cache",
    .written = "view_cache { memory_bytes = \"64 MiB\", disk = \"…\" }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, view_cache),
    .item_size = sizeof(ol_draft_view_cache),
    .prepare = prepare_view_cache,
    FIELDS(view_cache_fields),
};

static const ol_field view_memo_fields[] = {
    {"rows_max", OL_FIELD_NUMBER64, AT(ol_draft_view_memo, rows_max), .max = 1000000000,
     .fallback = "1000000"},
    {"memory_rows_max", OL_FIELD_NUMBER64, AT(ol_draft_view_memo, memory_rows_max), .min = 16,
     .max = 100000000, .fallback = "32768"},
};

static void prepare_view_memo(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_view_memo_default(item);
}

const ol_schema ol_schema_view_memo = {
    .word = "view_memo",
    .written = "view_memo { rows_max = … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, view_memo),
    .item_size = sizeof(ol_draft_view_memo),
    .prepare = prepare_view_memo,
    FIELDS(view_memo_fields),
};
