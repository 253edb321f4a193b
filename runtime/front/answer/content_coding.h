/* SPDX-License-Identifier: MIT */
/*
 * Content codings (gzip, zstd) of answers: what a client asks for, which answers are worth it, what
 * becomes of their heads. The coded body is a representation of its own: its ETag is the view's with
 * ".gzip" or ".zstd" behind it, and it has no ranges.
 */
#ifndef OL_FRONT_CONTENT_CODING_H
#define OL_FRONT_CONTENT_CODING_H

#include "control/state/realm.h"
#include "pipeline/stage.h"

/* One enum ol_view_encoding of those on offer, or 0: by Accept-Encoding, the client's weights first,
 * then zstd before gzip. Never for a Range. */
unsigned ol_coding_choose(unsigned offered, const ol_headers *request);
const char *ol_coding_name(unsigned coding);
/* What the ETag of a coded answer has behind the view's own: ".gzip"; "" of 0. */
const char *ol_coding_ending(unsigned coding);

/* A whole 200 of a type that shrinks, of a length that is worth it, and not coded already. */
bool ol_coding_suits(const ol_head *head);
/* OL_OK or OL_ENOMEM. */
int ol_coding_apply(unsigned coding, ol_head *head);

/* The conditions of a request, in which ETags of coded answers stand for the view's own. What is
 * offered no more, and all that comes with a Range, stays as it is. OL_OK, OL_ENOMEM, OL_ELIMIT. */
int ol_coding_plain_conditions(unsigned offered, const ol_headers *request, ol_arena *arena,
                               ol_headers *conditions);
/* The coding whose ETag If-None-Match names: what a 304 then says. 0 = none. */
unsigned ol_coding_held(unsigned offered, const ol_headers *request, ol_slice etag);

#endif
