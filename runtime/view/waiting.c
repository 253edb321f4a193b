/* SPDX-License-Identifier: MIT */
/*
 * A waiter is heap memory of its own because a wake-up that is on its way cannot be recalled: one
 * that was dropped meanwhile is freed when it arrives. While a waiter may still be posted it holds
 * its loop, so that the loop is there to be posted to.
 */
#include "view/waiting.h"

#include <assert.h>

#include "base/alloc.h"

enum state { STATE_IDLE, STATE_LISTED, STATE_POSTED };

struct ol_view_waiter {
    ol_post post;
    ol_loop *loop;
    ol_loop_fn fn; /* NULL: dropped */
    void *arg;
    uint64_t wants;
    enum state state;
    ol_view_waiter *next, *previous;
};

static void on_post(void *arg)
{
    ol_view_waiter *waiter = arg;
    ol_loop_unhold(waiter->loop);
    waiter->state = STATE_IDLE;
    if (waiter->fn)
        waiter->fn(waiter->arg);
    else
        ol_free(waiter);
}

ol_view_waiter *ol_view_waiter_new(ol_loop *loop, ol_loop_fn fn, void *arg)
{
    ol_view_waiter *waiter = ol_malloc(sizeof *waiter);
    if (!waiter)
        return NULL;
    *waiter = (ol_view_waiter){
        .post = {.fn = on_post, .arg = waiter}, .loop = loop, .fn = fn, .arg = arg};
    return waiter;
}

static void unlist(ol_view_waiters *waiters, ol_view_waiter *waiter)
{
    if (waiter->previous)
        waiter->previous->next = waiter->next;
    else
        waiters->first = waiter->next;
    if (waiter->next)
        waiter->next->previous = waiter->previous;
    else
        waiters->last = waiter->previous;
}

void ol_view_waiter_drop(ol_view_waiter *waiter, ol_view_waiters *waiters)
{
    if (!waiter)
        return;
    pthread_mutex_lock(waiters->lock);
    enum state state = waiter->state;
    if (state == STATE_LISTED)
        unlist(waiters, waiter);
    pthread_mutex_unlock(waiters->lock);
    if (state == STATE_POSTED) {
        waiter->fn = NULL;
        return;
    }
    if (state == STATE_LISTED)
        ol_loop_unhold(waiter->loop);
    ol_free(waiter);
}

void ol_view_waiter_defer(ol_view_waiter *waiter)
{
    assert(waiter->state == STATE_IDLE);
    waiter->state = STATE_POSTED;
    ol_loop_hold(waiter->loop);
    ol_loop_defer(waiter->loop, &waiter->post);
}

bool ol_view_waiter_is_out(const ol_view_waiter *waiter)
{
    return waiter->state != STATE_IDLE;
}

void ol_view_waiters_add(ol_view_waiters *waiters, ol_view_waiter *waiter, uint64_t wants)
{
    assert(waiter->state == STATE_IDLE);
    ol_loop_hold(waiter->loop);
    waiter->state = STATE_LISTED;
    waiter->wants = wants;
    waiter->next = NULL;
    waiter->previous = waiters->last;
    if (waiters->last)
        waiters->last->next = waiter;
    else
        waiters->first = waiter;
    waiters->last = waiter;
}

/* Onto the chain of those to be woken. */
static ol_view_waiter *take(ol_view_waiters *waiters, ol_view_waiter *waiter, ol_view_waiter *taken)
{
    unlist(waiters, waiter);
    waiter->state = STATE_POSTED;
    waiter->next = taken;
    return waiter;
}

ol_view_waiter *ol_view_waiters_take(ol_view_waiters *waiters, uint64_t have)
{
    ol_view_waiter *taken = NULL;
    for (ol_view_waiter *waiter = waiters->first, *next; waiter; waiter = next) {
        next = waiter->next;
        if (waiter->wants < have)
            taken = take(waiters, waiter, taken);
    }
    return taken;
}

ol_view_waiter *ol_view_waiters_take_first(ol_view_waiters *waiters)
{
    return waiters->first ? take(waiters, waiters->first, NULL) : NULL;
}

ol_view_waiter *ol_view_waiters_take_all(ol_view_waiters *waiters)
{
    ol_view_waiter *taken = NULL;
    while (waiters->first)
        taken = take(waiters, waiters->first, taken);
    return taken;
}

void ol_view_waiters_wake(ol_view_waiter *taken)
{
    for (ol_view_waiter *next; taken; taken = next) {
        next = taken->next; /* the waiter is not ours once it is posted */
        ol_loop_post(taken->loop, &taken->post);
    }
}
