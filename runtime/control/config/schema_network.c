/* SPDX-License-Identifier: MIT */
/*
 * The language, part three: listeners, networks, remote origins, session tokens, and where what
 * the API makes is kept.
 */
#include "control/config/schema_parts.h"

/* ---- listeners and networks ---- */

static const ol_field certificate_fields[] = {
    {"certificate", OL_FIELD_FILE, AT(ol_draft_certificate, certificate), .required = true},
    {"key", OL_FIELD_FILE, AT(ol_draft_certificate, key), .required = true},
};

static const ol_schema schema_certificate = {
    .written = "{ certificate = \"…\", key = \"…\" }",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_certificate),
    FIELDS(certificate_fields),
};

static const ol_field listen_fields[] = {
    {"address", OL_FIELD_TEXT, AT(ol_draft_listener, address), .required = true, .bare = true},
    {"certificate", OL_FIELD_FILE, AT(ol_draft_listener, certificate)},
    {"key", OL_FIELD_FILE, AT(ol_draft_listener, key)},
    {"certificates", OL_FIELD_TABLES, AT(ol_draft_listener, certificates),
     .table = &schema_certificate},
    {"client_ca", OL_FIELD_FILE, AT(ol_draft_listener, client_ca)},
    {"client_certificate_required", OL_FIELD_BOOL,
     AT(ol_draft_listener, client_certificate_required), .fallback = "false"},
    {"hsts_s", OL_FIELD_NUMBER, AT(ol_draft_listener, hsts_s), .max = 100000000, .fallback = "0"},
    {"vpc", OL_FIELD_TEXT, AT(ol_draft_listener, vpc), .wrong = ol_name_vpc_wrong},
    {"endpoint", OL_FIELD_TEXT, AT(ol_draft_listener, endpoint), .wrong = ol_name_endpoint_wrong},
    {"policy", OL_FIELD_TABLES, AT(ol_draft_listener, policy), .table = &ol_schema_statement},
};

