/* SPDX-License-Identifier: MIT */
/*
 * audit → router → (remote: data-key cache → keeper | local keyring). Two routers: one for keys by
 * their names, one for AES256. What the local keyring does is done in memory and not remembered again:
 * a key that is disabled there is disabled at once.
 */
#include "front/keys/key_service.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "crypto/keys/secret.h"
#include "crypto/kms/kms_aws.h"
#include "crypto/kms/kms_kes.h"
#include "crypto/kms/kms_keyring.h"
#include "crypto/kms/kms_router.h"
#include "crypto/kms/kms_vault.h"
#include "front/keys/key_audit_bucket.h"
#include "origin/s3/s3_origin.h"

#define PATH_SIZE 4096
#define AUDIT_CLOSE_MS 5000u

typedef struct keeper {
    const char *name;
    ol_kms *kms;    /* NULL: not made */
    ol_kms *cached; /* in front of it */
} keeper;

struct ol_key_service {
    ol_config *config; /* names and patterns are its own */
    ol_kms *keyring;
    ol_data_key_cache *cache;
    ol_opened_keys *opened;
    keeper keepers[OL_KMS_ROUTES_MAX];
    size_t keeper_count;
    ol_kms *router, *s3_router;
    ol_key_audit audit;
    ol_key_audit_bucket *bucket;
    ol_kms *kms, *s3_kms; /* what others see: audited */
};

/* ---- keepers ---- */

static int make_aws(ol_kms **kms, const ol_config_kms *config, ol_error *err)
{
    ol_kms_aws_options options;
    ol_kms_aws_options_default(&options);
    options.remote = config->remote;
    options.region = config->region;
    options.from = config->from_environment ? OL_KMS_AWS_ENVIRONMENT : OL_KMS_AWS_STATIC;
    options.access_key = config->access_key;
    options.secret_key = config->secret_key;
    options.session_token = config->session_token;
    return ol_kms_aws_new(kms, &options, err);
}

static int make_vault(ol_kms **kms, const ol_config_kms *config, ol_error *err)
{
    ol_kms_vault_options options;
    ol_kms_vault_options_default(&options);
    options.remote = config->remote;
    options.token = config->token;
    options.token_file = config->token_file;
    if (config->mount)
        options.mount = config->mount;
    options.name_space = config->name_space;
    options.default_key = config->default_key;
    options.region = config->region;
    options.account = config->account;
    return ol_kms_vault_new(kms, &options, err);
}

static int make_kes(ol_kms **kms, const ol_config_kms *config, ol_error *err)
{
    ol_kms_kes_options options;
    ol_kms_kes_options_default(&options);
    options.remote = config->remote;
    options.certificate_file = config->certificate_file;
    options.key_file = config->key_file;
    options.api_key = config->api_key;
    options.api_key_file = config->api_key_file;
    options.default_key = config->default_key;
    options.region = config->region;
    options.account = config->account;
    return ol_kms_kes_new(kms, &options, err);
}

int ol_key_keeper_new(ol_kms **kms, const ol_config_kms *config, ol_error *err)
{
    ol_error why = {0};
    int rc = config->kind == OL_CONFIG_KMS_AWS     ? make_aws(kms, config, &why)
             : config->kind == OL_CONFIG_KMS_VAULT ? make_vault(kms, config, &why)
                                                   : make_kes(kms, config, &why);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "kms \"%s\": %s", config->name,
                            why.detail[0] ? why.detail : why.message);
    return OL_OK;
}

static int add_keeper(ol_key_service *self, const ol_config_kms *config, ol_error *err)
{
    if (self->keeper_count == OL_KMS_ROUTES_MAX)
        return ol_error_set(err, OL_ECONFIG, "kms: more than %d", OL_KMS_ROUTES_MAX);
    keeper *own = &self->keepers[self->keeper_count++];
    own->name = config->name;
    int rc = ol_key_keeper_new(&own->kms, config, err);
    if (rc == OL_OK)
        rc = ol_data_key_cache_wrap(self->cache, own->kms, ol_slice_cstr(config->name),
                                    &own->cached, err);
    return rc;
}

static void on_keyring_changed(void *arg)
{
    ol_opened_keys_clear(arg);
}

/* Beside the data where nothing else is said. */
static int open_keyring(ol_key_service *self, const ol_config *config, ol_error *err)
{
    char path[PATH_SIZE], region[32], account[16];
    ol_kms_keyring_options options;
    ol_kms_keyring_options_default(&options);
    if (!config->uses_store && !config->keyring_path)
        return OL_OK;
    int len = config->keyring_path
                  ? snprintf(path, sizeof path, "%s", config->keyring_path)
                  : snprintf(path, sizeof path, "%s/keyring", config->data_path);
    if (len < 0 || (size_t)len >= sizeof path)
        return ol_error_set(err, OL_ECONFIG, "keyring: the path is too long");
    snprintf(region, sizeof region, "%.*s", OL_SLICE_FMT(config->region));
    snprintf(account, sizeof account, "%.*s", OL_SLICE_FMT(config->accounts[0].id));
    /* The store makes its folder when it is opened, which is later. */
    if (config->uses_store)
        (void)mkdir(config->data_path, 0700);
    options.path = path;
    options.region = region;
    options.account = account;
    options.changed = on_keyring_changed;
    options.changed_arg = self->opened;
    return ol_kms_keyring_new(&self->keyring, &options, err);
}

