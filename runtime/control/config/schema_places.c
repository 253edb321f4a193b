/* SPDX-License-Identifier: MIT */
/*
 * The language, part four: buckets and access points.
 */
#include "control/config/schema_parts.h"

#define PREFIX_BYTES_MAX 512

/* ---- the four switches ---- */

#define SWITCH(key_) {#key_, OL_FIELD_BOOL, AT(ol_draft_public_access, key_), .fallback = "false"}

static const ol_field public_access_fields[] = {
    {"all", OL_FIELD_BOOL, AT(ol_draft_public_access, all), .bare = true},
    SWITCH(block_public_acls),
    SWITCH(ignore_public_acls),
    SWITCH(block_public_policy),
    SWITCH(restrict_public_buckets),
};

static void prepare_public_access(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_public_access *)item)->given = true;
}

const ol_schema ol_schema_public_access = {
    .word = "public_access_block",
    .written = "true, false, or { block_public_policy = true, … }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_public_access),
    .prepare = prepare_public_access,
    FIELDS(public_access_fields),
};

/* ---- buckets ---- */

static const ol_field cors_fields[] = {
    {"xml", OL_FIELD_TEXT, AT(ol_draft_cors_rule, xml), .bare = true, .max = OL_CORS_BYTES_MAX},
    {"id", OL_FIELD_TEXT, AT(ol_draft_cors_rule, id), .max = OL_CORS_ID_CHARS_MAX},
    {"origins", OL_FIELD_TEXTS, AT(ol_draft_cors_rule, origins)},
    {"methods", OL_FIELD_TEXTS, AT(ol_draft_cors_rule, methods)},
    {"headers", OL_FIELD_TEXTS, AT(ol_draft_cors_rule, headers)},
    {"expose", OL_FIELD_TEXTS, AT(ol_draft_cors_rule, expose)},
    {"max_age_s", OL_FIELD_NUMBER, AT(ol_draft_cors_rule, max_age_s), .max = 100000000},
};

static void prepare_cors_rule(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_cors_rule *)item)->max_age_s = OL_DRAFT_CHOICE_UNSET;
}

static const ol_schema schema_cors = {
    .written = "{ origins = { … }, methods = { … } }, or a CORS configuration as XML",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_cors_rule),
    .prepare = prepare_cors_rule,
    FIELDS(cors_fields),
};

static const char *const algorithms[] = {"AES256", "aws:kms", "aws:kms:dsse", NULL};
static const char *const customer_keys[] = {"allow", "block", NULL};

static const ol_field encryption_fields[] = {
    {"algorithm", OL_FIELD_CHOICE, AT(ol_draft_encryption, algorithm), .choices = algorithms},
    {"key", OL_FIELD_TEXT, AT(ol_draft_encryption, key), .max = 2048},
    {"bucket_key", OL_FIELD_BOOL, AT(ol_draft_encryption, bucket_key), .fallback = "false"},
    {"sse_c", OL_FIELD_CHOICE, AT(ol_draft_encryption, sse_c), .choices = customer_keys,
     .fallback = "\"allow\""},
};

static void prepare_encryption(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_encryption *)item)->algorithm = OL_DRAFT_CHOICE_UNSET;
}

static const ol_schema schema_encryption = {
    .written = "{ algorithm = \"AES256\" }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_encryption),
    .prepare = prepare_encryption,
    FIELDS(encryption_fields),
};

static const char *const ownerships[] = {
    "BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter", NULL};
static const char *const subresources[] = {"objlens", "origin", NULL};

