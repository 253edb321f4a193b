/* SPDX-License-Identifier: MIT */
/*
 * The server as a whole: opens the store, loads the transforms, starts one worker a loop,
 * and lives until it is told to stop. SIGTERM and SIGINT drain, SIGHUP reloads.
 */
#ifndef OL_FRONT_APP_H
#define OL_FRONT_APP_H

#include "control/config/config.h"

typedef struct ol_app_options {
    ol_config *config; /* the caller's reference; released by the caller after the run */
    /* Make a new snapshot (blocking, on a thread of its own). NULL: SIGHUP only reopens logs. */
    int (*reload)(void *arg, ol_config **config, ol_error *err);
    void *reload_arg;
    /* Everything listens; `endpoint` is "http://ADDRESS:PORT" of the first listener, `admin` that
     * of the admin listener or NULL. Called once, before the first request. May be NULL. */
    void (*on_ready)(void *arg, const char *endpoint, const char *admin);
    void *ready_arg;
} ol_app_options;

/* Blocking. The process's exit code: 0 after a clean drain, 1 when it could not start (the
 * reason is on standard error). */
int ol_app_run(const ol_app_options *options);

#endif
