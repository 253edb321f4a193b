/* SPDX-License-Identifier: MIT */
#include "transform/shared/kept.h"

#include <assert.h>

#include <stdio.h>

#include "base/alloc.h"

void ol_kept_init(ol_kept *kept, const ol_plugin *plugin, const struct objlens_host *host)
{
    *kept = (ol_kept){.plugin = plugin, .host = host};
}

static void free_config(ol_kept *kept, ol_kept_config *config)
{
    assert(config->users == 0);
    if (kept->plugin->transform.unconfigure)
        kept->plugin->transform.unconfigure(config->config);
    ol_wipe(config->payload, config->payload_bytes);
    ol_free(config);
    kept->config_count--;
}

void ol_kept_fini(ol_kept *kept)
{
    while (kept->configs) {
        ol_kept_config *config = kept->configs;
        kept->configs = config->next;
        free_config(kept, config);
    }
    if (kept->started && kept->plugin->transform.worker_stop)
        kept->plugin->transform.worker_stop(kept->worker);
    kept->started = false;
}

/* ---- the worker ---- */

int ol_kept_start(ol_kept *kept, ol_error *err)
{
    const struct objlens_transform *t = &kept->plugin->transform;
    char reason[OL_KEPT_REASON_BYTES] = "";
    if (kept->started)
        return OL_OK;
    int rc = t->worker_start ? t->worker_start(kept->host, &kept->worker, reason, sizeof(reason))
                             : OBJLENS_OK;
    if (rc == OBJLENS_OK) {
        kept->started = true;
        return OL_OK;
    }
    kept->worker = NULL;
    reason[sizeof(reason) - 1] = '\0';
    return ol_error_set(err, OL_ETRANSFORM, "%s: worker_start() returned %d: %s",
                        kept->plugin->name, rc, reason[0] ? reason : "it gave no reason");
}

/* ---- configurations ---- */

static ol_kept_config *find(ol_kept *kept, ol_slice payload)
{
    for (ol_kept_config **at = &kept->configs; *at; at = &(*at)->next) {
        ol_kept_config *config = *at;
        if (!ol_slice_eq(ol_slice_of(config->payload, config->payload_bytes), payload))
            continue;
        *at = config->next;
        config->next = kept->configs;
        kept->configs = config;
        return config;
    }
    return NULL;
}

/* The one that was used longest ago and is not in use. */
static void make_room(ol_kept *kept)
{
    ol_kept_config **idle = NULL;
    if (kept->config_count < OL_KEPT_CONFIGS_MAX)
        return;
    for (ol_kept_config **at = &kept->configs; *at; at = &(*at)->next)
        if ((*at)->users == 0)
            idle = at;
    if (!idle)
        return; /* so many requests at a time: it is as bounded as they are */
    ol_kept_config *config = *idle;
    *idle = config->next;
    free_config(kept, config);
}

static int refuse_payload(const ol_kept *kept, int rc, const char *reason, ol_error *err)
{
    char detail[OL_ERROR_TEXT_SIZE];
    snprintf(detail, sizeof(detail), "%s: configure() returned %d: %s", kept->plugin->name, rc,
             reason[0] ? reason : "it gave no reason");
    ol_error_custom(err, OL_ETRANSFORM, 500, OL_SLICE_LIT("InvalidTransformPayload"),
                    OL_SLICE_LIT("The payload of the transformation configuration is not one that "
                                 "the transform understands."));
    snprintf(err->detail, sizeof(err->detail), "%s", detail);
    return OL_ETRANSFORM;
}

static int configure(ol_kept *kept, ol_kept_config *made, ol_error *err)
{
    const struct objlens_transform *t = &kept->plugin->transform;
    char reason[OL_KEPT_REASON_BYTES] = "";
    int rc = t->configure(kept->host, made->payload, made->payload_bytes, &made->config, reason,
                          sizeof(reason));
    if (rc == OBJLENS_OK)
        return OL_OK;
    if (rc == OBJLENS_ENOMEM)
        return ol_error_set(err, OL_ETRANSFORMMEMORY, "%s: configure()", kept->plugin->name);
    reason[sizeof(reason) - 1] = '\0';
    return refuse_payload(kept, rc, reason, err);
}

static int make_config(ol_kept *kept, ol_slice payload, ol_kept_config **config, ol_error *err)
{
    make_room(kept);
    ol_kept_config *made = ol_calloc(1, sizeof(*made) + payload.len);
    if (!made)
        return ol_error_set(err, OL_ETRANSFORMMEMORY, "%s: its payload", kept->plugin->name);
    made->payload_bytes = payload.len;
    if (payload.len > 0)
        memcpy(made->payload, payload.data, payload.len);
    int rc = configure(kept, made, err);
    if (rc != OL_OK) {
        ol_wipe(made->payload, made->payload_bytes);
        ol_free(made);
        return rc;
    }
    made->next = kept->configs;
    kept->configs = made;
    kept->config_count++;
    *config = made;
    return OL_OK;
}

int ol_kept_config_acquire(ol_kept *kept, ol_slice payload, ol_kept_config **config, ol_error *err)
{
    *config = NULL;
    if (!kept->plugin->transform.configure)
        return OL_OK;
    *config = find(kept, payload);
    int rc = *config ? OL_OK : make_config(kept, payload, config, err);
    if (rc == OL_OK)
        (*config)->users++;
    return rc;
}

void ol_kept_config_release(ol_kept *kept, ol_kept_config *config)
{
    (void)kept;
    if (!config)
        return;
    assert(config->users > 0);
    config->users--;
}
