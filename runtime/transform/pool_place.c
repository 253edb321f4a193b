/* SPDX-License-Identifier: MIT */
/*
 * Which request goes to which host.
 *
 * A request that is run again because of a neighbour runs alone: it waits for an idle host, and keeps
 * others out.
 *
 * A host takes a request when it runs that very program, has room, and serves that trust group
 * already; or when it is idle, and then it is wiped first. Among those the least busy wins. When
 * all that serve the group are held up by jobs that compute without end, another is started
 * beside them.
 *
 * What cannot be placed waits in order. Each waiting request is promised, once a round, a host
 * that is starting, one that is dying and will leave room, or a new one; if there may be no more,
 * the idle host that was longest unused is given up, or, when none is idle, one busy host takes
 * no more of its own group's requests, so that nobody waits for ever behind a busy neighbour.
 */
#include <assert.h>

#include "base/alloc.h"
#include "transform/pool_private.h"

#define COST_HOGGED 1000u
#define COST_FRESH 400u /* idle, never used */
#define COST_WIPE 500u  /* idle, was another group's */
#define COST_NONE UINT32_MAX
#define SPREAD_MAX 4u /* hosts for one group of one program that are started on account of hogs */
#define SPREAD_PAUSE_MS 1000u /* after one of those that failed */

/* A Lua heap is put back to its first state after each request. What a shared object keeps in its
 * process cannot be: another trust group gets a process of its own. */
static bool keeps_memory(const ol_program *program)
{
    return program->kind == OL_PROGRAM_SHARED && program->share != OL_SHARE_ALL;
}

/* `own_only`: no host that would have to be wiped, or is fresh. */
static uint32_t cost(const ol_pool_host *host, const ol_ticket *ticket, bool own_only)
{
    if (host->state != OL_HOST_READY || host->draining || host->retiring ||
        host->program != ticket->program || !ol_link_can_open(host->link))
        return COST_NONE;
    if (host->taken || (ticket->alone && ol_link_jobs(host->link) > 0))
        return COST_NONE;
    if (ol_pool_host_serves(host, ticket->group))
        return ol_link_jobs(host->link) + (ol_link_hogs(host->link) > 0 ? COST_HOGGED : 0);
    if (own_only || ol_link_jobs(host->link) > 0 || ol_link_limbo(host->link) > 0)
        return COST_NONE;
    if (host->has_group && keeps_memory(host->program))
        return COST_NONE;
    return host->has_group ? COST_WIPE : COST_FRESH;
}

static void spread(ol_pool *pool, const ol_ticket *ticket)
{
    unsigned mine = 0;
    for (ol_pool_host *host = pool->first; host; host = host->next) {
        if (host->state == OL_HOST_DEAD || host->program != ticket->program)
            continue;
        if (host->state == OL_HOST_STARTING)
            return;
        mine += ol_pool_host_serves(host, ticket->group);
    }
    if (mine >= SPREAD_MAX || pool->host_count >= pool->options.hosts_max ||
        ol_loop_now_ms(pool->loop) < pool->spread_again_ms ||
        ol_pool_group_is_short(pool, ticket) || ol_pool_program_is_paused(pool, ticket))
        return;
    ol_pool_host *host;
    ol_error ignored = {0}; /* it was a favour */
    if (ol_pool_host_start(pool, ticket->program, &host, &ignored) == OL_OK)
        host->favour = true;
    else
        ol_pool_favour_failed(pool);
}

void ol_pool_favour_failed(ol_pool *pool)
{
    pool->spread_again_ms = ol_loop_now_ms(pool->loop) + SPREAD_PAUSE_MS;
}

static void take_group(ol_pool_host *host, ol_slice group)
{
    if (ol_pool_host_serves(host, group))
        return;
    if (host->has_group)
        ol_link_wipe(host->link);
    host->has_group = true;
    host->group_len = group.len;
    if (group.len)
        memcpy(host->group, group.data, group.len);
}

