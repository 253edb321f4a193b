/* SPDX-License-Identifier: MIT */
/*
 * Which of the matches found are taken. A checked match goes before all unchecked ones that it
 * overlaps. Otherwise: go through the text from the left; of the matches that begin at a place
 * take the longest, of equally long ones that of the highest score, then the first of enum
 * pii_entity; go on behind it.
 *
 * Matches are found in the order of their anchors, which may lie PII_REACH bytes behind where
 * they begin. So they wait here, sorted, until nothing that begins further left can be found
 * any more, and an unchecked one until all that begin inside it have been found.
 */
#ifndef PII_RESOLVE_H
#define PII_RESOLVE_H

#include "sink.h"

/* Enough for a match at every second byte of all that can wait at a time, which is more than
 * the recognisers find in any text. Beyond that the engine fails, rather than guess. */
#define PII_WAITING_MAX 2048

struct pii_resolver {
    const struct pii_sink *sink;
    const struct pii_text *text;
    size_t base; /* where in the value the text begins */
    size_t done; /* everything before this place of the text has been handed on */
    bool swallowing; /* an endless match goes on at `done`, with such bytes: */
    bool (*goes_on)(uint8_t byte);
    bool overflow;
    size_t head, tail; /* waiting[head..tail) in order */
    struct pii_match waiting[PII_WAITING_MAX];
};

/* A new value begins: nothing of the last one is left. */
void pii_resolver_reset(struct pii_resolver *r);
/* From `done` on, in a new text, which begins at `base` of the value. */
void pii_resolver_begin(struct pii_resolver *r, const struct pii_text *text, size_t base, size_t done);
void pii_resolver_add(struct pii_resolver *r, const struct pii_match *m);
/* Every match that begins before `known` has been added: decide what can be decided. */
void pii_resolver_settle(struct pii_resolver *r, size_t known);
/* Hand on clean text up to `limit`, or to the first match that is still undecided; forget all
 * that wait. */
void pii_resolver_end(struct pii_resolver *r, size_t limit);

#endif
