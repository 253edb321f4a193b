/* SPDX-License-Identifier: MIT */
/*
 * The origin interface: where originals live. The embedded store implements it now, remote
 * S3 services later. Every call belongs to the loop it is made on; callbacks run there.
 *
 * Async calls follow one pattern: a negative return means "never started" (err is filled, the
 * callback will not run); OL_OK means the result is in *out already; OL_WAIT means the
 * callback will run once, on a later turn.
 */
#ifndef OL_ORIGIN_ORIGIN_H
#define OL_ORIGIN_ORIGIN_H

#include "pipeline/stage.h"

typedef struct ol_origin ol_origin;
typedef struct ol_object ol_object; /* an opened, pinned version of an original */

/* Metadata of an object. Slices live as long as the ol_object (or the list result). */
typedef struct ol_object_info {
    ol_slice key;
    uint64_t size;
    ol_slice etag;            /* without quotes */
    int64_t last_modified_ms; /* wall clock; whole seconds */
    const ol_header *headers; /* content-type, cache-control, content-disposition, content-encoding,
                                 content-language, expires, x-amz-meta-*; lower-case names */
    size_t header_count;
} ol_object_info;

typedef struct ol_object_ref {
    ol_slice bucket;
    ol_slice key;
    ol_slice if_match; /* pin: OL_EPRECONDITION unless the etag is this one; empty = any */
} ol_object_ref;

/* On success `object` is the callee's to close; on failure it is NULL and err is filled. */
typedef void (*ol_object_cb)(void *arg, const ol_error *err, ol_object *object);
typedef void (*ol_done_cb)(void *arg, const ol_error *err);

typedef struct ol_byte_range {
    uint64_t start;
    uint64_t length;
} ol_byte_range;

/* What a PUT answers. */
typedef struct ol_put_result {
    char etag[72]; /* without quotes, NUL-terminated */
    int64_t last_modified_ms;
} ol_put_result;

typedef struct ol_put_request {
    ol_slice bucket;
    ol_slice key;
    const ol_header *headers; /* what to keep, lower-case names; copied */
    size_t header_count;
    int64_t size;            /* declared length, or -1 */
    bool if_none_match_any;  /* fail with OL_EPRECONDITION if the key exists */
    ol_slice if_match;       /* fail with OL_EPRECONDITION unless the etag is this ("*": any there
                                is), with OL_ENOSUCHKEY if there is no object; empty = anything */
    ol_put_result *result;   /* filled before the sink reports itself finished */
} ol_put_request;

typedef struct ol_list_request {
    ol_slice bucket;
    ol_slice prefix;
    ol_slice delimiter;
    ol_slice start_after; /* keys and common prefixes strictly greater than this; may be empty */
    uint32_t max_keys;    /* 0..OL_LIST_KEYS_MAX */
} ol_list_request;

typedef struct ol_list_result {
    ol_arena *arena; /* owns everything below; the receiver destroys it */
    ol_object_info *objects; /* headers are not filled */
    size_t object_count;
    ol_slice *common_prefixes;
    size_t common_prefix_count;
    bool truncated;
    ol_slice next_start_after; /* pass as start_after for the next page */
} ol_list_result;
typedef void (*ol_list_cb)(void *arg, const ol_error *err, ol_list_result *result);

typedef struct ol_bucket_info {
    ol_slice name;
    int64_t created_ms;
} ol_bucket_info;

typedef struct ol_bucket_list {
    ol_arena *arena; /* as above */
    ol_bucket_info *buckets; /* by name */
    size_t count;
} ol_bucket_list;
typedef void (*ol_bucket_list_cb)(void *arg, const ol_error *err, ol_bucket_list *list);

typedef struct ol_read_cb_arg ol_read_cb_arg;
/* `got` bytes are in the span (fewer than asked only at the end of the object). */
typedef void (*ol_read_cb)(void *arg, const ol_error *err, size_t got);

typedef struct ol_origin_ops {
    const char *name;
    int (*open)(ol_origin *o, ol_loop *loop, const ol_object_ref *ref, ol_object **out,
                ol_object_cb cb, void *arg, ol_error *err);
    /* A source stage over `object`: *ops and *config for ol_pipeline_add. The object must stay
     * open until the pipeline is closed. The head it sends has the object's headers, ETag
     * (quoted), last-modified and content_length = range length. `arena` holds the config. */
    int (*body)(ol_object *object, ol_byte_range range, ol_arena *arena, const ol_stage_ops **ops,
                const void **config);
    /* Read up to span.len bytes at `offset`. The span stays valid until the callback. */
    int (*read_at)(ol_object *object, uint64_t offset, ol_span span, size_t *got, ol_read_cb cb,
                   void *arg, ol_error *err);
    const ol_object_info *(*info)(const ol_object *object);
    /* Give up every read_at that is under way: its span is not touched again, its callback is
     * dropped. The object stays open. */
    void (*drop_reads)(ol_object *object);
    void (*close_object)(ol_object *object); /* legal while a read_at runs: its callback is dropped */
    /* A sink stage that stores what it is given. Nothing is visible before it finishes; nothing
     * is left when it is closed unfinished. */
    int (*put)(ol_origin *o, const ol_put_request *req, ol_arena *arena, const ol_stage_ops **ops,
               const void **config, ol_error *err);
    /* Deleting what is not there succeeds. */
    int (*remove)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key, ol_done_cb cb,
                  void *arg, ol_error *err);
    int (*list)(ol_origin *o, ol_loop *loop, const ol_list_request *req, ol_list_cb cb, void *arg,
                ol_error *err);
    int (*bucket_create)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                         ol_error *err);
    int (*bucket_remove)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                         ol_error *err);
    /* OL_OK or OL_ENOSUCHBUCKET through the same pattern (OL_OK = exists). */
    int (*bucket_exists)(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                         ol_error *err);
    int (*bucket_list)(ol_origin *o, ol_loop *loop, ol_bucket_list_cb cb, void *arg, ol_error *err);
} ol_origin_ops;

struct ol_origin {
    const ol_origin_ops *ops; /* first member of every implementation */
};

struct ol_object {
    ol_origin *origin; /* first member of every implementation */
};

#endif
