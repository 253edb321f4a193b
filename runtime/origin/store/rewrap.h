/* SPDX-License-Identifier: MIT */
/*
 * A data key that was wrapped anew, by a newer version of its master key: the record of the version is
 * replaced, nothing else of it. Nobody waits: what is not written now is done at the next opening.
 */
#ifndef OL_ORIGIN_STORE_REWRAP_H
#define OL_ORIGIN_STORE_REWRAP_H

#include "origin/store/store_private.h"

/* On the loop; everything is copied. */
void ol_store_rewrap(ol_store *store, ol_loop *loop, const ol_entry *entry, ol_slice record);

#endif
