/* SPDX-License-Identifier: MIT */
/*
 * Words around a match that say what it is. "Around" is the name of its field, and the last five
 * words in front of it on the same line, within PII_CONTEXT_BYTES.
 *
 * Words are compared in lower case; "homePhone", "home_phone" and "home-phone" are two words.
 * A list of words is written "ssn|social security": the last of several words of an entry may
 * stand in the text with or without spaces. An entry of five and more letters is also found
 * inside a longer word ("phone" in "telephones"), a shorter one only as a word, or its plural.
 */
#ifndef PII_CONTEXT_H
#define PII_CONTEXT_H

#include "recognisers.h"

#define PII_CONTEXT_WORDS 5

/* What stands in front of a place, or the name of a field. */
struct pii_words {
    size_t start; /* in front of this place of the text */
    /* Small letters, digits and what is not ASCII; ' ' for all else, and behind the end. */
    uint8_t text[PII_CONTEXT_BYTES + 8];
    size_t size;
    /* A bit a byte; `begins`: of the words that are looked at. */
    uint64_t word, humps, apostrophes, line_ends, begins;
};
_Static_assert(PII_CONTEXT_BYTES == 64, "a mask has a bit for every byte");

/* Whether one of `words` stands in front of `start` or in the field's name: 0, or how near,
 * from 1 for the fifth word to PII_CONTEXT_WORDS for the next one and for the field's name. */
unsigned pii_context_near(const struct pii_text *t, size_t start, const char *words);

static inline bool pii_context_has(const struct pii_text *t, size_t start, const char *words)
{
    return pii_context_near(t, start, words) != 0;
}

/* Whether one of the last `count` words in front of `start` is among `words`; the field's name
 * does not matter, and nothing is found inside of longer words. */
bool pii_context_before(const struct pii_text *t, size_t start, unsigned count, const char *words);

#endif
