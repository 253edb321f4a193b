/* SPDX-License-Identifier: MIT */
#include "front/server/shared.h"

#include "base/alloc.h"
#include "front/keys/kept_key.h"
#include "origin/s3/s3_origin.h"
#include "origin/store/store.h"
#include "view/disk.h"

#define KEY_THREADS 2 /* a passphrase may take a quarter of a gigabyte */
#define KEY_QUEUE_MAX 256

/* ---- origins ---- */

static int open_store(ol_shared *shared, const ol_config *config, ol_error *err)
{
    ol_store_options options;
    ol_store_options_default(&options);
    options.path = config->data_path;
    options.kms = ol_key_service_kms(shared->keys);
    options.s3_kms = ol_key_service_s3_kms(shared->keys);
    options.opened = ol_key_service_opened(shared->keys);
    options.cache_bytes_max = config->limits.cache_bytes_max;
    options.cache_object_bytes_max = config->limits.cache_object_bytes_max;
    return ol_store_open(&shared->origins[0], &options, err);
}

static int open_origins(ol_shared *shared, const ol_config *config, ol_error *err)
{
    shared->origins = ol_calloc(config->origin_count + 1, sizeof(ol_origin *));
    if (!shared->origins)
        return ol_error_set(err, OL_ENOMEM, "origins");
    shared->origin_count = config->origin_count;
    int rc = config->uses_store ? open_store(shared, config, err) : OL_OK;
    for (size_t i = 1; rc == OL_OK && i < config->origin_count; i++)
        rc = ol_s3_origin_new(&shared->origins[i], &config->origins[i].options, err);
    return rc;
}

static void close_origins(ol_shared *shared)
{
    for (size_t i = 1; shared->origins && i < shared->origin_count; i++)
        if (shared->origins[i])
            ol_s3_origin_destroy(shared->origins[i]);
    if (shared->origins && shared->origins[0])
        ol_store_close(shared->origins[0]);
    ol_free(shared->origins);
}

int ol_shared_ensure_buckets(ol_shared *shared, const ol_config *config, ol_error *err)
{
    const ol_config_control *control = &config->control;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->bucket_count; i++)
        if (config->buckets[i].origin == 0)
            rc = ol_store_ensure_bucket(shared->origins[0], config->buckets[i].name, err);
    if (rc == OL_OK && control->place == OL_CONTROL_IN_BUCKET && control->origin == 0)
        rc = ol_store_ensure_bucket(shared->origins[0], control->bucket, err);
    const ol_config_key_audit *audit = &config->crypto.audit;
    if (rc == OL_OK && audit->bucket.len > 0 && audit->origin == 0)
        rc = ol_store_ensure_bucket(shared->origins[0], audit->bucket, err);
    return rc;
}

/* ---- keys ---- */

/* Replicas share the configured keys, and so agree on tokens and on the ETags of views. */
static int read_view_key(ol_shared *shared, const ol_config *config, ol_error *err)
{
    uint8_t *key = shared->view_key.bytes;
    if (config->view_key.len == sizeof(shared->view_key.bytes)) {
        memcpy(key, config->view_key.data, config->view_key.len);
        return OL_OK;
    }
    if (config->sts_key_count > 0)
        return ol_kept_key_derive(key, config->sts_keys[0], "objlens: entity tags of views", err);
    return ol_kept_key_load(key, config->data_path, "view_key", err);
}

static int load_view_key(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = read_view_key(shared, config, err);
    if (rc == OL_OK)
        ol_view_key_settle(&shared->view_key);
    return rc;
}

static int load_session_keys(ol_shared *shared, const ol_config *config, ol_error *err)
{
    uint8_t own[OL_KEPT_KEY_BYTES] = {0};
    ol_slice own_key = ol_slice_of(own, sizeof(own));
    if (config->sts_key_count > 0)
        return ol_session_sealer_new(&shared->sealer, config->sts_keys, config->sts_key_count, err);
    int rc = ol_kept_key_load(own, config->data_path, "sts_key", err);
    if (rc == OL_OK)
        rc = ol_session_sealer_new(&shared->sealer, &own_key, 1, err);
    ol_wipe(own, sizeof(own));
    return rc;
}

static int load_keys(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = load_view_key(shared, config, err);
    return rc == OL_OK ? load_session_keys(shared, config, err) : rc;
}

/* ---- logs and certificates ---- */

static int open_logs(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = OL_OK;
    if (config->access_log)
        rc = ol_log_open(&shared->access_log, config->access_log, err);
    if (rc == OL_OK && config->transform_log)
        rc = ol_log_open(&shared->transform_log, config->transform_log, err);
    return rc;
}

int ol_shared_tls_new(struct ol_tls **tls, const ol_config_listener *listener, ol_error *err)
{
    const ol_tls_server_options options = {
        .certificates = listener->certificates,
        .certificate_count = listener->certificate_count,
        .client_ca_file = listener->client_ca_file,
        .client_required = listener->client_certificate_required,
    };
    return ol_tls_server_new(tls, &options, err);
}

