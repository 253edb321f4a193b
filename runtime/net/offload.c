/* SPDX-License-Identifier: MIT */
/*
 * A pool of threads behind one bounded queue. The queue is a list through the tasks
 * themselves, so submitting never allocates.
 */
#include "net/offload.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>

#include "base/alloc.h"

struct ol_offload {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    ol_task *head;
    ol_task **tail;
    size_t queued;
    size_t queue_max;
    bool ending;
    char name[16];
    unsigned thread_count;
    pthread_t threads[];
};

static void on_done(void *arg)
{
    ol_task *task = arg;
    ol_loop *loop = task->loop; /* the task may be gone after done */
    task->done(task);
    ol_loop_unhold(loop);
}

/* The next task, or NULL when the pool ends and nothing is left. */
static ol_task *take(ol_offload *pool)
{
    pthread_mutex_lock(&pool->lock);
    while (!pool->head && !pool->ending)
        pthread_cond_wait(&pool->wake, &pool->lock);
    ol_task *task = pool->head;
    if (task) {
        pool->head = task->next_;
        if (!pool->head)
            pool->tail = &pool->head;
        pool->queued--;
    }
    pthread_mutex_unlock(&pool->lock);
    return task;
}

static void *run(void *arg)
{
    ol_offload *pool = arg;
    pthread_setname_np(pthread_self(), pool->name);
    for (ol_task *task = take(pool); task; task = take(pool)) {
        ol_loop *loop = task->loop; /* without one, the task may be gone after work */
        task->work(task);
        if (!loop)
            continue;
        task->post_.fn = on_done;
        task->post_.arg = task;
        ol_loop_post(loop, &task->post_);
    }
    return NULL;
}

/* Signals are for the main thread; a pool thread inherits a mask that lets none through. */
static int start_thread(ol_offload *pool)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&pool->threads[pool->thread_count], NULL, run, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc != 0)
        return OL_ENOMEM;
    pool->thread_count++;
    return OL_OK;
}

int ol_offload_new(ol_offload **out, const char *name, unsigned threads, size_t queue_max)
{
    assert(threads > 0 && queue_max > 0);
    ol_offload *pool = ol_calloc(1, sizeof(*pool) + threads * sizeof(pthread_t));
    if (!pool)
        return OL_ENOMEM;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pool->tail = &pool->head;
    pool->queue_max = queue_max;
    snprintf(pool->name, sizeof(pool->name), "%s", name);
    for (unsigned i = 0; i < threads; i++) {
        if (start_thread(pool) != OL_OK) {
            ol_offload_destroy(pool);
            return OL_ENOMEM;
        }
    }
    *out = pool;
    return OL_OK;
}

void ol_offload_destroy(ol_offload *pool)
{
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    pool->ending = true;
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++)
        pthread_join(pool->threads[i], NULL);
    assert(!pool->head);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    ol_free(pool);
}

int ol_offload_submit(ol_offload *pool, ol_task *task)
{
    task->next_ = NULL;
    pthread_mutex_lock(&pool->lock);
    bool full = task->loop && (pool->queued >= pool->queue_max || pool->ending);
    assert(task->loop || !pool->ending);
    if (!full) {
        if (task->loop)
            ol_loop_hold(task->loop);
        *pool->tail = task;
        pool->tail = &task->next_;
        pool->queued++;
        pthread_cond_signal(&pool->wake);
    }
    pthread_mutex_unlock(&pool->lock);
    return full ? OL_ESLOWDOWN : OL_OK;
}
