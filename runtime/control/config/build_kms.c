/* SPDX-License-Identifier: MIT */
/*
 * Keys: their keepers, what is remembered of data keys, the audit, and keys of clients. Whether a
 * keeper can be reached is not asked here, and no file of keys is read.
 */
#include "control/config/build.h"
#include "control/config/names.h"

static bool is_given(const ol_text *text)
{
    return text->bytes.data || text->unknown;
}

static const char *text_or_null(const ol_text *text)
{
    return text->unknown ? NULL : (const char *)text->bytes.data;
}

static const char *or(const ol_text *text, ol_slice fallback)
{
    const char *given = text_or_null(text);
    return given ? given : (const char *)fallback.data;
}

/* ---- keepers ---- */

/* A key that belongs to another kind. */
static void check_kind(ol_builder *b, const char *label, const ol_draft_kms *from)
{
    const struct {
        enum ol_config_kms_kind kind;
        const char *name;
        bool given;
    } rows[] = {
        {OL_CONFIG_KMS_AWS, "access_key", is_given(&from->access_key)},
        {OL_CONFIG_KMS_AWS, "secret_key", is_given(&from->secret_key)},
        {OL_CONFIG_KMS_AWS, "session_token", is_given(&from->session_token)},
        {OL_CONFIG_KMS_AWS, "credentials", from->credentials != OL_DRAFT_CHOICE_UNSET},
        {OL_CONFIG_KMS_VAULT, "token", is_given(&from->token)},
        {OL_CONFIG_KMS_VAULT, "token_file", is_given(&from->token_file)},
        {OL_CONFIG_KMS_VAULT, "mount", is_given(&from->mount)},
        {OL_CONFIG_KMS_VAULT, "namespace", is_given(&from->name_space)},
        {OL_CONFIG_KMS_KES, "certificate", is_given(&from->certificate)},
        {OL_CONFIG_KMS_KES, "key", is_given(&from->key)},
        {OL_CONFIG_KMS_KES, "api_key", is_given(&from->api_key)},
        {OL_CONFIG_KMS_KES, "api_key_file", is_given(&from->api_key_file)},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].given && (uint32_t)rows[i].kind != from->kind)
            ol_build_mistake(b, from->at.line, "%s: \"%s\" does not go with this kind", label,
                             rows[i].name);
}

static void check_identity(ol_builder *b, const char *label, const ol_draft_kms *from)
{
    bool keys = is_given(&from->access_key) && is_given(&from->secret_key);
    bool any_key = is_given(&from->access_key) || is_given(&from->secret_key) ||
                   is_given(&from->session_token);
    unsigned ways = is_given(&from->certificate) + is_given(&from->api_key) +
                    is_given(&from->api_key_file);
    if (from->kind == OL_CONFIG_KMS_AWS && from->credentials == 1 && any_key)
        ol_build_mistake(b, from->at.line, "%s: keys go with credentials = \"static\" only", label);
    if (from->kind == OL_CONFIG_KMS_AWS && from->credentials != 1 && !keys)
        ol_build_mistake(b, from->at.line,
                         "%s: \"access_key\" and \"secret_key\" are missing (or \"credentials\": "
                         "\"environment\")",
                         label);
    if (from->kind == OL_CONFIG_KMS_VAULT && is_given(&from->token) && is_given(&from->token_file))
        ol_build_mistake(b, from->at.line, "%s: \"token\" or \"token_file\", not both", label);
    if (from->kind == OL_CONFIG_KMS_KES &&
        (ways != 1 || is_given(&from->certificate) != is_given(&from->key)))
        ol_build_mistake(b, from->at.line,
                         "%s: \"certificate\" and \"key\", or \"api_key\", or \"api_key_file\"",
                         label);
}

static void build_patterns(ol_builder *b, const char *label, const ol_draft_kms *from,
                           ol_config_kms *to)
{
    ol_slice *keys = ol_build_alloc(b, from->keys.count, sizeof *keys);
    for (size_t i = 0; keys && i < from->keys.count; i++) {
        const ol_text *text = &from->keys.items[i];
        if (!text->unknown && text->bytes.len == 0)
            ol_build_mistake(b, text->line, "%s: keys: an empty pattern", label);
        keys[to->key_count++] = text->bytes;
    }
    to->keys = keys;
}

static void build_kms(ol_builder *b, const ol_draft_kms *from, ol_config_kms *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("kms", &from->at, label);
    ol_build_index_once(b, b->kms, "kms", &from->at);
    *to = (ol_config_kms){
        .name = (const char *)from->at.name.bytes.data,
        .kind = (enum ol_config_kms_kind)from->kind,
        .default_key = text_or_null(&from->default_key),
        .region = or(&from->region, b->config->region),
        .account = or(&from->account, b->config->account_id),
        .remote = from->options,
        .from_environment = from->credentials == 1,
        .access_key = text_or_null(&from->access_key),
        .secret_key = text_or_null(&from->secret_key),
        .session_token = text_or_null(&from->session_token),
        .token = text_or_null(&from->token),
        .token_file = text_or_null(&from->token_file),
        .mount = text_or_null(&from->mount),
        .name_space = text_or_null(&from->name_space),
        .certificate_file = text_or_null(&from->certificate),
        .key_file = text_or_null(&from->key),
        .api_key = text_or_null(&from->api_key),
        .api_key_file = text_or_null(&from->api_key_file),
    };
    to->remote.name = to->name;
    to->remote.endpoint = text_or_null(&from->endpoint);
    to->remote.ca_file = text_or_null(&from->ca);
    to->remote.allow_plain_http = from->plain_http == OL_DRAFT_YES;
    if (to->remote.backoff_base_ms > to->remote.backoff_max_ms)
        ol_build_mistake(b, from->at.line,
                         "%s: limits: backoff_base_ms is above backoff_max_ms", label);
    check_kind(b, label, from);
    check_identity(b, label, from);
    build_patterns(b, label, from, to);
}

