/* SPDX-License-Identifier: MIT */
/*
 * A change on its way from a loop to the committer and back: heap memory that holds the change
 * and copies of what it speaks of. Its loop is held until it has been answered.
 */
#ifndef OL_ORIGIN_STORE_CHANGE_OP_H
#define OL_ORIGIN_STORE_CHANGE_OP_H

#include "origin/store/store_private.h"

typedef struct ol_change_op ol_change_op;
struct ol_change_op {
    ol_change change;
    ol_store *store;
    ol_loop *loop;
    ol_post post;
    /* On the loop, once: calls the caller back. The op is freed after it. */
    void (*answer)(ol_change_op *op);
    union {
        ol_done_cb done;
        ol_remove_cb removed;
        ol_upload_cb created;
        ol_put_cb put;
    } cb;
    void *arg;
    uint8_t *at; /* where the next copy goes */
    uint8_t bytes[];
};

/* Room for copies of `bytes` bytes and for bucket and key, which are copied. NULL: no memory. */
ol_change_op *ol_change_op_new(ol_store *store, ol_loop *loop, enum ol_change_kind kind,
                               ol_slice bucket, ol_slice key, size_t bytes);
ol_slice ol_change_op_copy(ol_change_op *op, ol_slice text);
/* `bytes` zeroed ones, aligned for any type; count 16 more for it in `new`. */
void *ol_change_op_take(ol_change_op *op, size_t bytes);

/* OL_WAIT: answer will be called. Otherwise the op is freed. */
int ol_change_op_submit(ol_change_op *op, ol_error *err);

#endif
