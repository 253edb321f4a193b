/* SPDX-License-Identifier: MIT */
/*
 * The event loop: libuv plus two lists of things to do.
 *
 * `posted` is filled by any thread: an atomic stack that the loop takes whole and turns
 * round, so a producer pays one compare-and-swap, and one wake-up only when the stack was
 * empty. `deferred` belongs to the loop's thread and is drained right before and right after
 * the poll; while it holds something an idle handle makes the poll return at once, so
 * deferring never costs a system call and never waits for one. `lined` belongs to it, too: of that
 * a slice is done after each poll.
 */
#include "net/loop_private.h"
#include "net/pipe.h"

#include <assert.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "net/read_pool.h"

/* ---- deferred ---- */

static void on_idle(uv_idle_t *idle)
{
    (void)idle;
}

static void stay_awake(ol_loop *loop)
{
    if (loop->deferred || loop->lined)
        uv_idle_start(&loop->idle, on_idle); /* once more: nothing happens */
    else
        uv_idle_stop(&loop->idle);
}

/* What is deferred meanwhile waits for the next drain. */
static void drain_deferred(ol_loop *loop)
{
    ol_post *post = loop->deferred;
    if (!post)
        return;
    loop->deferred = NULL;
    loop->deferred_tail = &loop->deferred;
    stay_awake(loop);
    while (post) {
        ol_post *next = post->next_; /* the memory may be gone after fn */
        post->fn(post->arg);
        post = next;
    }
}

static void on_prepare(uv_prepare_t *prepare)
{
    drain_deferred(prepare->data);
}

/* A slice of a long line grows with it, so that it is never starved by turns that are long. */
static void drain_lined(ol_loop *loop)
{
    size_t slice = loop->lined_count / 4 > OL_LOOP_SLICE ? loop->lined_count / 4 : OL_LOOP_SLICE;
    for (size_t done = loop->gone_ahead; loop->lined && done < slice; done++) {
        ol_post *post = loop->lined;
        loop->lined = post->next_;
        loop->lined_count--;
        if (!loop->lined)
            loop->lined_tail = &loop->lined;
        post->fn(post->arg); /* the memory may be gone now */
    }
    loop->gone_ahead = 0;
    stay_awake(loop);
}

static void on_check(uv_check_t *check)
{
    drain_deferred(check->data);
    drain_lined(check->data);
}

void ol_loop_defer(ol_loop *loop, ol_post *post)
{
    assert(ol_loop_is_current(loop));
    post->next_ = NULL;
    *loop->deferred_tail = post;
    loop->deferred_tail = &post->next_;
    stay_awake(loop);
}

void ol_loop_line_up(ol_loop *loop, ol_post *post)
{
    assert(ol_loop_is_current(loop));
    post->next_ = NULL;
    *loop->lined_tail = post;
    loop->lined_tail = &post->next_;
    loop->lined_count++;
    stay_awake(loop);
}

bool ol_loop_may_go(ol_loop *loop)
{
    if (loop->lined || loop->gone_ahead >= OL_LOOP_SLICE)
        return false;
    loop->gone_ahead++;
    return true;
}

/* ---- posted ---- */

