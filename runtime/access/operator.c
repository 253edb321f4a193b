/* SPDX-License-Identifier: MIT */
/*
 * The operators' names, and what their values must look like.
 */
#include "access/condition.h"
#include "access/scalar.h"
#include "base/encode.h"

#define BINARY_BYTES_MAX 1024

static const struct {
    const char *name;
    ol_operator op;
} operators[] = {
    {"StringEquals", {.family = OL_FAMILY_STRING}},
    {"StringNotEquals", {.family = OL_FAMILY_STRING, .negated = true}},
    {"StringEqualsIgnoreCase", {.family = OL_FAMILY_STRING, .ignore_case = true}},
    {"StringNotEqualsIgnoreCase",
     {.family = OL_FAMILY_STRING, .negated = true, .ignore_case = true}},
    {"StringLike", {.family = OL_FAMILY_LIKE}},
    {"StringNotLike", {.family = OL_FAMILY_LIKE, .negated = true}},
    {"NumericEquals", {.family = OL_FAMILY_NUMERIC}},
    {"NumericNotEquals", {.family = OL_FAMILY_NUMERIC, .negated = true}},
    {"NumericLessThan", {.family = OL_FAMILY_NUMERIC, .order = OL_ORDER_LESS}},
    {"NumericLessThanEquals", {.family = OL_FAMILY_NUMERIC, .order = OL_ORDER_LESS_EQUAL}},
    {"NumericGreaterThan", {.family = OL_FAMILY_NUMERIC, .order = OL_ORDER_GREATER}},
    {"NumericGreaterThanEquals", {.family = OL_FAMILY_NUMERIC, .order = OL_ORDER_GREATER_EQUAL}},
    {"DateEquals", {.family = OL_FAMILY_DATE}},
    {"DateNotEquals", {.family = OL_FAMILY_DATE, .negated = true}},
    {"DateLessThan", {.family = OL_FAMILY_DATE, .order = OL_ORDER_LESS}},
    {"DateLessThanEquals", {.family = OL_FAMILY_DATE, .order = OL_ORDER_LESS_EQUAL}},
    {"DateGreaterThan", {.family = OL_FAMILY_DATE, .order = OL_ORDER_GREATER}},
    {"DateGreaterThanEquals", {.family = OL_FAMILY_DATE, .order = OL_ORDER_GREATER_EQUAL}},
    {"Bool", {.family = OL_FAMILY_BOOL}},
    {"BinaryEquals", {.family = OL_FAMILY_BINARY}},
    {"IpAddress", {.family = OL_FAMILY_IP}},
    {"NotIpAddress", {.family = OL_FAMILY_IP, .negated = true}},
    {"ArnEquals", {.family = OL_FAMILY_ARN}},
    {"ArnLike", {.family = OL_FAMILY_ARN}},
    {"ArnNotEquals", {.family = OL_FAMILY_ARN, .negated = true}},
    {"ArnNotLike", {.family = OL_FAMILY_ARN, .negated = true}},
    {"Null", {.family = OL_FAMILY_NULL}},
};

static bool take_front(ol_slice *text, const char *front)
{
    ol_slice head = ol_slice_first(*text, strlen(front));
    if (!ol_slice_ieq(head, ol_slice_cstr(front)))
        return false;
    *text = ol_slice_from(*text, head.len);
    return true;
}

static bool take_back(ol_slice *text, const char *back)
{
    size_t len = strlen(back);
    if (text->len <= len || !ol_slice_ieq(ol_slice_from(*text, text->len - len), ol_slice_cstr(back)))
        return false;
    text->len -= len;
    return true;
}

