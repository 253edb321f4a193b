/* SPDX-License-Identifier: MIT */
/* Changes that travel alone, without a stage that feeds them. */
#include "origin/store/change_op.h"

#include <stdalign.h>

#include "base/alloc.h"
#include "origin/store/copy.h"

static void on_turn(void *arg)
{
    ol_change_op *op = arg;
    ol_loop *loop = op->loop;
    op->answer(op);
    ol_change_op_free(op);
    ol_loop_unhold(loop);
}

/* On the committer's thread. */
static void on_committed(ol_change *change)
{
    ol_change_op *op = (ol_change_op *)change;
    ol_loop_post(op->loop, &op->post);
}

ol_change_op *ol_change_op_new(ol_store *store, ol_loop *loop, enum ol_change_kind kind,
                               ol_slice bucket, ol_slice key, size_t bytes)
{
    ol_change_op *op = ol_malloc(sizeof *op + bucket.len + key.len + bytes);
    if (!op)
        return NULL;
    *op = (ol_change_op){
        .change = {.kind = kind, .done = on_committed},
        .store = store,
        .loop = loop,
    };
    op->post = (ol_post){.fn = on_turn, .arg = op};
    op->at = op->bytes;
    op->change.bucket = ol_change_op_copy(op, bucket);
    op->change.key = ol_change_op_copy(op, key);
    return op;
}

ol_slice ol_change_op_copy(ol_change_op *op, ol_slice text)
{
    return ol_put_slice(&op->at, text);
}

void *ol_change_op_take(ol_change_op *op, size_t bytes)
{
    uintptr_t mask = alignof(max_align_t) - 1;
    op->at += -(uintptr_t)op->at & mask;
    void *taken = memset(op->at, 0, bytes);
    op->at += bytes;
    return taken;
}

void ol_change_op_free(ol_change_op *op)
{
    ol_keying_free(op->keying);
    ol_free(op);
}

static int submit(ol_change_op *op, ol_error *err)
{
    ol_loop *loop = op->loop;
    ol_loop_hold(loop);
    int result = ol_committer_submit(op->store->committer, &op->change, err);
    if (result == OL_OK)
        return OL_WAIT;
    ol_loop_unhold(loop);
    return result;
}

int ol_change_op_submit(ol_change_op *op, ol_error *err)
{
    int result = submit(op, err);
    if (result != OL_WAIT)
        ol_change_op_free(op);
    return result;
}

void ol_change_op_submit_later(ol_change_op *op)
{
    ol_error err = {0};
    if (submit(op, &err) != OL_WAIT)
        ol_change_op_fail(op, &err);
}

void ol_change_op_fail(ol_change_op *op, const ol_error *err)
{
    op->change.err = *err;
    op->answer(op);
    ol_change_op_free(op);
}
