/* SPDX-License-Identifier: MIT */
/*
 * The text of one element while it is open: its own pieces, joined over the children between
 * them, without the white space at both ends or with it, as the convention has it. The first piece
 * lies in the store as it is; each further one that could not be joined to the one before follows
 * as [next: 4 bytes][size: 4 bytes][bytes].
 */
#ifndef XJ_TEXT_H
#define XJ_TEXT_H

#include "convention.h"
#include "store.h"

struct xj_text {
    uint32_t first, first_size; /* 0: no text */
    uint32_t more;              /* the second piece; 0: none */
    uint32_t last, last_size;   /* the piece that may grow; 0 is the first one */
    uint32_t kept, kept_size;   /* where the last character that counts lies */
};

/* Whole characters. False when memory is refused. */
bool xj_text_add(struct xj_text *t, struct xj_store *s, enum xj_strip strip, const uint8_t *bytes,
                 size_t size);
/* The element ends: what `first`, `first_size` and `more` say is final. */
void xj_text_end(struct xj_text *t, struct xj_store *s, enum xj_strip strip);

#endif