const ol_schema ol_schema_listen = {
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

const ol_schema ol_schema_admin = {
    .word = "admin",
    .written = "admin \"ADDRESS:PORT\" or admin(false)",
    .form = OL_FORM_TABLE,
    .once = true,
    .may_be_off = true,
    .list_offset = offsetof(ol_draft, admins),
    .item_size = sizeof(ol_draft_listener),
    FIELDS(admin_fields),
};

static const ol_field vpc_fields[] = {
    {"ranges", OL_FIELD_TEXTS, AT(ol_draft_vpc, ranges), .required = true,
     .wrong = ol_name_range_wrong},
};

const ol_schema ol_schema_vpc = {
    .word = "vpc",
    .written = "vpc \"vpc-…\" { ranges = { \"10.0.0.0/8\" } }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, vpcs),
    .item_size = sizeof(ol_draft_vpc),
    .name_wrong = ol_name_vpc_wrong,
    FIELDS(vpc_fields),
};

/* ---- origins ---- */

#define OPTION(member) AT(ol_draft_origin, options.member)

static const ol_field origin_limit_fields[] = {
    {"connections_max", OL_FIELD_NUMBER, AT(ol_s3_origin_options, connections_max), .min = 1,
     .max = 65536, .fallback = "256"},
    {"waiting_max", OL_FIELD_NUMBER, AT(ol_s3_origin_options, waiting_max), .max = 1000000,
     .fallback = "1024"},
    {"connect_timeout_ms", OL_FIELD_MS, AT(ol_s3_origin_options, connect_timeout_ms), .min = 10,
     .max = HOUR_MS, .fallback = "5000"},
    {"response_timeout_ms", OL_FIELD_MS, AT(ol_s3_origin_options, response_timeout_ms), .min = 10,
     .max = HOUR_MS, .fallback = "60000"},
    {"body_timeout_ms", OL_FIELD_MS, AT(ol_s3_origin_options, body_timeout_ms), .min = 10,
     .max = HOUR_MS, .fallback = "30000"},
    {"idle_timeout_ms", OL_FIELD_MS, AT(ol_s3_origin_options, idle_timeout_ms), .min = 10,
     .max = HOUR_MS, .fallback = "15000"},
    {"continue_bytes_min", OL_FIELD_SIZE, AT(ol_s3_origin_options, continue_bytes_min),
     .max = UINT32_MAX, .fallback = "64 KiB"},
    {"deadline_ms", OL_FIELD_MS, AT(ol_s3_origin_options, deadline_ms), .min = 10, .max = DAY_MS,
     .fallback = "90000"},
    {"tries_max", OL_FIELD_NUMBER, AT(ol_s3_origin_options, tries_max), .min = 1, .max = 100,
     .fallback = "4"},
    {"backoff_base_ms", OL_FIELD_MS, AT(ol_s3_origin_options, backoff_base_ms), .min = 1,
     .max = HOUR_MS, .fallback = "100"},
    {"backoff_max_ms", OL_FIELD_MS, AT(ol_s3_origin_options, backoff_max_ms), .min = 1,
     .max = HOUR_MS, .fallback = "5000"},
    {"retry_after_max_ms", OL_FIELD_MS, AT(ol_s3_origin_options, retry_after_max_ms),
     .max = HOUR_MS, .fallback = "10000"},
    {"resumes_max", OL_FIELD_NUMBER, AT(ol_s3_origin_options, resumes_max), .max = 1000,
     .fallback = "3"},
    {"breaker_failures", OL_FIELD_NUMBER, AT(ol_s3_origin_options, breaker_failures),
     .max = 1000000, .fallback = "10"},
    {"breaker_open_ms", OL_FIELD_MS, AT(ol_s3_origin_options, breaker_open_ms), .min = 10,
     .max = HOUR_MS, .fallback = "5000"},
};

static const ol_schema schema_origin_limits = {
    .form = OL_FORM_NESTED,
    FIELDS(origin_limit_fields),
};

static const char *const kinds[] = {"s3", NULL};
static const char *const credential_sources[] = {
    [OL_S3_CREDENTIALS_STATIC] = "static",
    [OL_S3_CREDENTIALS_ENVIRONMENT] = "environment",
    [OL_S3_CREDENTIALS_FILE] = "file",
    [OL_S3_CREDENTIALS_ANONYMOUS] = "anonymous",
    NULL,
};
static const char *const addressings[] = {"path", "virtual", NULL};
static const char *const payloads[] = {
    [OL_S3_PAYLOAD_AUTO] = "auto",
    [OL_S3_PAYLOAD_SIGNED] = "signed",
    [OL_S3_PAYLOAD_UNSIGNED] = "unsigned",
    NULL,
};
static const char *const checksums[] = {
    [OL_S3_CHECKSUMS_AUTO] = "auto",
    [OL_S3_CHECKSUMS_ON] = "on",
    [OL_S3_CHECKSUMS_OFF] = "off",
    NULL,
};

static const char *const canonical_ids[] = {
    [OL_S3_CANONICAL_IDS_OWN] = "own",
    [OL_S3_CANONICAL_IDS_SHARED] = "shared",
    NULL,
};

static const ol_field origin_fields[] = {
    {"kind", OL_FIELD_CHOICE, AT(ol_draft_origin, kind), .choices = kinds, .fallback = "\"s3\""},
    {"endpoint", OL_FIELD_TEXT, AT(ol_draft_origin, endpoint), .required = true, .max = 512,
     .wrong = ol_name_endpoint_url_wrong},
    {"region", OL_FIELD_TEXT, AT(ol_draft_origin, region), .fallback = "\"us-east-1\"",
     .wrong = ol_name_region_wrong},
    {"credentials", OL_FIELD_CHOICE, AT(ol_draft_origin, credentials),
     .choices = credential_sources, .fallback = "\"static\""},
    {"access_key", OL_FIELD_SECRET, AT(ol_draft_origin, access_key), .max = 256},
    {"secret_key", OL_FIELD_SECRET, AT(ol_draft_origin, secret_key), .max = 256},
    {"session_token", OL_FIELD_SECRET, AT(ol_draft_origin, session_token), .max = 8192},
    {"credentials_file", OL_FIELD_FILE, AT(ol_draft_origin, credentials_file)},
    {"profile", OL_FIELD_TEXT, AT(ol_draft_origin, profile), .max = 256,
     .fallback = "\"default\""},
    {"credentials_refresh_ms", OL_FIELD_MS, OPTION(credentials.refresh_ms), .min = 100,
     .max = DAY_MS, .fallback = "5000"},
    {"ca", OL_FIELD_FILE, AT(ol_draft_origin, ca)},
    {"addressing", OL_FIELD_CHOICE, AT(ol_draft_origin, addressing), .choices = addressings,
     .fallback = "\"path\""},
    {"payload", OL_FIELD_CHOICE, AT(ol_draft_origin, payload), .choices = payloads,
     .fallback = "\"auto\""},
    {"checksums", OL_FIELD_CHOICE, AT(ol_draft_origin, checksums), .choices = checksums,
     .fallback = "\"auto\""},
    {"canonical_ids", OL_FIELD_CHOICE, AT(ol_draft_origin, canonical_ids),
     .choices = canonical_ids, .fallback = "\"own\""},
    {"client_encryption", OL_FIELD_TABLE, AT(ol_draft_origin, client_encryption),
     .table = &ol_schema_client_encryption},
    {"limits", OL_FIELD_TABLE, AT(ol_draft_origin, options), .table = &schema_origin_limits},
};

static void prepare_origin(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_origin *origin = item;
    ol_s3_origin_options_default(&origin->options);
    origin->credentials = OL_DRAFT_CHOICE_UNSET;
}

const ol_schema ol_schema_origin = {
    .word = "origin",
    .written = "origin \"NAME\" { endpoint = \"https://…\", access_key = …, secret_key = … }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, origins),
    .item_size = sizeof(ol_draft_origin),
    .name_wrong = ol_name_origin_wrong,
    .prepare = prepare_origin,
    FIELDS(origin_fields),
};

/* ---- session tokens ---- */

static const ol_field sts_key_fields[] = {
    {"key", OL_FIELD_SECRET, AT(ol_draft_sts_key, key), .required = true, .bare = true,
     .wrong = ol_name_sts_key_wrong},
};

static const ol_schema schema_sts_key = {
    .written = "a key",
    .form = OL_FORM_NESTED,
    .item_size = sizeof(ol_draft_sts_key),
    FIELDS(sts_key_fields),
};

static const ol_field sts_fields[] = {
    {"key", OL_FIELD_SECRET, AT(ol_draft_sts, key), .required = true,
     .wrong = ol_name_sts_key_wrong},
    {"old_keys", OL_FIELD_TABLES, AT(ol_draft_sts, old_keys), .table = &schema_sts_key},
};

const ol_schema ol_schema_sts = {
    .word = "sts",
    .written = "sts { key = … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, sts),
    .item_size = sizeof(ol_draft_sts),
    FIELDS(sts_fields),
};

/* ---- where what the API makes is kept ---- */

static const ol_field control_fields[] = {
    {"bucket", OL_FIELD_TEXT, AT(ol_draft_control, bucket), .wrong = ol_name_bucket_wrong},
    {"origin", OL_FIELD_TEXT, AT(ol_draft_control, origin)},
    {"prefix", OL_FIELD_TEXT, AT(ol_draft_control, prefix), .max = 512,
     .fallback = "\"objlens/\""},
    {"refresh_s", OL_FIELD_NUMBER, AT(ol_draft_control, refresh_s), .min = 1, .max = 86400,
     .fallback = "2"},
};

static void prepare_control(const ol_draft *draft, void *item)
{
    (void)draft;
    ((ol_draft_control *)item)->refresh_s = 2;
}

const ol_schema ol_schema_control = {
    .word = "control",
    .written = "control { bucket = \"…\" } or control(false)",
    .form = OL_FORM_TABLE,
    .once = true,
    .may_be_off = true,
    .list_offset = offsetof(ol_draft, control),
    .item_size = sizeof(ol_draft_control),
    .prepare = prepare_control,
    FIELDS(control_fields),
};
