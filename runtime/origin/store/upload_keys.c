/* SPDX-License-Identifier: MIT */
#include "origin/store/upload_keys.h"

#include "base/alloc.h"
#include "origin/store/version_key.h"

/* What a change waits with. The loop is held while it does. */
struct ol_keying {
    ol_version_key key; /* first */
    ol_change_op *op;
    ol_task task;
    int64_t bucket_id;
    ol_buf bytes; /* the upload's record */
    ol_at_rest_record record;
    uint8_t table_key[OL_AT_REST_KEY_BYTES];
    ol_error err;
};

void ol_keying_free(ol_keying *self)
{
    if (!self)
        return;
    ol_version_key_fini(&self->key);
    ol_buf_fini(&self->bytes);
    ol_wipe(self->table_key, sizeof self->table_key);
    ol_free(self);
}

static ol_keying *new_keying(ol_change_op *op, ol_error *err)
{
    ol_keying *self = ol_calloc(1, sizeof *self);
    op->keying = self;
    if (!self) {
        ol_change_op_free(op);
        ol_error_set(err, OL_ENOMEM, "store: no memory for a data key");
        return NULL;
    }
    self->op = op;
    ol_buf_init(&self->bytes, OL_AT_REST_RECORD_BYTES_MAX);
    return self;
}

/* The key is there, or could not be had. */
static void go_on(ol_change_op *op, const ol_error *failure)
{
    ol_loop *loop = op->loop;
    if (failure)
        ol_change_op_fail(op, failure);
    else
        ol_change_op_submit_later(op);
    ol_loop_unhold(loop);
}

/* ---- beginning ---- */

/* A customer's key is not there when the upload is completed: what signs its table of parts stays with
 * the upload. */
static void put_record(ol_change_op *op, const ol_sse *sse)
{
    ol_keying *self = op->keying;
    op->upload->record = ol_buf_slice(&self->key.record);
    if (sse->mode != OL_SSE_C)
        return;
    ol_at_rest_table_key(self->key.key, self->table_key);
    op->upload->table_key = ol_slice_of(self->table_key, sizeof self->table_key);
}

static void on_made(ol_version_key *key, const ol_error *failure)
{
    ol_change_op *op = ((ol_keying *)key)->op;
    if (!failure)
        put_record(op, &(ol_sse){.mode = OL_SSE_NONE});
    go_on(op, failure);
}

static ol_version_place place_of(const ol_change_op *op)
{
    return (ol_version_place){.options = &op->store->options,
                              .loop = op->loop,
                              .bucket = op->change.bucket,
                              .key = op->change.key,
                              .user = op->key_user};
}

int ol_upload_create_with_key(ol_change_op *op, const ol_sse *sse, ol_error *err)
{
    ol_keying *self = new_keying(op, err);
    if (!self)
        return OL_ENOMEM;
    const ol_version_place place = place_of(op);
    int result = ol_version_key_make(&self->key, &place, sse, on_made, err);
    if (result == OL_WAIT) {
        ol_loop_hold(op->loop);
        return OL_WAIT;
    }
    if (result != OL_OK) {
        ol_change_op_free(op);
        return result;
    }
    put_record(op, sse);
    return ol_change_op_submit(op, err);
}

/* ---- completing ---- */

static void on_opened(ol_version_key *key, const ol_error *failure)
{
    ol_keying *self = (ol_keying *)key;
    self->op->change.data_key = self->key.key;
    go_on(self->op, failure);
}

static void read_record(ol_task *task)
{
    ol_keying *self = task->arg;
    ol_change_op *op = self->op;
    ol_upload_found found;
    ol_reader *reader = ol_readers_take(&op->store->readers);
    ol_reader_find_upload(reader, self->bucket_id, op->change.key, op->change.upload_id, &found,
                          &self->bytes, &self->err);
    ol_readers_give(&op->store->readers, reader);
}

/* OL_OK: nothing to wait for. */
static int open_key(ol_keying *self, ol_error *err)
{
    ol_change_op *op = self->op;
    /* One that is not there may have been completed before: the committer knows. */
    if (self->err.code == OL_ENOSUCHUPLOAD)
        return OL_OK;
    if (self->err.code != 0) {
        *err = self->err;
        return err->code;
    }
    if (self->bytes.len == 0)
        return op->customer_key ? ol_version_key_unfit(err) : OL_OK;
    if (!ol_at_rest_record_read(&self->record, ol_buf_slice(&self->bytes)))
        return ol_error_set(err, OL_EORIGIN, "store: the record of an upload is damaged");
    /* A customer's key need not be sent once more: without it nothing vouches for the table. */
    if (self->record.mode == OL_SSE_C && !op->customer_key)
        return OL_OK;
    if (op->customer_key) {
        int fits = ol_version_key_of_upload(&self->key.key, &self->record, op->customer_key,
                                            op->change.bucket, op->change.key, err);
        op->change.data_key = self->key.key;
        return fits;
    }
    const ol_version_place place = place_of(op);
    int result = ol_version_key_open(&self->key, &place, &self->record, NULL, on_opened, err);
    op->change.data_key = self->key.key;
    return result;
}

static void on_read(ol_task *task)
{
    ol_keying *self = task->arg;
    ol_error err = {0};
    int result = open_key(self, &err);
    if (result != OL_WAIT)
        go_on(self->op, result == OL_OK ? NULL : &err);
}

int ol_upload_complete_with_key(ol_change_op *op, int64_t bucket_id, ol_error *err)
{
    ol_keying *self = new_keying(op, err);
    if (!self)
        return OL_ENOMEM;
    self->bucket_id = bucket_id;
    self->task = (ol_task){.work = read_record, .done = on_read, .loop = op->loop, .arg = self};
    ol_loop_hold(op->loop);
    if (ol_offload_submit(op->store->read_pool, &self->task) == OL_OK)
        return OL_WAIT;
    ol_loop_unhold(op->loop);
    ol_change_op_free(op);
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many reads wait");
}
