/* SPDX-License-Identifier: MIT */
/*
 * A host that dies at work, or is given up because a request went over a budget, costs a new process, and
 * starting one takes CPU time that belongs to the neighbours. So a trust group may lose some hosts of a
 * program in a row and then one every pause_ms. Meanwhile what it has running serves on; it gets no new
 * host, and none that served others, for those would have to wait for theirs.
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

static uint64_t hash_of(const ol_program *program)
{
    return ol_map_hash(ol_slice_cstr(program->name));
}

static uint64_t *entry_of_program(ol_pool *pool, const ol_program *program)
{
    return &pool->losses.programs[hash_of(program) % OL_POOL_LOSSES];
}

static uint64_t *entry_of_group(ol_pool *pool, const ol_program *program, ol_slice group)
{
    uint64_t hash = hash_of(program) * 31 + ol_map_hash(group);
    return &pool->losses.groups[hash % OL_POOL_GROUP_LOSSES];
}

static uint64_t program_pause_ms(const ol_pool *pool)
{
    return pool->options.pause_ms / GROUPS_OF_A_PROGRAM;
}

static void charge(uint64_t *paid_ms, uint64_t pause_ms, uint64_t now_ms)
{
    uint64_t most_ms = now_ms + OWED_MOST * pause_ms;
    *paid_ms = (*paid_ms > now_ms ? *paid_ms : now_ms) + pause_ms;
    if (*paid_ms > most_ms)
        *paid_ms = most_ms;
}

static bool owes(uint64_t paid_ms, uint64_t pause_ms, uint64_t now_ms)
{
    return paid_ms > now_ms + (IN_A_ROW - 1) * pause_ms;
}

void ol_pool_lost_host(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    ol_slice group = ol_slice_of(host->group, host->group_len);
    uint64_t *groups_ms = entry_of_group(pool, host->program, group);
    charge(entry_of_program(pool, host->program), program_pause_ms(pool), now_ms);
    charge(groups_ms, pool->options.pause_ms, now_ms);
    if (pool->losses.until_ms < *groups_ms)
        pool->losses.until_ms = *groups_ms;
}

bool ol_pool_group_is_paused(ol_pool *pool, const ol_ticket *ticket)
{
    uint64_t now_ms = ol_loop_now_ms(pool->loop);
    if (pool->losses.until_ms <= now_ms) /* nobody owes anything: no need to look who it is */
        return false;
    uint64_t paid_ms = *entry_of_group(pool, ticket->program, ticket->group);
    return owes(paid_ms, pool->options.pause_ms, now_ms);
}

bool ol_pool_is_paused(ol_pool *pool, const ol_ticket *ticket)
{
    uint64_t paid_ms = *entry_of_program(pool, ticket->program);
    return owes(paid_ms, program_pause_ms(pool), ol_loop_now_ms(pool->loop)) ||
           ol_pool_group_is_paused(pool, ticket);
}

const char *ol_pool_pause_text(ol_pool *pool, const ol_ticket *ticket)
{
    return ol_pool_is_paused(pool, ticket) ? "; it lost many, and gets one every host_pause_ms" : "";
}
