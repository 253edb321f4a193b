/* SPDX-License-Identifier: MIT */
/*
 * The life of an upload off the loop. A write thread hashes and writes one chunk at a time and,
 * with the last one, syncs the file. The committer then has the file: it moves or removes it.
 * Until then the upload does.
 */
#include "origin/store/upload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/encode.h"
#include "crypto/keys/secret.h"
#include "origin/store/copy.h"
#include "origin/store/threads.h"
#include "origin/store/upload_sealing.h"

/* Start writing back early, so that the sync at the end is short and the disk's queue too. */
#define WRITE_BACK_BYTES (8 * OL_MIB)

static void discard_file(ol_upload *up)
{
    if (up->fd >= 0)
        close(up->fd);
    up->fd = -1;
    if (up->has_file)
        ol_janitor_remove_temp(up->store->janitor, &up->file);
    up->has_file = false;
}

static void upload_free(ol_upload *up)
{
    discard_file(up);
    for (int i = 0; i < 2; i++)
        ol_free(up->chunks[i].data);
    ol_version_key_fini(&up->key_op);
    ol_at_rest_part_fini(&up->part);
    ol_at_rest_key_release(up->key);
    ol_secret_free(up->customer_key, OL_SSE_KEY_BYTES);
    ol_buf_fini(&up->record_bytes);
    ol_free(up->sealed);
    EVP_MD_CTX_free(up->md5);
    if (up->summing)
        ol_checksum_fini(&up->sum);
    ol_entry_release(up->entry);
    ol_free(up);
}

static bool is_part(const ol_upload *up)
{
    return up->upload_id.len > 0;
}

/* Only what has nothing else to bring; known before the first byte, since it is computed on the
 * way. */
static bool wants_sum(const ol_upload_plan *plan)
{
    return plan->part_number != 0 && (!plan->checksum || plan->checksum->name[0] == '\0');
}

int ol_upload_new(ol_upload **out, const ol_upload_plan *plan, ol_stage *stage,
                  size_t chunk_bytes, ol_error *err)
{
    *out = NULL;
    bool part = plan->part_number != 0;
    ol_upload *up = ol_calloc(1, sizeof *up + (part ? plan->upload_id.len + plan->bucket.len + plan->key.len : 0));
    uint8_t *data = up ? ol_malloc(chunk_bytes) : NULL;
    if (!data) {
        ol_free(up);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for an upload");
    }
    up->plan = plan;
    up->store = plan->store;
    up->loop = ol_stage_loop(stage);
    up->stage = stage;
    up->chunk_bytes = chunk_bytes;
    up->chunks[0].data = data;
    up->fd = -1;
    ol_buf_init(&up->record_bytes, OL_AT_REST_RECORD_BYTES_MAX);
    if (part) {
        uint8_t *at = up->bytes;
        up->bucket_id = plan->bucket_id;
        up->upload_id = ol_put_slice(&at, plan->upload_id);
        up->part_number = plan->part_number;
        up->bucket_name = ol_put_slice(&at, plan->bucket);
        up->key_name = ol_put_slice(&at, plan->key);
        up->to_file = true;
        up->sums = wants_sum(plan);
    }
    if (plan->customer_key && !(up->customer_key = ol_secret_alloc(OL_SSE_KEY_BYTES))) {
        upload_free(up);
        return ol_error_set(err, OL_ENOMEM, "store: no memory for a key");
    }
    if (plan->customer_key)
        memcpy(up->customer_key, plan->customer_key, OL_SSE_KEY_BYTES);
    *out = up;
    return OL_OK;
}

void ol_upload_close(ol_upload *up)
{
    up->stage = NULL;
    if (up->writing)
        return;
    if (up->committing) {
        /* Too late to take it back: the answer, when it comes, frees it. */
        if (!ol_committer_cancel(up->store->committer, &up->change))
            return;
        ol_loop_unhold(up->loop);
        up->has_file = up->entry->has_file;
    }
    upload_free(up);
}