/* What the process may use before the watchdog takes it for mad, whatever it says of itself. */
static void grant_cpu(ol_pool_host *host, const ol_transform_limits *limits)
{
    if (ol_link_jobs(host->link) == 0)
        host->budget_ms = host->budget_from_ns = 0;
    host->budget_ms += limits->cpu_ms + limits->unyieldable_ms;
    host->idle_seen = false;
}

int ol_pool_place(ol_pool *pool, ol_ticket *ticket, ol_error *err)
{
    ol_pool_host *best = NULL;
    uint32_t best_cost = COST_NONE;
    bool own_only = ol_pool_group_is_short(pool, ticket);
    for (ol_pool_host *host = pool->first; host; host = host->next) {
        uint32_t c = cost(host, ticket, own_only);
        if (c >= best_cost)
            continue;
        best = host;
        best_cost = c;
    }
    if (!best)
        return OL_WAIT;
    if (best_cost >= COST_HOGGED)
        spread(pool, ticket);
    take_group(best, ticket->group);
    grant_cpu(best, &ticket->program->limits);
    int rc = ol_link_open(best->link, ticket, err);
    if (rc != OL_OK)
        return rc;
    best->taken = ticket->alone;
    ticket->state = OL_TICKET_RUNNING;
    ol_pool_set(&pool->running, pool->running + 1);
    ol_pool_count(&pool->stats.jobs, 1);
    ol_pool_watch_update(pool);
    return OL_OK;
}

/* ---- the queue ---- */

static unsigned jobs_max_of(const ol_pool *pool, const ol_program *program)
{
    return ol_program_takes_one(program) ? 1 : pool->options.jobs_max;
}

static bool claim(ol_pool_host *host, const ol_ticket *ticket, unsigned max)
{
    uint64_t claimer = ol_pool_whose(ticket->program, ticket->group);
    if (host->claims >= max || (host->claims > 0 && host->claimed_by != claimer))
        return false;
    host->claims++;
    host->claimed_by = claimer;
    return true;
}

static bool claim_coming(ol_pool *pool, const ol_ticket *ticket)
{
    unsigned max = jobs_max_of(pool, ticket->program);
    for (ol_pool_host *host = pool->first; host; host = host->next)
        if (host->state == OL_HOST_STARTING && host->program == ticket->program &&
            claim(host, ticket, max))
            return true;
    return false;
}

static bool claim_leaving(ol_pool *pool, const ol_ticket *ticket)
{
    for (ol_pool_host *host = pool->first; host; host = host->next)
        if (host->state == OL_HOST_DYING &&
            claim(host, ticket, jobs_max_of(pool, ticket->program)))
            return true;
    return false;
}

/* Hosts of an older version of the program take nothing new. */
static void retire_older(ol_pool *pool, const ol_program *program)
{
    for (ol_pool_host *host = pool->first; host; host = host->next)
        if (host->program != program && host->program->version < program->version &&
            strcmp(host->program->name, program->name) == 0) {
            ol_pool_host_retire(host);
        }
}

void ol_pool_start_failed(ol_pool *pool)
{
    uint64_t pause_ms = 10ull << (pool->start_failures < 7 ? pool->start_failures : 7);
    pool->start_failures++;
    pool->start_again_ms = ol_loop_now_ms(pool->loop) + pause_ms;
}

static int start_for(ol_pool *pool, ol_program *program, ol_pool_host **host, ol_error *err)
{
    retire_older(pool, program);
    int rc = ol_pool_host_start(pool, program, host, err);
    if (rc != OL_OK)
        ol_pool_start_failed(pool);
    return rc;
}

static ol_pool_host *find_unused(ol_pool *pool)
{
    ol_pool_host *oldest = NULL;
    for (ol_pool_host *host = pool->first; host; host = host->next)
        if (ol_pool_host_is_idle(host) && host->claims == 0 &&
            (!oldest || host->idle_since_ms < oldest->idle_since_ms))
            oldest = host;
    return oldest;
}

/* One busy host is turned towards whoever has waited longest; its own program's first. `own_only`: one that
 * serves its group. */
