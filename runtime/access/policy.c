/* SPDX-License-Identifier: MIT */
#include "access/policy_private.h"

ol_policy *ol_policy_acquire(const ol_policy *policy)
{
    ol_policy *p = (ol_policy *)policy; /* its count may change, nothing else */
    if (p)
        atomic_fetch_add_explicit(&p->references, 1, memory_order_relaxed);
    return p;
}

void ol_policy_release(const ol_policy *policy)
{
    ol_policy *p = (ol_policy *)policy;
    if (p && atomic_fetch_sub_explicit(&p->references, 1, memory_order_acq_rel) == 1)
        ol_arena_destroy(p->arena); /* and the policy in it */
}

size_t ol_policy_statement_count(const ol_policy *policy)
{
    return policy->statement_count;
}

ol_slice ol_policy_sid(const ol_policy *policy, size_t statement)
{
    return statement < policy->statement_count ? policy->statements[statement].sid : OL_SLICE_NONE;
}

bool ol_policy_is_public(const ol_policy *policy)
{
    return policy && policy->is_public;
}

/* ---- the rows ---- */

static void make_row(const ol_policy *policy, ol_action action, uint64_t *row)
{
    memset(row, 0, policy->words * sizeof(*row));
    for (size_t i = 0; i < policy->statement_count; i++)
        if (policy->statements[i].actions[action / 64] >> (action % 64) & 1)
            row[i / 64] |= 1ull << (i % 64);
}

/* Into `rows`, which has room for one more than `count`; the count afterwards. */
static size_t add_row(ol_policy *policy, uint64_t *rows, size_t count, ol_action action)
{
    size_t words = policy->words, at = 0;
    uint64_t *row = rows + count * words;
    make_row(policy, action, row);
    while (memcmp(rows + at * words, row, words * sizeof(*row)) != 0)
        at++; /* ends at the row itself at the latest */
    policy->row_of[action] = (uint16_t)at;
    return at == count ? count + 1 : count;
}

static size_t count_rows(ol_policy *policy, uint64_t *scratch)
{
    size_t count = 0;
    for (size_t action = 0; action < ol_action_count(); action++)
        count = add_row(policy, scratch, count, (ol_action)action);
    return count;
}

/* The scratch memory is as large as if no two rows were alike. */
int ol_policy_index(ol_policy *policy)
{
    policy->words = (policy->statement_count + 63) / 64;
    size_t row_bytes = policy->words * sizeof(uint64_t), all = ol_action_count() * row_bytes;
    ol_arena *arena = ol_arena_new(all + 8192);
    uint64_t *scratch = arena ? ol_arena_alloc(arena, all) : NULL;
    uint64_t *rows = NULL;
    if (scratch) {
        size_t bytes = count_rows(policy, scratch) * row_bytes;
        rows = ol_arena_alloc(policy->arena, bytes);
        if (rows)
            memcpy(rows, scratch, bytes);
    }
    policy->rows = rows;
    if (arena)
        ol_arena_destroy(arena);
    return rows ? OL_OK : OL_ENOMEM;
}
