/* SPDX-License-Identifier: MIT */
/*
 * A small document as a tree of elements in an arena, and the questions that parsers of
 * configuration documents ask of it. For documents with thousands of entries use the events of
 * xml_reader.h instead.
 *
 * What a parser does not ask for is never skipped in silence: ol_xml_children checks that an
 * element has no other children than those named.
 */
#ifndef OL_S3_XML_TREE_H
#define OL_S3_XML_TREE_H

#include "base/arena.h"
#include "s3/documents/xml_reader.h"

#define OL_XML_NODES_MAX 4096 /* of one document */

typedef struct ol_xml_node {
    const char *name; /* without its namespace */
    ol_slice text;    /* all character data directly in it; blank when it has children */
    const struct ol_xml_node *first; /* child */
    const struct ol_xml_node *next;  /* sibling */
} ol_xml_node;

/* `bounds` as in ol_xml_read_as. OL_EMALFORMEDXML (also: the root has another name, more than
 * OL_XML_NODES_MAX elements, text beside elements), OL_ENOMEM. */
int ol_xml_parse(ol_slice xml, const ol_xml_bounds *bounds, const char *root, ol_arena *arena,
                 const ol_xml_node **out, ol_error *err);

/* The first child or sibling of that name; NULL when there is none. */
const ol_xml_node *ol_xml_child(const ol_xml_node *node, const char *name);
const ol_xml_node *ol_xml_next(const ol_xml_node *node); /* the next of the same name */
size_t ol_xml_count(const ol_xml_node *node, const char *name);

/* OL_OK when each child of `node` is one of `rules` (ended by a NULL name) and is there as often
 * as its rule says; else OL_EMALFORMEDXML naming it for the log. */
typedef struct ol_xml_rule {
    const char *name;
    size_t min, max;
} ol_xml_rule;
int ol_xml_children(const ol_xml_node *node, const ol_xml_rule *rules, ol_error *err);

/* The text of a leaf without blanks around it; OL_SLICE_NONE when node is NULL. */
ol_slice ol_xml_trimmed(const ol_xml_node *node);
/* "true" or "false"; NULL leaves *out as it is. OL_EMALFORMEDXML. */
int ol_xml_to_bool(const ol_xml_node *node, bool *out, ol_error *err);

#endif