/* ---- the chain ---- */

static int make_routers(ol_key_service *self, const ol_config *config, ol_error *err)
{
    ol_kms_route routes[OL_KMS_ROUTES_MAX];
    for (size_t i = 0; i < self->keeper_count; i++)
        routes[i] = (ol_kms_route){.name = self->keepers[i].name,
                                   .kms = self->keepers[i].cached,
                                   .patterns = config->crypto.kms[i].keys,
                                   .pattern_count = config->crypto.kms[i].key_count,
                                   .default_key = config->crypto.kms[i].default_key};
    ol_kms_router_options options = {
        .routes = routes, .count = self->keeper_count, .keyring = self->keyring};
    int rc = ol_kms_router_new(&self->router, &options, err);
    options.default_key = config->crypto.s3_key;
    options.prefers_keyring = true;
    return rc == OL_OK ? ol_kms_router_new(&self->s3_router, &options, err) : rc;
}

static int open_audit(ol_key_service *self, const ol_config *config, ol_error *err)
{
    const ol_config_key_audit *audit = &config->crypto.audit;
    int rc = audit->file ? ol_log_open(&self->audit.log, audit->file, err) : OL_OK;
    if (rc == OL_OK)
        rc = ol_key_audit_wrap(&self->audit, self->router, &self->kms, err);
    if (rc == OL_OK)
        rc = ol_key_audit_wrap(&self->audit, self->s3_router, &self->s3_kms, err);
    return rc;
}

int ol_key_service_open(ol_key_service **out, const ol_config *config, ol_error *err)
{
    ol_key_service *self = ol_calloc(1, sizeof *self);
    if (!self)
        return ol_error_set(err, OL_ENOMEM, "keys");
    self->config = ol_config_acquire((ol_config *)(uintptr_t)config);
    int rc = ol_data_key_cache_new(&self->cache, &config->crypto.data_keys, err);
    if (rc == OL_OK)
        rc = ol_opened_keys_new(&self->opened, &config->crypto.opened_keys, err);
    if (rc == OL_OK)
        rc = open_keyring(self, config, err);
    for (size_t i = 0; rc == OL_OK && i < config->crypto.kms_count; i++)
        rc = add_keeper(self, &config->crypto.kms[i], err);
    if (rc == OL_OK)
        rc = make_routers(self, config, err);
    if (rc == OL_OK)
        rc = open_audit(self, config, err);
    if (rc != OL_OK) {
        ol_key_service_close(self);
        return rc;
    }
    *out = self;
    return OL_OK;
}

static void destroy(ol_kms *kms)
{
    if (kms)
        kms->ops->destroy(kms);
}

void ol_key_service_close(ol_key_service *self)
{
    if (!self)
        return;
    destroy(self->kms);
    destroy(self->s3_kms);
    destroy(self->router);
    destroy(self->s3_router);
    for (size_t i = 0; i < self->keeper_count; i++) {
        destroy(self->keepers[i].cached);
        destroy(self->keepers[i].kms);
    }
    ol_data_key_cache_destroy(self->cache);
    destroy(self->keyring);
    ol_opened_keys_destroy(self->opened);
    ol_log_close(self->audit.log);
    ol_config_release(self->config);
    ol_free(self);
}

/* ---- the audit's bucket ---- */

int ol_key_service_start_audit(ol_key_service *self, const ol_config *config,
                               ol_origin *const *origins, ol_error *err)
{
    const ol_config_key_audit *audit = &config->crypto.audit;
    if (audit->bucket.len == 0)
        return OL_OK;
    bool remote = audit->origin > 0;
    const ol_key_audit_bucket_options options = {
        .origin = origins[audit->origin],
        .attach = remote ? ol_s3_origin_attach : NULL,
        .detach = remote ? ol_s3_origin_detach : NULL,
        .bucket = audit->bucket,
        .prefix = audit->prefix,
        .interval_ms = audit->interval_ms,
        .object_bytes = audit->object_bytes,
        .buffer_bytes = audit->buffer_bytes,
        .close_ms = AUDIT_CLOSE_MS,
    };
    int rc = ol_key_audit_bucket_open(&self->bucket, &options, err);
    if (rc == OL_OK) {
        self->audit.arg = self->bucket;
        self->audit.line = ol_key_audit_bucket_line;
    }
    return rc;
}

void ol_key_service_stop_audit(ol_key_service *self)
{
    if (!self)
        return;
    self->audit.line = NULL;
    ol_key_audit_bucket_close(self->bucket);
    self->bucket = NULL;
}

void ol_key_service_denied(ol_key_service *self, bool decrypt, const ol_key_use *use, ol_slice key,
                           ol_slice request_id)
{
    ol_key_audit_denied(&self->audit, decrypt ? OL_KEY_OPENED : OL_KEY_MADE, use, key, request_id);
}

