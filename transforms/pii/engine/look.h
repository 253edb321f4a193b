/* SPDX-License-Identifier: MIT */
/* From anchors to matches: one pass over a stretch of text. */
#ifndef PII_LOOK_H
#define PII_LOOK_H

#include "resolve.h"
#include "rules.h"

/* Hand on what text[done..limit) turns into, `done` as given to pii_resolver_begin; a match that
 * begins there is handed on whole. Matches are right if PII_BACK bytes stand before `done` (or
 * the whole text begins there) and PII_AHEAD behind `limit` (or it ends). Afterwards
 * resolver->done is where to go on: `limit` or later; or, unless `limit` is the end of the text,
 * up to PII_MATCH_MAX earlier. */
void pii_look(struct pii_resolver *resolver, const struct pii_rules *rules, size_t limit);

#endif
