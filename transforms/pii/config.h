/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef PII_CONFIG_H
#define PII_CONFIG_H

#include "entities.h"

#define PII_MASK_BYTES_MAX 4 /* one UTF-8 character */

struct pii_config {
    uint32_t entities; /* bit set of enum pii_entity */
    bool mask;         /* else replaced by [NAME] */
    uint8_t mask_character[PII_MASK_BYTES_MAX];
    size_t mask_size;
};

/* "[EMAIL_ADDRESS]" and so on. */
extern const char *const pii_markers[PII_ENTITIES];

/* Fill `config` from a payload text; empty means the defaults. False: what is wrong with it is
 * in `reason`. */
bool pii_config_read(struct pii_config *config, const char *payload, size_t size, char *reason,
                     size_t reason_size);

#endif
