/* SPDX-License-Identifier: MIT */
/*
 * A program whose hosts die at work, or are given up because a request went over a budget, costs a
 * new process each time, and starting one takes CPU time that belongs to the neighbours. So a program
 * may lose some hosts in a row and then one every pause_ms; what it has running serves on, and whoever
 * needs a new host of it waits in the queue.
 *
 * Programs are told apart by name, a new version being no way around it. Two names may share an entry,
 * and then a pause.
 */
#include "base/fnv.h"
#include "transform/pool_private.h"

#define IN_A_ROW 8u
#define OWED_MOST 16u /* when many die at once the pause is no longer than that */

static uint64_t *entry_of(ol_pool *pool, const ol_program *program)
{
    return &pool->losses[ol_fnv_cstr(program->name) % OL_POOL_LOSSES];
}

void ol_pool_lost_host(ol_pool *pool, const ol_program *program)
{
    uint64_t *paid_ms = entry_of(pool, program), now_ms = ol_loop_now_ms(pool->loop);
    uint64_t most_ms = now_ms + (uint64_t)OWED_MOST * pool->options.pause_ms;
    *paid_ms = (*paid_ms > now_ms ? *paid_ms : now_ms) + pool->options.pause_ms;
    if (*paid_ms > most_ms)
        *paid_ms = most_ms;
}

bool ol_pool_is_paused(ol_pool *pool, const ol_program *program)
{
    uint64_t in_a_row_ms = (uint64_t)(IN_A_ROW - 1) * pool->options.pause_ms;
    return *entry_of(pool, program) > ol_loop_now_ms(pool->loop) + in_a_row_ms;
}
