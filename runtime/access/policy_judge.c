/* SPDX-License-Identifier: MIT */
/*
 * One policy, one request: which statement allows, which denies. The hot path: nothing is
 * allocated, and only statements about the action are looked at.
 */
#include "access/policy_private.h"

static enum ol_principal_fit fit(const ol_statement *statement, const ol_identity *who)
{
    enum ol_principal_fit best = OL_FIT_NONE;
    if (statement->principal_count == 0)
        return OL_FIT_ITSELF;
    if (statement->not_principal)
        return ol_principal_spares(statement->principals, statement->principal_count, who)
                   ? OL_FIT_NONE
                   : OL_FIT_ITSELF;
    for (size_t i = 0; i < statement->principal_count && best != OL_FIT_ITSELF; i++) {
        enum ol_principal_fit one = ol_principal_fits(&statement->principals[i], who);
        best = one > best ? one : best;
    }
    return best;
}

/* A pattern whose variable has no value names nothing: an Allow for all but nothing would allow
 * everything, so it does not apply. */
static bool names_resource(const ol_statement *statement, ol_evaluation *ev)
{
    bool named = false, unresolved = false;
    if (statement->resource_count == 0)
        return true;
    for (size_t i = 0; i < statement->resource_count && !named; i++) {
        enum ol_pattern_result result =
            ol_pattern_match(&statement->resources[i], ev->resource, false, ev);
        named = result == OL_PATTERN_MATCHES;
        unresolved |= result == OL_PATTERN_UNRESOLVED;
    }
    if (!statement->not_resource)
        return named;
    return !named && !(unresolved && statement->allow);
}

static bool conditions_hold(const ol_statement *statement, ol_evaluation *ev)
{
    for (size_t i = 0; i < statement->condition_count && ev->rc == OL_OK; i++)
        if (!ol_condition_holds(&statement->conditions[i], !statement->allow, ev))
            return false;
    return ev->rc == OL_OK;
}

/* Could it still change what has been found? */
static bool matters(const ol_statement *statement, enum ol_judge_mode mode,
                    const ol_judgement *judgement)
{
    if (statement->allow)
        return mode == OL_JUDGE_ALL && judgement->allows == OL_NO_STATEMENT;
    return mode != OL_JUDGE_VIEW_DENIES || statement->about_views;
}

/* True when nothing can change any more. */
static bool judge(const ol_policy *policy, size_t at, enum ol_judge_mode mode, ol_evaluation *ev,
                  ol_judgement *judgement)
{
    const ol_statement *statement = &policy->statements[at];
    if (!matters(statement, mode, judgement))
        return false;
    enum ol_principal_fit how = fit(statement, ev->question->who);
    if (how == OL_FIT_NONE || !names_resource(statement, ev) || !conditions_hold(statement, ev))
        return ev->rc != OL_OK;
    if (!statement->allow)
        judgement->denies = at;
    else if (how == OL_FIT_ITSELF)
        judgement->allows = at;
    else if (judgement->allows_account == OL_NO_STATEMENT)
        judgement->allows_account = at;
    return !statement->allow;
}

void ol_policy_judge(const ol_policy *policy, enum ol_judge_mode mode, ol_evaluation *ev,
                     ol_judgement *judgement)
{
    *judgement = (ol_judgement){OL_NO_STATEMENT, OL_NO_STATEMENT, OL_NO_STATEMENT};
    if (!policy || ev->rc != OL_OK)
        return;
    const uint64_t *row = policy->rows + policy->row_of[ev->action] * policy->words;
    for (size_t word = 0; word < policy->words; word++)
        for (uint64_t bits = row[word]; bits; bits &= bits - 1) {
            size_t at = word * 64 + (size_t)__builtin_ctzll(bits);
            if (judge(policy, at, mode, ev, judgement))
                return;
        }
}
