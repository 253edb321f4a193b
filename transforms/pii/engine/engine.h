/* SPDX-License-Identifier: MIT */
/*
 * The engine: values in pieces of any size, cut anywhere, become clean text and findings in
 * order. What is found does not depend on the cuts.
 *
 * What a place of the text turns into may depend on the bytes behind it, so up to PII_HELD_MAX
 * are held back until more comes or the value ends. A value that is fed in one piece is never
 * copied; nor is the middle of a long piece.
 *
 * Happy path: init once; for each value begin, feed …, feed with `last`. One thread at a time.
 * There is nothing to free.
 */
#ifndef PII_ENGINE_H
#define PII_ENGINE_H

#include "resolve.h"
#include "rules.h"

/* Where a piece joins what is held, this much of it is worked on together with that. */
#define PII_JOINT (PII_BACK + PII_MATCH_MAX + PII_AHEAD)
/* Smaller pieces are collected up to here. */
#define PII_COLLECT (4 * 1024)
#define PII_HELD_MAX (PII_COLLECT + PII_JOINT)

struct pii_engine {
    const struct pii_rules *rules;
    const struct pii_sink *sink;
    const char *field;
    size_t field_size;
    struct pii_resolver resolver;
    size_t base; /* where in the value `held` begins */
    size_t past; /* bytes at the front of `held` that were handed on already */
    size_t size; /* bytes in `held` */
    uint8_t held[PII_HELD_MAX + PII_JOINT];
};

/* `rules` and `sink` are borrowed as long as the engine is used. */
void pii_engine_init(struct pii_engine *e, const struct pii_rules *rules, const struct pii_sink *sink);

/* A new value begins; what was not ended is dropped. `field` is borrowed until the value ends:
 * the name of the column, key or element, or nothing. */
void pii_engine_begin(struct pii_engine *e, const char *field, size_t field_size);

/* The next bytes of the value; size may be 0. With `last` it ends with them, and everything has
 * been handed on when this returns. False: too many matches at once (nothing that was held may
 * be let through): fail the request. */
bool pii_engine_feed(struct pii_engine *e, const uint8_t *bytes, size_t size, bool last);

#endif