static void build_keepers(ol_builder *b)
{
    const ol_draft_kms *given = b->draft->kms.items;
    size_t count = b->draft->kms.count, defaults = 0, open = 0;
    ol_config_kms *kms = ol_build_alloc(b, count, sizeof *kms);
    for (size_t i = 0; kms && i < count; i++) {
        build_kms(b, &given[i], &kms[i]);
        if (is_given(&given[i].default_key) && defaults++ > 0)
            ol_build_mistake(b, given[i].at.line, "kms: another one has a default_key already");
        if (given[i].keys.count == 0 && open++ > 0)
            ol_build_mistake(b, given[i].at.line,
                             "kms: another one has no \"keys\" already and answers for the rest");
    }
    b->config->crypto.kms = kms;
    b->config->crypto.kms_count = kms ? count : 0;
}

/* ---- data keys, the audit ---- */

static void build_data_keys(ol_builder *b)
{
    ol_draft_data_keys fallback = {0};
    ol_draft_data_keys_default(&fallback);
    const ol_draft_data_keys *given =
        b->draft->data_keys.count ? b->draft->data_keys.items : &fallback;
    b->config->crypto.data_keys = (ol_data_key_limits){.age_ms = given->age_ms,
                                                     .uses_max = given->uses_max,
                                                     .entries_max = given->entries_max,
                                                     .bytes_max = given->bytes_max,
                                                     .denial_ms = given->denial_ms};
    b->config->crypto.opened_keys =
        (ol_opened_keys_limits){.entries_max = given->opened_max, .age_ms = given->age_ms};
}

static void build_audit(ol_builder *b)
{
    ol_draft_key_audit fallback = {0};
    ol_draft_key_audit_default(&fallback);
    const ol_draft_key_audit *given =
        b->draft->key_audit.count ? b->draft->key_audit.items : &fallback;
    ol_slice prefix = is_given(&given->prefix) ? given->prefix.bytes : OL_SLICE_LIT("key-audit/");
    b->config->crypto.audit = (ol_config_key_audit){
        .file = given->file.off ? NULL : text_or_null(&given->file),
        .bucket = given->bucket.bytes,
        .origin = ol_build_origin_index(b, "key_audit", &given->origin),
        .prefix = prefix,
        .interval_ms = given->interval_ms,
        .object_bytes = given->object_bytes,
        .buffer_bytes = given->buffer_bytes,
    };
    if (given->bucket.bytes.data && b->config->crypto.audit.origin == 0)
        b->config->uses_store = true;
    if (given->object_bytes > given->buffer_bytes)
        ol_build_mistake(b, given->at.line, "key_audit: object_bytes is above buffer_bytes");
    if (!is_given(&given->bucket) && (is_given(&given->origin) || is_given(&given->prefix)))
        ol_build_mistake(b, given->at.line,
                         "key_audit: \"origin\" and \"prefix\" go with a \"bucket\"");
}

/* ---- keys of clients ---- */

static void build_client(ol_builder *b, const ol_draft_client_key *from, ol_config_client_key *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("client_key", &from->at, label);
    ol_build_index_once(b, b->client_keys, "client_key", &from->at);
    *to = (ol_config_client_key){
        .name = from->at.name.bytes,
        .kind = (enum ol_key_kind)from->type,
        .id = is_given(&from->id) ? from->id.bytes : from->at.name.bytes,
        .name_space = from->name_space.bytes,
        .file = text_or_null(&from->file),
    };
    if (to->kind == OL_KEY_KMS && is_given(&from->file))
        ol_build_mistake(b, from->at.line, "%s: a KMS's key has no \"file\"", label);
    else if (to->kind != OL_KEY_KMS && !is_given(&from->file))
        ol_build_mistake(b, from->at.line, "%s: \"file\" is missing", label);
}

static void build_clients(ol_builder *b)
{
    const ol_draft_client_key *given = b->draft->client_keys.items;
    size_t count = b->draft->client_keys.count;
    ol_config_client_key *keys = ol_build_alloc(b, count, sizeof *keys);
    for (size_t i = 0; keys && i < count; i++)
        build_client(b, &given[i], &keys[i]);
    if (count > OL_KEYS_MAX)
        ol_build_mistake(b, given[OL_KEYS_MAX].at.line, "client_key: more than %d", OL_KEYS_MAX);
    b->config->crypto.clients = keys;
    b->config->crypto.client_count = keys ? count : 0;
}

void ol_build_keys(ol_builder *b)
{
    b->config->crypto.s3_key = text_or_null(&b->draft->settings.sse_s3_key);
    build_keepers(b);
    build_data_keys(b);
    build_audit(b);
    build_clients(b);
}
