/* SPDX-License-Identifier: MIT */
/* The tree as JSON, by a convention of objects. See README.md, "Conventions". */
#ifndef XJ_VALUE_H
#define XJ_VALUE_H

#include "out.h"
#include "tree.h"

/* What the outermost element's name would be the key of. */
void xj_value_write(struct kit_output *out, const struct xj_tree *t);
/* {"name":value} of the outermost element, the comments around it among its members. */
void xj_value_write_document(struct kit_output *out, const struct xj_tree *t);

#endif
