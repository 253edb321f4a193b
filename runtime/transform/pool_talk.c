/* SPDX-License-Identifier: MIT */
/*
 * What one host says, and what it is told.
 *
 * A host wakes us by its eventfd when it has something to say and knows that we sleep. What it is told
 * is published once, at the end of the turn: until then the host is in its pool's list of dirty hosts.
 */
#include <unistd.h>

#include "transform/pool_private.h"

/* ---- what it is told ---- */

static void mark_dirty(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    ol_pool_schedule(pool);
    if (host->dirty)
        return;
    host->dirty = true;
    host->dirty_next = pool->dirty_first;
    pool->dirty_first = host;
}

static void leave_dirty_list(ol_pool_host *host)
{
    if (!host->dirty)
        return;
    ol_pool_host **at = &host->pool->dirty_first;
    while (*at && *at != host)
        at = &(*at)->dirty_next;
    if (*at)
        *at = host->dirty_next;
}

void ol_pool_talk_publish(ol_pool_host *host)
{
    if (host->state >= OL_HOST_DYING)
        return;
    bool told = ol_link_has_unsent(host->link);
    if (ol_link_publish(host->link))
        ol_link_wake(host->link);
    if (told)
        ol_pool_turns_told(host);
}

/* ---- what it says ---- */

void ol_pool_talk_drain(ol_pool_host *host)
{
    ol_error fault = {0};
    uint32_t culprit;
    ol_link_awake(host->link);
    ol_pool_turns_heard(host);
    int rc = ol_link_drain(host->link, &culprit, &fault);
    ol_pool_count(&host->pool->stats.preempted, ol_link_preempted_take(host->link));
    if (rc != OL_OK) {
        ol_pool_host_kill_for(host, culprit, OL_ETRANSFORM, "%s", fault.detail);
    } else if (ol_link_is_spoiled(host->link)) {
        ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ETRANSFORM,
                              "the engine of transform %s gave its state up", host->program->name);
    } else if (ol_link_is_overspent(host->link) && !host->retiring) {
        ol_pool_lost_host(host);
        ol_pool_host_retire(host);
    }
    if (host->state < OL_HOST_DYING && !ol_link_sleep(host->link))
        mark_dirty(host); /* more came meanwhile: on the next turn */
}

static void on_wake(uv_poll_t *poll, int status, int events)
{
    ol_pool_host *host = poll->data;
    uint64_t count;
    (void)status;
    (void)events;
    ssize_t got = read(host->child.wake_fd, &count, sizeof(count));
    (void)got;
    if (host->state < OL_HOST_DYING)
        ol_pool_talk_drain(host);
}

static void on_loaded(void *arg, const ol_link_loaded *loaded)
{
    ol_pool_host *host = arg;
    if (!loaded->ok) {
        ol_pool_host_kill(host, OL_WIRE_NONE, &loaded->err);
        return;
    }
    if (!ol_pool_warden_seal(host, host->program->declared.threads_max)) {
        ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ETRANSFORM,
                              "transform %s runs more threads than it declares, or /proc hides them",
                              host->program->name);
        return;
    }
    ol_pool_offload_narrow(host);
}

static void on_job_over(void *arg)
{
    ol_pool_host *host = arg;
    ol_pool *pool = host->pool;
    if (pool->queue_first) {
        pool->place_again = true;
        ol_pool_schedule(pool);
    }
    ol_pool_turns_job_over(host);
    bool idle = ol_link_jobs(host->link) == 0;
    ol_warden_forgive(&host->child.warden,
                      idle ? OL_WARDEN_REFUSALS_MAX : OL_WARDEN_REFUSALS_A_JOB);
    if (!idle)
        return;
    host->taken = false;
    ol_pool_turns_idle(host);
    host->idle_since_ms = ol_loop_now_ms(pool->loop);
    if (host->retiring || host->state == OL_HOST_DEAD) {
        pool->sweep = true; /* it is let go there, not under the caller's feet */
        ol_pool_schedule(pool);
    }
}

static void on_dirty(void *arg)
{
    mark_dirty(arg);
}

/* ---- life ---- */

static const ol_link_ops link_ops = {
    .on_loaded = on_loaded,
    .on_job_over = on_job_over,
    .on_dirty = on_dirty,
};

int ol_pool_talk_start(ol_pool_host *host, ol_error *err)
{
    int rc = ol_link_new(&host->link, host->child.base, &host->child.layout, host->options.jobs_max,
                         &host->program->limits, &link_ops, host);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "host");
    rc = ol_pool_host_poll(host, &host->wake_poll, host->child.wake_fd, on_wake);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "watching a host");
}

void ol_pool_talk_stop(ol_pool_host *host)
{
    uv_close((uv_handle_t *)&host->wake_poll, ol_pool_host_handle_closed);
}

void ol_pool_talk_end(ol_pool_host *host)
{
    ol_link_destroy(host->link);
    host->link = NULL;
    leave_dirty_list(host);
}
