/* SPDX-License-Identifier: MIT */
#include "front/shared.h"

#include "base/alloc.h"
#include "origin/store/store.h"

static int open_store(ol_shared *shared, const ol_config *config, ol_error *err)
{
    ol_store_options options;
    ol_store_options_default(&options);
    options.path = config->data_path;
    options.cache_bytes_max = config->limits.cache_bytes_max;
    options.cache_object_bytes_max = config->limits.cache_object_bytes_max;
    return ol_store_open(&shared->origin, &options, err);
}

static int open_logs(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = OL_OK;
    if (config->access_log)
        rc = ol_log_open(&shared->access_log, config->access_log, err);
    if (rc == OL_OK && config->transform_log)
        rc = ol_log_open(&shared->transform_log, config->transform_log, err);
    return rc;
}

static int open_certificates(ol_shared *shared, const ol_config *config, ol_error *err)
{
    shared->tls = ol_calloc(config->listener_count + 1, sizeof(*shared->tls));
    if (!shared->tls)
        return ol_error_set(err, OL_ENOMEM, "certificates");
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->listener_count; i++)
        if (config->listeners[i].certificate_file)
            rc = ol_tls_server_new(&shared->tls[i], config->listeners[i].certificate_file,
                                   config->listeners[i].key_file, err);
    return rc;
}

int ol_shared_ensure_buckets(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < config->bucket_count; i++)
        rc = ol_store_ensure_bucket(shared->origin, config->buckets[i], err);
    return rc;
}

int ol_shared_open(ol_shared *shared, const ol_config *config, ol_error *err)
{
    int rc = open_store(shared, config, err);
    if (rc == OL_OK)
        rc = ol_shared_ensure_buckets(shared, config, err);
    if (rc == OL_OK)
        rc = ol_view_key_load(&shared->view_key, config->data_path, err);
    if (rc == OL_OK && ol_view_memo_new(&shared->memo) != OL_OK)
        rc = ol_error_set(err, OL_ENOMEM, "view memo");
    if (rc == OL_OK)
        rc = open_logs(shared, config, err);
    if (rc == OL_OK)
        rc = open_certificates(shared, config, err);
    return rc;
}

void ol_shared_close(ol_shared *shared, const ol_config *config)
{
    for (size_t i = 0; shared->tls && i < config->listener_count; i++)
        if (shared->tls[i])
            ol_tls_destroy(shared->tls[i]);
    ol_free(shared->tls);
    if (shared->access_log)
        ol_log_close(shared->access_log);
    if (shared->transform_log)
        ol_log_close(shared->transform_log);
    ol_view_memo_destroy(shared->memo);
    ol_wipe(&shared->view_key, sizeof(shared->view_key));
    if (shared->origin)
        ol_store_close(shared->origin);
}
