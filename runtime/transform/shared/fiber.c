/* SPDX-License-Identifier: MIT */
/*
 * Fibers. A new stack is entered through ucontext, once; from then on _setjmp and _longjmp go
 * back and forth, which takes no system call (ucontext asks the kernel for the signal mask
 * each time, a microsecond there and back). Sanitizers replace longjmp by functions that know
 * one stack only, so their builds stay with ucontext: getcontext and setcontext rather than
 * swapcontext, which they replace too.
 *
 * System calls used after the host's wall is closed: rt_sigprocmask (entering a stack), mmap and
 * munmap (a new one), madvise (wiping one; without it the stack is overwritten by hand).
 */
#ifdef _FORTIFY_SOURCE
#undef _FORTIFY_SOURCE /* its longjmp refuses to go to another stack */
#endif
#include "transform/shared/fiber.h"

#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/alloc.h"
#include "transform/shared/sanitize.h"

#define GUARD_BYTES 4096
/* This much below the top is overwritten by hand, the pages further down are given back: most
 * plugins never touch them, and then giving them back costs next to nothing. */
#define WIPE_BY_HAND_BYTES (16 * 1024)

/* Where a stack stands still. */
typedef struct place {
    ucontext_t context; /* of a stack that was not entered yet; with sanitizers of any */
    jmp_buf jump;
    bool entered;
} place;

struct ol_fiber {
    place own, resumer;
    ol_sanitize_stack own_stack, resumer_stack;
    void (*main)(void *arg);
    void *arg;
    uint8_t *stack; /* lowest usable byte */
    bool started, ended;
    ol_fiber *next; /* in the pool */
};

#if defined(OL_FIBER_ASAN) || defined(OL_FIBER_TSAN)
static __attribute__((noinline)) void switch_place(place *from, place *to)
{
    volatile bool back = false;
    getcontext(&from->context);
    if (back)
        return;
    back = true;
    setcontext(&to->context);
}
#else
static __attribute__((noinline)) void switch_place(place *from, place *to)
{
    if (_setjmp(from->jump) != 0)
        return;
    if (to->entered)
        _longjmp(to->jump, 1);
    to->entered = true;
    setcontext(&to->context);
}
#endif

static void *stack_map(void)
{
    size_t whole = OL_FIBER_STACK_BYTES + 2 * GUARD_BYTES;
    uint8_t *area = mmap(NULL, whole, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (area == MAP_FAILED)
        return NULL;
    /* Mapped over rather than made writable: the sandbox then needs no mprotect. */
    void *usable = mmap(area + GUARD_BYTES, OL_FIBER_STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_STACK, -1, 0);
    if (usable != MAP_FAILED)
        return usable;
    munmap(area, whole);
    return NULL;
}

static void stack_unmap(uint8_t *stack)
{
    munmap(stack - GUARD_BYTES, OL_FIBER_STACK_BYTES + 2 * GUARD_BYTES);
}

static void stack_wipe(uint8_t *stack)
{
    ol_sanitize_clean(stack, OL_FIBER_STACK_BYTES);
    size_t deep = OL_FIBER_STACK_BYTES - WIPE_BY_HAND_BYTES;
    if (madvise(stack, deep, MADV_DONTNEED) != 0)
        ol_wipe(stack, deep);
    ol_wipe(stack + deep, WIPE_BY_HAND_BYTES);
}

static ol_fiber *fiber_new(void)
{
    ol_fiber *fiber = ol_calloc(1, sizeof(*fiber));
    if (!fiber)
        return NULL;
    fiber->stack = stack_map();
    if (!fiber->stack) {
        ol_free(fiber);
        return NULL;
    }
    fiber->own_stack.bottom = fiber->stack;
    fiber->own_stack.size = OL_FIBER_STACK_BYTES;
    return fiber;
}

static void fiber_destroy(ol_fiber *fiber)
{
    stack_unmap(fiber->stack);
    ol_free(fiber);
}

void ol_fiber_pool_init(ol_fiber_pool *pool)
{
    *pool = (ol_fiber_pool){0};
}

void ol_fiber_pool_fini(ol_fiber_pool *pool)
{
    while (pool->idle) {
        ol_fiber *fiber = pool->idle;
        pool->idle = fiber->next;
        fiber_destroy(fiber);
    }
    pool->idle_count = 0;
}

/* makecontext hands over ints only. */
static void trampoline(unsigned high, unsigned low)
{
    ol_fiber *fiber = (ol_fiber *)(((uintptr_t)high << 32) | (uintptr_t)low);
    ol_sanitize_enter(&fiber->own_stack, &fiber->resumer_stack);
    fiber->main(fiber->arg);
    fiber->ended = true;
    ol_sanitize_leave(NULL, &fiber->resumer_stack);
    ol_sanitize_switch(&fiber->resumer_stack);
    switch_place(&fiber->own, &fiber->resumer); /* never comes back */
}

ol_fiber *ol_fiber_acquire(ol_fiber_pool *pool, void (*main)(void *arg), void *arg)
{
    ol_fiber *fiber = pool->idle;
    if (fiber) {
        pool->idle = fiber->next;
        pool->idle_count--;
    } else {
        fiber = fiber_new();
        if (!fiber)
            return NULL;
    }
    fiber->main = main;
    fiber->arg = arg;
    fiber->started = fiber->ended = false;
    fiber->next = NULL;
    return fiber;
}

void ol_fiber_release(ol_fiber_pool *pool, ol_fiber *fiber)
{
    if (fiber->started) {
        stack_wipe(fiber->stack);
        ol_wipe(&fiber->own, sizeof(fiber->own));
    }
    ol_sanitize_destroy(&fiber->own_stack);
    if (pool->idle_count >= OL_FIBERS_IDLE_MAX) {
        fiber_destroy(fiber);
        return;
    }
    fiber->next = pool->idle;
    pool->idle = fiber;
    pool->idle_count++;
}

static void start(ol_fiber *fiber)
{
    fiber->started = true;
    fiber->own.entered = false;
    fiber->resumer.entered = true;
    ucontext_t *context = &fiber->own.context;
    getcontext(context);
    context->uc_stack.ss_sp = fiber->stack;
    context->uc_stack.ss_size = OL_FIBER_STACK_BYTES;
    context->uc_link = NULL;
    uintptr_t self = (uintptr_t)fiber;
    makecontext(context, (void (*)(void))trampoline, 2, (unsigned)(self >> 32),
                (unsigned)(self & 0xffffffffu));
    ol_sanitize_create(&fiber->own_stack);
}

bool ol_fiber_resume(ol_fiber *fiber)
{
    if (!fiber->started)
        start(fiber);
    ol_sanitize_name_current(&fiber->resumer_stack);
    ol_sanitize_leave(&fiber->resumer_stack, &fiber->own_stack);
    ol_sanitize_switch(&fiber->own_stack);
    switch_place(&fiber->resumer, &fiber->own);
    ol_sanitize_enter(&fiber->resumer_stack, &fiber->own_stack);
    return !fiber->ended;
}

void ol_fiber_suspend(ol_fiber *fiber)
{
    ol_sanitize_leave(&fiber->own_stack, &fiber->resumer_stack);
    ol_sanitize_switch(&fiber->resumer_stack);
    switch_place(&fiber->own, &fiber->resumer);
    ol_sanitize_enter(&fiber->own_stack, &fiber->resumer_stack);
}

bool ol_fiber_alive(const ol_fiber *fiber)
{
    return fiber->started && !fiber->ended;
}
