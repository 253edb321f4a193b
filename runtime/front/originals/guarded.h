/* SPDX-License-Identifier: MIT */
/*
 * An original that passes as plaintext because nothing of its metadata says otherwise, and into which
 * no rule looked: as an ol_object whose first bytes are looked at before any other part of it is handed
 * out. What begins like a format in which clients encrypt is refused: OL_EDECRYPT.
 *
 * A body that begins at byte 0 is looked at as it passes by (sealed_guard_stage.h). Before read_at, or a
 * piece from elsewhere, the first bytes are read: once an object, and not again for a version that was
 * plain not long ago. It is an object of one loop, like any other.
 */
#ifndef OL_FRONT_GUARDED_H
#define OL_FRONT_GUARDED_H

#include "front/originals/opened.h"
#include "origin/origin.h"

typedef struct ol_guarded ol_guarded;

/* Takes `original` over on success; `ref` names it and is copied. `book` remembers what was plain; NULL =
 * nothing does. OL_OK or OL_ENOMEM. */
int ol_guarded_new(ol_object **object, ol_object *original, const ol_object_ref *ref,
                   ol_opened_book *book, ol_error *err);
/* NULL: an object of another kind. */
ol_guarded *ol_guarded_of(const ol_object *object);

/* Zeroed memory of whoever waits, with cb and arg. */
typedef struct ol_guarded_wait {
    ol_done_cb cb;
    void *arg;
    struct ol_guarded_wait *next, **back;
} ol_guarded_wait;

/* May parts of it be handed out? OL_OK; OL_WAIT: cb runs once, unless it is cancelled or the object is
 * closed before; negative: no. */
int ol_guarded_look(ol_guarded *self, ol_guarded_wait *wait, ol_error *err);
void ol_guarded_wait_cancel(ol_guarded_wait *wait);
/* Somebody else saw its first bytes, and they are plain. */
void ol_guarded_saw(ol_guarded *self);

/* What of the first bytes has to be seen. */
size_t ol_guarded_first_bytes(const ol_guarded *self);

/* OL_OK or OL_EDECRYPT. */
int ol_guarded_judge(const ol_guarded *self, ol_slice first, ol_error *err);
/* The format that these first bytes are of, where they can hardly be anything else. Binary OpenPGP begins
 * too much like other data to be refused for it, unless the metadata (s3cmd's) says so too. */
enum ol_sealed_format ol_guarded_recognise(const ol_object_info *about, ol_slice first);

#endif
