/* SPDX-License-Identifier: MIT */
/*
 * Blocks come in on any thread, are read or written in a pool (reads never queue behind writes),
 * and are answered on the loop that asked. What authenticates a block, its tag, its length and its
 * place, stays in memory: on disk there is nothing but ciphertext, and nothing of an older time
 * can be put in its place.
 *
 * The last reference to a file sends its places to the writers' pool to be given back.
 */
#include "view/disk.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/alloc.h"
#include "net/offload.h"
#include "view/disk_cipher.h"
#include "view/disk_slots.h"

#define READERS 4u
#define WRITERS 2u
#define READS_MAX 1024u /* waiting; whoever comes later goes without the disk */
#define WRITES_MAX 256u
#define BLOCKS_FIRST 4u
#define DISK_PAGE_BYTES 4096u

struct ol_view_disk {
    ol_view_slots slots;
    ol_view_cipher *cipher;
    ol_offload *readers, *writers;
    uint64_t bytes_max;
    atomic_ullong bytes_used, last_number, open_files;
};

enum block_state { EMPTY, WRITING, WRITTEN, FAILED };

typedef struct block {
    uint64_t slot;
    uint32_t len;
    uint8_t state;
    bool has_slot;
    uint8_t tag[OL_VIEW_TAG_BYTES];
} block;

struct ol_view_file {
    ol_view_disk *disk;
    uint64_t number;
    atomic_uint references;
    pthread_mutex_t lock; /* of `blocks` */
    block *blocks;
    size_t block_count;
    ol_task giving_back;
};

/* One read or write under way: in the caller's private_. */
typedef struct operation {
    ol_task task;
    block block;
    int code;
    int system_errno;
} operation;

_Static_assert(sizeof(operation) <= sizeof(((ol_view_block *)0)->private_), "fits in private_");

static operation *operation_of(ol_view_block *asked)
{
    return (operation *)(void *)asked->private_;
}

/* ---- life of the disk ---- */

static int open_pools(ol_view_disk *disk, ol_error *err)
{
    int rc = ol_offload_new(&disk->readers, "view-read", READERS, READS_MAX);
    if (rc == OL_OK)
        rc = ol_offload_new(&disk->writers, "view-write", WRITERS, WRITES_MAX);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "views on disk: no threads");
}

int ol_view_disk_open(ol_view_disk **out, const char *folder, uint64_t bytes_max, ol_error *err)
{
    *out = NULL;
    ol_view_disk *disk = ol_calloc(1, sizeof(*disk));
    if (!disk)
        return ol_error_set(err, OL_ENOMEM, "views on disk: no memory");
    disk->bytes_max = bytes_max;
    int rc = ol_view_slots_open(&disk->slots, folder, err);
    if (rc == OL_OK)
        rc = ol_view_cipher_new(&disk->cipher, READERS + WRITERS, err);
    if (rc == OL_OK)
        rc = open_pools(disk, err);
    if (rc == OL_OK)
        *out = disk;
    else
        ol_view_disk_close(disk);
    return rc;
}

void ol_view_disk_close(ol_view_disk *disk)
{
    if (!disk)
        return;
    assert(atomic_load(&disk->open_files) == 0);
    ol_offload_destroy(disk->readers);
    ol_offload_destroy(disk->writers); /* what is being given back is, first */
    ol_view_cipher_destroy(disk->cipher);
    ol_view_slots_close(&disk->slots);
    ol_free(disk);
}

uint64_t ol_view_disk_cost(const ol_view_disk *disk, size_t len)
{
    if (!disk->slots.punches)
        return OL_VIEW_BLOCK_BYTES;
    return (len + DISK_PAGE_BYTES - 1) / DISK_PAGE_BYTES * DISK_PAGE_BYTES;
}

