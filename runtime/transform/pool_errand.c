/* SPDX-License-Identifier: MIT */
/*
 * What of a host's life blocks, and so is not for the loop: to make its memory and its process
 * (milliseconds, most of them the kernel's for namespaces and exec), to narrow its control group, to
 * take all of it down. These are errands of the pool's own thread, which lives as long as any of its
 * hosts: a process dies with the thread that made it.
 *
 * One errand at a time for each host, and the host stays for it as for an open handle. An errand is
 * not broken off. None waits for code of a transform: a process that is taken down has been killed, and
 * of an inline host others wait for the thread and its library's destructors (inline_host.c). Whoever kills a host that is not born yet marks it, and it is killed when it is.
 */
#include <assert.h>
#include <stdint.h>

#include "base/alloc.h"
#include "transform/pool_private.h"

int ol_pool_errands_init(ol_pool *pool)
{
    /* Bounded by the hosts: each has one errand at most. */
    return ol_offload_new(&pool->errands, "hosts", 1, SIZE_MAX);
}

static void send_off(ol_pool_host *host, void (*work)(ol_task *task), void (*done)(ol_task *task))
{
    host->errand = (ol_task){.work = work, .done = done, .loop = host->pool->loop, .arg = host};
    host->handles++;
    host->pool->open_handles++;
    int rc = ol_offload_submit(host->pool->errands, &host->errand);
    assert(rc == OL_OK);
    (void)rc;
}

/* ---- birth ---- */

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
    host->unborn = false;
    if (host->start_code == OL_OK)
        ol_pool_host_born(host);
    else
        ol_pool_host_stillborn(host, &host->start_error);
    ol_pool_host_let_go(host);
}

void ol_pool_errand_start(ol_pool_host *host)
{
    host->unborn = true;
    send_off(host, start_child, on_started);
}

/* ---- loaded ---- */

static void narrow(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_cgroup_narrow(&host->child.cgroup, host->program->declared.threads_max);
}

static void on_narrowed(ol_task *task)
{
    ol_pool_host *host = task->arg;
    ol_pool_host_ready(host);
    ol_pool_host_let_go(host);
}

void ol_pool_errand_narrow(ol_pool_host *host)
{
    if (host->child.cgroup.path[0])
        send_off(host, narrow, on_narrowed);
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

void ol_pool_errand_stop(ol_pool_host *host)
{
    send_off(host, stop_child, on_stopped);
}
