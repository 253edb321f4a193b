/* SPDX-License-Identifier: MIT */
/* From a request to store bytes to the plan of an upload. What the stage does with it: put.c. */
#include "origin/store/upload.h"

static int no_memory(ol_error *err)
{
    return ol_error_set(err, OL_ENOMEM, "store: no memory for a request");
}

static int keep(ol_slice *slot, ol_slice text, ol_arena *arena, ol_error *err)
{
    if (text.len == 0)
        return OL_OK;
    *slot = ol_arena_copy(arena, text);
    return slot->data ? OL_OK : no_memory(err);
}

static int keep_headers(ol_upload_plan *plan, const ol_put_request *req, ol_arena *arena,
                        ol_error *err)
{
    ol_buf blob;
    ol_buf_init(&blob, OL_HEADERS_BLOB_BYTES_MAX);
    int result = ol_headers_blob_make(&blob, req->headers, req->header_count, err);
    if (result == OL_OK)
        result = keep(&plan->headers_blob, ol_buf_slice(&blob), arena, err);
    ol_buf_fini(&blob);
    return result;
}

/* The plan's bucket, key and size are set; it is not in the arena yet. */
static int begin(const ol_upload_plan *want, ol_arena *arena, ol_upload_plan **out, ol_error *err)
{
    ol_store *store = want->store;
    int64_t bucket_id;
    int result = ol_store_check_object(store, want->bucket, want->key, OL_SLICE_NONE, &bucket_id,
                                       err);
    if (result == OL_OK && want->size > (int64_t)OL_PUT_BYTES_MAX)
        result = ol_error_set(err, OL_ETOOLARGE, NULL);
    if (result == OL_OK && ol_committer_is_broken(store->committer))
        result = ol_error_set(err, OL_EUNAVAILABLE, "store: broken since a failed write");
    if (result != OL_OK)
        return result;
    ol_upload_plan *plan = ol_arena_alloc(arena, sizeof *plan);
    if (!plan)
        return no_memory(err);
    *plan = *want;
    plan->bucket_id = bucket_id;
    *out = plan;
    result = keep(&plan->bucket, want->bucket, arena, err);
    return result == OL_OK ? keep(&plan->key, want->key, arena, err) : result;
}

int ol_store_put(ol_origin *o, const ol_put_request *req, ol_arena *arena,
                 const ol_stage_ops **ops, const void **config, ol_error *err)
{
    ol_upload_plan want = {.store = ol_store_of(o),
                           .bucket = req->bucket,
                           .key = req->key,
                           .size = req->size,
                           .checksum = req->checksum,
                           .result = req->result,
                           .sse = req->sse,
                           .key_user = req->key_user,
                           .if_none_match_any = req->if_none_match_any};
    ol_upload_plan *plan = NULL;
    int result = ol_store_check_text(req->tags, err);
    if (result == OL_OK)
        result = ol_store_check_text(req->acl, err);
    if (result == OL_OK)
        result = begin(&want, arena, &plan, err);
    if (result == OL_OK)
        result = keep_headers(plan, req, arena, err);
    if (result == OL_OK)
        result = keep(&plan->if_match, req->if_match, arena, err);
    if (result == OL_OK)
        result = keep(&plan->if_none_match, req->if_none_match, arena, err);
    if (result == OL_OK)
        result = keep(&plan->tags, req->tags, arena, err);
    if (result == OL_OK)
        result = keep(&plan->acl, req->acl, arena, err);
    *ops = &ol_upload_sink;
    *config = plan;
    return result;
}

int ol_store_upload_part(ol_origin *o, const ol_part_request *req, ol_arena *arena,
                         const ol_stage_ops **ops, const void **config, ol_error *err)
{
    ol_upload_plan want = {.store = ol_store_of(o),
                           .bucket = req->bucket,
                           .key = req->key,
                           .size = req->size,
                           .checksum = req->checksum,
                           .result = req->result,
                           .customer_key = req->customer_key,
                           .key_user = req->key_user,
                           .part_number = req->number};
    if (req->number < 1 || req->number > OL_PARTS_MAX)
        return ol_error_say(err, OL_EINVAL,
                            "Part number must be an integer between 1 and 10000, inclusive");
    /* An id that is not as long as ours is none of ours. */
    if (req->upload_id.len != OL_STORE_UPLOAD_ID_LEN)
        return ol_error_set(err, OL_ENOSUCHUPLOAD, NULL);
    ol_upload_plan *plan = NULL;
    int result = begin(&want, arena, &plan, err);
    if (result == OL_OK)
        result = keep(&plan->upload_id, req->upload_id, arena, err);
    *ops = &ol_upload_sink;
    *config = plan;
    return result;
}
