/* SPDX-License-Identifier: MIT */
/*
 * Uploads in parts: beginning, completing and aborting one. The parts themselves are put by the
 * sink of put.c, lists are in uploads_list.c and parts_list.c, what is decided and written in
 * assembly.c and rows_upload.c.
 *
 * An id is the time of its making and 128 random bits in hex: nobody guesses it, and the order of
 * ids is the order in which uploads of a key were begun.
 */
#include <stdio.h>
#include <sys/random.h>

#include "base/encode.h"
#include "origin/store/assembly.h"
#include "origin/store/upload_keys.h"

#define RANDOM_BYTES 16
#define PERSON_BYTES_MAX 1024 /* an id of who began it, and of who owns it */

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for an upload");
}

static int make_id(int64_t now_ms, char out[OL_STORE_UPLOAD_ID_LEN + 1], ol_error *err)
{
    uint8_t random[RANDOM_BYTES];
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return ol_error_set(err, OL_EINTERNAL, "store: no random bytes");
    int len = snprintf(out, OL_STORE_UPLOAD_ID_LEN + 1, "%012llx",
                       (unsigned long long)now_ms & 0xffffffffffffull);
    ol_hex_encode(random, sizeof random, out + len);
    return OL_OK;
}

/* ---- beginning ---- */

static void answer_created(ol_change_op *op)
{
    bool failed = op->change.err.code != 0;
    op->cb.created(op->arg, failed ? &op->change.err : NULL,
                   failed ? OL_SLICE_NONE : op->change.upload_id);
}

static int check_upload(ol_store *store, const ol_upload_request *req, ol_error *err)
{
    int result = ol_store_check_object(store, req->bucket, req->key, OL_SLICE_NONE, NULL, err);
    if (result == OL_OK)
        result = ol_store_check_text(req->tags, err);
    if (result == OL_OK)
        result = ol_store_check_text(req->acl, err);
    if (result == OL_OK &&
        (req->initiator.len > PERSON_BYTES_MAX || req->owner.len > PERSON_BYTES_MAX))
        result = ol_error_set(err, OL_EINVAL, "store: the id of an owner is too long");
    enum ol_checksum_kind kind;
    if (result != OL_OK || req->checksum_name.len == 0)
        return result;
    if (!ol_checksum_of_name(req->checksum_name, &kind))
        return ol_error_say(err, OL_EINVALIDREQUEST, "Unknown checksum algorithm.");
    if (!ol_checksum_may_be(kind, req->checksum_composite))
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The %s checksum type cannot be used with the %s checksum algorithm.",
                            req->checksum_composite ? "COMPOSITE" : "FULL_OBJECT",
                            ol_checksum_name(kind));
    return OL_OK;
}

static ol_change_op *new_upload(ol_store *store, ol_loop *loop, const ol_upload_request *req,
                                ol_slice blob, ol_slice id, int64_t now_ms)
{
    size_t bytes = blob.len + id.len + req->tags.len + req->acl.len + req->checksum_name.len +
                   req->initiator.len + req->owner.len + sizeof(ol_upload_row) + 16;
    ol_change_op *op =
        ol_change_op_new(store, loop, OL_CHANGE_UPLOAD, req->bucket, req->key, bytes);
    if (!op)
        return NULL;
    ol_upload_row *row = ol_change_op_take(op, sizeof *row);
    *row = (ol_upload_row){
        .headers_blob = ol_change_op_copy(op, blob),
        .tags = ol_change_op_copy(op, req->tags),
        .acl = ol_change_op_copy(op, req->acl),
        .checksum_composite = req->checksum_composite,
        .initiator = ol_change_op_copy(op, req->initiator),
        .owner = ol_change_op_copy(op, req->owner),
        .initiated_ms = now_ms / 1000 * 1000,
    };
    enum ol_checksum_kind kind;
    if (ol_checksum_of_name(req->checksum_name, &kind))
        row->checksum_name = ol_slice_cstr(ol_checksum_name(kind));
    op->change.upload = row;
    op->upload = row;
    op->change.upload_id = ol_change_op_copy(op, id);
    return op;
}

