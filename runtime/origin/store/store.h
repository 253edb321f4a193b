/* SPDX-License-Identifier: MIT */
/*
 * The embedded store: an origin in a folder. Metadata in SQLite, bodies in files named by
 * random ids (small ones beside the metadata), durable before a PUT is answered, read-after-write
 * across all loops. One process at a time may hold the folder.
 */
#ifndef OL_ORIGIN_STORE_STORE_H
#define OL_ORIGIN_STORE_STORE_H

#include "crypto/keys/opened_keys.h"
#include "crypto/kms/kms.h"
#include "origin/origin.h"

typedef struct ol_store_options {
    const char *path;            /* data folder; made (0700) if absent */
    size_t cache_bytes_max;      /* hot metadata and small bodies; 0 = no cache */
    size_t cache_object_bytes_max; /* largest body that is cached; 1 MiB at most */
    unsigned read_threads;
    unsigned write_threads;
    /* Where the data keys of encrypted objects come from; all outlive the store. NULL: aws:kms
     * (and AES256) are refused, keys of the customer's are not. */
    ol_kms *kms;
    ol_kms *s3_kms;     /* for AES256; NULL: `kms` does it */
    const char *s3_key; /* its key's id there; NULL: the default one */
    ol_opened_keys *opened; /* keys of objects that were opened by these; NULL: none is remembered */
    /* One line for the operator, from any thread: the store refuses writes from now on, files
     * were left over from a crash. NULL: standard error. */
    void (*warn)(void *arg, const char *line);
    void *warn_arg;
} ol_store_options;

void ol_store_options_default(ol_store_options *options);
/* Blocking: at start, before any loop runs. Recovers from a crash. */
int ol_store_open(ol_origin **origin, const ol_store_options *options, ol_error *err);
/* Blocking; after all loops have stopped, every object has been closed, and every arena that was
 * given to `body` has ended. */
void ol_store_close(ol_origin *origin);
/* Blocking, at start: create a bucket if it is absent. */
int ol_store_ensure_bucket(ol_origin *origin, ol_slice bucket, ol_error *err);

typedef struct ol_store_stats {
    uint64_t cache_hits, cache_misses, cache_bytes, commits, commit_batches;
    uint64_t rewrapped; /* data keys, by newer versions of their master keys */
} ol_store_stats;
void ol_store_stats_get(ol_origin *origin, ol_store_stats *out);

#endif
