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
#include "net/pages.h"
#include "origin/store/buffers.h"
#include "origin/store/cache.h"
#include "origin/store/catalog.h"
#include "origin/store/committer.h"
#include "origin/store/folder.h"
#include "origin/store/janitor.h"
#include "origin/store/pins.h"
#include "origin/store/readers.h"
#include "origin/store/rows.h"
#include "origin/store/store.h"

/* Bodies up to this size stand in the database. */
#define OL_STORE_INLINE_BYTES_MAX (16 * OL_KIB)
/* Tags, an access control list: what is kept beside an object, each. */
#define OL_STORE_TEXT_BYTES_MAX (64 * OL_KIB)
/* 12 digits of time, 32 of chance. */
#define OL_STORE_UPLOAD_ID_LEN 44
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
    ol_pins *pins;
    ol_offload *read_pool, *write_pool;
    ol_buffers *buffers;
    ol_pages *pages; /* NULL: every body that is kept is on the heap */
    EVP_MD *md5;
    uint64_t rewrapped; /* atomic: records that were written anew */
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
/* There is only the version of an unversioned bucket. */
int ol_store_check_version(ol_slice version, ol_error *err);
/* What every call on an object begins with: the key is one, no other version than the one of an
 * unversioned bucket is asked for, the bucket exists (its id; may be NULL). */
int ol_store_check_object(ol_store *store, ol_slice bucket, ol_slice key, ol_slice version,
                          int64_t *bucket_id, ol_error *err);
/* OL_OK, or OL_EINVAL when it is longer than what is kept beside an object may be. */
int ol_store_check_text(ol_slice text, ol_error *err);
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
/* sink.c */
int ol_store_put(ol_origin *o, const ol_put_request *req, ol_arena *arena,
                 const ol_stage_ops **ops, const void **config, ol_error *err);
int ol_store_upload_part(ol_origin *o, const ol_part_request *req, ol_arena *arena,
                         const ol_stage_ops **ops, const void **config, ol_error *err);
/* uploads.c */
int ol_store_upload_create(ol_origin *o, ol_loop *loop, const ol_upload_request *req,
                           ol_upload_cb cb, void *arg, ol_error *err);
int ol_store_upload_complete(ol_origin *o, ol_loop *loop, const ol_complete_request *req,
                             ol_put_cb cb, void *arg, ol_error *err);
int ol_store_upload_abort(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key,
                          ol_slice upload_id, ol_done_cb cb, void *arg, ol_error *err);
/* uploads_list.c */
int ol_store_upload_list(ol_origin *o, ol_loop *loop, const ol_uploads_request *req,
                         ol_uploads_cb cb, void *arg, ol_error *err);
/* parts_list.c */
int ol_store_parts_list(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_slice upload_id,
                        uint32_t marker, uint32_t max, ol_part_list_cb cb, void *arg,
                        ol_error *err);
/* attributes.c */
int ol_store_attribute_get(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                           enum ol_attribute which, ol_text_cb cb, void *arg, ol_error *err);
int ol_store_attribute_set(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                           enum ol_attribute which, ol_slice text, ol_done_cb cb, void *arg,
                           ol_error *err);
/* list.c */
int ol_store_list(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb,
                  void *arg, ol_error *err);
/* changes.c */
int ol_store_remove(ol_origin *o, ol_loop *loop, const ol_remove_request *req, ol_remove_cb cb,
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
