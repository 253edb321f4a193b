/* SPDX-License-Identifier: MIT */
/*
 * JSON as policies need it: a tree in which every value knows where it stands, so that a mistake
 * can be shown to whoever made it. Strict (RFC 8259), well-formed UTF-8, a name once in an
 * object, bounded in depth and in an object's members; no NUL in strings.
 */
#ifndef OL_ACCESS_JSON_H
#define OL_ACCESS_JSON_H

#include "base/arena.h"
#include "base/error.h"

#define OL_JSON_MEMBERS_MAX 512 /* of one object */

enum ol_json_kind {
    OL_JSON_NULL,
    OL_JSON_BOOL,
    OL_JSON_NUMBER,
    OL_JSON_STRING,
    OL_JSON_LIST,
    OL_JSON_OBJECT
};

typedef struct ol_json {
    enum ol_json_kind kind;
    size_t at;     /* offset in the text */
    ol_slice text; /* a string decoded; numbers and words as they are written */
    ol_slice name; /* of an object's member */
    size_t name_at;
    struct ol_json *first, *next; /* of lists and objects: what is in them, in order */
    size_t count;
} ol_json;

typedef struct ol_json_mistake {
    const char *what; /* a literal; NULL: memory ran out */
    size_t at;
} ol_json_mistake;

/* How much memory the tree of a text of this length takes at most. */
size_t ol_json_arena_bytes(size_t text_len);
/* OL_OK, OL_EINVAL or OL_ENOMEM; the tree lives in `arena`, unescaped strings in `text`. */
int ol_json_parse(ol_slice text, unsigned depth_max, ol_arena *arena, const ol_json **root,
                  ol_json_mistake *mistake);
/* The member of that name, compared with case; NULL when there is none. */
const ol_json *ol_json_member(const ol_json *object, const char *name);
/* Both count from 1; columns in bytes. */
void ol_json_place(ol_slice text, size_t at, unsigned *line, unsigned *column);

#endif
