/* SPDX-License-Identifier: MIT */
/*
 * The body of a browser's POST: first its fields, then, as the source of a pipeline, its file.
 *
 * Between the two the body stands still for as long as the fields take to be judged. The exchange
 * may go on calling back after the operation has ended, so a form source is arena memory of the
 * request and says itself when it is over.
 */
#ifndef OL_FRONT_FORM_SOURCE_H
#define OL_FRONT_FORM_SOURCE_H

#include "front/operations/operation.h"
#include "s3/upload/post_policy.h"

typedef struct ol_form_source {
    ol_operation *op;
    ol_operation_fn then_;
    ol_post_form *form;
    const ol_post_policy *policy; /* set by the caller: its sizes are kept to. May be NULL */
    ol_slice rest_;               /* of what the exchange has lent: not looked at yet */
    uint64_t bytes_;
    ol_stage *stage_; /* of the pipeline, while it lives */
    ol_post turn_;
    ol_head head_;
    int state_;
} ol_form_source;

/* A step of an operation: `then` on a later turn, when all fields are in and the file's first byte
 * is next; else the operation fails. Uses op->on_gone until then. */
void ol_form_source_begin(ol_form_source *self, ol_operation *op, ol_operation_fn then);

/* config = ol_form_source *, after `then`. Passes on the file; fails where it is not what the
 * policy allows, or breaks off. */
extern const ol_stage_ops ol_form_stage_ops;

#endif
