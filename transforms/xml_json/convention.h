/* SPDX-License-Identifier: MIT */
/*
 * How XML becomes JSON, by the names under which people know the ways. Each is a row of facts;
 * the code that writes asks for the facts and never for the name, save for JsonML, whose arrays
 * are written by jsonml.c. README.md, "Conventions", shows them side by side.
 *
 * Sources: xmltodict 1.0 and xmljson 0.2 (by what they answer), badgerfish.ning.com, Google's
 * "Using JSON with Google Data APIs", developer.mozilla.org's Parker, jsonml.org.
 */
#ifndef XJ_CONVENTION_H
#define XJ_CONVENTION_H

#include <stdbool.h>

/* What becomes of white space around an element's text. Text of white space only is none, save
 * with XJ_KEEP. */
enum xj_strip {
    XJ_STRIP_UNICODE, /* as Python's str.strip() has it */
    XJ_STRIP_XML,     /* XML's four characters */
    XJ_KEEP_TEXT,     /* around text it stays */
    XJ_KEEP           /* nothing is taken away */
};

struct xj_convention {
    const char *name;
    const char *attribute_prefix; /* NULL: attributes are left out */
    const char *text_key;         /* NULL: text beside children is left out */
    const char *empty;            /* an element without anything */
    enum xj_strip strip;
    bool text_in_object;  /* also when it stands alone */
    bool text_first;      /* before the children */
    bool text_of_head;    /* only what stands before the first child */
    bool drops_root;
    bool parses_values;   /* numbers and booleans become such */
    bool is_array;        /* JsonML */
};

/* NULL when there is none of that name. */
const struct xj_convention *xj_convention_named(const char *name);

#endif
