/* SPDX-License-Identifier: MIT */
/*
 * Host functions for logging and for memory that belongs to one request.
 */
#include "base/alloc.h"
#include "transform/shared/run.h"

/* In front of every block that alloc gives out; keeps the block aligned for any type. */
struct ol_run_block {
    ol_run_block *prev, *next;
    size_t size;
    _Alignas(max_align_t) uint8_t data[];
};

void ol_host_log(struct objlens_call *call, enum objlens_level level, const char *text, size_t size)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    ol_run *run = ol_run_of(call);
    if (run->engine->current != run || !run->job)
        return;
    if ((unsigned)level >= sizeof(names) / sizeof(names[0]))
        level = OBJLENS_INFO;
    ol_job_log(run->job, names[level], ol_slice_of(text, size));
}

void *ol_host_alloc(struct objlens_call *call, size_t size)
{
    ol_run *run = ol_run_of(call);
    if (ol_run_check(run) != OBJLENS_OK)
        return NULL;
    uint64_t max = ol_job_limits(run->job)->memory_bytes;
    if (size > max || run->block_bytes > max - size)
        return NULL;
    ol_run_block *block = ol_calloc(1, sizeof(*block) + size);
    if (!block)
        return NULL;
    block->size = size;
    block->next = run->blocks;
    if (run->blocks)
        run->blocks->prev = block;
    run->blocks = block;
    run->block_bytes += size;
    ol_job_note_memory(run->job, run->block_bytes);
    return block->data;
}

static void free_block(ol_run *run, ol_run_block *block)
{
    if (block->prev)
        block->prev->next = block->next;
    else
        run->blocks = block->next;
    if (block->next)
        block->next->prev = block->prev;
    run->block_bytes -= block->size;
    ol_wipe(block->data, block->size);
    ol_free(block);
}

void ol_host_free(struct objlens_call *call, void *data)
{
    if (data)
        free_block(ol_run_of(call), (ol_run_block *)((uint8_t *)data - offsetof(ol_run_block, data)));
}

void ol_run_free_blocks(ol_run *run)
{
    while (run->blocks)
        free_block(run, run->blocks);
}
