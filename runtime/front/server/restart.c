/* SPDX-License-Identifier: MIT */
#include "front/server/restart.h"

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool same_certificates(const ol_config_listener *a, const ol_config_listener *b)
{
    if (a->certificate_count != b->certificate_count ||
        !same_text(a->client_ca_file, b->client_ca_file) ||
        a->client_certificate_required != b->client_certificate_required)
        return false;
    for (size_t i = 0; i < a->certificate_count; i++)
        if (!same_text(a->certificates[i].certificate_file, b->certificates[i].certificate_file) ||
            !same_text(a->certificates[i].key_file, b->certificates[i].key_file))
            return false;
    return true;
}

static bool same_listener(const ol_config_listener *a, const ol_config_listener *b)
{
    if (!a->address || !b->address)
        return !a->address && !b->address;
    return strcmp(a->address, b->address) == 0 && a->port == b->port && same_certificates(a, b);
}

static bool same_listeners(const ol_config *now, const ol_config *next)
{
    bool same = now->listener_count == next->listener_count &&
                same_listener(&now->admin, &next->admin);
    for (size_t i = 0; same && i < now->listener_count; i++)
        same = same_listener(&now->listeners[i], &next->listeners[i]);
    return same;
}

static bool same_credentials(const ol_s3_credentials_options *a,
                             const ol_s3_credentials_options *b)
{
    return a->from == b->from && same_text(a->access_key, b->access_key) &&
           same_text(a->secret_key, b->secret_key) &&
           same_text(a->session_token, b->session_token) && same_text(a->file, b->file) &&
           same_text(a->profile, b->profile) && a->refresh_ms == b->refresh_ms;
}

/* Texts by what they say, the rest by what it is. */
static bool same_origin(const ol_config_origin *a, const ol_config_origin *b)
{
    const ol_s3_origin_options *x = &a->options, *y = &b->options;
    return same_text(x->name, y->name) && same_text(x->endpoint, y->endpoint) &&
           same_text(x->region, y->region) && same_text(x->ca_file, y->ca_file) &&
           x->virtual_host == y->virtual_host && x->payload == y->payload &&
           x->checksums == y->checksums && same_credentials(&x->credentials, &y->credentials) &&
           x->connections_max == y->connections_max && x->waiting_max == y->waiting_max &&
           x->connect_timeout_ms == y->connect_timeout_ms &&
           x->response_timeout_ms == y->response_timeout_ms &&
           x->body_timeout_ms == y->body_timeout_ms && x->idle_timeout_ms == y->idle_timeout_ms &&
           x->continue_bytes_min == y->continue_bytes_min && x->deadline_ms == y->deadline_ms &&
           x->tries_max == y->tries_max && x->backoff_base_ms == y->backoff_base_ms &&
           x->backoff_max_ms == y->backoff_max_ms &&
           x->retry_after_max_ms == y->retry_after_max_ms && x->resumes_max == y->resumes_max &&
           x->breaker_failures == y->breaker_failures && x->breaker_open_ms == y->breaker_open_ms;
}

static bool same_origins(const ol_config *now, const ol_config *next)
{
    bool same = now->origin_count == next->origin_count && now->uses_store == next->uses_store;
    for (size_t i = 1; same && i < now->origin_count; i++)
        same = same_origin(&now->origins[i], &next->origins[i]);
    return same;
}

static bool same_control(const ol_config_control *a, const ol_config_control *b)
{
    return a->place == b->place && a->origin == b->origin && a->refresh_s == b->refresh_s &&
           ol_slice_eq(a->bucket, b->bucket) && ol_slice_eq(a->prefix, b->prefix);
}

static bool same_session_keys(const ol_config *now, const ol_config *next)
{
    bool same = now->sts_key_count == next->sts_key_count;
    for (size_t i = 0; same && i < now->sts_key_count; i++)
        same = ol_slice_eq_secret(now->sts_keys[i], next->sts_keys[i]);
    return same;
}

static bool same_view_cache(const ol_config *now, const ol_config *next)
{
    const ol_view_cache_config *a = &now->view_cache, *b = &next->view_cache;
    return same_text(a->disk_folder, b->disk_folder) &&
           now->view_cache_enabled == next->view_cache_enabled &&
           a->memory_bytes == b->memory_bytes && a->memory_entry_bytes == b->memory_entry_bytes &&
           a->disk_bytes == b->disk_bytes && a->disk_entry_bytes == b->disk_entry_bytes;
}

static bool same_view_memo(const ol_config *now, const ol_config *next)
{
    return now->view_memo.rows_max == next->view_memo.rows_max &&
           now->view_memo.memory_rows_max == next->view_memo.memory_rows_max;
}

/* The bound of one object may change at any time. */
static bool same_spool(const ol_config *now, const ol_config *next)
{
    return same_text(now->spool.folder, next->spool.folder) && now->spool.bytes == next->spool.bytes;
}

