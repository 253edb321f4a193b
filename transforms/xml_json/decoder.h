/* SPDX-License-Identifier: MIT */
/*
 * From bytes in the document's encoding to UTF-8 that the parser need not doubt: whole, valid
 * characters that XML allows, lines ending in LF. It takes bytes however they are cut.
 */
#ifndef XJ_DECODER_H
#define XJ_DECODER_H

#include "encoding.h"
#include "foreign.h"
#include "limits.h"

#define XJ_HEAD_BYTES_MAX (4 * XJ_DECLARATION_BYTES_MAX + 4)
/* Room that is always enough to get on. */
#define XJ_DECODED_BYTES_MIN 4

struct xj_decoder {
    struct xj_failure *failure;
    bool decided;
    struct xj_encoding_choice encoding;
    struct xj_foreign foreign; /* XJ_FOREIGN */
    bool after_cr; /* a LF now belongs to the CR before */
    uint32_t high; /* the first half of a surrogate pair; 0: none */
    uint8_t part[4]; /* a character of UTF-8, or a unit of UTF-16 or UTF-32, that is not whole yet */
    size_t part_size;
    uint8_t head[XJ_HEAD_BYTES_MAX]; /* until the encoding is decided, and until decoded */
    size_t head_size, head_done;
};

struct xj_input {
    const uint8_t *at, *end;
};

void xj_decoder_init(struct xj_decoder *d, struct xj_failure *failure);
/* Also of one that is all zero. */
void xj_decoder_fini(struct xj_decoder *d);
/* Decode into `out` until the input is used up or less than XJ_DECODED_BYTES_MIN of room is
 * left; returns the bytes written. What came before a failure is written. */
size_t xj_decoder_run(struct xj_decoder *d, struct xj_input *in, uint8_t *out, size_t room);
/* There is no more input: what was held of it is decoded by runs with none, as long as there is. */
void xj_decoder_finish(struct xj_decoder *d);
bool xj_decoder_holds(const struct xj_decoder *d);
/* Is all input decoded? False when the last character is not whole; a failure then. */
bool xj_decoder_is_whole(struct xj_decoder *d);

#endif