/* ---- on a write thread ---- */

static int write_error(ol_upload *up, int number, const char *doing)
{
    bool full = number == ENOSPC || number == EDQUOT || number == EFBIG;
    return ol_error_set(&up->err, full ? OL_ENOSPACE : OL_EINTERNAL, "store: cannot %s: %s", doing,
                        strerror(number));
}

/* An upload that is not there is told before its part has been written; and it says what checksum
 * its parts bear. */
static int begin_part(ol_upload *up)
{
    ol_upload_found found;
    ol_reader *reader = ol_readers_take(&up->store->readers);
    int result = ol_reader_find_upload(reader, up->bucket_id, up->key_name, up->upload_id, &found,
                                       &up->record_bytes, &up->err);
    ol_readers_give(&up->store->readers, reader);
    up->looked = true;
    if (result == OL_OK)
        result = ol_upload_check_part(up);
    if (result != OL_OK || !up->sums)
        return result;
    enum ol_checksum_kind kind = OL_CHECKSUM_CRC64NVME; /* when nobody named one */
    ol_checksum_of_name(ol_slice_cstr(found.checksum_name), &kind);
    result = ol_checksum_init(&up->sum, kind);
    up->summing = result == OL_OK;
    return up->summing ? OL_OK : ol_error_set(&up->err, result, "store: cannot hash");
}

static int begin_file(ol_upload *up)
{
    if (is_part(up) && !up->looked && begin_part(up) != OL_OK)
        return up->err.code;
    if (up->needs_key)
        return OL_WAIT;
    if (up->key && ol_upload_begin_sealing(up) != OL_OK)
        return up->err.code;
    up->md5 = EVP_MD_CTX_new();
    if (!up->md5 || EVP_DigestInit_ex2(up->md5, up->store->md5, NULL) != 1)
        return ol_error_set(&up->err, OL_ENOMEM, "store: cannot hash");
    if (ol_file_id_make(&up->file) != OL_OK)
        return ol_error_set(&up->err, OL_EINTERNAL, "store: no random bytes");
    up->fd = ol_folder_temp_create(&up->store->folder, &up->file);
    if (up->fd < 0)
        return write_error(up, -up->fd, "create a file");
    up->has_file = true;
    return OL_OK;
}

static int write_chunk(ol_upload *up, ol_slice bytes)
{
    bool digest = !up->key || ol_sse_has_md5(up->record.mode);
    if ((digest && EVP_DigestUpdate(up->md5, bytes.data, bytes.len) != 1) ||
        (up->summing && ol_checksum_update(&up->sum, bytes) != OL_OK))
        return ol_error_set(&up->err, OL_EINTERNAL, "store: cannot hash");
    if (up->key && ol_upload_seal(up, &bytes) != OL_OK)
        return up->err.code;
    int result = ol_folder_temp_write(up->fd, &up->file, bytes, up->written);
    if (result < 0)
        return write_error(up, -result, "write a file");
    uint64_t before = up->written / WRITE_BACK_BYTES;
    up->written += bytes.len;
    /* Advice: if it fails, the sync at the end does all the work. */
    if (up->written / WRITE_BACK_BYTES != before)
        (void)sync_file_range(up->fd, (off_t)(before * WRITE_BACK_BYTES), WRITE_BACK_BYTES,
                              SYNC_FILE_RANGE_WRITE);
    return OL_OK;
}

static int seal_file(ol_upload *up)
{
    if (EVP_DigestFinal_ex(up->md5, up->digest, NULL) != 1)
        return ol_error_set(&up->err, OL_EINTERNAL, "store: cannot hash");
    int result = ol_folder_temp_sync(up->fd, &up->file);
    close(up->fd);
    up->fd = -1;
    if (result == 0)
        return OL_OK;
    write_error(up, -result, "sync a file");
    if (up->err.code != OL_ENOSPACE)
        ol_committer_break(up->store->committer, "the sync of a file failed");
    return up->err.code;
}

