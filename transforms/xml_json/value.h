/* SPDX-License-Identifier: MIT */
/* An element of the tree as JSON, by xmltodict's conventions. See README.md, "Conventions". */
#ifndef XJ_VALUE_H
#define XJ_VALUE_H

#include "out.h"
#include "tree.h"

/* What the element's name would be the key of. */
void xj_value_write(struct kit_output *out, const struct xj_tree *t, uint32_t at);
/* {"name":value} of the outermost element. */
void xj_value_write_document(struct kit_output *out, const struct xj_tree *t);

#endif
