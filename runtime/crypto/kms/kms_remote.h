/* SPDX-License-Identifier: MIT */
/*
 * What every KMS that is asked over HTTP has in common: connections of each loop, a deadline for the
 * whole call, tries again with full jitter, a circuit breaker, bounded answers in memory that is
 * wiped. What is said on the wire is a *dialect*'s: kms_aws.c, kms_vault.c, kms_kes.c.
 *
 * Loops are attached first (kms.h); attachments are counted. A provider is thread-safe over loops.
 * Plain HTTP is spoken to loopback only, unless an option says otherwise; TLS is always verified.
 */
#ifndef OL_CRYPTO_KMS_REMOTE_H
#define OL_CRYPTO_KMS_REMOTE_H

#include "crypto/kms/kms.h"

/* Strings are borrowed until the provider has been made. */
typedef struct ol_kms_remote_options {
    const char *name;     /* for logs and messages to the operator */
    const char *endpoint; /* "https://host[:port]"; no path */
    const char *ca_file;  /* PEM; whom to trust instead of the system's list; NULL = that */
    bool allow_plain_http; /* to any host, not loopback only: whoever is on the way reads the keys */

    /* Of one loop. */
    uint32_t connections_max;
    uint32_t waiting_max; /* calls that wait for a connection; more: OL_EKMSTHROTTLED */
    uint32_t connect_timeout_ms;
    uint32_t idle_timeout_ms;
    uint32_t deadline_ms; /* of a call, all its tries together */
    uint32_t tries_max;   /* 1: no further ones */
    uint32_t backoff_base_ms, backoff_max_ms;
    uint32_t breaker_failures; /* in a row; 0: none */
    uint32_t breaker_open_ms;
    /* Of all loops together: requests that are sent; more: OL_EKMSTHROTTLED, and nothing is sent. */
    uint32_t requests_per_s; /* 0: any number */
    uint32_t requests_burst; /* at once, after a rest; 0: as many as in a second */
} ol_kms_remote_options;

/* Everything but name and endpoint. */
void ol_kms_remote_options_default(ol_kms_remote_options *options);

/* Sums over all loops since the start; `loops` is of now. */
typedef struct ol_kms_remote_stats {
    uint64_t calls;     /* that were asked for */
    uint64_t requests;  /* tries that were sent */
    uint64_t retries;   /* of these, further ones */
    uint64_t throttled; /* answers that asked for a lower rate */
    uint64_t denied;    /* calls that the KMS refused by policy */
    uint64_t failures;  /* calls that ended without an answer worth the name */
    uint64_t late;      /* of these, past the deadline */
    uint64_t breaker_opened, breaker_refused;
    uint64_t quota_refused; /* over requests_per_s */
    uint32_t breakers_open; /* now, of `loops` */
    uint32_t loops;
} ol_kms_remote_stats;
/* Any thread. Only for providers of kms_aws.h, kms_vault.h and kms_kes.h. */
void ol_kms_remote_read_stats(const ol_kms *kms, ol_kms_remote_stats *stats);

#endif