/* ---- keys ---- */

static bool same_list(const ol_slice *a, size_t a_count, const ol_slice *b, size_t b_count)
{
    bool same = a_count == b_count;
    for (size_t i = 0; same && i < a_count; i++)
        same = ol_slice_eq(a[i], b[i]);
    return same;
}

static bool same_texts(const char *const *a, const char *const *b, size_t count)
{
    bool same = true;
    for (size_t i = 0; same && i < count; i++)
        same = same_text(a[i], b[i]);
    return same;
}

static bool same_kms_limits(const ol_kms_remote_options *x, const ol_kms_remote_options *y)
{
    return x->connections_max == y->connections_max && x->waiting_max == y->waiting_max &&
           x->connect_timeout_ms == y->connect_timeout_ms &&
           x->idle_timeout_ms == y->idle_timeout_ms && x->deadline_ms == y->deadline_ms &&
           x->tries_max == y->tries_max && x->backoff_base_ms == y->backoff_base_ms &&
           x->backoff_max_ms == y->backoff_max_ms && x->breaker_failures == y->breaker_failures &&
           x->breaker_open_ms == y->breaker_open_ms && x->requests_per_s == y->requests_per_s &&
           x->requests_burst == y->requests_burst &&
           x->allow_plain_http == y->allow_plain_http;
}

static bool same_kms(const ol_config_kms *a, const ol_config_kms *b)
{
    const char *const x[] = {a->name, a->remote.endpoint, a->remote.ca_file, a->default_key,
                             a->region, a->account, a->access_key, a->secret_key,
                             a->session_token, a->token, a->token_file, a->mount, a->name_space,
                             a->certificate_file, a->key_file, a->api_key, a->api_key_file};
    const char *const y[] = {b->name, b->remote.endpoint, b->remote.ca_file, b->default_key,
                             b->region, b->account, b->access_key, b->secret_key,
                             b->session_token, b->token, b->token_file, b->mount, b->name_space,
                             b->certificate_file, b->key_file, b->api_key, b->api_key_file};
    return a->kind == b->kind && a->from_environment == b->from_environment &&
           same_texts(x, y, sizeof x / sizeof x[0]) && same_kms_limits(&a->remote, &b->remote) &&
           same_list(a->keys, a->key_count, b->keys, b->key_count);
}

static bool same_keepers(const ol_config_keys *now, const ol_config_keys *next)
{
    bool same = now->kms_count == next->kms_count;
    for (size_t i = 0; same && i < now->kms_count; i++)
        same = same_kms(&now->kms[i], &next->kms[i]);
    return same;
}

static bool same_data_keys(const ol_data_key_limits *a, const ol_data_key_limits *b)
{
    return a->age_ms == b->age_ms && a->uses_max == b->uses_max && a->bytes_max == b->bytes_max &&
           a->entries_max == b->entries_max && a->denial_ms == b->denial_ms;
}

static bool same_audit(const ol_config_key_audit *a, const ol_config_key_audit *b)
{
    return same_text(a->file, b->file) && ol_slice_eq(a->bucket, b->bucket) &&
           a->origin == b->origin && ol_slice_eq(a->prefix, b->prefix) &&
           a->interval_ms == b->interval_ms && a->object_bytes == b->object_bytes &&
           a->buffer_bytes == b->buffer_bytes;
}

static const char *keys_differ(const ol_config *now, const ol_config *next)
{
    if (!same_text(now->keyring_path, next->keyring_path))
        return "keyring";
    if (!same_text(now->crypto.s3_key, next->crypto.s3_key))
        return "sse_s3_key";
    if (!same_keepers(&now->crypto, &next->crypto))
        return "kms";
    if (!same_data_keys(&now->crypto.data_keys, &next->crypto.data_keys))
        return "data_keys";
    if (!same_audit(&now->crypto.audit, &next->crypto.audit))
        return "key_audit";
    return NULL;
}

const char *ol_restart_needed(const ol_config *now, const ol_config *next)
{
    if (strcmp(now->data_path, next->data_path) != 0)
        return "data";
    if (now->loops != next->loops)
        return "loops";
    if (now->walls_required != next->walls_required)
        return "sandbox_required";
    if (!same_listeners(now, next))
        return "listen";
    if (!same_origins(now, next))
        return "origin";
    if (!same_control(&now->control, &next->control))
        return "control";
    if (!same_session_keys(now, next))
        return "sts";
    if (!ol_slice_eq_secret(now->view_key, next->view_key))
        return "view_key";
    if (!same_view_cache(now, next))
        return "view_cache";
    if (!same_view_memo(now, next))
        return "view_memo";
    if (!same_spool(now, next))
        return "spool";
    if (now->limits.opened_age_ms != next->limits.opened_age_ms)
        return "limits.opened_age_ms";
    return keys_differ(now, next);
}
