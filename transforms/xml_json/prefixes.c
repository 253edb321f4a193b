/* SPDX-License-Identifier: MIT */
#include "prefixes.h"

#include <string.h>

static const xmlChar *bare_name(xmlDictPtr dict, const xmlChar *name)
{
    const char *colon = strchr((const char *)name, ':');
    if (!colon || colon == (const char *)name || colon[1] == '\0')
        return name;
    return xmlDictLookup(dict, (const xmlChar *)colon + 1, -1);
}

static bool is_declaration(const xmlChar *name)
{
    return strncmp((const char *)name, "xmlns", 5) == 0 && (name[5] == '\0' || name[5] == ':');
}

bool xj_prefixes_strip(xmlDictPtr dict, const xmlChar *name, const xmlChar *const *attributes,
                       struct xj_bare_element *bare)
{
    size_t used = 0;
    bare->name = bare_name(dict, name);
    for (size_t i = 0; attributes && attributes[i]; i += 2) {
        if (is_declaration(attributes[i]))
            continue;
        bare->attributes[used] = bare_name(dict, attributes[i]);
        bare->attributes[used + 1] = attributes[i + 1];
        if (!bare->attributes[used])
            return false;
        used += 2;
    }
    bare->attributes[used] = NULL;
    return bare->name != NULL;
}
