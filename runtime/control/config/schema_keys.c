/* SPDX-License-Identifier: MIT */
/*
 * The language, part seven: who keeps master keys, data keys that are remembered, the key audit, and
 * the keys of clients.
 */
#include "control/config/schema_parts.h"

#define KEY_NAME_BYTES_MAX 2048

/* ---- keepers ---- */

#define OPTION(member) AT(ol_draft_kms, options.member)

static const ol_field kms_limit_fields[] = {
    {"connections_max", OL_FIELD_NUMBER, AT(ol_kms_remote_options, connections_max), .min = 1,
     .max = 65536, .fallback = "16"},
    {"waiting_max", OL_FIELD_NUMBER, AT(ol_kms_remote_options, waiting_max), .max = 1000000,
     .fallback = "256"},
    {"connect_timeout_ms", OL_FIELD_MS, AT(ol_kms_remote_options, connect_timeout_ms), .min = 10,
     .max = HOUR_MS, .fallback = "3000"},
    {"idle_timeout_ms", OL_FIELD_MS, AT(ol_kms_remote_options, idle_timeout_ms), .min = 10,
     .max = HOUR_MS, .fallback = "30000"},
    {"deadline_ms", OL_FIELD_MS, AT(ol_kms_remote_options, deadline_ms), .min = 10, .max = HOUR_MS,
     .fallback = "10000"},
    {"tries_max", OL_FIELD_NUMBER, AT(ol_kms_remote_options, tries_max), .min = 1, .max = 100,
     .fallback = "4"},
    {"backoff_base_ms", OL_FIELD_MS, AT(ol_kms_remote_options, backoff_base_ms), .min = 1,
     .max = HOUR_MS, .fallback = "50"},
    {"backoff_max_ms", OL_FIELD_MS, AT(ol_kms_remote_options, backoff_max_ms), .min = 1,
     .max = HOUR_MS, .fallback = "2000"},
    {"breaker_failures", OL_FIELD_NUMBER, AT(ol_kms_remote_options, breaker_failures),
     .max = 1000000, .fallback = "10"},
    {"breaker_open_ms", OL_FIELD_MS, AT(ol_kms_remote_options, breaker_open_ms), .min = 10,
     .max = HOUR_MS, .fallback = "5000"},
    {"requests_per_s", OL_FIELD_NUMBER, AT(ol_kms_remote_options, requests_per_s), .max = 1000000,
     .fallback = "0"},
    {"requests_burst", OL_FIELD_NUMBER, AT(ol_kms_remote_options, requests_burst), .max = 1000000,
     .fallback = "0"},
};

static const ol_schema schema_kms_limits = {
    .form = OL_FORM_NESTED,
    FIELDS(kms_limit_fields),
};

static const char *const kinds[] = {
    [OL_CONFIG_KMS_AWS] = "aws", [OL_CONFIG_KMS_VAULT] = "vault", [OL_CONFIG_KMS_KES] = "kes", NULL};
static const char *const credentials[] = {"static", "environment", NULL};

static const ol_field kms_fields[] = {
    {"kind", OL_FIELD_CHOICE, AT(ol_draft_kms, kind), .choices = kinds, .fallback = "\"aws\""},
    {"endpoint", OL_FIELD_TEXT, AT(ol_draft_kms, endpoint), .required = true, .max = 512,
     .wrong = ol_name_endpoint_url_wrong},
    {"keys", OL_FIELD_TEXTS, AT(ol_draft_kms, keys), .max = KEY_NAME_BYTES_MAX},
    {"default_key", OL_FIELD_TEXT, AT(ol_draft_kms, default_key), .max = KEY_NAME_BYTES_MAX},
    {"region", OL_FIELD_TEXT, AT(ol_draft_kms, region), .wrong = ol_name_region_wrong},
    {"account", OL_FIELD_TEXT, AT(ol_draft_kms, account), .wrong = ol_name_account_wrong},
    {"ca", OL_FIELD_FILE, AT(ol_draft_kms, ca)},
    {"plain_http", OL_FIELD_BOOL, AT(ol_draft_kms, plain_http), .fallback = "false"},
    {"credentials", OL_FIELD_CHOICE, AT(ol_draft_kms, credentials), .choices = credentials,
     .fallback = "\"static\""},
    {"access_key", OL_FIELD_SECRET, AT(ol_draft_kms, access_key), .max = 256},
    {"secret_key", OL_FIELD_SECRET, AT(ol_draft_kms, secret_key), .max = 256},
    {"session_token", OL_FIELD_SECRET, AT(ol_draft_kms, session_token), .max = 8192},
    {"token", OL_FIELD_SECRET, AT(ol_draft_kms, token), .max = 4096},
    {"token_file", OL_FIELD_FILE, AT(ol_draft_kms, token_file)},
    {"mount", OL_FIELD_TEXT, AT(ol_draft_kms, mount), .max = 128, .fallback = "\"transit\""},
    {"namespace", OL_FIELD_TEXT, AT(ol_draft_kms, name_space), .max = 128},
    {"certificate", OL_FIELD_FILE, AT(ol_draft_kms, certificate)},
    {"key", OL_FIELD_FILE, AT(ol_draft_kms, key)},
    {"api_key", OL_FIELD_SECRET, AT(ol_draft_kms, api_key), .max = 256},
    {"api_key_file", OL_FIELD_FILE, AT(ol_draft_kms, api_key_file)},
    {"limits", OL_FIELD_TABLE, AT(ol_draft_kms, options), .table = &schema_kms_limits},
};

