/* SPDX-License-Identifier: MIT */
/*
 * What stands before the root element, as far as it has to be looked at before libxml2 sees it: its
 * push parser takes the first '>' of a DOCTYPE for its end, also one inside a quoted identifier, and
 * whether that does harm depends on where the text was cut. No URI and no public identifier has one.
 */
#ifndef XJ_PROLOG_H
#define XJ_PROLOG_H

#include <stddef.h>
#include <stdint.h>

enum xj_prolog_state {
    XJ_OUTSIDE,
    XJ_MARKUP,  /* behind a '<' */
    XJ_BANG,    /* behind "<!" */
    XJ_COMMENT, /* until "-->" */
    XJ_PI,      /* until "?>" */
    XJ_DOCTYPE,
    XJ_LITERAL, /* inside the quotes of a DOCTYPE */
    XJ_ROOT     /* has begun: nothing is looked at any more */
};

struct xj_prolog {
    enum xj_prolog_state state;
    uint8_t quote;
    uint8_t before[2]; /* the last two bytes, the last one first */
};

/* How many of the next bytes are all right: all of them, or those up to the '>'. */
size_t xj_prolog_scan(struct xj_prolog *p, const uint8_t *text, size_t size);

#endif
