/* SPDX-License-Identifier: MIT */
/*
 * Check digits for entities of the user's own, by name. Of what was found the digits are looked
 * at, and the letters that the check knows, in upper case; whatever else there is does not matter.
 */
#ifndef PII_CUSTOM_CHECKS_H
#define PII_CUSTOM_CHECKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PII_CHECKED_MAX 64 /* letters and digits; what has more does not check */

struct pii_check {
    const char *name, *letters;
    bool (*holds)(const char *code, unsigned count);
};

/* NULL: there is none of that name. */
const struct pii_check *pii_check_named(const char *name);
/* Their names, with commas: for messages. */
const char *pii_check_names(void);

bool pii_check_bytes(const struct pii_check *check, const uint8_t *bytes, size_t size);

#endif