static void prepare_kms(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_kms *kms = item;
    ol_kms_remote_options_default(&kms->options);
    kms->credentials = OL_DRAFT_CHOICE_UNSET;
}

const ol_schema ol_schema_kms = {
    .word = "kms",
    .written = "kms \"NAME\" { endpoint = \"https://…\", … }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, kms),
    .item_size = sizeof(ol_draft_kms),
    .name_wrong = ol_name_origin_wrong,
    .prepare = prepare_kms,
    FIELDS(kms_fields),
};

/* ---- data keys ---- */

#define OPENED_MAX 1024

static const ol_field data_key_fields[] = {
    {"age_ms", OL_FIELD_MS, AT(ol_draft_data_keys, age_ms), .max = DAY_MS, .fallback = "300000"},
    {"uses_max", OL_FIELD_NUMBER64, AT(ol_draft_data_keys, uses_max), .max = UINT32_MAX,
     .fallback = "0"},
    {"entries_max", OL_FIELD_NUMBER, AT(ol_draft_data_keys, entries_max), .min = 1, .max = 16384,
     .fallback = "8192"},
    {"bytes_max", OL_FIELD_SIZE64, AT(ol_draft_data_keys, bytes_max), .min = 1024,
     .max = 512 * OL_KIB, .fallback = "256 KiB"},
    {"denial_ms", OL_FIELD_MS, AT(ol_draft_data_keys, denial_ms), .max = 1000,
     .fallback = "1000"},
    {"opened_max", OL_FIELD_NUMBER, AT(ol_draft_data_keys, opened_max), .max = OL_OPENED_KEYS_MAX,
     .fallback = "1024"},
};

void ol_draft_data_keys_default(ol_draft_data_keys *keys)
{
    ol_data_key_limits limits;
    ol_data_key_limits_default(&limits);
    keys->age_ms = limits.age_ms;
    keys->uses_max = limits.uses_max;
    keys->entries_max = (uint32_t)limits.entries_max;
    keys->bytes_max = limits.bytes_max;
    keys->denial_ms = limits.denial_ms;
    keys->opened_max = OPENED_MAX;
}

static void prepare_data_keys(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_data_keys_default(item);
}

const ol_schema ol_schema_data_keys = {
    .word = "data_keys",
    .written = "data_keys { age_ms = … }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, data_keys),
    .item_size = sizeof(ol_draft_data_keys),
    .prepare = prepare_data_keys,
    FIELDS(data_key_fields),
};

/* ---- the audit ---- */

static const ol_field key_audit_fields[] = {
    {"file", OL_FIELD_LOG, AT(ol_draft_key_audit, file)},
    {"bucket", OL_FIELD_TEXT, AT(ol_draft_key_audit, bucket), .wrong = ol_name_bucket_wrong},
    {"origin", OL_FIELD_TEXT, AT(ol_draft_key_audit, origin)},
    {"prefix", OL_FIELD_TEXT, AT(ol_draft_key_audit, prefix), .max = 512,
     .fallback = "\"key-audit/\""},
    {"interval_ms", OL_FIELD_MS, AT(ol_draft_key_audit, interval_ms), .min = 100, .max = HOUR_MS,
     .fallback = "60000"},
    {"object_bytes", OL_FIELD_SIZE64, AT(ol_draft_key_audit, object_bytes), .min = 16 * OL_KIB,
     .max = 64 * OL_MIB, .fallback = "1 MiB"},
    {"buffer_bytes", OL_FIELD_SIZE64, AT(ol_draft_key_audit, buffer_bytes), .min = 64 * OL_KIB,
     .max = 1024 * OL_MIB, .fallback = "16 MiB"},
};

void ol_draft_key_audit_default(ol_draft_key_audit *audit)
{
    audit->interval_ms = 60000;
    audit->object_bytes = OL_MIB;
    audit->buffer_bytes = 16 * OL_MIB;
}

static void prepare_key_audit(const ol_draft *draft, void *item)
{
    (void)draft;
    ol_draft_key_audit_default(item);
}

const ol_schema ol_schema_key_audit = {
    .word = "key_audit",
    .written = "key_audit { file = \"…\" }",
    .form = OL_FORM_TABLE,
    .once = true,
    .list_offset = offsetof(ol_draft, key_audit),
    .item_size = sizeof(ol_draft_key_audit),
    .prepare = prepare_key_audit,
    FIELDS(key_audit_fields),
};

/* ---- keys of clients ---- */

static const char *const types[] = {[OL_KEY_AES] = "aes",
                                    [OL_KEY_RSA] = "rsa",
                                    [OL_KEY_KMS] = "kms",
                                    [OL_KEY_PASSWORD] = "password",
                                    NULL};

static const ol_field client_key_fields[] = {
    {"type", OL_FIELD_CHOICE, AT(ol_draft_client_key, type), .required = true, .choices = types},
    {"id", OL_FIELD_TEXT, AT(ol_draft_client_key, id), .max = KEY_NAME_BYTES_MAX},
    {"namespace", OL_FIELD_TEXT, AT(ol_draft_client_key, name_space), .max = 512},
    {"file", OL_FIELD_FILE, AT(ol_draft_client_key, file)},
};

const ol_schema ol_schema_client_key = {
    .word = "client_key",
    .written = "client_key \"NAME\" { type = \"aes\", file = \"…\" }",
    .form = OL_FORM_NAMED,
    .list_offset = offsetof(ol_draft, client_keys),
    .item_size = sizeof(ol_draft_client_key),
    .name_wrong = ol_name_origin_wrong,
    FIELDS(client_key_fields),
};
