/* SPDX-License-Identifier: MIT */
/*
 * The key audit as objects in a bucket: lines gather in memory and are put as one object from time to
 * time, or when there are enough of them. A thread with a loop of its own writes; nobody waits for it.
 *
 * While the bucket is away lines are kept up to a bound and put later, in order; what no longer fits is
 * dropped, counted, and said. What was not put when the process ends is tried for a few seconds, then
 * lost, and said. PREFIXYYYY/MM/DD/HHMMSSZ-NUMBER-RANDOM.jsonl; no object is ever written twice.
 */
#ifndef OL_FRONT_KEY_AUDIT_BUCKET_H
#define OL_FRONT_KEY_AUDIT_BUCKET_H

#include "control/config/key_config.h"
#include "origin/origin.h"

typedef struct ol_key_audit_bucket ol_key_audit_bucket;

typedef struct ol_key_audit_bucket_options {
    ol_origin *origin; /* outlives it */
    /* As of a remote origin; NULL for the store. */
    int (*attach)(ol_origin *origin, ol_loop *loop, ol_error *err);
    void (*detach)(ol_origin *origin, ol_loop *loop, void (*cb)(void *arg), void *arg);
    ol_slice bucket, prefix; /* copied */
    uint32_t interval_ms;
    size_t object_bytes, buffer_bytes;
    uint32_t close_ms; /* how long a close may wait for the bucket */
} ol_key_audit_bucket_options;

/* Starts the thread. */
int ol_key_audit_bucket_open(ol_key_audit_bucket **bucket,
                             const ol_key_audit_bucket_options *options, ol_error *err);
/* Blocking. NULL is fine. */
void ol_key_audit_bucket_close(ol_key_audit_bucket *bucket);
/* Any thread; never blocks. `bucket` is an ol_key_audit_bucket. */
void ol_key_audit_bucket_line(void *bucket, ol_slice line);

typedef struct ol_key_audit_bucket_stats {
    uint64_t objects, failures, dropped; /* lines, of the last */
    size_t waiting_bytes;
} ol_key_audit_bucket_stats;
void ol_key_audit_bucket_read_stats(ol_key_audit_bucket *bucket, ol_key_audit_bucket_stats *stats);

#endif
