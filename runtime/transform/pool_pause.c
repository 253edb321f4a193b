/* SPDX-License-Identifier: MIT */
/*
 * A host that dies at work, or is given up because a request went over a budget, costs a new process, and
 * starting one takes CPU time that belongs to the neighbours. So a trust group may lose some hosts of a
 * program in a row and then one every pause_ms. Meanwhile what it has running serves on; it gets no new
 * host, none that served others, for those would have to wait for theirs, and a share of the queue, so that
 * others find room there.
 *
 * A host is paid for when it is lost. A group that still owes for some may have as many at work as it may
 * lose yet, or it would lose all that it has at once.
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

static ol_pool_debt *debt_of_program(ol_pool *pool, const ol_program *program)
{
    return &pool->losses.programs[hash_of(program) % OL_POOL_LOSSES];
}

static ol_pool_debt *debt_of_group(ol_pool *pool, const ol_program *program, ol_slice group)
{
    uint64_t hash = hash_of(program) * 31 + ol_map_hash(group);
    return &pool->losses.groups[hash % OL_POOL_GROUP_LOSSES];
}

static uint64_t program_pause_ms(const ol_pool *pool)
{
    return (pool->options.pause_ms + GROUPS_OF_A_PROGRAM - 1) / GROUPS_OF_A_PROGRAM;
}

/* ---- what is owed ---- */

static void charge(ol_pool *pool, ol_pool_debt *debt, uint64_t pause_ms)
{
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    uint64_t most_ms = now_ms + OWED_MOST * pause_ms;
    uint64_t paid_ms = (debt->paid_ms > now_ms ? debt->paid_ms : now_ms) + pause_ms;
    debt->paid_ms = paid_ms < most_ms ? paid_ms : most_ms;
    if (pool->losses.until_ms < debt->paid_ms)
        pool->losses.until_ms = debt->paid_ms;
}

void ol_pool_lost_host(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    ol_slice group = ol_slice_of(host->group, host->group_len);
    charge(pool, debt_of_program(pool, host->program), program_pause_ms(pool));
    charge(pool, debt_of_group(pool, host->program, group), pool->options.pause_ms);
}

/* So that nobody has to look whose it is. */
static bool anybody_owes(const ol_pool *pool)
{
    return pool->losses.until_ms > ol_loop_now_ms(pool->loop);
}

/* In hosts. */
static uint64_t owed(const ol_pool *pool, const ol_pool_debt *debt, uint64_t pause_ms)
{
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    return debt->paid_ms > now_ms ? (debt->paid_ms - now_ms + pause_ms - 1) / pause_ms : 0;
}

/* What `ticket` waits for to be paid: its group's debt, or its program's; or NULL. */
static ol_pool_debt *pausing(ol_pool *pool, const ol_ticket *ticket)
{
    if (!anybody_owes(pool))
        return NULL;
    ol_pool_debt *group = debt_of_group(pool, ticket->program, ticket->group);
    if (owed(pool, group, pool->options.pause_ms) >= IN_A_ROW)
        return group;
    ol_pool_debt *program = debt_of_program(pool, ticket->program);
    return owed(pool, program, program_pause_ms(pool)) >= IN_A_ROW ? program : NULL;
}

bool ol_pool_group_is_paused(ol_pool *pool, const ol_ticket *ticket)
{
    const ol_pool_debt *debt = pausing(pool, ticket);
    return debt && debt == debt_of_group(pool, ticket->program, ticket->group);
}

/* ---- hosts ---- */

/* It works for the group, or this round has promised it to it. */
static bool may_be_lost(const ol_pool_host *host, const ol_ticket *ticket)
{
    if (host->program != ticket->program)
        return false;
    if (host->state == OL_HOST_STARTING)
        return host->claims > 0 && ol_slice_eq(host->claim_group, ticket->group);
    return host->state == OL_HOST_READY && ol_link_jobs(host->link) > 0 &&
           ol_pool_host_serves(host, ticket->group);
}

bool ol_pool_may_start(ol_pool *pool, const ol_ticket *ticket)
{
    if (!anybody_owes(pool))
        return true;
    if (pausing(pool, ticket))
        return false;
    uint64_t lost =
        owed(pool, debt_of_group(pool, ticket->program, ticket->group), pool->options.pause_ms);
    if (lost == 0)
        return true;
    for (const ol_pool_host *host = pool->first; host; host = host->next)
        lost += may_be_lost(host, ticket);
    return lost < IN_A_ROW;
}

/* ---- the queue ---- */

void ol_pool_pause_queues(ol_pool *pool, const ol_ticket *ticket)
{
    debt_of_program(pool, ticket->program)->queued++;
    debt_of_group(pool, ticket->program, ticket->group)->queued++;
}

void ol_pool_pause_unqueues(ol_pool *pool, const ol_ticket *ticket)
{
    debt_of_program(pool, ticket->program)->queued--;
    debt_of_group(pool, ticket->program, ticket->group)->queued--;
}

static unsigned share(const ol_pool *pool)
{
    return (pool->options.queue_max + QUEUE_SHARE - 1) / QUEUE_SHARE;
}

bool ol_pool_pause_is_full(ol_pool *pool, const ol_ticket *ticket)
{
    const ol_pool_debt *debt = pausing(pool, ticket);
    return debt && debt->queued >= share(pool);
}

bool ol_pool_group_has_too_many(ol_pool *pool, const ol_ticket *ticket)
{
    return ol_pool_group_is_paused(pool, ticket) &&
           debt_of_group(pool, ticket->program, ticket->group)->queued > share(pool);
}

const char *ol_pool_pause_text(ol_pool *pool, const ol_ticket *ticket)
{
    if (ol_pool_group_is_paused(pool, ticket))
        return "; this caller's requests lost many, and it gets one every host_pause_ms";
    return pausing(pool, ticket) ? "; it lost many, and gets ten every host_pause_ms" : "";
}
