/* SPDX-License-Identifier: MIT */
/*
 * What a verifying pass keeps: up to one block in memory, more than that in blocks on the spool's disk,
 * which encrypts and authenticates them under a key of this process. One block is filled while the one
 * before it is written.
 */
#include "base/alloc.h"
#include "front/originals/unsealed_private.h"

#define BLOCK OL_UNSEALED_BLOCK_BYTES

/* A block on its way to the disk. It outlives the kept, if it must. */
struct ol_unsealed_store {
    ol_view_block block;
    ol_unsealed_kept *kept; /* NULL: nobody cares any more */
    ol_done_cb cb;          /* NULL: nobody waits */
    void *arg;
    uint8_t bytes[BLOCK];
};

/* A block on its way back, likewise. */
struct ol_unsealed_loading {
    ol_view_block block;
    ol_unsealed_load *load;
    size_t skip;
    bool done;
    uint8_t bytes[BLOCK];
};

static void wipe_free(void *memory, size_t size)
{
    if (memory)
        ol_wipe(memory, size);
    ol_free(memory);
}

/* ---- writing ---- */

static void on_stored(ol_view_block *block, const ol_error *err)
{
    struct ol_unsealed_store *store = block->arg;
    ol_done_cb cb = store->kept ? store->cb : NULL;
    void *arg = store->arg;
    ol_error copy = err ? *err : (ol_error){0};
    if (store->kept)
        store->kept->store = NULL;
    wipe_free(store, sizeof(*store));
    if (cb)
        cb(arg, err ? &copy : NULL);
    /* An error that nobody waits for shows when the block is read: it was never written. */
}

static int reserve(ol_unsealed_kept *kept, size_t len, ol_error *err)
{
    uint64_t cost = ol_view_disk_cost(kept->disk, len);
    if (!ol_view_disk_reserve(kept->disk, cost))
        return ol_error_set(err, OL_EVERIFYROOM, "the spool is full");
    kept->taken += cost;
    if (!kept->file && !(kept->file = ol_view_file_new(kept->disk)))
        return ol_error_set(err, OL_ENOMEM, "spool");
    return OL_OK;
}

/* The block that was filled goes to the disk. */
static int store_block(ol_unsealed_kept *kept, ol_loop *loop, ol_error *err)
{
    size_t len = kept->block_have;
    int rc = reserve(kept, len, err);
    struct ol_unsealed_store *store = rc == OL_OK ? ol_calloc(1, sizeof(*store)) : NULL;
    if (rc == OL_OK && !store)
        rc = ol_error_set(err, OL_ENOMEM, "spool");
    if (rc != OL_OK)
        return rc;
    memcpy(store->bytes, kept->block, len);
    store->kept = kept;
    store->block = (ol_view_block){.file = kept->file,
                                   .index = (kept->size - len) / BLOCK,
                                   .bytes = {store->bytes, len},
                                   .loop = loop,
                                   .cb = on_stored,
                                   .arg = store};
    rc = ol_view_file_write(&store->block);
    if (rc != OL_OK) {
        wipe_free(store, sizeof(*store));
        return ol_error_set(err, rc == OL_ESLOWDOWN ? OL_EVERIFYROOM : rc, "spool");
    }
    kept->store = store;
    kept->block_have = 0;
    return OL_OK;
}

static int wait_for_store(ol_unsealed_kept *kept, ol_done_cb cb, void *arg)
{
    kept->store->cb = cb;
    kept->store->arg = arg;
    return OL_WAIT;
}

int ol_unsealed_keep(ol_unsealed_kept *kept, ol_loop *loop, ol_slice in, size_t *taken,
                     ol_done_cb cb, void *arg, ol_error *err)
{
    *taken = 0;
    if (!kept->block && !(kept->block = ol_malloc(BLOCK)))
        return ol_error_set(err, OL_ENOMEM, "spool");
    if (kept->block_have == BLOCK && !kept->disk)
        return ol_error_set(err, OL_EINTERNAL, "more than is kept in memory");
    if (kept->block_have == BLOCK && kept->store)
        return wait_for_store(kept, cb, arg);
    int rc = kept->block_have == BLOCK ? store_block(kept, loop, err) : OL_OK;
    if (rc != OL_OK)
        return rc;
    size_t room = BLOCK - kept->block_have;
    *taken = in.len < room ? in.len : room;
    if (*taken > 0)
        memcpy(kept->block + kept->block_have, in.data, *taken);
    kept->block_have += *taken;
    kept->size += *taken;
    return OL_OK;
}

int ol_unsealed_keep_end(ol_unsealed_kept *kept, ol_loop *loop, ol_done_cb cb, void *arg,
                         ol_error *err)
{
    if (!kept->file)
        return OL_OK; /* in memory, all of it */
    if (kept->store)
        return wait_for_store(kept, cb, arg);
    int rc = kept->block_have > 0 ? store_block(kept, loop, err) : OL_OK;
    if (rc == OL_OK && kept->store)
        return wait_for_store(kept, cb, arg);
    if (rc == OL_OK) {
        wipe_free(kept->block, BLOCK);
        kept->block = NULL;
    }
    return rc;
}

void ol_unsealed_kept_fini(ol_unsealed_kept *kept)
{
    if (kept->store)
        kept->store->kept = NULL;
    if (kept->file)
        ol_view_file_release(kept->file);
    if (kept->taken > 0)
        ol_view_disk_unreserve(kept->disk, kept->taken);
    wipe_free(kept->block, kept->block ? BLOCK : 0);
    *kept = (ol_unsealed_kept){0};
}

/* ---- reading ---- */

static void on_loaded(ol_view_block *block, const ol_error *err)
{
    struct ol_unsealed_loading *loading = block->arg;
    ol_unsealed_load *load = loading->load;
    loading->done = true;
    if (!load) {
        wipe_free(loading, sizeof(*loading));
        return;
    }
    load->bytes = ol_slice_from(ol_slice_of(block->bytes.data, block->bytes.len), loading->skip);
    load->cb(load->arg, err);
}

void ol_unsealed_load_fini(ol_unsealed_load *load)
{
    struct ol_unsealed_loading *loading = load->loading_;
    load->loading_ = NULL;
    if (!loading)
        return;
    if (loading->done)
        wipe_free(loading, sizeof(*loading));
    else
        loading->load = NULL;
}

int ol_unsealed_kept_load(const ol_unsealed_kept *kept, ol_loop *loop, uint64_t offset,
                          ol_unsealed_load *load, ol_error *err)
{
    ol_unsealed_load_fini(load);
    if (!kept->file) {
        load->bytes = ol_slice_from(ol_slice_of(kept->block, (size_t)kept->size), (size_t)offset);
        return OL_OK;
    }
    struct ol_unsealed_loading *loading = ol_calloc(1, sizeof(*loading));
    if (!loading)
        return ol_error_set(err, OL_ENOMEM, "spool");
    uint64_t begin = offset / BLOCK * BLOCK, left = kept->size - begin;
    loading->load = load;
    loading->skip = (size_t)(offset - begin);
    loading->block = (ol_view_block){.file = kept->file,
                                     .index = offset / BLOCK,
                                     .bytes = {loading->bytes, left < BLOCK ? (size_t)left : BLOCK},
                                     .loop = loop,
                                     .cb = on_loaded,
                                     .arg = loading};
    int rc = ol_view_file_read(&loading->block);
    if (rc != OL_OK) {
        ol_free(loading);
        return ol_error_set(err, rc == OL_ESLOWDOWN ? OL_EVERIFYROOM : rc, "spool");
    }
    load->loading_ = loading;
    return OL_WAIT;
}
