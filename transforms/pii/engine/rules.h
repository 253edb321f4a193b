/* SPDX-License-Identifier: MIT */
/*
 * What is looked for: the recognisers of the entities asked for, sorted by their anchors, and
 * searches of the user's own. Made once, when a payload is read; shared by requests, and
 * constant from then on.
 */
#ifndef PII_RULES_H
#define PII_RULES_H

#include "entities/registry.h"
#include "scan.h"

#define PII_RULES_MAX 256
#define PII_SEEKERS_MAX 64

struct pii_rule {
    pii_find_fn *find;
    uint16_t entity;
};

struct pii_seeker {
    pii_seek_fn *seek;
    const void *state; /* borrowed */
    uint16_t entity;
};

struct pii_rules {
    pii_scan_fn *scan;
    /* Those of anchor a are rules[first[a]] to rules[first[a + 1] - 1]. */
    uint16_t first[PII_ANCHORS + 1];
    struct pii_rule rules[PII_RULES_MAX];
    uint64_t kinds; /* bit k: some rule asks for anchors of kind k */
    size_t seekers_count;
    struct pii_seeker seekers[PII_SEEKERS_MAX];
    uint8_t threshold[PII_CUSTOM + PII_CUSTOM_MAX]; /* percent, of each entity */
};

/* The recognisers of these entities; every threshold is `threshold`. False: there are more than
 * PII_RULES_MAX. */
bool pii_rules_init(struct pii_rules *rules, const struct pii_set *entities, unsigned threshold);
/* False: there are too many. */
bool pii_rules_add_seeker(struct pii_rules *rules, struct pii_seeker seeker);

#endif
