/* SPDX-License-Identifier: MIT */
/*
 * The mode deny: an object with findings is refused before a byte of it leaves, one without passes
 * as it is. So all of it is looked at first. What comes is held back, up to PII_DENY_HELD_BYTES;
 * of a longer object the rest is read out of order, through to its end, before what was held
 * leaves. Where it cannot be read so (behind another transform, over the limits for reading), a
 * longer object is refused.
 */
#ifndef PII_DENY_H
#define PII_DENY_H

#include "structure/front.h"

#define PII_DENY_HELD_BYTES (256 * 1024)

struct pii_deny {
    struct pii_front *front;
    bool passing;       /* the whole object has been looked at */
    uint8_t *held;
    size_t size;
    uint64_t seen;      /* bytes that the front was given */
};

/* `deny` is zeroed. Results of the ABI. */
int pii_deny_init(struct pii_deny *deny, struct pii_front *front);
void pii_deny_fini(struct pii_deny *deny);
int pii_deny_write(struct pii_deny *deny, const uint8_t *bytes, size_t size);
int pii_deny_finish(struct pii_deny *deny);

#endif
