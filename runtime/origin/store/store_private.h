/* SPDX-License-Identifier: MIT */
/*
 * The store's body, for this room only. What is shared between threads guards itself; the rest
 * is set when the store opens and constant until it closes.
 *
 * Threads: loops (call the ops; touch memory only), read threads (database lookups, reads of
 * files), write threads (hashing, writing and syncing uploads), the committer (the only writer
 * of the database), the janitor (removes files).
 */
#ifndef OL_ORIGIN_STORE_STORE_PRIVATE_H
#define OL_ORIGIN_STORE_STORE_PRIVATE_H

#include <openssl/evp.h>
#include <stdatomic.h>

#include "net/offload.h"
#include "origin/store/buffers.h"
#include "origin/store/cache.h"
#include "origin/store/catalog.h"
#include "origin/store/committer.h"
#include "origin/store/folder.h"
#include "origin/store/janitor.h"
#include "origin/store/readers.h"
#include "origin/store/rows.h"
#include "origin/store/store.h"

/* Bodies up to this size stand in the database. */
#define OL_STORE_INLINE_BYTES_MAX (16 * OL_KIB)
#define OL_STORE_QUEUE_MAX 8192 /* tasks that wait for a pool's thread */
#define OL_STORE_FILES_MAX 512 /* descriptors that the cache may keep open */

typedef struct ol_store {
    ol_origin origin; /* first */
    ol_store_options options;
    ol_folder folder;
    ol_catalog catalog;
    ol_cache *cache;
    ol_readers readers;
    ol_committer *committer;
    ol_janitor *janitor;
    ol_offload *read_pool, *write_pool;
    ol_buffers *buffers;
    EVP_MD *md5;
    atomic_size_t live_bytes; /* of entries that readers made, in the cache or pinned by requests */
} ol_store;

static inline ol_store *ol_store_of(ol_origin *origin)
{
    return (ol_store *)origin;
}

static inline ol_handle *ol_handle_of(const ol_object *object)
{
    return (ol_handle *)object;
}

/* A line for the operator. */
void ol_store_warn(const ol_store_options *options, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* OL_OK, or what is wrong with it. */
int ol_store_check_key(ol_slice key, ol_error *err);
/* OL_OK with the bucket's id, or OL_ENOSUCHBUCKET. */
int ol_store_find_bucket(ol_store *store, ol_slice bucket, int64_t *id, ol_error *err);

/* object.c */
int ol_store_open_object(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
                         ol_object_cb cb, void *arg, ol_error *err);
const ol_object_info *ol_store_info(const ol_object *object);
void ol_store_close_object(ol_object *object);
/* load.c: a row and its file, on a read thread. The entry is offered to the cache. */
int ol_store_load(ol_store *store, uint64_t hash, int64_t bucket_id, ol_slice bucket, ol_slice key,
                  ol_entry **entry, ol_error *err);
/* read_at.c */
int ol_store_read_at(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                     void *arg, ol_error *err);
void ol_store_drop_reads(ol_handle *handle);
void ol_store_drop_object_reads(ol_object *object);
/* body.c */
int ol_store_body(ol_object *object, ol_byte_range range, ol_arena *arena,
                  const ol_stage_ops **ops, const void **config);
/* upload.c */
int ol_store_put(ol_origin *o, const ol_put_request *req, ol_arena *arena,
                 const ol_stage_ops **ops, const void **config, ol_error *err);
/* list.c */
int ol_store_list(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb,
                  void *arg, ol_error *err);
/* changes.c */
int ol_store_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key, ol_done_cb cb,
                    void *arg, ol_error *err);
int ol_store_bucket_create(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err);
int ol_store_bucket_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err);
int ol_store_bucket_exists(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err);
int ol_store_bucket_list(ol_origin *o, ol_loop *loop, ol_bucket_list_cb cb, void *arg,
                         ol_error *err);

#endif
