/* SPDX-License-Identifier: MIT */
/*
 * Opens the original behind a view. What a client encrypted before it stored it is recognised (by its
 * metadata, an instruction file, its first bytes) and, where the rule of its Object Lambda access point,
 * bucket or origin allows it, comes back as its plaintext (unsealed.h). What may not be opened is
 * refused, never shown to a transform as if it were plaintext, unless the rule says so.
 *
 * A GET of a bucket or an access point is not concerned: it gives what was stored, which is what the
 * clients that hold the keys expect.
 */
#ifndef OL_FRONT_ORIGINAL_H
#define OL_FRONT_ORIGINAL_H

#include "front/request/request.h"

/* The nearest rule; never NULL. */
const ol_client_encryption *ol_original_rule(const ol_request *request);
/* `cb` runs once: at once or on a later turn. The caller holds a reference to the request until then;
 * `arena` and what `ref` points to live so long. */
void ol_original_open(ol_request *request, ol_arena *arena, const ol_object_ref *ref,
                      ol_object_cb cb, void *arg);

#endif
