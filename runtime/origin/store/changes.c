/* SPDX-License-Identifier: MIT */
/*
 * Changes without a body (removing an object, creating and removing buckets), and what is asked
 * about buckets, which the catalog answers from memory.
 */
#include <semaphore.h>

#include "base/alloc.h"
#include "origin/store/store_private.h"

typedef struct change_op {
    ol_change change;
    ol_loop *loop;
    ol_post post;
    ol_done_cb cb;
    void *arg;
    uint8_t bytes[];
} change_op;

static void on_turn(void *arg)
{
    change_op *op = arg;
    ol_loop *loop = op->loop;
    ol_error err = op->change.err;
    ol_done_cb cb = op->cb;
    void *cb_arg = op->arg;
    ol_free(op);
    cb(cb_arg, err.code ? &err : NULL);
    ol_loop_unhold(loop);
}

/* On the committer's thread. */
static void on_committed(ol_change *change)
{
    change_op *op = (change_op *)change;
    ol_loop_post(op->loop, &op->post);
}

/* What a caller hands in: kind, bucket, key. */
static int submit(ol_store *store, ol_loop *loop, const ol_change *want, ol_done_cb cb, void *arg,
                  ol_error *err)
{
    change_op *op = ol_malloc(sizeof *op + want->bucket.len + want->key.len);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a change");
    *op = (change_op){.change = *want, .loop = loop, .cb = cb, .arg = arg};
    op->post = (ol_post){.fn = on_turn, .arg = op};
    op->change.done = on_committed;
    memcpy(op->bytes, want->bucket.data, want->bucket.len);
    op->change.bucket.data = op->bytes;
    if (want->key.len > 0)
        memcpy(op->bytes + want->bucket.len, want->key.data, want->key.len);
    op->change.key.data = op->bytes + want->bucket.len;
    ol_loop_hold(loop);
    int result = ol_committer_submit(store->committer, &op->change, err);
    if (result == OL_OK)
        return OL_WAIT;
    ol_loop_unhold(loop);
    ol_free(op);
    return result;
}

int ol_store_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key, ol_done_cb cb,
                    void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int result = ol_store_check_key(key, err);
    if (result == OL_OK)
        result = ol_store_find_bucket(store, bucket, NULL, err);
    if (result != OL_OK)
        return result;
    ol_change want = {.kind = OL_CHANGE_REMOVE, .bucket = bucket, .key = key};
    return submit(store, loop, &want, cb, arg, err);
}

static int check_bucket_name(ol_slice bucket, ol_error *err)
{
    if (bucket.len >= 1 && bucket.len <= OL_BUCKET_NAME_MAX)
        return OL_OK;
    return ol_error_set(err, OL_EINVALIDBUCKET, NULL);
}

int ol_store_bucket_create(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err)
{
    int result = check_bucket_name(bucket, err);
    if (result != OL_OK)
        return result;
    ol_change want = {.kind = OL_CHANGE_BUCKET_CREATE, .bucket = bucket};
    return submit(ol_store_of(o), loop, &want, cb, arg, err);
}

int ol_store_bucket_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err)
{
    int result = ol_store_find_bucket(ol_store_of(o), bucket, NULL, err);
    if (result != OL_OK)
        return result;
    ol_change want = {.kind = OL_CHANGE_BUCKET_REMOVE, .bucket = bucket};
    return submit(ol_store_of(o), loop, &want, cb, arg, err);
}

int ol_store_bucket_exists(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err)
{
    (void)loop, (void)cb, (void)arg;
    return ol_store_find_bucket(ol_store_of(o), bucket, NULL, err);
}

/* ---- the list of buckets ---- */

typedef struct list_op {
    ol_post post;
    ol_bucket_list *list;
    ol_bucket_list_cb cb;
    void *arg;
} list_op;

static void on_list_turn(void *arg)
{
    list_op op = *(list_op *)arg;
    ol_free(arg);
    op.cb(op.arg, NULL, op.list);
}

/* Known at once; but a callback that may be asynchronous always is. */
int ol_store_bucket_list(ol_origin *o, ol_loop *loop, ol_bucket_list_cb cb, void *arg,
                         ol_error *err)
{
    ol_bucket_list *list;
    list_op *op = ol_malloc(sizeof *op);
    if (!op || ol_catalog_list(&ol_store_of(o)->catalog, &list) != OL_OK) {
        ol_free(op);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a list");
    }
    *op = (list_op){.post = {.fn = on_list_turn, .arg = op}, .list = list, .cb = cb, .arg = arg};
    ol_loop_defer(loop, &op->post);
    return OL_WAIT;
}

/* ---- at start ---- */

typedef struct waiter {
    ol_change change;
    sem_t done;
} waiter;

static void on_done(ol_change *change)
{
    sem_post(&((waiter *)change)->done);
}

int ol_store_ensure_bucket(ol_origin *origin, ol_slice bucket, ol_error *err)
{
    ol_store *store = ol_store_of(origin);
    int result = check_bucket_name(bucket, err);
    if (result != OL_OK || ol_catalog_find(&store->catalog, bucket, NULL))
        return result;
    waiter w = {.change = {.kind = OL_CHANGE_BUCKET_CREATE, .bucket = bucket, .done = on_done}};
    sem_init(&w.done, 0, 0);
    result = ol_committer_submit(store->committer, &w.change, err);
    if (result == OL_OK) {
        while (sem_wait(&w.done) != 0)
            continue; /* a signal */
        result = w.change.err.code == OL_EBUCKETEXISTS ? OL_OK : w.change.err.code;
    }
    sem_destroy(&w.done);
    if (result != OL_OK && err && err->code == 0)
        *err = w.change.err;
    return result;
}