bool ol_operator_parse(ol_slice name, ol_operator *op)
{
    enum ol_operator_set set = take_front(&name, "ForAnyValue:")    ? OL_SET_ANY
                               : take_front(&name, "ForAllValues:") ? OL_SET_ALL
                                                                    : OL_SET_NONE;
    bool if_exists = take_back(&name, "IfExists");
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (!ol_slice_ieq(name, ol_slice_cstr(operators[i].name)))
            continue;
        *op = operators[i].op;
        op->set = set;
        op->if_exists = if_exists;
        /* Null asks about existence itself. */
        return op->family != OL_FAMILY_NULL || (!if_exists && set == OL_SET_NONE);
    }
    return false;
}

/* ---- values ---- */

static int refuse(const char **what, const char *why)
{
    *what = why;
    return OL_EMALFORMEDPOLICY;
}

/* Wildcards count within a segment; a pattern with fewer segments matches nothing, so it is a
 * mistake, save "*" alone. The colons of variables' names do not separate. */
static int compile_arn(ol_condition_value *value, ol_slice text, unsigned options, ol_arena *arena,
                       const char **what)
{
    ol_pattern *segments = ol_arena_calloc(arena, OL_ARN_SEGMENTS * sizeof(*segments));
    bool everything = ol_slice_eq_cstr(text, "*");
    if (!segments)
        return OL_ENOMEM;
    for (size_t i = 0; i < OL_ARN_SEGMENTS; i++) {
        size_t len = 0;
        for (bool inside = false; len < text.len && (inside || text.data[len] != ':'); len++)
            inside = text.data[len] == '{' || (inside && text.data[len] != '}');
        if (i == OL_ARN_SEGMENTS - 1 || everything)
            len = text.len;
        else if (len == text.len)
            return refuse(what, "an ARN has six parts");
        int rc = ol_pattern_compile(&segments[i], ol_slice_first(text, len), options, arena, what);
        if (rc != OL_OK)
            return rc;
        if (!everything)
            text = ol_slice_from(text, len + 1);
    }
    value->as.segments = segments;
    return OL_OK;
}

static int compile_binary(ol_condition_value *value, ol_slice text, ol_arena *arena,
                          const char **what)
{
    size_t len;
    uint8_t *bytes = ol_arena_alloc(arena, text.len + 1);
    if (!bytes)
        return OL_ENOMEM;
    if (text.len > BINARY_BYTES_MAX || ol_base64_decode(text, bytes, text.len + 1, &len) != OL_OK)
        return refuse(what, "a value is not base64");
    value->as.bytes = ol_slice_of(bytes, len);
    return OL_OK;
}

int ol_condition_value_compile(ol_condition_value *value, const ol_operator *op, ol_slice text,
                               bool variables, ol_arena *arena, const char **what)
{
    unsigned options = variables ? OL_PATTERN_VARIABLES : 0;
    switch (op->family) {
    case OL_FAMILY_STRING:
        return ol_pattern_compile(&value->as.pattern, text, options, arena, what);
    case OL_FAMILY_LIKE:
        return ol_pattern_compile(&value->as.pattern, text, options | OL_PATTERN_WILDCARDS, arena,
                                  what);
    case OL_FAMILY_ARN:
        return compile_arn(value, text, options | OL_PATTERN_WILDCARDS, arena, what);
    case OL_FAMILY_NUMERIC:
        return ol_scalar_number(text, &value->as.number) ? OL_OK
                                                         : refuse(what, "a value is not a number");
    case OL_FAMILY_DATE:
        return ol_scalar_date(text, &value->as.number) ? OL_OK
                                                       : refuse(what, "a value is not a date");
    case OL_FAMILY_BOOL:
    case OL_FAMILY_NULL:
        return ol_scalar_bool(text, &value->as.flag) ? OL_OK
                                                     : refuse(what, "a value is not true or false");
    case OL_FAMILY_BINARY:
        return compile_binary(value, text, arena, what);
    case OL_FAMILY_IP:
        return ol_ip_range_parse(text, &value->as.range)
                   ? OL_OK
                   : refuse(what, "a value is not an address or a network");
    }
    return refuse(what, "there is no such operator");
}
