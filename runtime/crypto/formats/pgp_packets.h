/* SPDX-License-Identifier: MIT */
/*
 * The outermost packets of an encrypted OpenPGP message (RFC 4880, RFC 9580), walked as they pass by:
 * session keys, then one packet of encrypted data that is protected against changes, then the end.
 * Nothing is decrypted here; the walk says what the library behind it would be lenient about: data
 * without protection, packets of other kinds, bytes that follow the end.
 */
#ifndef OL_CRYPTO_PGP_PACKETS_H
#define OL_CRYPTO_PGP_PACKETS_H

#include "base/error.h"

enum ol_pgp_place { OL_PGP_TAG, OL_PGP_LENGTH, OL_PGP_BODY, OL_PGP_END };

/* Zeroed memory is a walk. */
typedef struct ol_pgp_packets {
    enum ol_pgp_place place;
    uint8_t tag;
    bool is_old;        /* the older way to write lengths */
    bool is_partial;    /* more of the same body follows this part */
    bool to_the_end;    /* no length is told */
    bool any_part;      /* the body had a length that was not its whole one */
    uint8_t length[5];
    unsigned length_have, length_need;
    unsigned session_keys, markers;
    uint64_t left; /* of the body, or of this part of it */
} ol_pgp_packets;

/* May these be the first bytes of an encrypted message, binary or in text form? */
bool ol_pgp_is_message(ol_slice first);
bool ol_pgp_is_text(ol_slice first);
/* A secret key, binary or in text form. */
bool ol_pgp_is_secret_key(ol_slice material);

/* OL_OK, or OL_EDECRYPT when no message that is opened here goes on like this. */
int ol_pgp_packets_take(ol_pgp_packets *walk, ol_slice bytes);
/* May the message end here? */
bool ol_pgp_packets_is_whole(const ol_pgp_packets *walk);

#endif
