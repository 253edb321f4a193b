/* SPDX-License-Identifier: MIT */
#include "cli/sealed_keys.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "cli/sealed_input.h"
#include "crypto/kms/kms_aws.h"

#define KEYS_BYTES_MAX (1u << 20)
#define REGION "us-east-1"

static const char *environment(const char *first, const char *second, const char *fallback)
{
    const char *value = getenv(first);
    if (!value || !*value)
        value = getenv(second);
    return value && *value ? value : fallback;
}

/* ---- clients ---- */

/* The fourth field of an ARN. */
static void region_of(ol_slice id, char *region, size_t size)
{
    ol_slice rest = id;
    snprintf(region, size, "%s", environment("AWS_REGION", "AWS_DEFAULT_REGION", REGION));
    if (!ol_slice_starts(id, OL_SLICE_LIT("arn:")))
        return;
    for (int i = 0; i < 3; i++) {
        ptrdiff_t colon = ol_slice_find(rest, ':');
        if (colon < 0)
            return;
        rest = ol_slice_from(rest, (size_t)colon + 1);
    }
    ptrdiff_t end = ol_slice_find(rest, ':');
    if (end > 0 && (size_t)end < size)
        snprintf(region, size, "%.*s", (int)end, (const char *)rest.data);
}

static char *endpoint_of(const ol_key *key, const char *region)
{
    char own[128];
    snprintf(own, sizeof own, "https://kms.%s.amazonaws.com", region);
    if (key->endpoint.len > 0)
        return ol_strndup(key->endpoint.data, key->endpoint.len);
    return ol_strdup(environment("AWS_ENDPOINT_URL_KMS", "AWS_ENDPOINT_URL", own));
}

static int new_client(ol_sealed_keys *self, size_t at, ol_error *err)
{
    ol_kms_aws_options options;
    ol_kms_aws_options_default(&options);
    options.remote.endpoint = self->clients[at].endpoint;
    options.region = self->clients[at].region;
    options.access_key = "objlens";
    options.secret_key = "objlens";
    if (environment("AWS_ACCESS_KEY_ID", "", NULL) && environment("AWS_SECRET_ACCESS_KEY", "", NULL))
        options.from = OL_KMS_AWS_ENVIRONMENT;
    int rc = ol_kms_aws_new(&self->clients[at].kms, &options, err);
    if (rc != OL_OK)
        return rc;
    rc = self->clients[at].kms->ops->attach(self->clients[at].kms, self->loop, err);
    if (rc == OL_OK)
        return OL_OK;
    self->clients[at].kms->ops->destroy(self->clients[at].kms);
    self->clients[at].kms = NULL;
    return rc;
}

static int client_for(ol_sealed_keys *self, const ol_key *key, ol_kms **kms, ol_error *err)
{
    size_t at = self->client_count;
    region_of(key->id, self->clients[at].region, sizeof self->clients[at].region);
    char *endpoint = endpoint_of(key, self->clients[at].region);
    if (!endpoint)
        return ol_error_set(err, OL_ENOMEM, "keys");
    for (size_t i = 0; i < at; i++) {
        if (strcmp(self->clients[i].endpoint, endpoint) == 0 &&
            strcmp(self->clients[i].region, self->clients[at].region) == 0) {
            ol_free(endpoint);
            *kms = self->clients[i].kms;
            return OL_OK;
        }
    }
    self->clients[at].endpoint = endpoint;
    self->client_count++;
    int rc = new_client(self, at, err);
    *kms = self->clients[at].kms;
    return rc;
}

static int open_clients(ol_sealed_keys *self, ol_error *err)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < ol_keys_count(self->keys); i++) {
        const ol_key *key = ol_keys_at(self->keys, i);
        ol_kms *kms = NULL;
        if (key->kind != OL_KEY_KMS)
            continue;
        if (!self->loop)
            rc = ol_loop_new(&self->loop, 0);
        if (rc != OL_OK)
            return ol_error_set(err, rc, "keys");
        rc = client_for(self, key, &kms, err);
        ol_keys_set_kms(self->keys, i, kms);
    }
    return rc;
}

/* ---- life ---- */

int ol_sealed_keys_open(ol_sealed_keys *self, const char *path, ol_error *err)
{
    ol_buf text;
    ol_buf_init_secret(&text, KEYS_BYTES_MAX);
    int rc = ol_small_file_read(path, &text, err);
    if (rc == OL_OK && ol_keys_new(&self->keys) != OL_OK)
        rc = ol_error_set(err, OL_ENOMEM, "keys");
    if (rc == OL_OK)
        rc = ol_keys_parse_json(self->keys, ol_buf_slice(&text), err);
    ol_buf_fini(&text);
    return rc == OL_OK ? open_clients(self, err) : rc;
}

static void run_until(ol_sealed_keys *self, const bool *done)
{
    while (!*done)
        uv_run(ol_loop_uv(self->loop), UV_RUN_ONCE);
}

static void on_detached(void *arg)
{
    *(bool *)arg = true;
}

static void close_client(ol_sealed_keys *self, size_t at)
{
    ol_kms *kms = self->clients[at].kms;
    bool detached = false;
    ol_free(self->clients[at].endpoint);
    if (!kms)
        return;
    kms->ops->detach(kms, self->loop, on_detached, &detached);
    run_until(self, &detached);
    kms->ops->destroy(kms);
}

void ol_sealed_keys_close(ol_sealed_keys *self)
{
    for (size_t i = 0; i < self->client_count; i++)
        close_client(self, i);
    self->client_count = 0;
    ol_keys_release(self->keys);
    self->keys = NULL;
    if (!self->loop)
        return;
    ol_loop_stop(self->loop);
    ol_loop_run(self->loop);
    ol_loop_destroy(self->loop);
    self->loop = NULL;
}

/* ---- asking ---- */

typedef struct waiting {
    bool done;
    int code;
    ol_error *err;
} waiting;

static void note(waiting *wait, const ol_error *err)
{
    wait->done = true;
    wait->code = err ? err->code : OL_OK;
    if (err)
        *wait->err = *err;
}

static void on_opened(ol_sealed_ask *ask, const ol_error *err)
{
    note(ask->arg, err);
}

int ol_sealed_keys_ask(ol_sealed_keys *self, ol_sealed_ask *ask, ol_error *err)
{
    waiting wait = {.err = err};
    ask->keys = self->keys;
    ask->loop = self->loop;
    ask->cb = on_opened;
    ask->arg = &wait;
    int rc = ol_sealed_open(ask, err);
    if (rc != OL_WAIT)
        return rc;
    run_until(self, &wait.done);
    return wait.code;
}

static void on_generated(ol_kms_call *call, const ol_error *err)
{
    note(call->arg, err);
}

int ol_sealed_keys_generate(ol_sealed_keys *self, const ol_key *key, ol_kms_call *call,
                            ol_error *err)
{
    waiting wait = {.err = err};
    call->loop = self->loop;
    call->key_id = key->id;
    call->cb = on_generated;
    call->arg = &wait;
    int rc = key->kms->ops->generate(key->kms, call, err);
    if (rc != OL_WAIT)
        return rc;
    run_until(self, &wait.done);
    return wait.code;
}
