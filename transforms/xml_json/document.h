/* SPDX-License-Identifier: MIT */
/*
 * What becomes of the elements that the parser sees: the whole document in one tree, written at
 * its end; or, with a path, one tree a record, written as soon as the record ends. JsonML takes no
 * tree: it is written as it comes.
 */
#ifndef XJ_DOCUMENT_H
#define XJ_DOCUMENT_H

#include "config.h"
#include "failure.h"
#include "jsonml.h"
#include "out.h"
#include "tree.h"

#define XJ_SHORT_NAMES 64 /* a power of two */

struct xj_document {
    const struct xj_config *config;
    struct xj_failure *failure;
    struct kit_output *out;
    size_t depth;   /* open elements */
    size_t outermost; /* where the root, or a record, stands */
    size_t on_path; /* of them, how many from the root are those of the path */
    bool began;     /* there was a root */
    struct xj_memory memory;
    struct xj_names names;
    struct xj_tree tree;
    struct xj_jsonml jsonml; /* instead of the tree */
    bool any_record;
    const char *short_names[XJ_SHORT_NAMES]; /* known not to be too long; by their addresses */
};

/* `d` is zeroed; the others stay where they are. */
void xj_document_init(struct xj_document *d, const struct xj_config *config,
                      struct xj_failure *failure, struct kit_output *out);
void xj_document_fini(struct xj_document *d);

/* From the parser. Names stay where they are, see names.h. A failure is in `failure`, one of
 * the host in `out`; nothing may follow either. */
void xj_document_begin(struct xj_document *d, const char *name, const char *const *attributes);
void xj_document_text(struct xj_document *d, const uint8_t *bytes, size_t size);
void xj_document_end(struct xj_document *d);
/* `name` is that of the member which it becomes. */
void xj_document_comment(struct xj_document *d, const char *name, const uint8_t *bytes, size_t size);

/* The document was well-formed: write what is to be written at its end. */
void xj_document_finish(struct xj_document *d);

#endif
