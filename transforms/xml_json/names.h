/* SPDX-License-Identifier: MIT */
/*
 * Names of elements and attributes, numbered. libxml2 keeps one copy of every name for as long
 * as its context lives and always hands out that copy, so that a name is known by its address;
 * its dictionary is also what stands up to names made to collide.
 */
#ifndef XJ_NAMES_H
#define XJ_NAMES_H

#include <stdint.h>

#include "config.h"
#include "memory.h"

#define XJ_NO_NAME UINT32_MAX
#define XJ_RECENT_NAMES 64 /* a power of two */

struct xj_name {
    const char *text;
    uint32_t size;
    /* 1 + the innermost open group of elements of this name, see tree.h; 0 = none. */
    uint32_t group;
    bool listed; /* force_list: an array even if there is one only */
    bool is_xmlns;    /* what an element's declarations are called, be this name it or another like it */
    bool is_json;     /* values of an attribute of this name are JSON already */
    bool is_odd;      /* it holds what JSON escapes: a part of a URI */
    bool is_text_key; /* an element or attribute of this name would take the text's key */
    bool text_in_object; /* its text is a member of an object also when it stands alone */
    uint32_t attribute_of; /* the last element with an attribute of this name, see tree.h */
};

struct xj_names {
    struct xj_memory *memory;
    const struct xj_config *config;
    struct xj_name *items;
    size_t count, room;
    uint32_t *slots; /* 1 + the number of a name, found by its address; 0 = free */
    size_t slot_count;
    bool has_text_key; /* one of the names is the text's key */
    bool too_long;     /* one was longer than XJ_NAME_BYTES_MAX */
    /* The last name of its kind that was asked for: mostly it is asked for again. */
    struct {
        const char *text;
        uint32_t number;
    } recent[XJ_RECENT_NAMES];
};

void xj_names_init(struct xj_names *n, struct xj_memory *memory, const struct xj_config *config);
void xj_names_fini(struct xj_names *n);
/* Where the others are found, or added. XJ_NO_NAME when memory is refused, or when `too_long` is set now. */
uint32_t xj_names_look_up(struct xj_names *n, const char *text);

/* Likewise. */
static inline uint32_t xj_names_number(struct xj_names *n, const char *text)
{
    size_t at = ((uintptr_t)text >> 2 ^ (uintptr_t)text >> 8) % XJ_RECENT_NAMES;
    if (n->recent[at].text == text)
        return n->recent[at].number;
    uint32_t number = xj_names_look_up(n, text);
    if (number != XJ_NO_NAME) {
        n->recent[at].text = text;
        n->recent[at].number = number;
    }
    return number;
}

#endif
