/* SPDX-License-Identifier: MIT */
/*
 * The XML that is written: start tags with their attributes, text, end tags. It is well-formed
 * whatever it is told, or there is a failure: names are checked, an attribute stands once, and
 * nothing comes after the root.
 */
#ifndef JX_XML_H
#define JX_XML_H

#include "../kit/output.h"
#include "failure.h"
#include "limits.h"

struct jx_xml {
    struct kit_output *out;
    struct jx_failure *failure;
    size_t depth;
    bool in_tag; /* the start tag of the innermost element has no '>' yet */
    bool has_root;
    bool after_dash; /* the comment that is open ends with a '-' so far */
    /* The names of the open elements, one behind the other. */
    char *names;
    size_t names_room;
    size_t ends[JX_DEPTH_MAX + 1]; /* ends[d]: where the name of the element at depth d ends */
    /* Those of the attributes of the open tag: hashes, and where they stand behind the elements'. */
    size_t attribute_count, attributes_end;
    uint64_t hashes[JX_ATTRIBUTES_MAX];
    size_t starts[JX_ATTRIBUTES_MAX + 1];
};

void jx_xml_init(struct jx_xml *x, struct kit_output *out, struct jx_failure *failure);
void jx_xml_fini(struct jx_xml *x);

/* False: a failure. `name` is valid UTF-8. */
bool jx_xml_begin(struct jx_xml *x, const char *name, size_t size);
/* What follows until jx_xml_attribute_end is its value. Only while `in_tag`. */
bool jx_xml_attribute_begin(struct jx_xml *x, const char *name, size_t size);
void jx_xml_attribute_end(struct jx_xml *x);
/* The start tag is whole: no attribute may follow. */
void jx_xml_settle(struct jx_xml *x);
void jx_xml_end(struct jx_xml *x);

/* Around and inside the root. False: a failure, for what comes cannot stand in a comment. */
void jx_xml_comment_begin(struct jx_xml *x);
bool jx_xml_comment(struct jx_xml *x, const uint8_t *bytes, size_t size);
bool jx_xml_comment_end(struct jx_xml *x);

/* Characters of XML, as UTF-8. */
void jx_xml_text(struct jx_xml *x, const uint8_t *bytes, size_t size);
void jx_xml_value(struct jx_xml *x, const uint8_t *bytes, size_t size);

#endif