void ol_key_service_note(ol_key_service *self, const ol_key_audit_entry *entry)
{
    ol_key_audit_write(&self->audit, entry);
}

/* ---- loops ---- */

int ol_key_service_attach(ol_key_service *self, ol_loop *loop, ol_error *err)
{
    for (size_t i = 0; i < self->keeper_count; i++) {
        ol_kms *kms = self->keepers[i].kms;
        int rc = kms->ops->attach(kms, loop, err);
        if (rc == OL_OK)
            continue;
        while (i-- > 0)
            self->keepers[i].kms->ops->detach(self->keepers[i].kms, loop, NULL, NULL);
        return rc;
    }
    return OL_OK;
}

typedef struct leaving {
    size_t left;
    void (*cb)(void *arg);
    void *arg;
} leaving;

static void one_left(void *arg)
{
    leaving *self = arg;
    if (--self->left > 0)
        return;
    void (*cb)(void *) = self->cb;
    void *cb_arg = self->arg;
    ol_free(self);
    cb(cb_arg);
}

void ol_key_service_detach(ol_key_service *self, ol_loop *loop, void (*cb)(void *arg), void *arg)
{
    leaving *job = ol_calloc(1, sizeof *job);
    if (!job) /* nothing orderly is possible without a few bytes */
        abort();
    *job = (leaving){.left = self->keeper_count + 1, .cb = cb, .arg = arg};
    for (size_t i = 0; i < self->keeper_count; i++)
        self->keepers[i].kms->ops->detach(self->keepers[i].kms, loop, one_left, job);
    one_left(job);
}

/* ---- renewing ---- */

static void renew(const keeper *one)
{
    ol_error err = {0};
    if (!one->kms->ops->renew)
        return;
    int rc = one->kms->ops->renew(one->kms, &err);
    if (rc == OL_OK)
        ol_say("info", "kms \"%s\": credentials read again", one->name);
    else if (rc < 0)
        ol_say("error", "kms \"%s\": %s; the old credentials serve on", one->name,
               err.detail[0] ? err.detail : err.message);
}

void ol_key_service_reload(ol_key_service *self)
{
    ol_error err = {0};
    ol_log_reopen(self->audit.log);
    for (size_t i = 0; i < self->keeper_count; i++)
        renew(&self->keepers[i]);
    ol_data_key_cache_clear(self->cache);
    ol_opened_keys_clear(self->opened);
    if (self->keyring && ol_kms_keyring_refresh(self->keyring, &err) < 0)
        ol_say("error", "%s; the old keys stay in use", err.message);
}

void ol_key_service_tidy(ol_key_service *self)
{
    ol_data_key_cache_expire(self->cache);
    ol_opened_keys_expire(self->opened);
}

/* ---- what others use ---- */

ol_kms *ol_key_service_kms(ol_key_service *self)
{
    return self->kms;
}

ol_kms *ol_key_service_s3_kms(ol_key_service *self)
{
    return self->s3_kms;
}

ol_opened_keys *ol_key_service_opened(ol_key_service *self)
{
    return self->opened;
}

ol_kms *ol_key_service_names(ol_key_service *self)
{
    return self->router;
}

/* ---- figures ---- */

static void add_remote(ol_kms_remote_stats *sum, const ol_kms_remote_stats *one)
{
    sum->calls += one->calls;
    sum->requests += one->requests;
    sum->retries += one->retries;
    sum->throttled += one->throttled;
    sum->denied += one->denied;
    sum->failures += one->failures;
    sum->late += one->late;
    sum->breaker_opened += one->breaker_opened;
    sum->breaker_refused += one->breaker_refused;
    sum->quota_refused += one->quota_refused;
    sum->breakers_open += one->breakers_open;
}

void ol_key_service_read_stats(ol_key_service *self, ol_key_service_stats *stats)
{
    ol_secret_stats secret;
    ol_key_audit_bucket_stats bucket = {0};
    *stats = (ol_key_service_stats){0};
    for (size_t i = 0; i < self->keeper_count; i++) {
        ol_kms_remote_stats one;
        ol_kms_remote_read_stats(self->keepers[i].kms, &one);
        add_remote(&stats->remote, &one);
    }
    ol_data_key_cache_read_stats(self->cache, &stats->cache);
    ol_opened_keys_read_stats(self->opened, &stats->opened);
    ol_secret_read_stats(&secret);
    if (self->bucket)
        ol_key_audit_bucket_read_stats(self->bucket, &bucket);
    stats->audit_dropped = ol_log_dropped(self->audit.log) + bucket.dropped;
    stats->audit_objects = bucket.objects;
    stats->audit_failures = bucket.failures;
    stats->audit_waiting_bytes = bucket.waiting_bytes;
    stats->secret_bytes = secret.bytes_in_use;
    stats->secret_bytes_unlocked = secret.bytes_unlocked;
}

const char *ol_key_service_keeper(const ol_key_service *self, size_t index,
                                  ol_kms_remote_stats *stats)
{
    if (index >= self->keeper_count)
        return NULL;
    ol_kms_remote_read_stats(self->keepers[index].kms, stats);
    return self->keepers[index].name;
}
