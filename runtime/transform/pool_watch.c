/* SPDX-License-Identifier: MIT */
/*
 * What time does to a pool. The tick runs only while requests run or wait: it kills a host
 * that executes one job for too long without a break, ends requests that are past their wall
 * time, and those that waited too long for a host. The tidy timer gives memory back, lets hosts go
 * that nobody needs, and gives those up whose killed process does not end.
 *
 * "Too long" is measured in the host's own CPU time: on a crowded machine a host that is not
 * given a core has done nothing wrong.
 */
#include "base/limits.h"
#include "transform/pool_private.h"

#define QUEUE_MS_MAX 10000u
#define IDLE_MS_MAX 60000u
#define DYING_MS_MAX 5000u /* of a process that was killed: it takes milliseconds */
#define CANCEL_MS_MAX 2000u
#define CANCEL_ONE_MS_MAX 250u /* a host for one job: nobody else suffers */
#define STUCK_FACTOR 20u       /* wall time for the CPU time allowed, before it counts as stuck */
#define STUCK_MS_MIN 2000u
#define UNYIELDABLE_MS_MIN 200u
#define BUDGET_SLACK_MS 200u
#define IDLE_CPU_MS_MAX 100u /* between two looks of the tidy timer */
#ifdef OBJLENS_SANITIZED
#define SLOWNESS 5u
#else
#define SLOWNESS 1u
#endif

/* ---- one step for too long ---- */

static uint64_t step_ms_max(const ol_program *program, uint32_t used_ms)
{
    const ol_transform_limits *limits = &program->limits;
    if (program->kind == OL_PROGRAM_SHARED) {
        /* Native code is not preempted: all of its allowance may go in one step. */
        uint64_t left = limits->cpu_ms > used_ms ? limits->cpu_ms - used_ms : 0;
        return left + limits->unyieldable_ms;
    }
    uint64_t stretch = (uint64_t)limits->unyieldable_ms * OL_TRANSFORM_STUCK_STRETCH_FACTOR;
    return (stretch > UNYIELDABLE_MS_MIN ? stretch : UNYIELDABLE_MS_MIN) * SLOWNESS;
}

static void watch_step(ol_pool_host *host, uint64_t now_ms)
{
    uint32_t index, used_ms;
    uint64_t word = ol_link_executing(host->link, &index, &used_ms);
    if (index == OL_WIRE_NONE) {
        host->seen_word = 0;
        return;
    }
    uint64_t cpu_ns = ol_child_cpu_ns(&host->child);
    if (word != host->seen_word) {
        host->seen_word = word;
        host->seen_cpu_ns = cpu_ns;
        host->seen_ms = now_ms;
        return;
    }
    uint64_t max_ms = step_ms_max(host->program, used_ms);
    uint64_t cpu_ms = (cpu_ns - host->seen_cpu_ns) / 1000000;
    uint64_t stuck_ms = max_ms * STUCK_FACTOR + STUCK_MS_MIN;
    if (cpu_ms <= max_ms && now_ms - host->seen_ms <= stuck_ms)
        return;
    ol_pool_host_kill_for(host, index, OL_ETRANSFORMCPU,
                          "transform %s ran for %llu ms of CPU without a break",
                          host->program->name, (unsigned long long)cpu_ms);
}

/* The process as a whole, by the kernel's word: a host that lies about what it does, or computes on
 * threads of its own, gets no more than all of its requests together were allowed. */
static void watch_budget(ol_pool_host *host)
{
    uint64_t cpu_ns = ol_child_cpu_ns(&host->child);
    if (host->budget_from_ns == 0) {
        host->budget_from_ns = cpu_ns > 0 ? cpu_ns : 1;
        return;
    }
    uint64_t max_ms = (host->budget_ms + BUDGET_SLACK_MS) * SLOWNESS;
    if (cpu_ns < host->budget_from_ns || (cpu_ns - host->budget_from_ns) / 1000000 <= max_ms)
        return;
    ol_pool_host_kill_for(host, ol_pool_host_executing(host), OL_ETRANSFORMCPU,
                          "the host of transform %s used more CPU than its requests were allowed",
                          host->program->name);
}

/* Nobody asked it anything, and it computes. */
static void watch_idle(ol_pool_host *host)
{
    uint64_t cpu_ns = ol_child_cpu_ns(&host->child);
    bool seen = host->idle_seen;
    uint64_t used_ms = (cpu_ns - host->idle_cpu_ns) / 1000000;
    host->idle_seen = true;
    host->idle_cpu_ns = cpu_ns;
    if (!seen || used_ms <= IDLE_CPU_MS_MAX)
        return;
    ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ETRANSFORMCPU,
                          "the host of transform %s computed without a request",
                          host->program->name);
}

/* A request was given up and the host does not let go of it. */
static void watch_canceled(ol_pool_host *host, uint64_t now_ms, bool any)
{
    if (!any) {
        host->canceled_ms = 0;
        return;
    }
    if (host->canceled_ms == 0)
        host->canceled_ms = now_ms;
    bool one = ol_program_takes_one(host->program);
    if (now_ms - host->canceled_ms < (one ? CANCEL_ONE_MS_MAX : CANCEL_MS_MAX))
        return;
    ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ETRANSFORM,
                          "transform %s did not let go of a canceled request", host->program->name);
}

/* ---- wall time ---- */

