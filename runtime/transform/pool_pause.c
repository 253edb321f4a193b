/* SPDX-License-Identifier: MIT */
/*
 * A host that dies at work, or is given up because a request went over a budget, costs a new process, and
 * starting one takes CPU time that belongs to the neighbours. So a trust group may lose some hosts of a
 * program in a row and then one every pause_ms.
 *
 * A host is paid for when it is lost. A group that owes for some is *short* when these and those that it has
 * are as many as it may lose in a row: what it has serves on, but it gets no new host, and none that is
 * there for others, who would have to wait for theirs. When it owes for so many alone it is *paused*: then
 * it has a share of the queue, and all that are paused leave a share of it to others.
 *
 * A program that fails whoever asks could still lose one for each of many groups: all of them together may
 * lose ten times as many.
 *
 * Programs are told apart by name, a new version being no way around it. Two names, or two groups, may
 * share an entry, and then a pause; who shares with whom nobody can choose.
 */
#include "base/map.h"
#include "transform/pool_private.h"

#define IN_A_ROW 8u
#define OWED_MOST 16u /* when many die at once the pause is no longer than that */
#define GROUPS_OF_A_PROGRAM 10u
#define QUEUE_SHARE 4u /* one in so many of the queue */

static uint64_t hash_of(const ol_program *program)
{
    return ol_map_hash(ol_slice_cstr(program->name));
}

static uint64_t *paid_for_program(ol_pool *pool, const ol_program *program)
{
    return &pool->losses.programs_paid_ms[hash_of(program) % OL_POOL_LOSSES];
}

uint64_t ol_pool_whose(const ol_program *program, ol_slice group)
{
    return hash_of(program) * 31 + ol_map_hash(group);
}

static ol_pool_debt *debt_of_group(ol_pool *pool, const ol_program *program, ol_slice group)
{
    return &pool->losses.groups[ol_pool_whose(program, group) % OL_POOL_GROUP_LOSSES];
}

static uint64_t program_pause_ms(const ol_pool *pool)
{
    return (pool->options.pause_ms + GROUPS_OF_A_PROGRAM - 1) / GROUPS_OF_A_PROGRAM;
}

/* ---- what is owed ---- */

static void charge(ol_pool *pool, uint64_t *paid_ms, uint64_t pause_ms)
{
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    uint64_t most_ms = now_ms + OWED_MOST * pause_ms;
    *paid_ms = (*paid_ms > now_ms ? *paid_ms : now_ms) + pause_ms;
    if (*paid_ms > most_ms)
        *paid_ms = most_ms;
    if (pool->losses.until_ms < *paid_ms)
        pool->losses.until_ms = *paid_ms;
}

void ol_pool_lost_host(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    ol_slice group = ol_slice_of(host->group, host->group_len);
    charge(pool, paid_for_program(pool, host->program), program_pause_ms(pool));
    charge(pool, &debt_of_group(pool, host->program, group)->paid_ms, pool->options.pause_ms);
}

/* So that nobody has to look whose it is. */
static bool anybody_owes(const ol_pool *pool)
{
    return pool->losses.until_ms > ol_loop_now_ms(pool->loop);
}

/* In hosts. */
static uint64_t owed(const ol_pool *pool, uint64_t paid_ms, uint64_t pause_ms)
{
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    return paid_ms > now_ms ? (paid_ms - now_ms + pause_ms - 1) / pause_ms : 0;
}

static uint64_t owed_by_group(ol_pool *pool, const ol_ticket *ticket)
{
    const ol_pool_debt *debt = debt_of_group(pool, ticket->program, ticket->group);
    return owed(pool, debt->paid_ms, pool->options.pause_ms);
}

static bool group_is_paused(ol_pool *pool, const ol_ticket *ticket)
{
    return anybody_owes(pool) && owed_by_group(pool, ticket) >= IN_A_ROW;
}

bool ol_pool_program_is_paused(ol_pool *pool, const ol_ticket *ticket)
{
    uint64_t paid_ms = *paid_for_program(pool, ticket->program);
    return anybody_owes(pool) && owed(pool, paid_ms, program_pause_ms(pool)) >= IN_A_ROW;
}

/* ---- hosts ---- */

/* It serves the group, or this round has promised it to it, or the room that it leaves. */
static bool may_be_lost(const ol_pool_host *host, const ol_ticket *ticket)
{
    if (host->state == OL_HOST_STARTING || host->state == OL_HOST_DYING)
        return host->claims > 0 &&
               host->claimed_by == ol_pool_whose(ticket->program, ticket->group);
    if (host->state != OL_HOST_READY || (host->retiring && ol_link_jobs(host->link) == 0))
        return false;
    return host->program == ticket->program && ol_pool_host_serves(host, ticket->group);
}

bool ol_pool_group_is_short(ol_pool *pool, const ol_ticket *ticket)
{
    uint64_t lost = anybody_owes(pool) ? owed_by_group(pool, ticket) : 0;
    if (lost == 0)
        return false;
    for (const ol_pool_host *host = pool->first; host; host = host->next)
        lost += may_be_lost(host, ticket);
    return lost >= IN_A_ROW;
}

/* ---- the queue ---- */

void ol_pool_pause_queues(ol_pool *pool, const ol_ticket *ticket)
{
    debt_of_group(pool, ticket->program, ticket->group)->queued++;
}

void ol_pool_pause_unqueues(ol_pool *pool, const ol_ticket *ticket)
{
    debt_of_group(pool, ticket->program, ticket->group)->queued--;
}

static unsigned share(const ol_pool *pool)
{
    return (pool->options.queue_max + QUEUE_SHARE - 1) / QUEUE_SHARE;
}

bool ol_pool_pause_is_full(ol_pool *pool, const ol_ticket *ticket)
{
    bool group = group_is_paused(pool, ticket);
    if (!group && !ol_pool_program_is_paused(pool, ticket))
        return false;
    return pool->queued + share(pool) >= pool->options.queue_max ||
           (group && debt_of_group(pool, ticket->program, ticket->group)->queued >= share(pool));
}

bool ol_pool_group_has_too_many(ol_pool *pool, const ol_ticket *ticket)
{
    if (!group_is_paused(pool, ticket))
        return false;
    return pool->queued + share(pool) > pool->options.queue_max ||
           debt_of_group(pool, ticket->program, ticket->group)->queued > share(pool);
}

const char *ol_pool_pause_text(ol_pool *pool, const ol_ticket *ticket)
{
    if (ol_pool_group_is_short(pool, ticket))
        return "; requests of this trust group lost some, and it gets one every host_pause_ms";
    return ol_pool_program_is_paused(pool, ticket) ? "; it lost many, and gets ten every host_pause_ms"
                                                   : "";
}
