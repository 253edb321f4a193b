/* SPDX-License-Identifier: MIT */
/*
 * Lua patterns, matched with a budget and without recursion: what is still to be tried lies on
 * a stack of choices, never deeper than the pattern is long, so that a search can stop anywhere
 * and go on later. Same language and results as Lua's own string library.
 *
 * Knows nothing of Lua states: text and pattern are borrowed for the life of the search.
 */
#ifndef OL_TRANSFORM_LUA_PATTERN_H
#define OL_TRANSFORM_LUA_PATTERN_H

#include "base/slice.h"

#define OL_PATTERN_CAPTURES_MAX 32
#define OL_PATTERN_CHOICES_INLINE 48

enum ol_pattern_result {
    OL_PATTERN_MATCH, /* start and end are set */
    OL_PATTERN_NONE,  /* no match at or behind `attempt` */
    OL_PATTERN_PAUSE, /* pause() said so: call again to go on */
    OL_PATTERN_SPENT, /* over the budget */
    OL_PATTERN_BAD    /* the pattern is malformed: `error` says how */
};

#define OL_PATTERN_OPEN (-1)     /* capture not closed yet */
#define OL_PATTERN_POSITION (-2) /* a position capture, () */

typedef struct ol_pattern_capture {
    const uint8_t *start;
    ptrdiff_t len; /* or one of the two above */
} ol_pattern_capture;

typedef struct ol_pattern_choice {
    uint32_t kind;
    uint32_t capture;
    const uint8_t *s; /* where in the text to go on */
    const uint8_t *p; /* and in the pattern */
    const uint8_t *p_end; /* of the repeated item */
    size_t count;
} ol_pattern_choice;

typedef struct ol_pattern {
    const uint8_t *text, *text_end;
    const uint8_t *pattern, *pattern_end; /* without a leading ^ when anchored */
    bool anchored;
    const uint8_t *first_item, *first_end; /* what every match starts with; NULL */
    unsigned failures; /* attempts in vain since the map below might have been worth it */
    bool mapped;
    uint8_t map[32]; /* bit n: byte n may begin a match */
    uint64_t steps_left;
    bool (*pause)(void); /* asked now and then; NULL = never */
    /* the search */
    const uint8_t *attempt;   /* where the match is tried now */
    const uint8_t *forbidden; /* a match ending here does not count; NULL */
    bool active;
    /* one attempt */
    const uint8_t *s, *p;
    unsigned mode;
    size_t balance;
    unsigned level;
    ol_pattern_capture captures[OL_PATTERN_CAPTURES_MAX];
    size_t depth;
    ol_pattern_choice *choices; /* room for as many as ol_pattern_choices_needed() says */
    /* results */
    const uint8_t *start, *end;
    const char *error;
} ol_pattern;

/* An upper bound of the stack's depth. */
size_t ol_pattern_choices_needed(ol_slice pattern);

/* `caret_anchors`: a leading ^ ties the match to the place where the search begins. The budget
 * is `steps` plus some for each byte of the text, so that work in proportion to the text is
 * always allowed. */
void ol_pattern_init(ol_pattern *m, ol_slice text, ol_slice pattern, bool caret_anchors,
                     uint64_t steps, ol_pattern_choice *choices);
/* Search from this place on. */
void ol_pattern_from(ol_pattern *m, const uint8_t *place, const uint8_t *forbidden);
enum ol_pattern_result ol_pattern_search(ol_pattern *m);

/* Whether the pattern has no special characters: then it is a plain text. */
bool ol_pattern_is_plain(ol_slice pattern);

#endif