static const ol_field bucket_fields[] = {
    {"origin", OL_FIELD_TEXT, AT(ol_draft_bucket, origin)},
    {"account", OL_FIELD_TEXT, AT(ol_draft_bucket, account)},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_bucket, policy), .table = &ol_schema_statement},
    {"cors", OL_FIELD_TABLES, AT(ol_draft_bucket, cors), .table = &schema_cors},
    {"public_access_block", OL_FIELD_TABLE, AT(ol_draft_bucket, public_access),
     .table = &ol_schema_public_access},
    {"ownership", OL_FIELD_CHOICE, AT(ol_draft_bucket, ownership), .choices = ownerships},
    {"subresources", OL_FIELD_CHOICE, AT(ol_draft_bucket, subresources), .choices = subresources,
     .fallback = "\"objlens\""},
    {"encryption", OL_FIELD_TABLES, AT(ol_draft_bucket, encryption), .table = &schema_encryption},
    {"client_encryption", OL_FIELD_TABLE, AT(ol_draft_bucket, client_encryption),
     .table = &ol_schema_client_encryption},
};

static void prepare_bucket(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_bucket *)item)->ownership = OL_DRAFT_CHOICE_UNSET;
}

const ol_schema ol_schema_bucket = {
    .word = "bucket",
    .written = "bucket \"NAME\" or bucket \"NAME\" { … }",
    .form = OL_FORM_NAME_ALONE,
    .list_offset = offsetof(ol_draft, buckets),
    .item_size = sizeof(ol_draft_bucket),
    .name_wrong = ol_name_bucket_wrong,
    .prepare = prepare_bucket,
    FIELDS(bucket_fields),
};

static const ol_field bucket_defaults_fields[] = {
    {"public_access_block", OL_FIELD_TABLE, AT(ol_draft_bucket_defaults, public_access),
     .table = &ol_schema_public_access, .fallback = "true"},
    {"ownership", OL_FIELD_CHOICE, AT(ol_draft_bucket_defaults, ownership), .choices = ownerships,
     .fallback = "\"BucketOwnerEnforced\""},
    {"accept_private_acl", OL_FIELD_BOOL, AT(ol_draft_bucket_defaults, accept_private_acl),
     .fallback = "true"},
    {"encryption", OL_FIELD_TABLES, AT(ol_draft_bucket_defaults, encryption),
     .table = &schema_encryption},
};

const ol_schema ol_schema_bucket_defaults = {
    .word = "bucket_defaults",
    .written = "bucket_defaults { public_access_block = …, ownership = \"…\" }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, bucket_defaults),
    .item_size = sizeof(ol_draft_bucket_defaults),
    FIELDS(bucket_defaults_fields),
};

/* ---- access points ---- */

static const ol_field access_point_fields[] = {
    {"bucket", OL_FIELD_TEXT, AT(ol_draft_access_point, bucket), .required = true},
    {"account", OL_FIELD_TEXT, AT(ol_draft_access_point, account)},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_access_point, policy), .table = &ol_schema_statement},
    {"prefixes", OL_FIELD_TEXTS, AT(ol_draft_access_point, prefixes), .max = PREFIX_BYTES_MAX},
    {"vpc", OL_FIELD_TEXT, AT(ol_draft_access_point, vpc), .wrong = ol_name_vpc_wrong},
    {"public_access_block", OL_FIELD_TABLE, AT(ol_draft_access_point, public_access),
     .table = &ol_schema_public_access, .fallback = "true"},
};

const ol_schema ol_schema_access_point = {
    .word = "access_point",
    .written = "access_point \"NAME\" { bucket = \"…\" }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, access_points),
    .item_size = sizeof(ol_draft_access_point),
    .name_wrong = ol_name_access_point_wrong,
    FIELDS(access_point_fields),
};

/* ---- master keys ---- */

static const ol_field master_key_fields[] = {
    {"policy", OL_FIELD_TABLES, AT(ol_draft_master_key, policy), .required = true,
     .table = &ol_schema_statement},
};

const ol_schema ol_schema_master_key = {
    .word = "master_key",
    .written = "master_key \"ID\" { policy = { … } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, master_keys),
    .item_size = sizeof(ol_draft_master_key),
    .name_wrong = ol_name_master_key_wrong,
    FIELDS(master_key_fields),
};
