/* SPDX-License-Identifier: MIT */
/*
 * The heap. Live blocks are counted in stripes, one cache line each, that threads are dealt in
 * turn: the count costs an uncontended add and needs no header in front of the block. A
 * failure is injected behind a single relaxed load that production always finds disarmed.
 */
#include "base/alloc.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define STRIPES 64

static struct {
    _Alignas(64) atomic_long live;
} stripes[STRIPES];
static atomic_uint stripe_next;
static _Thread_local unsigned stripe_mine; /* 0 = not dealt yet */

static atomic_long fail_countdown = -1;
static atomic_bool fail_once;
static atomic_ulong fail_count;

static void count_live(long by)
{
    if (stripe_mine == 0) {
        unsigned dealt = atomic_fetch_add_explicit(&stripe_next, 1, memory_order_relaxed);
        stripe_mine = 1 + dealt % STRIPES;
    }
    atomic_fetch_add_explicit(&stripes[stripe_mine - 1].live, by, memory_order_relaxed);
}

static bool inject_failure(void)
{
    long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    if (__builtin_expect(left < 0, 1))
        return false;
    do {
        if (left < 0)
            return false;
        long next = left > 0 ? left - 1 : (atomic_load(&fail_once) ? -1 : 0);
        if (atomic_compare_exchange_weak(&fail_countdown, &left, next))
            break;
    } while (true);
    if (left > 0)
        return false;
    atomic_fetch_add(&fail_count, 1);
    return true;
}

void *ol_malloc(size_t size)
{
    if (inject_failure())
        return NULL;
    void *block = malloc(size ? size : 1);
    if (block)
        count_live(1);
    return block;
}

void *ol_calloc(size_t count, size_t size)
{
    if (inject_failure())
        return NULL;
    void *block = calloc(count ? count : 1, size ? size : 1);
    if (block)
        count_live(1);
    return block;
}

void *ol_realloc(void *block, size_t size)
{
    if (!block)
        return ol_malloc(size);
    if (inject_failure())
        return NULL;
    return realloc(block, size ? size : 1);
}

void ol_free(void *block)
{
    if (!block)
        return;
    count_live(-1);
    free(block);
}

char *ol_strdup(const char *text)
{
    return ol_strndup(text, strlen(text));
}

char *ol_strndup(const void *data, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *copy = ol_malloc(len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, data, len);
    copy[len] = '\0';
    return copy;
}

long ol_alloc_live(void)
{
    long sum = 0;
    for (size_t i = 0; i < STRIPES; i++)
        sum += atomic_load_explicit(&stripes[i].live, memory_order_relaxed);
    return sum;
}

static void arm(long countdown, bool once)
{
    atomic_store(&fail_countdown, -1);
    atomic_store(&fail_count, 0);
    atomic_store(&fail_once, once);
    atomic_store(&fail_countdown, countdown < 0 ? -1 : countdown);
}

void ol_alloc_fail_after(long countdown)
{
    arm(countdown, false);
}

void ol_alloc_fail_one_after(long countdown)
{
    arm(countdown, true);
}

unsigned long ol_alloc_failed(void)
{
    return atomic_load(&fail_count);
}
