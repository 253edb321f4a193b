/* SPDX-License-Identifier: MIT */
/*
 * Turning a policy's JSON into statements. Private to this room: policy_parse.c is the document
 * and its statements, policy_actions.c, policy_resources.c, policy_principals.c and
 * policy_conditions.c are their elements.
 */
#ifndef OL_ACCESS_POLICY_COMPILER_H
#define OL_ACCESS_POLICY_COMPILER_H

#include "access/json.h"
#include "access/policy_private.h"

typedef struct ol_policy_compiler {
    const ol_policy_rules *rules;
    ol_arena *arena;   /* the policy's: what is kept */
    ol_slice json;     /* the text, for places */
    bool variables;    /* Version 2012-10-17 */
    size_t statement;  /* that is being compiled, from 1; 0 = none */
    ol_slice sid;
    ol_error *err;
} ol_policy_compiler;

/* Says what is wrong (a printf format) and where: `at` is an offset. OL_EMALFORMEDPOLICY. */
int ol_policy_refuse(ol_policy_compiler *c, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* As above, with the text that is wrong behind "WHAT: ", made printable and cut. */
int ol_policy_refuse_text(ol_policy_compiler *c, size_t at, const char *what, ol_slice text);
int ol_policy_no_memory(ol_policy_compiler *c);
/* Zeroed memory of the policy; NULL: the error is set. */
void *ol_policy_alloc(ol_policy_compiler *c, size_t count, size_t size);
/* A copy that lives as long as the policy. */
int ol_policy_keep(ol_policy_compiler *c, ol_slice text, ol_slice *kept);

/* An element that is one text or a list of them. */
typedef struct ol_policy_items {
    const ol_json *item; /* the current one */
    size_t count;
} ol_policy_items;
/* OL_OK or a refusal: neither a string nor a list of strings (with `scalars`: of numbers and
 * booleans too), or an empty list. */
int ol_policy_items_of(ol_policy_compiler *c, const ol_json *element, bool scalars, const char *name,
                       ol_policy_items *items);

/* The elements. `name` is that of the element, for messages. */
int ol_policy_compile_actions(ol_policy_compiler *c, const ol_json *element, bool negated,
                              ol_statement *statement);
int ol_policy_compile_resources(ol_policy_compiler *c, const ol_json *element, bool negated,
                                ol_statement *statement);
int ol_policy_compile_principals(ol_policy_compiler *c, const ol_json *element, bool negated,
                                 ol_statement *statement);
int ol_policy_compile_conditions(ol_policy_compiler *c, const ol_json *element,
                                 ol_statement *statement);
/* Of policies that are attached to a bucket or an access point: each action can be done to one of
 * the resources. */
int ol_policy_check_targets(ol_policy_compiler *c, const ol_json *actions, const ol_json *resources);

/* The actions that a pattern ("s3:Get*") names, as bits added to `actions`; how many. */
size_t ol_policy_add_actions(ol_slice pattern, uint64_t actions[OL_ACTION_WORDS]);

#endif
