/* SPDX-License-Identifier: MIT */
/*
 * An encryption context: pairs of UTF-8 texts that are bound to a wrapped key and travel in the
 * open. Order does not count; the canonical form is JSON without white space, keys in byte order.
 */
#ifndef OL_CRYPTO_CONTEXT_H
#define OL_CRYPTO_CONTEXT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define OL_CONTEXT_PAIRS_MAX 64
#define OL_CONTEXT_BYTES_MAX 8192u /* names and values together */

typedef struct ol_context_pair {
    ol_slice name, value;
} ol_context_pair;

typedef struct ol_context {
    ol_context_pair pairs[OL_CONTEXT_PAIRS_MAX]; /* by name */
    size_t count;
} ol_context;

/* From a JSON object of strings; slices go to the arena. OL_EINVAL for anything else, duplicates
 * included. */
int ol_context_parse(ol_context *context, ol_slice json, ol_arena *arena, ol_error *err);
/* Borrowed slices. OL_EINVAL when the name is there already with another value, OL_ELIMIT. */
int ol_context_add(ol_context *context, ol_slice name, ol_slice value);
/* NULL when it is not there. */
const ol_slice *ol_context_find(const ol_context *context, ol_slice name);
bool ol_context_equal(const ol_context *a, const ol_context *b);
/* Appends the canonical JSON. */
int ol_context_write(const ol_context *context, ol_buf *out);

#endif
