/* SPDX-License-Identifier: MIT */
/*
 * JsonML (jsonml.org): ["name", {attributes}, child or text, …]. Nothing has to be known ahead,
 * so it is written as the parser sees it, and nothing of the document is held.
 */
#ifndef XJ_JSONML_H
#define XJ_JSONML_H

#include <stdbool.h>

#include "out.h"

struct xj_jsonml {
    struct kit_output *out;
    bool has_odd_names; /* names may hold what JSON escapes: those of XML do not, expanded ones may */
    bool in_text; /* a string is open: what the parser cuts into pieces is one */
};

void xj_jsonml_begin(struct xj_jsonml *j, bool outermost, const char *name,
                     const char *const *attributes);
void xj_jsonml_text(struct xj_jsonml *j, const uint8_t *bytes, size_t size);
void xj_jsonml_end(struct xj_jsonml *j);

#endif
