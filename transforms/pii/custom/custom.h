/* SPDX-License-Identifier: MIT */
/*
 * Entities of the user's own: `custom` in the payload, a list of objects with a name and a
 * pattern, a list of words, or both. Their ids follow PII_CUSTOM.
 */
#ifndef PII_CUSTOM_CUSTOM_H
#define PII_CUSTOM_CUSTOM_H

#include "../kit/payload.h"

#include "custom/checks.h"
#include "custom/pattern.h"
#include "engine/rules.h"
#include "engine/words.h"

#define PII_CUSTOM_NAME_MAX 63
#define PII_CUSTOM_ENTITIES_MAX 32

struct pii_custom_entity {
    char name[PII_CUSTOM_NAME_MAX + 1];
    struct pii_pattern *pattern; /* owned, or NULL */
    struct pii_words *words;     /* likewise */
    const struct pii_check *check; /* only what has this check digit; or NULL */
    unsigned score;
    bool case_sensitive;
};

struct pii_custom {
    size_t count;
    struct pii_custom_entity entities[PII_CUSTOM_ENTITIES_MAX];
};

/* The value of "custom": the list, or the file that holds it. False: kit_wrong has said why. */
bool pii_custom_read(struct pii_custom *custom, struct pii_memory memory, struct kit_config *c,
                     const char *key, const json_t *value);
/* False: there are too many. `custom` stays where it is as long as the rules are used. */
bool pii_custom_enable(const struct pii_custom *custom, struct pii_rules *rules);
void pii_custom_fini(struct pii_custom *custom);
/* The id of a custom entity; false: there is none of that name. */
bool pii_custom_find(const struct pii_custom *custom, const char *name, unsigned *entity);

#endif
