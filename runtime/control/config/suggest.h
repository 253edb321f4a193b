/* SPDX-License-Identifier: MIT */
/*
 * "Did you mean …?": the word of a list that is nearest to what somebody typed.
 */
#ifndef OL_CONTROL_SUGGEST_H
#define OL_CONTROL_SUGGEST_H

#include "base/slice.h"

/* Feed every known word to _offer; _best is then the nearest, or empty when none is near
 * enough (at most one slip in three letters). `typed` and the words are borrowed. */
typedef struct ol_suggest {
    ol_slice typed;
    ol_slice best;
    size_t best_slips;
} ol_suggest;

void ol_suggest_init(ol_suggest *suggest, ol_slice typed);
void ol_suggest_offer(ol_suggest *suggest, ol_slice word);

/* Room for `; did you mean "…"?` with any word that can be suggested. */
#define OL_SUGGEST_TEXT_SIZE 96
/* That sentence, or "" when there is nothing to suggest. */
const char *ol_suggest_text(const ol_suggest *suggest, char out[OL_SUGGEST_TEXT_SIZE]);

#endif