bool ol_view_disk_reserve(ol_view_disk *disk, uint64_t bytes)
{
    unsigned long long used = atomic_load(&disk->bytes_used);
    do {
        if (bytes > disk->bytes_max || used > disk->bytes_max - bytes)
            return false;
    } while (!atomic_compare_exchange_weak(&disk->bytes_used, &used, used + bytes));
    return true;
}

void ol_view_disk_unreserve(ol_view_disk *disk, uint64_t bytes)
{
    unsigned long long before = atomic_fetch_sub(&disk->bytes_used, bytes);
    assert(before >= bytes);
    (void)before;
}

/* ---- life of a file ---- */

ol_view_file *ol_view_file_new(ol_view_disk *disk)
{
    ol_view_file *file = ol_calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    file->disk = disk;
    file->number = atomic_fetch_add(&disk->last_number, 1) + 1;
    atomic_init(&file->references, 1);
    pthread_mutex_init(&file->lock, NULL);
    atomic_fetch_add(&disk->open_files, 1);
    return file;
}

ol_view_file *ol_view_file_acquire(ol_view_file *file)
{
    atomic_fetch_add_explicit(&file->references, 1, memory_order_relaxed);
    return file;
}

static void file_destroy(ol_view_file *file)
{
    pthread_mutex_destroy(&file->lock);
    ol_free(file->blocks);
    ol_free(file);
}

static void give_back(ol_task *task)
{
    ol_view_file *file = task->arg;
    for (size_t i = 0; i < file->block_count; i++)
        if (file->blocks[i].has_slot)
            ol_view_slots_give(&file->disk->slots, file->blocks[i].slot);
    file_destroy(file);
}

void ol_view_file_release(ol_view_file *file)
{
    if (atomic_fetch_sub(&file->references, 1) != 1)
        return;
    ol_view_disk *disk = file->disk;
    file->giving_back = (ol_task){.work = give_back, .arg = file};
    ol_offload_submit(disk->writers, &file->giving_back);
    /* Last: closing the disk is legal from now on, and waits for the pool. */
    atomic_fetch_sub(&disk->open_files, 1);
}

/* ---- the table of blocks ---- */

static int make_room(ol_view_file *file, uint64_t index)
{
    if (index < file->block_count)
        return OL_OK;
    size_t count = file->block_count ? file->block_count : BLOCKS_FIRST;
    while (count <= index)
        count *= 2;
    block *blocks = ol_realloc(file->blocks, count * sizeof(*blocks));
    if (!blocks)
        return OL_ENOMEM;
    memset(blocks + file->block_count, 0, (count - file->block_count) * sizeof(*blocks));
    file->blocks = blocks;
    file->block_count = count;
    return OL_OK;
}

static int begin_block(ol_view_file *file, uint64_t index)
{
    pthread_mutex_lock(&file->lock);
    int rc = make_room(file, index);
    if (rc == OL_OK && file->blocks[index].state != EMPTY)
        rc = OL_EINVAL; /* its nonce has been used */
    if (rc == OL_OK)
        file->blocks[index].state = WRITING;
    pthread_mutex_unlock(&file->lock);
    return rc;
}

static void set_block(ol_view_file *file, uint64_t index, const block *value)
{
    pthread_mutex_lock(&file->lock);
    file->blocks[index] = *value;
    pthread_mutex_unlock(&file->lock);
}

static bool get_block(ol_view_file *file, uint64_t index, block *value)
{
    pthread_mutex_lock(&file->lock);
    bool there = index < file->block_count && file->blocks[index].state == WRITTEN;
    if (there)
        *value = file->blocks[index];
    pthread_mutex_unlock(&file->lock);
    return there;
}

/* ---- in the pools ---- */

static int code_of_write(int system_errno)
{
    bool full = system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
    return full ? OL_ENOSPACE : OL_EINTERNAL;
}

static ol_view_nonce nonce_of(const ol_view_block *asked)
{
    return (ol_view_nonce){.file = asked->file->number, .block = (uint32_t)asked->index};
}

