/* SPDX-License-Identifier: MIT */
/*
 * What can be recognised: one table of entities and one of recognisers. Whoever needs names,
 * defaults, packs or functions goes through these tables; nobody else lists entities.
 *
 * To add an entity: its id below, a row in registry.c, a recogniser in a file of its own (or a
 * rule in a table that one reads), its texts in the corpus generator of the tests, and a line in
 * the documentation (a test compares that with the table).
 */
#ifndef PII_REGISTRY_H
#define PII_REGISTRY_H

#include "recognisers.h"

/* Scores are percentages. */
#define PII_SCORE_THRESHOLD 50 /* unless the payload asks for another */
#define PII_SCORE_CONTEXT 35     /* what a context word adds, a little more the nearer … */
#define PII_SCORE_CONTEXT_MIN 40 /* … and to at least this much */

/* A set of entities, custom ones included. */
#define PII_CUSTOM_MAX 64
struct pii_set {
    uint64_t bits[2]; /* PII_ENTITIES and fewer; custom ones */
};

static inline bool pii_set_has(const struct pii_set *set, unsigned entity)
{
    return entity < 128 && (set->bits[entity / 64] >> (entity % 64) & 1);
}

static inline void pii_set_add(struct pii_set *set, unsigned entity)
{
    set->bits[entity / 64] |= (uint64_t)1 << (entity % 64);
}

enum pii_kind {
    PII_DEFAULT,     /* looked for unless the payload names others */
    PII_OPTIONAL,    /* part of "ALL" and of its pack */
    PII_BEST_EFFORT, /* names and addresses: only when named */
};

struct pii_entity_info {
    const char *name;     /* Presidio's, where it has one */
    const char *synonyms; /* Comprehend's and others, with spaces between them */
    const char *country;  /* "US", "UK" …, "" for none */
    enum pii_kind kind;
    /* Words that raise the score of a match in front of which, or in the name of whose field,
     * they stand; see context.h for the way they are written. */
    const char *context;
    /* The same match, beginning no earlier than `from`: for when something else was taken that
     * ends there. NULL: it cannot be had shorter. */
    bool (*trim)(const struct pii_text *t, struct pii_match *m, size_t from);
    /* A byte that a match marked open_ended may go on with. NULL: none ever is. */
    bool (*goes_on)(uint8_t byte);
};

extern const struct pii_entity_info pii_entities[PII_ENTITIES];

struct pii_recogniser {
    uint8_t entity, anchor;
    pii_find_fn *find;
};

extern const struct pii_recogniser pii_recognisers[];
extern const size_t pii_recogniser_count;

/* Add what a name stands for: an entity, a synonym, "ALL", "DEFAULT", a pack ("country:UK").
 * Case does not matter. False: not known. */
bool pii_registry_select(const char *name, size_t size, struct pii_set *set);
struct pii_set pii_registry_default(void);

/* The score of a match in its place: what the recogniser gave, and what the words around it and
 * the name of its field add. Looks at most PII_BACK bytes in front of the match. */
unsigned pii_registry_score(const struct pii_text *t, const struct pii_match *m);

#endif
