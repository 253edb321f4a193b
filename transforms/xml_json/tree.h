/* SPDX-License-Identifier: MIT */
/*
 * A document, or one record, as xmltodict sees it: an element has attributes, text, and
 * children in groups of one name each, in the order in which the names came first.
 *
 * An element is written to the store when it ends, behind its children. What follows it, the
 * next child of the same name and (for the first of its name) the next name, is filled in when
 * that comes. While its parent is open, a group is on a stack; a name knows its innermost group,
 * so that finding one takes no search however many names there are.
 */
#ifndef XJ_TREE_H
#define XJ_TREE_H

#include "limits.h"
#include "names.h"
#include "store.h"
#include "text.h"

/* A group whose parent is open. */
struct xj_group {
    uint32_t name;
    uint32_t first, last; /* elements */
    uint32_t outer;       /* xj_name.group before */
};

/* An element that is open. */
struct xj_open {
    uint32_t name;
    uint32_t groups; /* its groups are those from here on */
    uint32_t attributes;
    uint32_t serial; /* of the element, counted from 1: what xj_name.attribute_of holds */
    bool is_comment;
    bool has_text_key; /* an attribute has the text's key */
    bool has_text;     /* though it may be white space */
    bool text_parted;  /* a child has come since, and a separator belongs between */
    struct xj_text text;
};

struct xj_tree {
    struct xj_memory *memory;
    struct xj_names *names;
    struct xj_store store;
    struct xj_group *groups;
    size_t groups_room, group_count;
    uint32_t xmlns_of;                     /* xj_name.attribute_of of all names that are "xmlns" */
    uint32_t serial;                       /* of the element that began last */
    bool claims_keys;                      /* attributes may have the key of each other, or of others */
    bool collides;                         /* two members of an object would have one key */
    size_t depth;                          /* open[0] stands above the root */
    struct xj_open open[XJ_DEPTH_MAX + 1];
};

/* An element that has ended, as it is read back. Places in the store; 0 = none. */
struct xj_node {
    uint32_t name;
    uint32_t attributes; /* varint count, then name, size, bytes of each */
    uint32_t text, text_size, more; /* see text.h */
    uint32_t group;                 /* the first child of the first name */
    bool is_comment;                /* it has nothing but a text, which may be empty */
};

void xj_tree_init(struct xj_tree *t, struct xj_memory *memory, struct xj_names *names);
void xj_tree_fini(struct xj_tree *t);
/* Forget all elements; none may be open. Memory is kept for the next. */
void xj_tree_clear(struct xj_tree *t);

/* These are false when memory is refused, or when `collides` is set now: a convention without
 * prefixes may give two things one key. At most XJ_DEPTH_MAX may be open. */
bool xj_tree_begin(struct xj_tree *t, const char *name, const char *const *attributes);
bool xj_tree_text(struct xj_tree *t, const uint8_t *bytes, size_t size);
bool xj_tree_end(struct xj_tree *t);
/* A child of the element that is open, or of what stands above the root. */
bool xj_tree_comment(struct xj_tree *t, const char *name, const uint8_t *bytes, size_t size);

/* The outermost element, or a comment before it, when none is open any more. */
uint32_t xj_tree_first(const struct xj_tree *t);
void xj_tree_node(const struct xj_tree *t, uint32_t at, struct xj_node *node);
/* The next child of the same name. */
uint32_t xj_tree_same(const struct xj_tree *t, uint32_t at);
/* The first child of the next name; `at` is the first of its own. */
uint32_t xj_tree_next_group(const struct xj_tree *t, uint32_t at);

#endif
