/* SPDX-License-Identifier: MIT */
/*
 * Rules for fields: which columns, keys, elements and attributes are replaced whole, left alone
 * or looked into. A rule's selector is one of
 *
 *   ssn, *_phone            a name, at any depth; "*" and "?" as usual, letters of any size
 *   #3                      the third column
 *   $.user.ssn, $..email, users[*].name, $.a['b c'][0]      a path in JSON
 *   /order/person/@id, //ssn, person/name                   a path in XML
 */
#ifndef PII_FIELDS_H
#define PII_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "memory.h"
#include "operators/operator.h"

#define PII_FIELD_RULES_MAX 1024
#define PII_STEPS_MAX 64 /* of all paths together */
#define PII_SELECTOR_MAX 256
#define PII_NAME_MAX 64 /* bytes of a name that are compared */
#define PII_DEPTH_MAX 10000
#define PII_NAMES_KEPT 128 /* levels whose names are remembered, for context */

enum pii_rule_action { PII_RULE_REPLACE, PII_RULE_KEEP, PII_RULE_DETECT };

struct pii_field_rule {
    char selector[PII_SELECTOR_MAX + 1];
    enum pii_rule_action action;
    unsigned entity; /* PII_TYPES_MAX (config.h): none */
    char type[64];   /* for markers and reports */
    struct pii_operator *operator_; /* owned */
};

struct pii_step {
    uint16_t rule;
    bool last, deep;     /* deep: any number of levels may lie before it */
    bool any_index;      /* [*] */
    bool has_index;      /* [3] */
    bool attribute;      /* @name */
    uint32_t index;
    uint8_t name_size;
    char name[PII_NAME_MAX];
};

struct pii_fields {
    struct pii_memory memory;
    struct pii_field_rule *rules;
    size_t count, capacity;
    struct pii_step steps[PII_STEPS_MAX];
    size_t steps_count;
    uint64_t first_steps; /* bit set */
};

void pii_fields_init(struct pii_fields *fields, struct pii_memory memory);
void pii_fields_fini(struct pii_fields *fields);
/* A new rule; the caller fills in the rest. NULL: what is wrong is in `reason`. */
struct pii_field_rule *pii_fields_add(struct pii_fields *fields, const char *selector, char *reason,
                                size_t reason_size);
/* The first rule for a column. `number` counts from 1; 0: it has none. */
const struct pii_field_rule *pii_fields_column(const struct pii_fields *fields, size_t number,
                                         const char *name, size_t size);
bool pii_name_matches(const char *pattern, size_t pattern_size, const char *name, size_t size);

/* ---- a way down into a nested object ------------------------------------------------------ */

struct pii_node {
    const char *name; /* NULL: an item of an array */
    size_t size;
    uint32_t index;
    bool attribute;
    bool root; /* stands for the whole: no step leads to it */
};

struct pii_path {
    const struct pii_fields *fields;
    uint32_t depth;
    uint16_t *rules;  /* of each level: its number + 1, 0 = none; depth_max + 1 of them */
    uint64_t *states; /* the steps that its children may take */
    uint8_t name_sizes[PII_NAMES_KEPT];
    char names[PII_NAMES_KEPT][PII_NAME_MAX];
};

/* Of the arrays. They are one block, the caller's; zeroed, aligned for uint64_t. */
#define PII_PATH_BYTES ((PII_DEPTH_MAX + 1) * (sizeof(uint64_t) + sizeof(uint16_t)))
void pii_path_init(struct pii_path *path, const struct pii_fields *fields, void *block);
/* False: deeper than PII_DEPTH_MAX. */
bool pii_path_push(struct pii_path *path, const struct pii_node *node);
void pii_path_pop(struct pii_path *path);
/* Of where the path stands: its rule, its own or one of what it lies in; NULL: none. */
const struct pii_field_rule *pii_path_rule(const struct pii_path *path);
/* The nearest name. */
const char *pii_path_name(const struct pii_path *path, size_t *size);

#endif
