/* SPDX-License-Identifier: MIT */
/*
 * A pattern of the user's own (PCRE2, over bytes). A match begins at any place, is at most
 * PII_PATTERN_BYTES long and sees PII_BACK bytes before it, so that it does not depend on how a
 * text is cut. Where the pattern takes too many steps, what stands there up to the next blank
 * counts as found: nobody can say that it is not.
 */
#ifndef PII_CUSTOM_PATTERN_H
#define PII_CUSTOM_PATTERN_H

#include "engine/match.h"
#include "memory.h"

#define PII_PATTERN_BYTES 512

struct pii_pattern;

/* NULL: what is wrong is in `reason`. */
struct pii_pattern *pii_pattern_new(struct pii_memory memory, const char *text, size_t size,
                                    bool case_sensitive, char *reason, size_t reason_size);
void pii_pattern_destroy(struct pii_pattern *pattern);
/* A pii_seek_fn. */
bool pii_pattern_seek(const void *pattern, const struct pii_text *t, size_t from, size_t limit,
                      struct pii_match *m);

#endif
