/* SPDX-License-Identifier: MIT */
/*
 * Where in the text of a configuration a key stands. Lua itself knows the line of a call but
 * forgets those of the keys in its table, so the text is read a second time: only its tokens,
 * and from the line of the block on, the shape of its table constructor. That keeps the
 * language real Lua (variables, loops) and still names the right line wherever the table is
 * written out in place; where it is built some other way, the block's line has to do.
 *
 * Reading never fails: what is not understood has no node. The text has been compiled by Lua
 * before, so it is well-formed.
 */
#ifndef OL_CONTROL_SOURCE_H
#define OL_CONTROL_SOURCE_H

#include "base/arena.h"

enum ol_token_kind { OL_TOKEN_END, OL_TOKEN_WORD, OL_TOKEN_STRING, OL_TOKEN_NUMBER, OL_TOKEN_SYMBOL };

typedef struct ol_token {
    enum ol_token_kind kind;
    ol_slice text; /* of a string: between its quotes, escapes as written */
    int line;
    size_t at; /* offset of its first byte */
} ol_token;

typedef struct ol_scanner {
    ol_slice text;
    size_t at;
    int line;
} ol_scanner;

void ol_scanner_init(ol_scanner *scanner, ol_slice text);
/* END again and again at the end. */
ol_token ol_scanner_next(ol_scanner *scanner);
static inline bool ol_token_is(const ol_token *token, const char *symbol_or_word)
{
    return (token->kind == OL_TOKEN_SYMBOL || token->kind == OL_TOKEN_WORD) &&
           ol_slice_eq_cstr(token->text, symbol_or_word);
}

/* One field of a table constructor. */
typedef struct ol_source_node {
    ol_slice key; /* data NULL: a value without key */
    int line;
    struct ol_source_node *first; /* when the value is a constructor itself */
    struct ol_source_node *next;
} ol_source_node;

typedef struct ol_source {
    ol_slice text;
    ol_arena *arena;
    size_t *line_starts; /* offset of the first token that starts on a line; SIZE_MAX = none */
    size_t line_count;
} ol_source;

/* `text` and `arena` are borrowed. OL_OK or OL_ENOMEM. */
int ol_source_init(ol_source *source, ol_slice text, ol_arena *arena);
/* The table of `word { … }`, or of `word "name" { … }`, that starts on `line`: a node whose
 * children are its fields. NULL when it is not written out there. */
ol_source_node *ol_source_block(const ol_source *source, int line, const char *word, ol_slice name);
/* The child of that key, or NULL; `node` may be NULL. */
const ol_source_node *ol_source_child(const ol_source_node *node, ol_slice key);
/* The child's line, else the node's, else `line`. */
int ol_source_line(const ol_source_node *node, ol_slice key, int line);
/* The next child without a key: from `node->first` on, then from the last one's `next` on. */
const ol_source_node *ol_source_item(const ol_source_node *from);

#endif
