/* SPDX-License-Identifier: MIT */
/*
 * The document, piece by piece, into trees. Knows about XML and its dangers; knows nothing of
 * JSON. Whoever owns it gets each tree that is complete.
 *
 * The parser is fed blocks of one size whatever the size of the pieces, so that what it does
 * cannot depend on where the input was cut.
 */
#ifndef XJ_PARSE_H
#define XJ_PARSE_H

#include <libxml/parser.h>

#include "decode.h"
#include "tree.h"

#define XJ_BLOCK_BYTES (16 * 1024)
#define XJ_TOKEN_BYTES_MAX (2 * 1024 * 1024) /* a tag, comment or processing instruction */
#define XJ_PATH_MAX 16

/* Which elements are trees: the document element, or those at the end of a path. */
struct xj_path {
    unsigned count; /* of names; 0 = the document element */
    const char *names[XJ_PATH_MAX];
    size_t sizes[XJ_PATH_MAX];
};

struct xj_parser {
    const struct objlens_host *host;
    struct objlens_call *call;
    const struct xj_path *path;
    /* A tree is complete; results of the ABI. It is forgotten afterwards, but for the document
     * element, which is handed over only when the document has ended well. */
    int (*on_tree)(void *arg, const struct xj_node *node);
    void *arg;

    struct xj_budget budget;
    struct xj_tree tree;
    const struct xj_node *document;
    xmlParserCtxtPtr xml;
    struct xj_decoder decoder;
    int result;             /* the first failure */
    unsigned depth;         /* of elements open */
    unsigned matched;       /* how many of them are on the path */
    bool in_tree;
    unsigned long token_at; /* where the token lies that is not complete, and how far it has */
    size_t token_scanned;   /* been searched for attributes: */
    unsigned token_attributes;
    char token_quote;
    bool began;
    size_t sniffed, filled;
    uint8_t sniff[XJ_SNIFF_BYTES];
    uint8_t block[XJ_BLOCK_BYTES + XJ_DECODE_GROWTH * (XJ_SNIFF_BYTES + 2)];
};

/* `host`, `call`, `path`, `on_tree` and `arg` are set, all else zero. */
int xj_parser_init(struct xj_parser *p, size_t memory_bytes);
int xj_parser_write(struct xj_parser *p, const uint8_t *bytes, size_t size);
int xj_parser_finish(struct xj_parser *p);
/* Also after a failure of init. */
void xj_parser_fini(struct xj_parser *p);

#endif
