/* SPDX-License-Identifier: MIT */
/*
 * One change of the kept document: a copy that outlives the caller's, and carrying it out. The
 * rules are here (who may change what, what must exist); what place it is kept in is not.
 */
#ifndef OL_CONTROL_EDIT_H
#define OL_CONTROL_EDIT_H

#include "control/state/control.h"
#include "control/state/document.h"

/* A deep copy in the arena. OL_OK, OL_ENOMEM, or OL_EINVAL (a text that is no UTF-8). */
int ol_edit_copy(const ol_edit *edit, ol_arena *arena, ol_edit *out, ol_error *err);
/* `realm` was made of `document`, which is changed. After an error the document is in no defined
 * state: give a copy. */
int ol_edit_apply(const ol_edit *edit, const ol_realm *realm, ol_document *document, int64_t now_ms,
                  ol_error *err);

#endif
