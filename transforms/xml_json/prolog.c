/* SPDX-License-Identifier: MIT */
#include "prolog.h"

#include <stdbool.h>

static enum xj_prolog_state behind_markup(uint8_t c)
{
    return c == '!' ? XJ_BANG : c == '?' ? XJ_PI : XJ_ROOT;
}

/* What is not well-formed is libxml2's to say. */
static enum xj_prolog_state in_doctype(struct xj_prolog *p, uint8_t c)
{
    if (c == '"' || c == '\'') {
        p->quote = c;
        return XJ_LITERAL;
    }
    if (c == '[')
        return XJ_ROOT; /* declarations are refused */
    return c == '>' ? XJ_OUTSIDE : XJ_DOCTYPE;
}

static enum xj_prolog_state next(struct xj_prolog *p, uint8_t c)
{
    switch (p->state) {
    case XJ_OUTSIDE: return c == '<' ? XJ_MARKUP : XJ_OUTSIDE;
    case XJ_MARKUP: return behind_markup(c);
    case XJ_BANG: return c == '-' ? XJ_COMMENT : XJ_DOCTYPE;
    case XJ_COMMENT: return c == '>' && p->before[0] == '-' && p->before[1] == '-' ? XJ_OUTSIDE : XJ_COMMENT;
    case XJ_PI: return c == '>' && p->before[0] == '?' ? XJ_OUTSIDE : XJ_PI;
    case XJ_DOCTYPE: return in_doctype(p, c);
    case XJ_LITERAL: return c == p->quote ? XJ_DOCTYPE : XJ_LITERAL;
    case XJ_ROOT: break;
    }
    return XJ_ROOT;
}

size_t xj_prolog_scan(struct xj_prolog *p, const uint8_t *text, size_t size)
{
    for (size_t i = 0; i < size && p->state != XJ_ROOT; i++) {
        uint8_t c = text[i];
        if (p->state == XJ_LITERAL && c == '>')
            return i;
        enum xj_prolog_state before = p->state;
        p->state = next(p, c);
        p->before[1] = p->before[0];
        p->before[0] = c;
        if (p->state == XJ_COMMENT && before == XJ_BANG)
            p->before[0] = 0; /* "<!-" is no beginning of an end */
    }
    return size;
}
