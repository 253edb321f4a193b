/* SPDX-License-Identifier: MIT */
#include "reader.h"

#include <string.h>

void xj_reader_init(struct xj_reader *r, struct xj_parser *parser, struct xj_failure *failure)
{
    r->failure = failure;
    r->parser = parser;
    r->prolog = (struct xj_prolog){XJ_OUTSIDE, 0, {0, 0}};
    r->used = 0;
    xj_decoder_init(&r->decoder, failure);
}

void xj_reader_fini(struct xj_reader *r)
{
    xj_decoder_fini(&r->decoder);
}

/* The parser takes a "]]" at the end of what it is given for text, and would then not see that
 * a '>' makes it an error: such an end waits for what follows. */
static size_t undecided(const struct xj_reader *r)
{
    size_t n = 0;
    while (n < 2 && n < r->used && r->block[r->used - 1 - n] == ']')
        n++;
    return n;
}

/* The first `size` bytes of the block. */
static void push(struct xj_reader *r, size_t size)
{
    size_t fine = xj_prolog_scan(&r->prolog, r->block, size);
    xj_parser_push(r->parser, r->block, fine);
    if (fine == size || r->failure->reason != XJ_NONE)
        return;
    xj_failure_set(r->failure, XJ_UNSUPPORTED, "a '>' in an identifier of the DOCTYPE");
    r->failure->line = xj_parser_line(r->parser);
}

static void push_block(struct xj_reader *r)
{
    size_t kept = undecided(r), pushed = r->used - kept;
    push(r, pushed);
    memmove(r->block, r->block + pushed, kept);
    r->used = kept;
}

/* The decoder found fault with what comes behind the block: the parser goes first, and the line
 * is the last it knows of. */
static void fail_behind_block(struct xj_reader *r)
{
    struct xj_failure found = *r->failure;
    *r->failure = (struct xj_failure){0};
    push(r, r->used);
    if (r->failure->reason != XJ_NONE)
        return;
    *r->failure = found;
    if (found.line == 0)
        r->failure->line = xj_parser_line(r->parser);
}

static void decode(struct xj_reader *r, struct xj_input *in)
{
    r->used += xj_decoder_run(&r->decoder, in, r->block + r->used, sizeof(r->block) - r->used);
    if (r->failure->reason != XJ_NONE)
        fail_behind_block(r);
    else if (sizeof(r->block) - r->used < XJ_DECODED_BYTES_MIN)
        push_block(r);
}

static bool can_go_on(const struct xj_reader *r)
{
    return r->failure->reason == XJ_NONE && r->parser->document->out->result == OBJLENS_OK;
}

void xj_reader_write(struct xj_reader *r, const uint8_t *bytes, size_t size)
{
    struct xj_input in = {bytes, bytes + size};
    while (in.at < in.end && can_go_on(r))
        decode(r, &in);
}

void xj_reader_finish(struct xj_reader *r)
{
    struct xj_input none = {NULL, NULL};
    if (r->decoder.head_size == 0) {
        xj_failure_set(r->failure, XJ_MALFORMED, "the document is empty");
        return;
    }
    xj_decoder_finish(&r->decoder);
    do
        decode(r, &none);
    while (can_go_on(r) && xj_decoder_holds(&r->decoder));
    if (!can_go_on(r))
        return;
    if (!xj_decoder_is_whole(&r->decoder)) {
        fail_behind_block(r);
        return;
    }
    push(r, r->used);
    if (r->failure->reason == XJ_NONE)
        xj_parser_finish(r->parser);
}
