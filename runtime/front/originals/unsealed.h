/* SPDX-License-Identifier: MIT */
/*
 * An original that a client encrypted, as the object that it was before: size, headers, body and
 * read_at are the plaintext's. It is an ol_object like any other, so a view over it needs to know
 * nothing of encryption.
 *
 * Formats whose pieces are authenticated by themselves are decrypted as they are read. Of the others
 * nothing goes out before the whole was verified: by a first pass over the same pinned version
 * (unsealed_pass.c), which keeps digests of its segments, or fills a spool, as the rule says; small ones
 * are kept in memory. What is read later, in parts or as a whole, has to have these digests. Where the rule says "stream", a body goes out as it comes, and one that was forged breaks at
 * its end.
 *
 *   unsealed.c         the object
 *   unsealed_pass.c    the verifying pass, and who waits for it
 *   unsealed_kept.c    what the pass kept
 *   unsealed_source.c  the source stage of a body or a piece of it
 *   unsealed_read.c    read_at
 */
#ifndef OL_FRONT_UNSEALED_H
#define OL_FRONT_UNSEALED_H

#include "control/config/client_encryption.h"
#include "front/originals/opened.h"
#include "origin/origin.h"
#include "view/disk.h"

typedef struct ol_unsealed_make {
    ol_loop *loop;
    ol_object *sealed;  /* taken over on success */
    ol_opened *opened;  /* likewise; nobody else holds it, unless it is verified */
    const ol_client_encryption *rule; /* lives as long as the object */
    ol_opened_book *book;     /* is told what the pass finds; NULL = none */
    ol_opened_note note;      /* digest, keys; verified, plain_size and segments where they are known;
                                 not taken over */
    bool keeps_opened;        /* the book may keep the content key */
    ol_view_disk *spool;      /* NULL: there is none */
    uint64_t object_bytes_max; /* of the spool */
    uint64_t verify_bytes_max; /* of a pass */
} ol_unsealed_make;

/* OL_OK or OL_ENOMEM. */
int ol_unsealed_new(ol_object **object, const ol_unsealed_make *make, ol_error *err);
/* Over everything that names the version and says how it was encrypted, and the rule; NULL: the object
 * is not of this kind. */
const uint8_t *ol_unsealed_digest(const ol_object *object);

/* Its length is known: as soon as it is made, or after the pass, for formats that do not tell. `gone`
 * is looked at on the way: true ends it. OL_OK, OL_WAIT (cb runs once, unless the object is closed
 * before) or negative. */
int ol_unsealed_settle(ol_object *object, const bool *gone, ol_done_cb cb, void *arg, ol_error *err);

#endif