static void work(ol_task *task)
{
    ol_upload *up = task->arg;
    ol_thread_stand_back(OL_NICE_WRITER);
    const ol_upload_chunk *chunk = &up->chunks[up->filling ^ 1];
    int result = up->fd >= 0 ? OL_OK : begin_file(up);
    if (result == OL_OK)
        result = write_chunk(up, ol_slice_of(chunk->data, chunk->len));
    if (result == OL_OK && up->last)
        seal_file(up);
}

/* ---- on the loop ---- */

int ol_upload_start_write(ol_upload *up, bool last, void (*done)(ol_task *task), ol_error *err)
{
    ol_upload_chunk *other = &up->chunks[up->filling ^ 1];
    if (!last && !other->data) {
        other->data = ol_malloc(up->chunk_bytes);
        if (!other->data)
            return ol_error_set(err, OL_ENOMEM, "store: no memory for an upload");
    }
    other->len = 0;
    up->filling ^= 1;
    up->last = last;
    up->task = (ol_task){.work = work, .done = done, .loop = up->loop, .arg = up};
    return ol_upload_write_again(up, err);
}

int ol_upload_write_again(ol_upload *up, ol_error *err)
{
    up->writing = true;
    if (ol_offload_submit(up->store->write_pool, &up->task) == OL_OK)
        return OL_OK;
    up->writing = false;
    return ol_error_set(err, OL_ESLOWDOWN, "store: too many writes wait");
}

bool ol_upload_after_write(ol_upload *up)
{
    up->writing = false;
    if (up->stage)
        return true;
    upload_free(up);
    return false;
}

/* ---- the commit ---- */

static void on_answer_turn(void *arg)
{
    ol_upload *up = arg;
    ol_loop *loop = up->loop;
    up->committing = false;
    if (up->stage)
        up->on_answered(up);
    else
        upload_free(up);
    ol_loop_unhold(loop);
}

/* A commit answers many at once, and each answer brings the next PUT: readers come between. */
static void on_turn(void *arg)
{
    ol_upload *up = arg;
    if (ol_loop_may_go(up->loop)) {
        on_answer_turn(up);
        return;
    }
    up->answered = (ol_post){.fn = on_answer_turn, .arg = up};
    ol_loop_line_up(up->loop, &up->answered);
}

/* On the committer's thread. */
static void on_committed(ol_change *change)
{
    ol_upload *up = (ol_upload *)((char *)change - offsetof(ol_upload, change));
    ol_loop_post(up->loop, &up->answered);
}

/* What will be stored: what the caller knows by now, or what was computed. */
static int settle_checksum(ol_upload *up, ol_error *err)
{
    const ol_object_checksum *given = up->plan->checksum;
    if (given && given->text[0] != '\0') {
        up->checksum = *given;
        return OL_OK;
    }
    if (!up->summing)
        return OL_OK;
    uint8_t value[OL_CHECKSUM_BYTES_MAX];
    size_t len;
    if (ol_checksum_final(&up->sum, value, &len) != OL_OK)
        return ol_error_set(err, OL_EINTERNAL, "store: cannot hash");
    snprintf(up->checksum.name, sizeof up->checksum.name, "%s", ol_checksum_name(up->sum.kind));
    ol_checksum_text(value, len, up->checksum.text);
    return OL_OK;
}