static int write_sealed(ol_view_block *asked, operation *op)
{
    ol_view_disk *disk = asked->file->disk;
    ol_slice plain = ol_slice_of(asked->bytes.data, asked->bytes.len);
    int rc = ol_view_slots_take(&disk->slots, &op->block.slot);
    if (rc != OL_OK)
        return rc;
    op->block.has_slot = true;
    op->block.len = (uint32_t)plain.len;
    ol_view_cipher_seat *seat = ol_view_cipher_take(disk->cipher);
    rc = ol_view_seal(seat, nonce_of(asked), plain, op->block.tag);
    if (rc == OL_OK) {
        op->system_errno = -ol_view_slots_write(&disk->slots, op->block.slot,
                                                ol_slice_of(seat->sealed, plain.len));
        rc = op->system_errno ? code_of_write(op->system_errno) : OL_OK;
    }
    ol_view_cipher_give(disk->cipher, seat);
    return rc;
}

static void work_write(ol_task *task)
{
    ol_view_block *asked = task->arg;
    operation *op = operation_of(asked);
    op->code = write_sealed(asked, op);
    op->block.state = op->code == OL_OK ? WRITTEN : FAILED;
    set_block(asked->file, asked->index, &op->block);
}

static void work_read(ol_task *task)
{
    ol_view_block *asked = task->arg;
    operation *op = operation_of(asked);
    ol_view_disk *disk = asked->file->disk;
    op->system_errno = -ol_view_slots_read(&disk->slots, op->block.slot, asked->bytes);
    if (op->system_errno) {
        op->code = OL_ECORRUPT;
        ol_wipe(asked->bytes.data, asked->bytes.len);
        return;
    }
    ol_view_cipher_seat *seat = ol_view_cipher_take(disk->cipher);
    op->code = ol_view_unseal(seat, nonce_of(asked), asked->bytes, op->block.tag);
    ol_view_cipher_give(disk->cipher, seat);
}

/* ---- from outside ---- */

static void on_done(ol_task *task)
{
    ol_view_block *asked = task->arg;
    const operation *op = operation_of(asked);
    ol_error err = {0};
    if (op->code != OL_OK)
        ol_error_set(&err, op->code, "views on disk: block %llu: %s",
                     (unsigned long long)asked->index,
                     op->system_errno ? strerror(op->system_errno) : ol_code_name(op->code));
    /* Before the callback, in which the caller may give up its own and close the disk. */
    ol_view_file_release(asked->file);
    asked->cb(asked, err.code ? &err : NULL);
}

static int submit(ol_view_block *asked, ol_offload *pool, void (*work)(ol_task *task))
{
    operation *op = operation_of(asked);
    op->task = (ol_task){.work = work, .done = on_done, .loop = asked->loop, .arg = asked};
    ol_view_file_acquire(asked->file);
    int rc = ol_offload_submit(pool, &op->task);
    if (rc != OL_OK)
        ol_view_file_release(asked->file);
    return rc;
}

int ol_view_file_write(ol_view_block *asked)
{
    ol_view_file *file = asked->file;
    *operation_of(asked) = (operation){0};
    if (asked->bytes.len == 0 || asked->bytes.len > OL_VIEW_BLOCK_BYTES ||
        asked->index > UINT32_MAX)
        return OL_EINVAL;
    int rc = begin_block(file, asked->index);
    if (rc != OL_OK)
        return rc;
    rc = submit(asked, file->disk->writers, work_write);
    if (rc != OL_OK)
        set_block(file, asked->index, &(block){.state = EMPTY});
    return rc;
}

int ol_view_file_read(ol_view_block *asked)
{
    operation *op = operation_of(asked);
    *op = (operation){0};
    if (!get_block(asked->file, asked->index, &op->block) || op->block.len != asked->bytes.len)
        return OL_EINVAL;
    return submit(asked, asked->file->disk->readers, work_read);
}
