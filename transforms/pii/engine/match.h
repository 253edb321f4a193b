/* SPDX-License-Identifier: MIT */
/*
 * A match, and the functions that find one.
 *
 * A recogniser is given an anchor (anchor.h) and says whether there is a match around it, where,
 * and how sure that is. What they share, and what streaming rests on:
 * - A match is at most PII_MATCH_MAX bytes long. It depends on at most PII_BACK bytes before its
 *   first byte and on nothing beyond PII_AHEAD bytes from it; its anchor lies at most PII_REACH
 *   bytes behind its first byte.
 * - Outside the text given there is nothing. So a caller who holds a part of a longer text may
 *   trust only matches that begin PII_AHEAD bytes before its end.
 * - The same bytes give the same answer: no state.
 * - Bounded work: not more than some hundred steps an anchor, unless `seen` says how far.
 */
#ifndef PII_MATCH_H
#define PII_MATCH_H

#include "text.h"

#define PII_BACK 128
#define PII_REACH 320
#define PII_AHEAD 2304
#define PII_MATCH_MAX 2304

struct pii_match {
    size_t start, end;
    uint16_t entity;
    uint8_t score;   /* percent; the recogniser's, or with what context adds: see struct pii_sink */
    bool raised;     /* the engine's: the score is with context */
    bool checked;    /* a check digit or a complete parse stands behind it */
    bool undecided;  /* of a pattern that took too many steps: nobody can say that it is not one */
    bool open_ended; /* it goes on past `end`, further than its kind can: see goes_on in the registry */
    size_t sign;     /* for trim: e-mail: where the '@' is; phone: 0, or where else it may begin */
    size_t seen;     /* also without a match: this recogniser need not be asked about anchors
                        before this place */
};

/* `m` is zeroed but for its entity. */
typedef bool pii_find_fn(const struct pii_text *t, size_t at, struct pii_match *m);

/*
 * What has no anchor brings its own search: word lists, patterns of the user. *m becomes the
 * first match that begins in [from, limit), and false means that there is none. The bounds above
 * hold. Called with rising `from` within one stretch of text.
 */
typedef bool pii_seek_fn(const void *state, const struct pii_text *t, size_t from, size_t limit,
                         struct pii_match *m);

#endif