static int make_entry(ol_upload *up, ol_error *err)
{
    const ol_upload_plan *plan = up->plan;
    const ol_upload_chunk *chunk = &up->chunks[0];
    if (!up->to_file &&
        EVP_Digest(chunk->data, chunk->len, up->digest, NULL, up->store->md5, NULL) != 1)
        return ol_error_set(err, OL_EINTERNAL, "store: cannot hash");
    if (up->key && !up->to_file && ol_upload_begin_sealing(up) != OL_OK)
        return ol_error_set(err, up->err.code, "store: no memory for a data key");
    if (up->key && !ol_sse_has_md5(up->record.mode) &&
        ol_at_rest_id_make(up->digest) != OL_OK) /* tells nothing of the body */
        return ol_error_set(err, OL_EINTERNAL, "store: no random bytes");
    if (up->key)
        ol_at_rest_mark_make(up->key, plan->part_number, up->total, up->part.id, up->mark);
    char etag[2 * sizeof up->digest + 1];
    ol_hex_encode(up->digest, sizeof up->digest, etag);
    ol_entry_spec spec = {.origin = &up->store->origin,
                          .bucket = plan->bucket,
                          .key = plan->key,
                          .headers_blob = plan->headers_blob,
                          .tags = plan->tags,
                          .acl = plan->acl,
                          .checksum = up->checksum,
                          .etag = ol_slice_cstr(etag),
                          .record = is_part(up) ? OL_SLICE_NONE : ol_buf_slice(&up->record_bytes),
                          .mark = ol_slice_of(up->mark, up->key ? sizeof up->mark : 0),
                          .size = up->total,
                          .in_memory = !up->to_file};
    int result = ol_entry_new(&up->entry, &spec, err);
    if (result != OL_OK)
        return result;
    if (!up->to_file && up->key &&
        ol_at_rest_seal(&up->part, 0, true, ol_slice_of(chunk->data, chunk->len),
                        up->entry->body_space) == 0)
        return ol_error_set(err, OL_EINTERNAL, "store: cannot encrypt");
    if (!up->to_file && !up->key && chunk->len > 0)
        memcpy(up->entry->body_space, chunk->data, chunk->len);
    up->entry->has_file = up->to_file;
    up->entry->file = up->file;
    return OL_OK;
}

static int make_change(ol_upload *up, ol_error *err)
{
    const ol_upload_plan *plan = up->plan;
    /* An etag that is longer than ours cannot be one of ours. */
    if (plan->if_match.len >= sizeof up->if_match)
        return ol_error_set(err, OL_EPRECONDITION, NULL);
    if (plan->if_match.len > 0)
        memcpy(up->if_match, plan->if_match.data, plan->if_match.len);
    bool possible = plan->if_none_match.len > 0 && plan->if_none_match.len < OL_ETAG_SIZE;
    if (possible)
        memcpy(up->if_none_match, plan->if_none_match.data, plan->if_none_match.len);
    up->change = (ol_change){
        .kind = is_part(up) ? OL_CHANGE_PART : OL_CHANGE_PUT,
        .bucket = up->entry->bucket,
        .key = up->entry->info.key,
        .entry = up->entry,
        .conditions = {.if_none_match_any = plan->if_none_match_any,
                       .if_none_match =
                           ol_slice_of(up->if_none_match, possible ? plan->if_none_match.len : 0),
                       .if_match = ol_slice_of(up->if_match, plan->if_match.len)},
        .upload_id = up->upload_id,
        .part_number = plan->part_number,
        .done = on_committed,
    };
    return OL_OK;
}

int ol_upload_commit(ol_upload *up, void (*on_answered)(ol_upload *upload), ol_error *err)
{
    int result = settle_checksum(up, err);
    if (result == OL_OK)
        result = make_entry(up, err);
    if (result == OL_OK)
        result = make_change(up, err);
    if (result != OL_OK)
        return result;
    up->on_answered = on_answered;
    up->answered = (ol_post){.fn = on_turn, .arg = up};
    up->committing = true;
    up->has_file = false; /* the committer's from here on */
    ol_loop_hold(up->loop);
    result = ol_committer_submit(up->store->committer, &up->change, err);
    if (result != OL_OK) {
        ol_loop_unhold(up->loop);
        up->committing = false;
        up->has_file = up->to_file;
    }
    return result;
}