static void end_late(ol_pool_host *host, ol_ticket *ticket)
{
    ol_error err = {0};
    ol_error_set(&err, OL_ETRANSFORMTIME, "more than wall_ms = %u",
                 ticket->program->limits.wall_ms);
    ol_pool_host_retire(host);
    ol_pool_end_ticket(host->pool, ticket, &err, false);
}

static void watch_jobs(ol_pool_host *host, uint64_t now_ms, uint64_t passed_ms)
{
    bool canceled = false;
    for (uint32_t i = 0; i < ol_link_jobs_max(host->link); i++) {
        canceled |= ol_link_is_canceled(host->link, i);
        if (!ol_link_is_working(host->link, i))
            continue;
        ol_ticket *ticket = ol_link_ticket(host->link, i);
        if (!ticket->client_waits)
            ticket->wall_ms += passed_ms;
        if (ticket->wall_ms > ticket->program->limits.wall_ms)
            end_late(host, ticket);
    }
    watch_canceled(host, now_ms, canceled);
}

/* ---- timers ---- */

static void watch_queue(ol_pool *pool, uint64_t now_ms)
{
    while (pool->queue_first && now_ms - pool->queue_first->queued_ms > QUEUE_MS_MAX) {
        ol_ticket *ticket = pool->queue_first;
        ol_error err = {0};
        ol_error_set(&err, OL_ESLOWDOWN, "no host of transform %s came free within %u ms%s",
                     ticket->program->name, QUEUE_MS_MAX, ol_pool_pause_text(pool, ticket));
        ol_pool_end_ticket(pool, ticket, &err, false);
    }
    if (pool->queue_first) {
        pool->place_again = true;
        ol_pool_schedule(pool);
    }
}

static void on_tick(uv_timer_t *timer)
{
    ol_pool *pool = timer->data;
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    uint64_t passed_ms = now_ms - pool->ticked_ms;
    pool->ticked_ms = now_ms;
    for (ol_pool_host *host = pool->first; host; host = host->next) {
        if (host->state != OL_HOST_READY || ol_link_jobs(host->link) == 0)
            continue;
        watch_step(host, now_ms);
        if (host->state == OL_HOST_READY)
            watch_budget(host);
        if (host->state == OL_HOST_READY)
            watch_jobs(host, now_ms, passed_ms);
    }
    watch_queue(pool, now_ms);
    ol_pool_watch_update(pool);
}

static bool is_busy(const ol_pool *pool)
{
    if (pool->queue_first)
        return true;
    for (const ol_pool_host *host = pool->first; host; host = host->next)
        if (host->state == OL_HOST_READY && ol_link_jobs(host->link) > 0)
            return true;
    return false;
}

void ol_pool_watch_update(ol_pool *pool)
{
    bool busy = !pool->closing && (pool->ticking ? is_busy(pool) : true);
    if (busy == pool->ticking)
        return;
    pool->ticking = busy;
    pool->ticked_ms = ol_loop_now_ms(pool->loop);
    if (busy)
        uv_timer_start(&pool->tick, on_tick, OL_POOL_TICK_MS, OL_POOL_TICK_MS);
    else
        uv_timer_stop(&pool->tick);
}

static unsigned hosts_of(const ol_pool *pool, const ol_program *program)
{
    unsigned count = 0;
    for (const ol_pool_host *host = pool->first; host; host = host->next)
        count += host->state == OL_HOST_READY && host->program == program;
    return count;
}

static void tidy_host(ol_pool_host *host, uint64_t now_ms)
{
    ol_pool *pool = host->pool;
    if (host->link)
        ol_link_tidy(host->link, now_ms);
    if (host->state == OL_HOST_STARTING &&
        now_ms - host->started_ms > ol_transform_load_wall_ms(&host->program->limits))
        ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ETRANSFORM,
                              "the transform took too long to load (load_ms)");
    if (host->state == OL_HOST_DYING && host->killed_ms && now_ms - host->killed_ms > DYING_MS_MAX)
        ol_pool_host_give_up(host);
    if (ol_pool_host_is_idle(host))
        watch_idle(host);
    if (ol_pool_host_is_idle(host) && now_ms - host->idle_since_ms > IDLE_MS_MAX &&
        hosts_of(pool, host->program) > 1)
        ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ECANCELED, "the host was idle");
    ol_pool_host_maybe_free(host);
}

static void on_tidy(uv_timer_t *timer)
{
    ol_pool *pool = timer->data;
    ol_pool_host *next;
    for (ol_pool_host *host = pool->first; host; host = next) {
        next = host->next;
        tidy_host(host, ol_loop_now_ms(pool->loop));
    }
}

int ol_pool_watch_init(ol_pool *pool)
{
    uv_loop_t *uv = ol_loop_uv(pool->loop);
    uv_timer_init(uv, &pool->tick);
    uv_timer_init(uv, &pool->tidy);
    pool->tick.data = pool->tidy.data = pool;
    pool->open_handles += 2;
    return uv_timer_start(&pool->tidy, on_tidy, OL_POOL_TIDY_MS, OL_POOL_TIDY_MS);
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_pool_handle_closed(handle->data);
}

void ol_pool_watch_close(ol_pool *pool)
{
    uv_close((uv_handle_t *)&pool->tick, on_timer_closed);
    uv_close((uv_handle_t *)&pool->tidy, on_timer_closed);
}
