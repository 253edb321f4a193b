/* SPDX-License-Identifier: MIT */
/*
 * What is done about a finding, by mode: redact gives what stands in its place; report writes a
 * line about it; deny remembers that there was one. In every mode it is counted.
 */
#ifndef PII_DECISION_H
#define PII_DECISION_H

#include "config.h"
#include "output.h"

struct pii_found;

struct pii_decision {
    const struct pii_config *config;
    struct pii_output *out;
    /* In place of a report's lines, if there is one: a finding, and how far the last one goes. */
    void (*found)(void *arg, const struct pii_found *found);
    void (*more)(void *arg, uint64_t end);
    void *arg;
    const uint8_t *object; /* what the object is known by, for date shifts */
    size_t object_size;
    uint64_t counts[PII_TYPES_MAX + 1]; /* by entity; the last: of none */
    uint64_t total;
    struct pii_replacement replacement;
    const struct pii_operator *last; /* for what belongs to the same finding */
};

struct pii_found {
    unsigned entity;      /* PII_TYPES_MAX: a field's that is of none */
    const char *type;
    unsigned score;       /* percent */
    uint64_t start, end;  /* in the source */
    const struct pii_operator *op;
    const uint8_t *text;
    size_t size;
};

void pii_decision_init(struct pii_decision *d, const struct pii_config *config,
                       struct pii_output *out);
/* What to write instead; valid until the next call. NULL: nothing is to be written at all. */
const struct pii_replacement *pii_decide(struct pii_decision *d, const struct pii_found *found);
/* Of bytes that belong to the last one. */
const struct pii_replacement *pii_decide_more(struct pii_decision *d, const uint8_t *text,
                                              size_t size);

#endif
