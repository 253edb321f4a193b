/* SPDX-License-Identifier: MIT */
/*
 * From the bytes of an object to its tokeniser: what encoding it is in, whether it can be read as
 * text at all, and of what format it is. Nothing leaves before the first PII_OPENING_BYTES (or all
 * of a shorter object) have been looked at.
 */
#ifndef PII_FRONT_H
#define PII_FRONT_H

#include "structure/structure.h"

#define PII_OPENING_BYTES 4096

enum pii_front_phase { PII_FRONT_OPENING, PII_FRONT_TEXT, PII_FRONT_PASS };

struct pii_front {
    const struct pii_config *config;
    struct pii_output out;
    struct pii_decision decision;
    struct pii_values values;
    enum pii_front_phase phase;
    const struct pii_tokeniser *tokeniser;
    void *state; /* its own */
    bool encoded;       /* the object says that it has a Content-Encoding */
    uint8_t odd;        /* of UTF-16: the first byte of a unit */
    bool has_odd;
    unsigned high;      /* a high surrogate that waits; 0: none */
    size_t opening_size;
    uint8_t opening[PII_OPENING_BYTES];
};

/* `front` is zeroed. A result of the ABI; pii_front_fini in any case. */
int pii_front_init(struct pii_front *front, const struct objlens_host *host,
                   struct objlens_call *call, const struct pii_config *config);
void pii_front_fini(struct pii_front *front);
int pii_front_write(struct pii_front *front, const uint8_t *bytes, size_t size);
int pii_front_finish(struct pii_front *front);

#endif