static ol_post *take_posted(ol_loop *loop)
{
    ol_post *newest = atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire);
    ol_post *oldest = NULL;
    while (newest) {
        ol_post *next = newest->next_;
        newest->next_ = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

static void drain_posted(ol_loop *loop)
{
    ol_post *post = take_posted(loop);
    while (post) {
        ol_post *next = post->next_;
        post->fn(post->arg);
        post = next;
    }
}

static void on_async(uv_async_t *async)
{
    ol_loop *loop = async->data;
    drain_posted(loop);
    if (atomic_load(&loop->stopping))
        uv_unref((uv_handle_t *)&loop->async);
}

void ol_loop_post(ol_loop *loop, ol_post *post)
{
    atomic_fetch_add(&loop->posting, 1);
    ol_post *top = atomic_load_explicit(&loop->posted, memory_order_relaxed);
    do {
        post->next_ = top;
    } while (!atomic_compare_exchange_weak_explicit(&loop->posted, &top, post,
                                                    memory_order_release, memory_order_relaxed));
    if (!top)
        uv_async_send(&loop->async);
    /* The loop may already have run the post and be on its way out: it waits for this. */
    atomic_fetch_sub(&loop->posting, 1);
}

void ol_loop_hold(ol_loop *loop)
{
    atomic_fetch_add(&loop->holds, 1);
}

void ol_loop_unhold(ol_loop *loop)
{
    int before = atomic_fetch_sub(&loop->holds, 1);
    assert(before > 0);
    (void)before;
}

/* ---- life ---- */

/* A peer that went away must be an error of write(), not the end of the process. */
static void ignore_sigpipe(void)
{
    struct sigaction now;
    if (sigaction(SIGPIPE, NULL, &now) == 0 && now.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

static void close_internal(ol_loop *loop)
{
    uv_close((uv_handle_t *)&loop->async, NULL);
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->idle, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static int init_handles(ol_loop *loop)
{
    if (uv_loop_init(&loop->uv) != 0)
        return OL_ENOMEM;
    if (uv_async_init(&loop->uv, &loop->async, on_async) != 0) {
        uv_loop_close(&loop->uv);
        return OL_ENOMEM;
    }
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->idle);
    loop->async.data = loop->prepare.data = loop->check.data = loop->idle.data = loop;
    uv_prepare_start(&loop->prepare, on_prepare);
    uv_check_start(&loop->check, on_check);
    uv_unref((uv_handle_t *)&loop->prepare);
    uv_unref((uv_handle_t *)&loop->check);
    return OL_OK;
}

int ol_loop_new(ol_loop **out, unsigned index)
{
    ol_loop *loop = ol_calloc(1, sizeof(*loop));
    if (!loop)
        return OL_ENOMEM;
    loop->index = index;
    loop->wall_read_ms = UINT64_MAX;
    ol_page_pipe_init(&loop->page_pipe);
    loop->deferred_tail = &loop->deferred;
    loop->lined_tail = &loop->lined;
    atomic_store(&loop->owner, pthread_self());
    loop->reads = ol_read_pool_new();
    if (!loop->reads) {
        ol_free(loop);
        return OL_ENOMEM;
    }
    if (init_handles(loop) != OL_OK) {
        ol_read_pool_destroy(loop->reads);
        ol_free(loop);
        return OL_ENOMEM;
    }
    ignore_sigpipe();
    *out = loop;
    return OL_OK;
}

/* Something that will come back through a post is still out: stay awake for it. */
static void wait_for_holds(ol_loop *loop)
{
    uv_ref((uv_handle_t *)&loop->async);
    uv_run(&loop->uv, UV_RUN_ONCE);
    uv_unref((uv_handle_t *)&loop->async);
}

void ol_loop_run(ol_loop *loop)
{
    atomic_store(&loop->owner, pthread_self());
    do {
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        drain_posted(loop);
        drain_deferred(loop);
        drain_lined(loop);
        if (!uv_loop_alive(&loop->uv) && atomic_load(&loop->holds) > 0)
            wait_for_holds(loop);
    } while (uv_loop_alive(&loop->uv) || loop->deferred || loop->lined ||
             atomic_load(&loop->holds) > 0 ||
             atomic_load(&loop->posted));
}

void ol_loop_stop(ol_loop *loop)
{
    atomic_store(&loop->stopping, true);
    uv_async_send(&loop->async);
}

typedef struct open_handles {
    const ol_loop *loop;
    size_t count;
} open_handles;

static void name_open_handle(uv_handle_t *handle, void *arg)
{
    open_handles *open = arg;
    const ol_loop *loop = open->loop;
    bool own = handle == (const uv_handle_t *)&loop->async ||
               handle == (const uv_handle_t *)&loop->prepare ||
               handle == (const uv_handle_t *)&loop->check ||
               handle == (const uv_handle_t *)&loop->idle;
    if (own || uv_is_closing(handle))
        return;
    fprintf(stderr, "objlens: loop destroyed with an open %s handle\n",
            uv_handle_type_name(handle->type));
    open->count++;
}

void ol_loop_destroy(ol_loop *loop)
{
    if (!loop)
        return;
    /* A loop may be destroyed on another thread than the one that ran it, or never have run. */
    atomic_store(&loop->owner, pthread_self());
    while (atomic_load(&loop->posting) > 0)
        sched_yield();
    open_handles open = {.loop = loop};
    uv_walk(&loop->uv, name_open_handle, &open);
    assert(open.count == 0);
    close_internal(loop);
    int rc = uv_loop_close(&loop->uv);
    assert(rc == 0);
    (void)rc;
    ol_read_pool_destroy(loop->reads);
    ol_page_pipe_fini(&loop->page_pipe);
    ol_pipes_destroy(loop->pipes);
    ol_free(loop);
}

uv_loop_t *ol_loop_uv(ol_loop *loop)
{
    return &loop->uv;
}

unsigned ol_loop_index(const ol_loop *loop)
{
    return loop->index;
}

uint64_t ol_loop_now_ms(const ol_loop *loop)
{
    return uv_now(&loop->uv);
}

int64_t ol_loop_wall_ms(ol_loop *loop)
{
    uint64_t now = uv_now(&loop->uv);
    if (now != loop->wall_read_ms) {
        loop->wall_read_ms = now;
        loop->wall_ms = ol_clock_wall_ms();
    }
    return loop->wall_ms;
}

bool ol_loop_is_current(const ol_loop *loop)
{
    return pthread_equal(atomic_load_explicit(&loop->owner, memory_order_relaxed), pthread_self());
}
