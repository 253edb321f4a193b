/* SPDX-License-Identifier: MIT */
/*
 * "namespaces": "expand". Names with what their prefix stands for instead of the prefix, as xmltodict
 * has them with process_namespaces; declarations as one attribute whose value is a JSON object. What
 * is in scope is kept here, element by element.
 */
#ifndef XJ_NAMESPACES_H
#define XJ_NAMESPACES_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "config.h"
#include "failure.h"
#include "prefixes.h"

struct xj_namespaces {
    const struct xj_config *config;
    struct xj_failure *failure;
    size_t depth, count;
    struct {
        const xmlChar *prefix; /* NULL: of names without one */
        const xmlChar *uri;    /* NULL: none any more */
        const char *stands;    /* for it in names; empty: nothing does */
        size_t depth;
    } in_scope[XJ_NAMESPACES_MAX];
    struct xj_bare_element element; /* of the tag that was expanded last */
    size_t text_size;
    char text[XJ_DECLARATIONS_BYTES_MAX]; /* of its declarations */
};

/* `n` is zeroed. */
void xj_namespaces_init(struct xj_namespaces *n, const struct xj_config *config, struct xj_failure *failure);

/* An element begins; at most XJ_ATTRIBUTES_MAX attributes. What it becomes is in n->element until the
 * next; names come out of `dict`, but for xj_declarations. False: a failure, or out of memory when
 * there is none. */
bool xj_namespaces_begin(struct xj_namespaces *n, xmlDictPtr dict, const xmlChar *name,
                         const xmlChar *const *attributes);
void xj_namespaces_end(struct xj_namespaces *n);

#endif
