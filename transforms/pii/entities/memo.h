/* SPDX-License-Identifier: MIT */
/*
 * What recognisers remember of the text that they were last asked about, so that nobody reads the
 * same stretch again for each of a hundred anchors in it. Whoever goes through a text keeps one
 * beside it (pii_text.memo). What is found does not depend on it.
 */
#ifndef PII_MEMO_H
#define PII_MEMO_H

#include "context.h"

struct pii_memo {
    struct pii_words words;
    /* Bytes that a URL may consist of, as far as they have been looked at; from == end: none. */
    size_t url_from, url_end;
    /* What is opened and not closed from one place of the text to another: '(' and '['. */
    size_t count_from, count_end;
    long round, square;
};

static inline void pii_memo_init(struct pii_memo *memo)
{
    memo->words.start = SIZE_MAX;
    memo->url_from = memo->url_end = 0;
    memo->count_from = memo->count_end = 0;
    memo->round = memo->square = 0;
}

#endif
