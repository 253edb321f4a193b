/* SPDX-License-Identifier: MIT */
/*
 * A part of a document as it will be written, in the manner of xmltodict: attributes and
 * children in the order in which their names first appear, those of one name together.
 */
#ifndef XJ_TREE_H
#define XJ_TREE_H

#include "arena.h"

#define XJ_DEPTH_MAX 256
#define XJ_ATTRIBUTES_MAX 1024
#define XJ_NAME_BYTES_MAX 4096

struct xj_node;

/* An element's or attribute's name, once for all nodes that bear it. */
struct xj_name {
    const void *key; /* what it is found by: the parser's pointer to it */
    bool attribute;
    size_t size;
    /* While the children of a node are brought together: the last one of this name. */
    unsigned long long gathering;
    struct xj_node *last;
    unsigned char text[];
};

struct xj_text {
    struct xj_text *next;
    size_t size;
    unsigned char bytes[];
};

struct xj_node {
    struct xj_name *name;
    struct xj_node *next;  /* the next sibling of another name; before gathering, of any */
    struct xj_node *same;  /* the next sibling of this name */
    struct xj_node *first; /* attributes and children */
    struct xj_text *text;
    size_t text_size;      /* of it, without white space at the end; 0 = none */
};

/* An element that has not ended. */
struct xj_open {
    struct xj_node *node;
    struct xj_node *last; /* of its attributes and children */
    struct xj_text *tail; /* of its text */
    size_t text_size;     /* with white space at the end */
};

struct xj_tree {
    struct xj_budget *budget;
    struct xj_arena names, nodes;
    struct xj_name **table; /* open addressing */
    size_t table_size, table_used;
    unsigned long long gathering;
    unsigned depth;
    struct xj_open open[XJ_DEPTH_MAX];
};

void xj_tree_init(struct xj_tree *tree, struct xj_budget *budget);
void xj_tree_fini(struct xj_tree *tree);
/* Forget all nodes, keep the names. */
void xj_tree_reset(struct xj_tree *tree);

/* These are false when memory is out (budget->state). `name` is NUL-terminated and the parser's
 * own copy: the same name always has the same address. Depth is the caller's to limit. */
bool xj_tree_start(struct xj_tree *tree, const char *name);
bool xj_tree_attribute(struct xj_tree *tree, const char *name, const char *value);
bool xj_tree_text(struct xj_tree *tree, const unsigned char *bytes, size_t size);
/* The element that ends, complete. The outermost one is not part of another. */
struct xj_node *xj_tree_end(struct xj_tree *tree);

#endif
