/* SPDX-License-Identifier: MIT */
/*
 * A change on its way from a loop to the committer and back: heap memory that holds the change
 * and copies of what it speaks of. Its loop is held until it has been answered.
 */
#ifndef OL_ORIGIN_STORE_CHANGE_OP_H
#define OL_ORIGIN_STORE_CHANGE_OP_H

#include "origin/store/store_private.h"

typedef struct ol_change_op ol_change_op;
typedef struct ol_keying ol_keying;
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
    ol_key_user *key_user;
    const uint8_t *customer_key; /* of a completion that names one */
    struct ol_keying *keying; /* upload_keys.c; NULL: the change needs no key */
    ol_upload_row *upload;    /* change.upload, while it may change */
    uint8_t *at; /* where the next copy goes */
    uint8_t bytes[];
};

/* Room for copies of `bytes` bytes and for bucket and key, which are copied. NULL: no memory. */
ol_change_op *ol_change_op_new(ol_store *store, ol_loop *loop, enum ol_change_kind kind,
                               ol_slice bucket, ol_slice key, size_t bytes);
ol_slice ol_change_op_copy(ol_change_op *op, ol_slice text);
/* `bytes` zeroed ones, aligned for any type; count 16 more for it in `new`. */
void *ol_change_op_take(ol_change_op *op, size_t bytes);

/* Before it was submitted. */
void ol_change_op_free(ol_change_op *op);
/* On a later turn, instead of submitting: the change failed with this. Frees the op. */
void ol_change_op_fail(ol_change_op *op, const ol_error *err);

/* On a later turn: answer will be called, maybe at once. */
void ol_change_op_submit_later(ol_change_op *op);
/* upload_keys.c. NULL is fine. */
void ol_keying_free(ol_keying *keying);

/* OL_WAIT: answer will be called. Otherwise the op is freed. */
int ol_change_op_submit(ol_change_op *op, ol_error *err);

#endif
