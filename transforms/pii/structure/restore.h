/* SPDX-License-Identifier: MIT */
/*
 * The way back: in the mode restore this stands where the engine stands otherwise. It finds what
 * the operator encrypt wrote, "[TYPE:base64url]", and hands over what it was made from. What was
 * not made with the key at hand stays as it is.
 */
#ifndef PII_RESTORE_H
#define PII_RESTORE_H

#include "config.h"

#define PII_TOKEN_MAX 6144 /* "[TYPE:" and a finding of PII_FINDING_MAX bytes, sealed */

struct pii_restore {
    const struct pii_config *config;
    /* As with the engine, every byte comes out once, in order: as it is, or as a token that
     * stands for `plain`. */
    void (*clean)(void *arg, const uint8_t *bytes, size_t size);
    void (*restored)(void *arg, const char *type, const uint8_t *token, size_t size,
                     const struct pii_replacement *plain);
    void *arg;
    size_t type_size; /* of the token: "[" and the name; 0: it is not over yet */
    size_t size;
    struct pii_replacement plain;
    uint8_t token[PII_TOKEN_MAX];
};

void pii_restore_begin(struct pii_restore *r);
void pii_restore_feed(struct pii_restore *r, const uint8_t *bytes, size_t size, bool last);

#endif
