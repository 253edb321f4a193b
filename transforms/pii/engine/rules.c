/* SPDX-License-Identifier: MIT */
#include "rules.h"

#include <string.h>

bool pii_rules_init(struct pii_rules *rules, const struct pii_set *entities, unsigned threshold)
{
    uint16_t count = 0;
    memset(rules, 0, sizeof(*rules));
    memset(rules->threshold, (int)threshold, sizeof(rules->threshold));
    for (unsigned anchor = 0; anchor < PII_ANCHORS; anchor++) {
        rules->first[anchor] = count;
        for (size_t i = 0; i < pii_recogniser_count; i++) {
            const struct pii_recogniser *r = &pii_recognisers[i];
            if (r->anchor != anchor || !pii_set_has(entities, r->entity))
                continue;
            if (count == PII_RULES_MAX)
                return false;
            rules->rules[count++] = (struct pii_rule){r->find, r->entity};
        }
        if (count > rules->first[anchor])
            rules->kinds |= (uint64_t)1 << anchor;
    }
    rules->first[PII_ANCHORS] = count;
    rules->scan = pii_scan_choose(rules->first[PII_ANCHORS_SHARP] < count);
    return true;
}

bool pii_rules_add_seeker(struct pii_rules *rules, struct pii_seeker seeker)
{
    if (rules->seekers_count == PII_SEEKERS_MAX)
        return false;
    rules->seekers[rules->seekers_count++] = seeker;
    return true;
}