static int open_certificates(ol_shared *shared, const ol_config *config, ol_error *err)
{
    shared->tls = ol_calloc(config->listener_count + 1, sizeof(*shared->tls));
    if (!shared->tls)
        return ol_error_set(err, OL_ENOMEM, "certificates");
    shared->tls_count = config->listener_count;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->listener_count; i++)
        if (config->listeners[i].certificate_count > 0)
            rc = ol_shared_tls_new(&shared->tls[i], &config->listeners[i], err);
    return rc;
}

void ol_shared_reload_certificates(ol_shared *shared, bool changed_only)
{
    for (size_t i = 0; i < shared->tls_count; i++) {
        ol_error err = {0};
        int rc = shared->tls[i] ? ol_tls_reload(shared->tls[i], changed_only, &err) : OL_SKIP;
        if (rc == OL_OK)
            ol_say("info", "certificates of listener %zu reloaded", i + 1);
        else if (rc < 0)
            ol_say("error", "certificates of listener %zu: %s; the old ones serve on", i + 1,
                   err.detail[0] ? err.detail : err.message);
    }
}

/* ---- views ---- */

/* A damaged memo is begun anew: what it knew is learned again. */
static int open_views(ol_shared *shared, const ol_config *config, ol_error *err)
{
    ol_error note = {0};
    int rc = ol_view_memo_open(&shared->view_memo, &config->view_memo, &note);
    if (rc != OL_OK) {
        *err = note;
        return rc;
    }
    if (note.detail[0])
        ol_say("warn", "what was known of views: %s", note.detail);
    if (config->view_cache_enabled)
        rc = ol_view_cache_new(&shared->view_cache, &config->view_cache, err);
    if (rc == OL_OK && !(shared->view_hints = ol_view_hints_new()))
        rc = ol_error_set(err, OL_ENOMEM, "view hints");
    if (rc == OL_OK && !(shared->rate_limiter = ol_rate_limiter_new()))
        rc = ol_error_set(err, OL_ENOMEM, "the rate limiter");
    return rc;
}

/* ---- what clients encrypted ---- */

static int open_client_encryption(ol_shared *shared, const ol_config *config, ol_error *err)
{
    const ol_config_spool *spool = &config->spool;
    shared->opened_book = ol_opened_book_new(config->limits.opened_age_ms);
    if (!shared->opened_book ||
        ol_offload_new(&shared->key_pool, "client-keys", KEY_THREADS, KEY_QUEUE_MAX) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "client encryption");
    return spool->folder ? ol_view_disk_open(&shared->spool, spool->folder, spool->bytes, err)
                         : OL_OK;
}

static void close_client_encryption(ol_shared *shared)
{
    if (shared->key_pool)
        ol_offload_destroy(shared->key_pool);
    ol_view_disk_close(shared->spool);
    ol_opened_book_destroy(shared->opened_book);
}

/* ---- all of it ---- */

int ol_shared_open(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = ol_key_service_open(&shared->keys, config, err);
    if (rc == OL_OK)
        rc = open_origins(shared, config, err);
    if (rc == OL_OK)
        rc = ol_shared_ensure_buckets(shared, config, err);
    if (rc == OL_OK)
        rc = ol_key_service_start_audit(shared->keys, config, shared->origins, err);
    if (rc == OL_OK)
        rc = load_keys(shared, config, err);
    if (rc == OL_OK)
        rc = open_views(shared, config, err);
    if (rc == OL_OK)
        rc = open_client_encryption(shared, config, err);
    if (rc == OL_OK && !(shared->totp = ol_totp_guard_new()))
        rc = ol_error_set(err, OL_ENOMEM, "one-time codes");
    if (rc == OL_OK)
        rc = open_logs(shared, config, err);
    if (rc == OL_OK)
        rc = open_certificates(shared, config, err);
    return rc;
}

void ol_shared_close(ol_shared *shared)
{
    for (size_t i = 0; i < shared->tls_count; i++)
        if (shared->tls[i])
            ol_tls_destroy(shared->tls[i]);
    ol_free(shared->tls);
    if (shared->access_log)
        ol_log_close(shared->access_log);
    if (shared->transform_log)
        ol_log_close(shared->transform_log);
    ol_totp_guard_destroy(shared->totp);
    ol_session_sealer_destroy(shared->sealer);
    close_client_encryption(shared);
    ol_view_hints_destroy(shared->view_hints);
    ol_rate_limiter_destroy(shared->rate_limiter);
    ol_view_cache_destroy(shared->view_cache);
    ol_view_memo_close(shared->view_memo);
    ol_wipe(&shared->view_key, sizeof(shared->view_key));
    ol_key_service_stop_audit(shared->keys);
    close_origins(shared);
    ol_key_service_close(shared->keys);
}
