/* SPDX-License-Identifier: MIT */
/* How an upload comes by its key, and seals what it writes. */
#include "origin/store/upload_sealing.h"

#include "base/alloc.h"

/* A write's chunks, and a last one behind them. */
#define SEALED_BYTES                                                                               \
    (OL_UPLOAD_CHUNK_BYTES +                                                                       \
     (OL_UPLOAD_CHUNK_BYTES / OL_AT_REST_CHUNK_BYTES + 1) * OL_AT_REST_TAG_BYTES)

_Static_assert(OL_UPLOAD_CHUNK_BYTES % OL_AT_REST_CHUNK_BYTES == 0, "writes are whole chunks");

/* ---- keys ---- */

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a data key");
}

/* The key is there. */
static int take_key(ol_upload *up, ol_error *err)
{
    if (up->key_op.record.len > 0 && ol_buf_add(&up->record_bytes, ol_buf_slice(&up->key_op.record)) != 0)
        return no_memory(err);
    if (!ol_at_rest_record_read(&up->record, ol_buf_slice(&up->record_bytes)))
        return ol_error_set(err, OL_EORIGIN, "store: the record of an upload is damaged");
    up->key = up->key_op.key;
    up->key_op.key = NULL;
    return OL_OK;
}

static void on_key(ol_version_key *key_op, const ol_error *failure)
{
    ol_upload *up = (ol_upload *)((char *)key_op - offsetof(ol_upload, key_op));
    ol_error err = failure ? *failure : (ol_error){0};
    up->waits_key = false;
    if (err.code == 0)
        take_key(up, &err);
    up->on_key(up, err.code ? &err : NULL);
}

/* What make or open returned. */
static int settle(ol_upload *up, int rc, void (*on_answer)(ol_upload *upload, const ol_error *err),
                  ol_error *err)
{
    up->on_key = on_answer;
    up->waits_key = rc == OL_WAIT;
    return rc == OL_OK ? take_key(up, err) : rc;
}

static ol_version_place place_of(const ol_upload *up)
{
    return (ol_version_place){.options = &up->store->options,
                              .loop = up->loop,
                              .bucket = up->plan->bucket,
                              .key = up->plan->key,
                              .user = up->plan->key_user};
}

int ol_upload_make_key(ol_upload *up, const ol_sse *sse,
                       void (*on_answer)(ol_upload *upload, const ol_error *err), ol_error *err)
{
    if (sse->mode == OL_SSE_NONE)
        return OL_OK;
    const ol_version_place place = place_of(up);
    int rc = ol_version_key_make(&up->key_op, &place, sse, on_key, err);
    return settle(up, rc, on_answer, err);
}

int ol_upload_open_key(ol_upload *up, void (*on_answer)(ol_upload *upload, const ol_error *err),
                       ol_error *err)
{
    const ol_version_place place = place_of(up);
    int rc = ol_version_key_open(&up->key_op, &place, &up->record, NULL, on_key, err);
    return settle(up, rc, on_answer, err);
}

/* ---- parts ---- */

int ol_upload_check_part(ol_upload *up)
{
    ol_slice bytes = ol_buf_slice(&up->record_bytes);
    if (bytes.len == 0)
        return up->customer_key ? ol_version_key_unfit(&up->err) : OL_OK;
    if (!ol_at_rest_record_read(&up->record, bytes))
        return ol_error_set(&up->err, OL_EORIGIN, "store: the record of an upload is damaged");
    up->needs_key = up->record.mode != OL_SSE_C;
    return ol_version_key_of_upload(&up->key, &up->record, up->customer_key, up->bucket_name,
                                    up->key_name, &up->err);
}

/* ---- sealing ---- */

int ol_upload_begin_sealing(ol_upload *up)
{
    uint8_t id[OL_AT_REST_ID_BYTES];
    if (ol_at_rest_id_make(id) != OL_OK)
        return ol_error_set(&up->err, OL_EINTERNAL, "store: no random bytes");
    if (up->to_file && !(up->sealed = ol_malloc(SEALED_BYTES)))
        return no_memory(&up->err);
    return ol_at_rest_part_init(&up->part, up->key, up->part_number, id, &up->err);
}

int ol_upload_seal(ol_upload *up, ol_slice *bytes)
{
    size_t len = ol_at_rest_seal(&up->part, up->chunk_index, up->last, *bytes, up->sealed);
    if (len == 0 && (bytes->len > 0 || up->last))
        return ol_error_set(&up->err, OL_EINTERNAL, "store: cannot encrypt");
    up->chunk_index += bytes->len / OL_AT_REST_CHUNK_BYTES;
    *bytes = ol_slice_of(up->sealed, len);
    return OL_OK;
}
