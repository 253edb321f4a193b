/* SPDX-License-Identifier: MIT */
/*
 * Lists of words of the user's own, a hundred thousand and more: names of projects, customers,
 * places. A word may be of several words ("New York") and hold any bytes. It is found where no
 * letter, digit or byte that is not ASCII touches it, or anywhere (`inside`); of several that
 * begin at a place the longest.
 *
 * In memory: the words themselves, 4 bytes and 4 to 8 bytes of filter for each. In time: a text
 * is read once; a word of it that begins none of the list is turned away by its hash.
 */
#ifndef PII_WORDS_H
#define PII_WORDS_H

#include "match.h"
#include "memory.h"

#define PII_WORD_MAX 255            /* bytes of one */
#define PII_WORDS_MAX 2000000       /* of a list */
#define PII_WORDS_BYTES_MAX (64u << 20)

struct pii_word {
    const char *bytes;
    size_t size;
};

struct pii_words_options {
    bool fold;   /* capitals and small letters are the same: ASCII, Latin-1, Greek and Cyrillic */
    bool inside; /* also inside of longer words */
};

struct pii_words;

/* The list is copied. NULL: out of memory, or a word is empty or over a maximum above. */
struct pii_words *pii_words_new(struct pii_memory memory, const struct pii_word *list, size_t count,
                                struct pii_words_options options);
void pii_words_destroy(struct pii_words *words);

/* For pii_rules_add_seeker(), with the list as its state. */
bool pii_words_seek(const void *words, const struct pii_text *t, size_t from, size_t limit,
                    struct pii_match *m);

#endif
