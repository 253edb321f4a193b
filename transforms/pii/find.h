/* SPDX-License-Identifier: MIT */
/* From anchors to matches: one pass over a stretch of text. */
#ifndef PII_FIND_H
#define PII_FIND_H

#include "entities/registry.h"
#include "resolve.h"
#include "scan.h"

/* Write out what text[from..limit) turns into; a match that begins there is written whole.
 * Matches are right if PII_BACK bytes stand before `from` (or the whole text begins there) and
 * PII_AHEAD behind `limit` (or it ends). Returns where to go on, `limit` or later. */
size_t pii_find(struct pii_resolver *resolver, pii_scan_fn *scan, const struct pii_set *entities,
                unsigned threshold, const struct pii_text *text, size_t from, size_t limit);

#endif
