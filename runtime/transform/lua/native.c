/* SPDX-License-Identifier: MIT */
/*
 * Blocks with their size in front, in the script's heap; see native.h.
 *
 * Where the heap is full a collection may free objects of the script that hold blocks. While a
 * block is taken or given back no guarded call is abandoned: the heap would be left half changed.
 */
#include "transform/lua/native.h"

#include <pthread.h>
#include <string.h>

typedef struct block_head {
    size_t bytes; /* with this head */
    size_t unused;
} block_head;

#define BLOCK_BYTES_MAX (SIZE_MAX / 4)

_Thread_local ol_lua_guard_state ol_lua_guard;

/* ---- blocks ---- */

static void *take(ol_run *run, size_t bytes)
{
    lua_State *L = run->current ? run->current : run->L;
    void *block = ol_lua_heap_realloc(run->arena.heap, NULL, LUA_TUSERDATA, bytes);

    if (block)
        return block;
    lua_gc(L, LUA_GCCOLLECT, 0);
    return ol_lua_heap_realloc(run->arena.heap, NULL, LUA_TUSERDATA, bytes);
}

void *ol_lua_native_alloc(ol_run *run, size_t bytes)
{
    block_head *head;

    if (bytes > BLOCK_BYTES_MAX)
        bytes = BLOCK_BYTES_MAX; /* refused by the heap, as all that is too much */
    ol_lua_guard.allocating++;
    head = take(run, bytes + sizeof(*head));
    ol_lua_guard.allocating--;
    if (!head)
        return NULL;
    head->bytes = bytes + sizeof(*head);
    return head + 1;
}

void ol_lua_native_free(ol_run *run, void *block)
{
    block_head *head;

    if (!block)
        return;
    head = (block_head *)block - 1;
    ol_lua_guard.allocating++;
    ol_lua_heap_realloc(run->arena.heap, head, head->bytes, 0);
    ol_lua_guard.allocating--;
}

void *ol_lua_native_realloc(ol_run *run, void *block, size_t bytes)
{
    size_t old = block ? ((block_head *)block - 1)->bytes - sizeof(block_head) : 0;
    void *moved = ol_lua_native_alloc(run, bytes);

    if (!moved)
        return NULL;
    memcpy(moved, block ? block : moved, old < bytes ? old : bytes);
    ol_lua_native_free(run, block);
    return moved;
}

void *ol_lua_native_calloc(void *opaque, unsigned items, unsigned size)
{
    size_t bytes = (size_t)items * size;
    void *block = ol_lua_native_alloc(opaque, bytes);

    if (block)
        memset(block, 0, bytes);
    return block;
}

void *ol_lua_native_malloc_cb(size_t bytes, void *run)
{
    return ol_lua_native_alloc(run, bytes);
}

void ol_lua_native_free_cb(void *block, void *run)
{
    ol_lua_native_free(run, block);
}

void ol_lua_native_made(lua_State *L, size_t bytes)
{
    lua_gc(L, LUA_GCSTEP, (int)(bytes >> 10));
}

int ol_lua_native_spent(lua_State *L)
{
    ol_lua_stop(ol_lua_run(L), OL_ETRANSFORMMEMORY, "out of memory");
    return ol_lua_raise_stop(L);
}

/* ---- calls that can be abandoned ---- */

void ol_lua_guard_begin(void)
{
    ol_lua_guard.allocating = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    ol_lua_guard.on = 1;
}

void ol_lua_guard_end(void)
{
    ol_lua_guard.on = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
}

void ol_lua_guard_abandoned(void)
{
    sigset_t timer;

    sigemptyset(&timer);
    sigaddset(&timer, SIGVTALRM);
    pthread_sigmask(SIG_UNBLOCK, &timer, NULL);
}