static void turn_one(ol_pool *pool, const ol_ticket *ticket, bool own_only)
{
    ol_pool_host *best = NULL;
    for (ol_pool_host *host = pool->first; host; host = host->next) {
        if (host->state != OL_HOST_READY)
            continue;
        if (own_only && (host->program != ticket->program ||
                         !ol_pool_host_serves(host, ticket->group)))
            continue;
        if (host->draining)
            return;
        bool mine = host->program == ticket->program;
        bool best_mine = best && best->program == ticket->program;
        if (!best || mine > best_mine ||
            (mine == best_mine && ol_link_jobs(host->link) < ol_link_jobs(best->link)))
            best = host;
    }
    if (best && (ticket->alone || !ol_pool_host_serves(best, ticket->group)))
        best->draining = true;
}

static int provide(ol_pool *pool, ol_ticket *ticket, ol_error *err)
{
    ol_pool_host *host;
    if (ol_pool_group_is_short(pool, ticket)) { /* those that start are for others */
        if (ticket->alone)
            turn_one(pool, ticket, true);
        return OL_OK;
    }
    if (claim_coming(pool, ticket) || ol_loop_now_ms(pool->loop) < pool->start_again_ms ||
        ol_pool_program_is_paused(pool, ticket))
        return OL_OK;
    if (pool->host_count < pool->options.hosts_max) {
        int rc = start_for(pool, ticket->program, &host, err);
        if (rc == OL_OK)
            claim(host, ticket, 1);
        return rc;
    }
    if (claim_leaving(pool, ticket))
        return OL_OK;
    host = find_unused(pool);
    if (host) {
        ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ECANCELED, "the host makes room");
        claim(host, ticket, jobs_max_of(pool, ticket->program));
    } else {
        turn_one(pool, ticket, false);
    }
    return OL_OK;
}

static void forget_promises(ol_pool *pool)
{
    for (ol_pool_host *host = pool->first; host; host = host->next) {
        host->claims = 0;
        if (!pool->queue_first || ol_pool_host_is_idle(host))
            host->draining = false; /* it is free for whoever is first in the queue */
    }
}

static void place_queued(ol_pool *pool, ol_ticket *ticket)
{
    ol_error err = {0};
    int rc = ol_pool_place(pool, ticket, &err);
    if (rc == OL_OK) {
        ol_pool_unqueue(pool, ticket);
        ticket->ops->on_start(ticket);
        return;
    }
    if (rc == OL_WAIT)
        rc = provide(pool, ticket, &err);
    if (rc != OL_OK)
        ol_pool_end_ticket(pool, ticket, &err, false);
}

/* Those that came last go. */
static void trim_queue(ol_pool *pool)
{
    ol_ticket *prev;
    for (ol_ticket *ticket = pool->queue_last; ticket; ticket = prev) {
        ol_error err = {0};
        prev = ticket->prev;
        if (!ol_pool_group_has_too_many(pool, ticket))
            continue;
        ol_pool_refuse(pool, ticket, &err);
        ol_pool_end_ticket(pool, ticket, &err, false);
    }
}

void ol_pool_place_queue(ol_pool *pool)
{
    ol_ticket *next;
    forget_promises(pool);
    trim_queue(pool);
    for (ol_ticket *ticket = pool->queue_first; ticket; ticket = next) {
        next = ticket->next;
        place_queued(pool, ticket);
    }
}

/* ---- warm ---- */

static bool has_host(const ol_pool *pool, const ol_program *program)
{
    for (const ol_pool_host *host = pool->first; host; host = host->next)
        if (host->program == program && host->state < OL_HOST_DYING)
            return true;
    return false;
}

void ol_pool_start_warm(ol_pool *pool)
{
    for (size_t i = 0; i < pool->warm_count; i++) {
        ol_program *program = pool->warm[i];
        ol_error ignored = {0}; /* the first request will hear of it */
        ol_pool_host *host;
        if (!pool->closing && !has_host(pool, program) &&
            pool->host_count < pool->options.hosts_max)
            start_for(pool, program, &host, &ignored);
        ol_program_release(program);
    }
    pool->warm_count = 0;
}
