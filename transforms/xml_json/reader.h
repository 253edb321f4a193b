/* SPDX-License-Identifier: MIT */
/*
 * From the pieces of the original to the parser, in blocks whose edges depend on the text alone:
 * however the pieces are cut, the parser sees the same.
 */
#ifndef XJ_READER_H
#define XJ_READER_H

#include "decoder.h"
#include "parser.h"
#include "prolog.h"

struct xj_reader {
    struct xj_failure *failure;
    struct xj_decoder decoder;
    struct xj_parser *parser;
    struct xj_prolog prolog;
    size_t used;
    uint8_t block[XJ_BLOCK_BYTES];
};

void xj_reader_init(struct xj_reader *r, struct xj_parser *parser, struct xj_failure *failure);
/* Also of one that is all zero. */
void xj_reader_fini(struct xj_reader *r);
/* A failure is in `failure`. */
void xj_reader_write(struct xj_reader *r, const uint8_t *bytes, size_t size);
void xj_reader_finish(struct xj_reader *r);

#endif
