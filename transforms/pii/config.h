/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef PII_CONFIG_H
#define PII_CONFIG_H

#include "entities/registry.h"

#define PII_MASK_BYTES_MAX 4 /* one UTF-8 character */

struct pii_config {
    struct pii_set entities;
    bool mask;         /* else replaced by [NAME] */
    uint8_t mask_character[PII_MASK_BYTES_MAX];
    size_t mask_size;
};

/* Fill `config` from a payload text; empty means the defaults. False: what is wrong with it is
 * in `reason`. */
bool pii_config_read(struct pii_config *config, const char *payload, size_t size, char *reason,
                     size_t reason_size);

#endif
