/* SPDX-License-Identifier: MIT */
/*
 * A text of a policy that is compared with something of the request: with wildcards, with policy
 * variables (${aws:username}, ${s3:prefix, 'none'}, ${*} ${?} ${$} for the characters themselves),
 * or plain. Compiled, so that the usual ones cost one comparison of bytes. Private to this room.
 */
#ifndef OL_ACCESS_PATTERN_H
#define OL_ACCESS_PATTERN_H

#include "access/evaluation.h"
#include "access/match.h"
#include "base/arena.h"

#define OL_PATTERN_BYTES_MAX OL_MATCH_PATTERN_BYTES_MAX /* of one, variables filled in */

enum ol_pattern_kind {
    OL_PATTERN_PLAIN,   /* equal to `text` */
    OL_PATTERN_PREFIX,  /* begins with `text`; of "*" it is empty */
    OL_PATTERN_WILD,    /* `text` with wildcards, the first `fixed` bytes of it without */
    OL_PATTERN_TEMPLATE /* pieces */
};

enum ol_piece_kind { OL_PIECE_TEXT, OL_PIECE_ANY_RUN, OL_PIECE_ANY_ONE, OL_PIECE_VARIABLE };

typedef struct ol_pattern_piece {
    enum ol_piece_kind kind;
    enum ol_context_key key;
    ol_slice suffix;
    ol_slice text; /* or a variable's default */
    bool has_default;
} ol_pattern_piece;

typedef struct ol_pattern {
    enum ol_pattern_kind kind;
    ol_slice text;
    size_t fixed;
    const ol_pattern_piece *pieces;
    size_t piece_count;
} ol_pattern;

enum ol_pattern_option {
    OL_PATTERN_WILDCARDS = 1, /* '*' and '?' mean something */
    OL_PATTERN_VARIABLES = 2  /* "${" does */
};

/* `text` outlives the pattern. OL_OK; OL_EMALFORMEDPOLICY with *what set to a literal that says
 * why; OL_ENOMEM. */
int ol_pattern_compile(ol_pattern *pattern, ol_slice text, unsigned options, ol_arena *arena,
                       const char **what);

enum ol_pattern_result {
    OL_PATTERN_DIFFERS,
    OL_PATTERN_MATCHES,
    OL_PATTERN_UNRESOLVED /* a variable has no value, or all is too long */
};
enum ol_pattern_result ol_pattern_match(const ol_pattern *pattern, ol_slice text, bool ignore_case,
                                        ol_evaluation *ev);

/* Has it a wildcard or a variable? Then it does not name one thing. */
bool ol_pattern_is_fixed(const ol_pattern *pattern);

#endif
