/* SPDX-License-Identifier: MIT */
/*
 * Which of the matches found are taken. The rule: go through the text from the left; of the
 * matches that begin at a place take the longest, of equally long ones the first of enum
 * pii_entity; go on behind it.
 *
 * Matches are found in the order of their anchors, which may lie PII_REACH bytes behind where
 * they begin. So they wait here, sorted, until nothing that begins further left can be found
 * any more.
 */
#ifndef PII_RESOLVE_H
#define PII_RESOLVE_H

#include "entities/registry.h"
#include "output.h"

/* More than can begin within PII_REACH + PII_WINDOW bytes: of each kind, matches begin at
 * least 4 bytes apart (cards 5, IPv6 4, others 6 and more), so 320 bytes hold fewer than 400. */
#define PII_WAITING_MAX 512

struct pii_resolver {
    struct pii_output *out;
    const struct pii_text *text;
    size_t done; /* everything before this place has been written */
    bool swallowing; /* an endless match goes on at `done`, with such bytes: */
    bool (*goes_on)(uint8_t byte);
    bool overflow;
    size_t head, tail; /* waiting[head..tail) in order */
    struct pii_match waiting[PII_WAITING_MAX];
};

/* From `done` on, in a new text. A swallowing one goes on with that. */
void pii_resolver_begin(struct pii_resolver *r, const struct pii_text *text, size_t done);
void pii_resolver_add(struct pii_resolver *r, const struct pii_match *m);
/* Decide about every match that begins before `before`. */
void pii_resolver_settle(struct pii_resolver *r, size_t before);
/* Forget the others, and write clean text up to `limit`. */
void pii_resolver_end(struct pii_resolver *r, size_t limit);

#endif
