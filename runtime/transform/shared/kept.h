/* SPDX-License-Identifier: MIT */
/*
 * What a plugin keeps beyond one request: one state for the worker, and one for each payload that
 * it was given, parsed. One thread; user code runs inside (the plugin's worker_start and
 * configure), on the stack and at the cost of the request that needs it first.
 */
#ifndef OL_TRANSFORM_SHARED_KEPT_H
#define OL_TRANSFORM_SHARED_KEPT_H

#include "transform/shared/plugin.h"

/* Payloads remembered while no request uses them: more are forgotten, the oldest first. */
#define OL_KEPT_CONFIGS_MAX 32u
#define OL_KEPT_REASON_BYTES 192

typedef struct ol_kept_config {
    struct ol_kept_config *next; /* used last first */
    unsigned users;
    void *config; /* the plugin's */
    size_t payload_bytes;
    uint8_t payload[];
} ol_kept_config;

typedef struct ol_kept {
    const ol_plugin *plugin;
    const struct objlens_host *host;
    bool started; /* the worker */
    void *worker; /* the plugin's */
    ol_kept_config *configs;
    unsigned config_count;
} ol_kept;

void ol_kept_init(ol_kept *kept, const ol_plugin *plugin, const struct objlens_host *host);
/* No request is open. */
void ol_kept_fini(ol_kept *kept);

/* Start the worker, unless it was. OL_OK or OL_ETRANSFORM, with the plugin's reason. */
int ol_kept_start(ol_kept *kept, ol_error *err);
/* The configuration of this payload; NULL, and OL_OK, when the plugin parses none. OL_ENOMEM, or
 * OL_ETRANSFORM with the plugin's reason as detail. */
int ol_kept_config_acquire(ol_kept *kept, ol_slice payload, ol_kept_config **config, ol_error *err);
/* NULL is fine. */
void ol_kept_config_release(ol_kept *kept, ol_kept_config *config);

#endif
