/* SPDX-License-Identifier: MIT */
/* Names without their namespace prefix, elements without declarations of namespaces. */
#ifndef XJ_PREFIXES_H
#define XJ_PREFIXES_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "limits.h"

struct xj_bare_element {
    const xmlChar *name;
    const xmlChar *attributes[2 * XJ_ATTRIBUTES_MAX + 3];
};

/* As a start tag has them; names come out of `dict`, so that equal ones are at one address. At
 * most XJ_ATTRIBUTES_MAX attributes. False when out of memory. */
bool xj_prefixes_strip(xmlDictPtr dict, const xmlChar *name, const xmlChar *const *attributes,
                       struct xj_bare_element *bare);

#endif
