/* SPDX-License-Identifier: MIT */
/*
 * Whether a condition holds. What a missing key means, by operator:
 *
 *   positive          does not hold          …IfExists    holds
 *   negated           holds                  ForAnyValue  does not hold
 *   Null "true"       holds                  ForAllValues holds
 */
#include "access/condition.h"

#include "access/scalar.h"
#include "base/encode.h"

/* A policy's variable had no value somewhere. */
typedef struct comparison {
    const ol_condition *condition;
    ol_evaluation *ev;
    bool unresolved;
} comparison;

static bool ordered(enum ol_operator_order order, int64_t given, int64_t wanted)
{
    switch (order) {
    case OL_ORDER_EQUAL:
        return given == wanted;
    case OL_ORDER_LESS:
        return given < wanted;
    case OL_ORDER_LESS_EQUAL:
        return given <= wanted;
    case OL_ORDER_GREATER:
        return given > wanted;
    case OL_ORDER_GREATER_EQUAL:
        return given >= wanted;
    }
    return false;
}

static bool pattern_matches(comparison *c, const ol_pattern *pattern, ol_slice text)
{
    enum ol_pattern_result result =
        ol_pattern_match(pattern, text, c->condition->op.ignore_case, c->ev);
    c->unresolved |= result == OL_PATTERN_UNRESOLVED;
    return result == OL_PATTERN_MATCHES;
}

static bool arn_matches(comparison *c, const ol_pattern *segments, ol_slice arn)
{
    for (size_t i = 0; i < OL_ARN_SEGMENTS; i++) {
        ptrdiff_t colon = i < OL_ARN_SEGMENTS - 1 ? ol_slice_find(arn, ':') : (ptrdiff_t)arn.len;
        if (colon < 0 || !pattern_matches(c, &segments[i], ol_slice_first(arn, (size_t)colon)))
            return false;
        arn = ol_slice_from(arn, (size_t)colon + 1);
    }
    return true;
}

static bool binary_matches(ol_slice wanted, ol_slice text)
{
    uint8_t bytes[1024];
    size_t len;
    return ol_base64_decode(text, bytes, sizeof(bytes), &len) == OL_OK &&
           ol_slice_eq(ol_slice_of(bytes, len), wanted);
}

/* The request's value against one of the policy's. A value that is not of the operator's kind
 * matches nothing. */
static bool value_matches(comparison *c, const ol_condition_value *wanted, ol_slice given)
{
    const ol_operator *op = &c->condition->op;
    int64_t number;
    bool flag;
    switch (op->family) {
    case OL_FAMILY_STRING:
    case OL_FAMILY_LIKE:
        return pattern_matches(c, &wanted->as.pattern, given);
    case OL_FAMILY_ARN:
        return arn_matches(c, wanted->as.segments, given);
    case OL_FAMILY_NUMERIC:
        return ol_scalar_number(given, &number) && ordered(op->order, number, wanted->as.number);
    case OL_FAMILY_DATE:
        return ol_scalar_date(given, &number) && ordered(op->order, number, wanted->as.number);
    case OL_FAMILY_BOOL:
        return ol_scalar_bool(given, &flag) && flag == wanted->as.flag;
    case OL_FAMILY_BINARY:
        return binary_matches(wanted->as.bytes, given);
    case OL_FAMILY_IP:
        return ol_ip_range_holds(&wanted->as.range, given);
    case OL_FAMILY_NULL:
        return false;
    }
    return false;
}

/* One of the request's values against all of the policy's. */
static bool satisfies(comparison *c, ol_slice given)
{
    bool matched = false;
    for (size_t i = 0; i < c->condition->count && !matched; i++)
        matched = value_matches(c, &c->condition->values[i], given);
    return matched != c->condition->op.negated;
}

/* For sets, an empty text is no value at all. Without a set operator, several values are like
 * one that matches when any of them does. */
static bool compare(comparison *c, const ol_context_values *values)
{
    const ol_operator *op = &c->condition->op;
    const ol_slice *given = values->many ? values->many : &values->one;
    bool all = op->set == OL_SET_ALL || (op->set == OL_SET_NONE && op->negated);
    for (size_t i = 0; i < values->count; i++) {
        if (op->set != OL_SET_NONE && given[i].len == 0)
            continue;
        bool yes = satisfies(c, given[i]);
        if (yes != all)
            return yes;
    }
    return all;
}

static bool when_missing(const ol_operator *op)
{
    if (op->if_exists || op->set == OL_SET_ALL)
        return true;
    return op->set == OL_SET_NONE && op->negated;
}

static bool null_holds(const ol_condition *condition, bool missing)
{
    for (size_t i = 0; i < condition->count; i++)
        if (condition->values[i].as.flag == missing)
            return true;
    return false;
}

bool ol_condition_holds(const ol_condition *condition, bool denies, ol_evaluation *ev)
{
    char scratch[OL_EVALUATION_SCRATCH];
    ol_context_values values;
    ol_evaluation_values(ev, condition->key, condition->suffix, &values, scratch);
    bool missing = !values.present || values.count == 0;
    if (condition->op.family == OL_FAMILY_NULL)
        return null_holds(condition, missing);
    if (missing)
        return when_missing(&condition->op);
    comparison c = {.condition = condition, .ev = ev};
    bool holds = compare(&c, &values);
    /* What cannot be compared must not open anything. */
    return holds && (denies || !c.unresolved || !condition->op.negated);
}