int ol_store_upload_create(ol_origin *o, ol_loop *loop, const ol_upload_request *req,
                           ol_upload_cb cb, void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int64_t now_ms = ol_clock_wall_ms();
    char id[OL_STORE_UPLOAD_ID_LEN + 1];
    int result = check_upload(store, req, err);
    if (result == OL_OK)
        result = make_id(now_ms, id, err);
    if (result != OL_OK)
        return result;
    ol_buf blob;
    ol_buf_init(&blob, OL_HEADERS_BLOB_BYTES_MAX);
    result = ol_headers_blob_make(&blob, req->headers, req->header_count, err);
    ol_change_op *op = NULL;
    if (result == OL_OK)
        op = new_upload(store, loop, req, ol_buf_slice(&blob), ol_slice_cstr(id), now_ms);
    ol_buf_fini(&blob);
    if (result != OL_OK)
        return result;
    if (!op)
        return no_memory(err);
    op->answer = answer_created;
    op->cb.created = cb;
    op->arg = arg;
    op->key_user = req->key_user;
    if (!req->sse || req->sse->mode == OL_SSE_NONE)
        return ol_change_op_submit(op, err);
    return ol_upload_create_with_key(op, req->sse, err);
}

/* ---- completing ---- */

static void answer_completed(ol_change_op *op)
{
    bool failed = op->change.err.code != 0;
    op->cb.put(op->arg, failed ? &op->change.err : NULL,
               failed ? NULL : op->change.assembly->result);
}

static int fill_assembly(ol_change_op *op, const ol_complete_request *req, ol_error *err)
{
    ol_assembly *a = ol_change_op_take(op, sizeof *a);
    ol_wanted_part *parts = ol_change_op_take(op, req->part_count * sizeof *parts);
    a->result = ol_change_op_take(op, sizeof *a->result);
    a->md5 = op->store->md5;
    op->change.assembly = a;
    op->change.upload_id = ol_change_op_copy(op, req->upload_id);
    op->change.conditions = (ol_conditions){
        .if_none_match_any = req->if_none_match_any,
        .if_none_match = ol_change_op_copy(op, req->if_none_match),
        .if_match = ol_change_op_copy(op, req->if_match),
    };
    return ol_assembly_take_list(a, req, parts, err);
}

int ol_store_upload_complete(ol_origin *o, ol_loop *loop, const ol_complete_request *req,
                             ol_put_cb cb, void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int64_t bucket_id;
    int result =
        ol_store_check_object(store, req->bucket, req->key, OL_SLICE_NONE, &bucket_id, err);
    if (result == OL_OK && req->part_count > OL_PARTS_MAX)
        result = ol_error_set(err, OL_EINVALIDPART, NULL);
    if (result == OL_OK)
        result = ol_store_check_text(req->if_match, err);
    if (result == OL_OK)
        result = ol_store_check_text(req->if_none_match, err);
    if (result != OL_OK)
        return result;
    if (req->upload_id.len != OL_STORE_UPLOAD_ID_LEN)
        return ol_error_set(err, OL_ENOSUCHUPLOAD, NULL);
    size_t bytes = sizeof(ol_assembly) + req->part_count * sizeof(ol_wanted_part) +
                   sizeof(ol_put_result) + 3 * 16 + req->upload_id.len + req->if_match.len +
                   req->if_none_match.len;
    ol_change_op *op =
        ol_change_op_new(store, loop, OL_CHANGE_COMPLETE, req->bucket, req->key, bytes);
    if (!op)
        return no_memory(err);
    result = fill_assembly(op, req, err);
    if (result != OL_OK) {
        ol_change_op_free(op);
        return result;
    }
    op->answer = answer_completed;
    op->cb.put = cb;
    op->arg = arg;
    op->key_user = req->key_user;
    op->customer_key = req->customer_key;
    return ol_upload_complete_with_key(op, bucket_id, err);
}

/* ---- aborting ---- */

static void answer_aborted(ol_change_op *op)
{
    op->cb.done(op->arg, op->change.err.code ? &op->change.err : NULL);
}

int ol_store_upload_abort(ol_origin *o, ol_loop *loop, ol_slice bucket, ol_slice key,
                          ol_slice upload_id, ol_done_cb cb, void *arg, ol_error *err)
{
    ol_store *store = ol_store_of(o);
    int result = ol_store_check_object(store, bucket, key, OL_SLICE_NONE, NULL, err);
    if (result != OL_OK)
        return result;
    if (upload_id.len != OL_STORE_UPLOAD_ID_LEN)
        return ol_error_set(err, OL_ENOSUCHUPLOAD, NULL);
    ol_change_op *op =
        ol_change_op_new(store, loop, OL_CHANGE_ABORT, bucket, key, upload_id.len);
    if (!op)
        return no_memory(err);
    op->change.upload_id = ol_change_op_copy(op, upload_id);
    op->answer = answer_aborted;
    op->cb.done = cb;
    op->arg = arg;
    return ol_change_op_submit(op, err);
}
