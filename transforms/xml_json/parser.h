/* SPDX-License-Identifier: MIT */
/*
 * libxml2's push parser with everything shut off that reaches beyond the document's own text:
 * no declarations in a DOCTYPE, no entity but the five of XML itself, nothing loaded.
 */
#ifndef XJ_PARSER_H
#define XJ_PARSER_H

#include <libxml/parser.h>

#include "document.h"
#include "namespaces.h"

struct xj_parser {
    xmlParserCtxtPtr context;
    struct xj_document *document;
    struct xj_namespaces *namespaces; /* of the host's memory; NULL: they are not looked up */
    struct xj_failure *failure;
    const xmlChar *comment_name; /* of the member that a comment becomes, where they do */
    bool out_of_memory; /* libxml2 was refused memory: nothing it says counts any more */
};

/* Once in the life of the process, while files may still be opened. */
bool xj_parser_prepare(void);

/* False when out of memory. */
bool xj_parser_init(struct xj_parser *p, struct xj_document *document, struct xj_failure *failure);
/* Also of a parser that is all zero. */
void xj_parser_fini(struct xj_parser *p);

/* The next text: valid UTF-8 without CR that ends with a whole character and does not end with
 * ']' unless it is the last. A failure is in `failure`. */
void xj_parser_push(struct xj_parser *p, const uint8_t *text, size_t size);
/* The document ends here. */
void xj_parser_finish(struct xj_parser *p);
/* The line that ends where the text ends that was pushed last. */
long xj_parser_line(const struct xj_parser *p);

#endif
