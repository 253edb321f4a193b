/* SPDX-License-Identifier: MIT */
/*
 * Tags and access control lists: kept in an object's row, changed without touching what makes it
 * that version (body, ETag, date). Reading goes the way of opening, so the cache answers.
 */
#include "base/alloc.h"
#include "origin/store/change_op.h"

/* ---- reading ---- */

typedef struct get_op {
    ol_post post;
    ol_object *object;
    enum ol_attribute which;
    ol_text_cb cb;
    void *arg;
} get_op;

static void finish(get_op *op, const ol_error *err)
{
    ol_object *object = op->object;
    const ol_object_info *info = object ? ol_store_info(object) : NULL;
    ol_slice text = OL_SLICE_NONE;
    if (info)
        text = op->which == OL_ATTRIBUTE_TAGS ? info->tags : info->acl;
    ol_text_cb cb = op->cb;
    void *arg = op->arg;
    ol_free(op);
    cb(arg, err, text);
    ol_store_close_object(object);
}

static void on_object(void *arg, const ol_error *err, ol_object *object)
{
    ((get_op *)arg)->object = object;
    finish(arg, err);
}

static void on_turn(void *arg)
{
    finish(arg, NULL);
}

int ol_store_attribute_get(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                           enum ol_attribute which, ol_text_cb cb, void *arg, ol_error *err)
{
    get_op *op = ol_malloc(sizeof *op);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for an attribute");
    *op = (get_op){.post = {.fn = on_turn, .arg = op}, .which = which, .cb = cb, .arg = arg};
    /* Tags and lists are not encrypted with a customer's key. */
    ol_object_ref keyless = *ref;
    keyless.customer_key = NULL;
    keyless.without_key = true;
    int result = ol_store_open_object(o, loop, &keyless, &op->object, on_object, op, err);
    if (result < 0) {
        ol_free(op);
        return result;
    }
    /* Known at once; but a callback that may be asynchronous always is. */
    if (result == OL_OK)
        ol_loop_defer(loop, &op->post);
    return OL_WAIT;
}

/* ---- writing ---- */

static void answer_set(ol_change_op *op)
{
    op->cb.done(op->arg, op->change.err.code ? &op->change.err : NULL);
}

int ol_store_attribute_set(ol_origin *o, ol_loop *loop, const ol_object_ref *ref,
                           enum ol_attribute which, ol_slice text, ol_done_cb cb, void *arg,
                           ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int result = ol_store_check_object(store, ref->bucket, ref->key, ref->version, NULL, err);
    if (result == OL_OK)
        result = ol_store_check_text(text, err);
    if (result == OL_OK)
        result = ol_store_check_text(ref->if_match, err);
    if (result != OL_OK)
        return result;
    ol_change_op *op = ol_change_op_new(store, loop, OL_CHANGE_ATTRIBUTE, ref->bucket, ref->key,
                                        text.len + ref->if_match.len);
    if (!op)
        return ol_error_set(err, OL_ENOMEM, "store: no memory for an attribute");
    op->change.attribute = which;
    op->change.text = ol_change_op_copy(op, text);
    op->change.conditions.if_match = ol_change_op_copy(op, ref->if_match);
    op->answer = answer_set;
    op->cb.done = cb;
    op->arg = arg;
    return ol_change_op_submit(op, err);
}
