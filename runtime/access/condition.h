/* SPDX-License-Identifier: MIT */
/*
 * Conditions: an operator, a key, and the values that it is compared with. Private to this room.
 */
#ifndef OL_ACCESS_CONDITION_H
#define OL_ACCESS_CONDITION_H

#include "access/pattern.h"
#include "base/ip_range.h"

enum ol_operator_family {
    OL_FAMILY_STRING,
    OL_FAMILY_LIKE,
    OL_FAMILY_NUMERIC,
    OL_FAMILY_DATE,
    OL_FAMILY_BOOL,
    OL_FAMILY_BINARY,
    OL_FAMILY_IP,
    OL_FAMILY_ARN,
    OL_FAMILY_NULL
};

enum ol_operator_set { OL_SET_NONE, OL_SET_ANY, OL_SET_ALL };

/* Numbers and dates: how the request's value must stand to the policy's. */
enum ol_operator_order { OL_ORDER_EQUAL, OL_ORDER_LESS, OL_ORDER_LESS_EQUAL, OL_ORDER_GREATER,
                         OL_ORDER_GREATER_EQUAL };

typedef struct ol_operator {
    enum ol_operator_family family;
    enum ol_operator_order order;
    enum ol_operator_set set;
    bool negated;
    bool ignore_case;
    bool if_exists;
} ol_operator;

/* Segments of an ARN pattern: "arn", partition, service, region, account, the rest. */
#define OL_ARN_SEGMENTS 6

typedef struct ol_condition_value {
    union {
        ol_pattern pattern;         /* STRING, LIKE */
        const ol_pattern *segments; /* ARN: OL_ARN_SEGMENTS of them */
        int64_t number;             /* NUMERIC in millionths, DATE in ms */
        bool flag;                  /* BOOL, NULL */
        ol_slice bytes;             /* BINARY */
        ol_ip_range range;
    } as;
} ol_condition_value;

typedef struct ol_condition {
    ol_operator op;
    enum ol_context_key key;
    ol_slice suffix;
    const ol_condition_value *values;
    size_t count;
} ol_condition;

/* "ForAnyValue:StringNotEqualsIfExists"; false when there is no such operator. */
bool ol_operator_parse(ol_slice name, ol_operator *op);
/* One value of a policy. As ol_pattern_compile. */
int ol_condition_value_compile(ol_condition_value *value, const ol_operator *op, ol_slice text,
                               bool variables, ol_arena *arena, const char **what);
/* Does it hold? `denies`: it stands in a Deny, which a variable without a value must not switch
 * off. Look at ev->rc before believing it. */
bool ol_condition_holds(const ol_condition *condition, bool denies, ol_evaluation *ev);

#endif
