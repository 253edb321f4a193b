/* SPDX-License-Identifier: MIT */
/*
 * The parts of a host's life that block, and so are not for the loop: making its memory and its process
 * (milliseconds, most of them the kernel's for namespaces and exec), narrowing its control group, taking
 * all of it down. Each is a task of the pool's one offload thread, which lives as long as any of its
 * hosts: a process is killed when the thread ends that made it.
 *
 * A host has one task at a time, which counts as an open handle of it. A task is not broken off: a host
 * that is killed while its process is being made is only marked, and its process killed when it is there.
 * No task waits for a transform's code: a process that is taken down was killed before, and is left to itself
 * when it has not ended after OL_CHILD_STOP_MS (child_left.c); other threads wait for an inline host's thread
 * and for its library's destructors (inline_host.c).
 */
#include <assert.h>
#include <stdint.h>

#include "transform/pool_private.h"

int ol_pool_offload_init(ol_pool *pool)
{
    /* Bounded by the number of hosts: each has one task at most. */
    return ol_offload_new(&pool->offload, "hosts", 1, SIZE_MAX);
}

static void submit(ol_pool_host *host, void (*work)(ol_task *task), void (*done)(ol_task *task))
{
    host->task = (ol_task){.work = work, .done = done, .loop = host->pool->loop, .arg = host};
    host->handles++;
    host->pool->open_handles++;
    int rc = ol_offload_submit(host->pool->offload, &host->task);
    assert(rc == OL_OK);
    (void)rc;
}

/* ---- the start ---- */

static void start_child(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_turns_take(OL_TURNS_FIRST); /* what it waited for a core would be owed to it, before the loop */
    host->start_code =
        ol_child_start(&host->child, &host->options, host->program, &host->start_error);
}

static void on_started(ol_task *task)
{
    ol_pool_host *host = task->arg;
    host->child_pending = false;
    if (host->start_code == OL_OK)
        ol_pool_host_started(host);
    else
        ol_pool_host_not_started(host, &host->start_error);
    ol_pool_host_handle_done(host);
}

void ol_pool_offload_start(ol_pool_host *host)
{
    host->child_pending = true;
    submit(host, start_child, on_started);
}

/* ---- once it has loaded ---- */

static void narrow(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_cgroup_narrow(&host->child.cgroup, host->program->declared.threads_max);
}

static void on_narrowed(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_pool_host_ready(host);
    ol_pool_host_handle_done(host);
}

void ol_pool_offload_narrow(ol_pool_host *host)
{
    if (host->child.cgroup.path[0])
        submit(host, narrow, on_narrowed);
    else
        ol_pool_host_ready(host);
}

/* ---- the end ---- */

static void stop_child(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_child_stop(&host->child);
}

static void on_stopped(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_pool *pool = host->pool;
    ol_pool_host_free(host);
    ol_pool_handle_closed(pool);
}

void ol_pool_offload_stop(ol_pool_host *host)
{
    submit(host, stop_child, on_stopped);
}
