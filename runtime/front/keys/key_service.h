/* SPDX-License-Identifier: MIT */
/*
 * The keys of a process: who keeps master keys (the local keyring, and what the configuration names
 * with `kms`), which of them answers for which key, data keys that are remembered for all workers, and
 * the line in the key audit that every use leaves.
 *
 * AUTHORIZATION IS THE CALLER'S, before every call and hit or not: whoever calls has asked access/
 * whether the identity may kms:Decrypt or kms:GenerateDataKey on the key's ARN.
 *
 * Opened before the first loop and closed after the last; loops are attached in between. It is
 * unchanged while workers run, but for what a SIGHUP renews (ol_key_service_reload).
 */
#ifndef OL_FRONT_KEY_SERVICE_H
#define OL_FRONT_KEY_SERVICE_H

#include "control/config/config.h"
#include "crypto/keys/data_key_cache.h"
#include "crypto/keys/key_audit.h"
#include "crypto/keys/keys.h"
#include "crypto/keys/opened_keys.h"
#include "crypto/kms/kms_remote.h"
#include "origin/origin.h"

typedef struct ol_key_service ol_key_service;

/* Blocking, before origins are opened. OL_ECONFIG says which keeper cannot be used and why; no
 * connection is made. */
int ol_key_service_open(ol_key_service **service, const ol_config *config, ol_error *err);
/* Blocking, after every loop has been detached and origins are closed. NULL is fine. */
void ol_key_service_close(ol_key_service *service);
/* The audit's bucket, between an origin's opening and its closing. Blocking. */
int ol_key_service_start_audit(ol_key_service *service, const ol_config *config,
                               ol_origin *const *origins, ol_error *err);
void ol_key_service_stop_audit(ol_key_service *service);
/* On the loop's thread, as of an origin. */
int ol_key_service_attach(ol_key_service *service, ol_loop *loop, ol_error *err);
void ol_key_service_detach(ol_key_service *service, ol_loop *loop, void (*cb)(void *arg), void *arg);
/* Blocking, on the main thread, at SIGHUP: the audit's file is opened anew, tokens and certificates
 * are read again, remembered data keys are forgotten. Says what came of it. */
void ol_key_service_reload(ol_key_service *service);
/* Any thread, from time to time: what may no longer be used is wiped. */
void ol_key_service_tidy(ol_key_service *service);

/* Every key, by its id or ARN: what the store asks for aws:kms, and whoever opens what clients
 * encrypted. Remembers, and writes the audit's lines. */
ol_kms *ol_key_service_kms(ol_key_service *service);
/* What AES256 is done with: sse_s3_key of the configuration, else the default key of the local keyring.
 * The same audit. */
ol_kms *ol_key_service_s3_kms(ol_key_service *service);
/* For ops->state alone: what a name means (the ARN of an alias too) and whether its key may be used, no
 * older than a data key may be remembered. No line is written. */
ol_kms *ol_key_service_names(ol_key_service *service);

/* Where the store remembers the keys of objects that were opened through these. */
ol_opened_keys *ol_key_service_opened(ol_key_service *service);

/* One keeper, as the configuration has it; also for `objlens check`. No connection is made. */
int ol_key_keeper_new(ol_kms **kms, const ol_config_kms *config, ol_error *err);

/* ---- the audit ---- */

/* A denial by policy, before any keeper was asked. `decrypt`: of kms:Decrypt, else GenerateDataKey. */
void ol_key_service_denied(ol_key_service *service, bool decrypt, const ol_key_use *use,
                           ol_slice key, ol_slice request_id);
/* A key that no keeper has: one of a client's, from its file. */
void ol_key_service_note(ol_key_service *service, const ol_key_audit_entry *entry);

/* ---- keys of clients ---- */

/* The client keys (`client_key "NAME" { … }`) that are named, in this order; with no names, all of
 * the configuration. One reference, released with ol_keys_release. Blocking (files are read): when a
 * generation is made, not for a request. OL_ECONFIG says which key or file is at fault. */
int ol_key_service_client_keys(ol_key_service *service, const ol_config *config,
                               const ol_slice *names, size_t count, ol_keys **keys, ol_error *err);

/* ---- figures ---- */

/* Of all keepers together. */
typedef struct ol_key_service_stats {
    ol_kms_remote_stats remote;
    ol_data_key_stats cache;
    ol_opened_keys_stats opened;
    uint64_t audit_dropped, audit_objects, audit_failures;
    size_t audit_waiting_bytes;
    size_t secret_bytes, secret_bytes_unlocked;
} ol_key_service_stats;
/* Any thread. */
void ol_key_service_read_stats(ol_key_service *service, ol_key_service_stats *stats);

/* One remote keeper's, for a line of its own; NULL behind the last. */
const char *ol_key_service_keeper(const ol_key_service *service, size_t index,
                                  ol_kms_remote_stats *stats);

#endif
