/* SPDX-License-Identifier: MIT */
/*
 * Changes without a body (removing an object, creating and removing buckets), and what is asked
 * about buckets, which the catalog answers from memory.
 */
#include <semaphore.h>

#include "base/alloc.h"
#include "origin/store/change_op.h"

static void answer_done(ol_change_op *op)
{
    op->cb.done(op->arg, op->change.err.code ? &op->change.err : NULL);
}

static void answer_removed(ol_change_op *op)
{
    const ol_remove_result result = {.delete_marker = false};
    bool failed = op->change.err.code != 0;
    op->cb.removed(op->arg, failed ? &op->change.err : NULL, failed ? NULL : &result);
}

int ol_store_remove(ol_origin *o, ol_loop *loop, const ol_remove_request *req, ol_remove_cb cb,
                    void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int result = ol_store_check_object(store, req->bucket, req->key, req->version, NULL, err);
    if (result != OL_OK)
        return result;
    ol_change_op *op = ol_change_op_new(store, loop, OL_CHANGE_REMOVE, req->bucket, req->key,
                                        req->if_match.len);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a change");
    op->change.conditions = (ol_conditions){
        .if_match = ol_change_op_copy(op, req->if_match),
        .has_modified = req->if_modified_ms >= 0,
        .if_modified_ms = req->if_modified_ms,
        .has_size = req->if_size >= 0,
        .if_size = req->if_size,
    };
    op->answer = answer_removed;
    op->cb.removed = cb;
    op->arg = arg;
    return ol_change_op_submit(op, err);
}

/* ---- buckets ---- */

static int submit_bucket(ol_store *store, ol_loop *loop, enum ol_change_kind kind, ol_slice bucket,
                         ol_done_cb cb, void *arg, ol_error *err)
{
    ol_change_op *op = ol_change_op_new(store, loop, kind, bucket, OL_SLICE_NONE, 0);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a change");
    op->answer = answer_done;
    op->cb.done = cb;
    op->arg = arg;
    return ol_change_op_submit(op, err);
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
    return submit_bucket(ol_store_of(o), loop, OL_CHANGE_BUCKET_CREATE, bucket, cb, arg, err);
}

int ol_store_bucket_remove(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_done_cb cb, void *arg,
                           ol_error *err)
{
    int result = ol_store_find_bucket(ol_store_of(o), bucket, NULL, err);
    if (result != OL_OK)
        return result;
    return submit_bucket(ol_store_of(o), loop, OL_CHANGE_BUCKET_REMOVE, bucket, cb, arg, err);
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
