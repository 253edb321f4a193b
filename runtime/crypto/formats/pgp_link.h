/* SPDX-License-Identifier: MIT */
/*
 * The parent's side of an OpenPGP host (pgp_host.h): bytes go out and records come in over one socket that
 * never blocks. A step moves what can be moved; when nothing can, it says OL_WAIT, and whoever drives it
 * waits for the socket. The host is gone when the link has ended. Private to crypto/.
 */
#ifndef OL_CRYPTO_PGP_LINK_H
#define OL_CRYPTO_PGP_LINK_H

#include <sys/types.h>

#include "crypto/formats/pgp_host.h"
#include "crypto/keys/keys.h"

typedef struct ol_pgp_order {
    enum ol_pgp_mode mode;
    const ol_key *password; /* NULL: there is none */
    const ol_keys *keys;    /* of these, `count` from `first` on: those that hold one */
    size_t first, count;
} ol_pgp_order;

typedef struct ol_pgp_link {
    pid_t pid; /* 0: none */
    int fd;    /* valid while pid is */
    bool sent_all, done;
    uint8_t head[4];
    size_t head_have;
    size_t left; /* of the record that comes in */
} ol_pgp_link;

/* End it whatever is returned. */
int ol_pgp_link_start(ol_pgp_link *link, const ol_pgp_order *order, ol_error *err);
/* As ol_content_ops.step; OL_EDECRYPT leaves the error to the caller. */
int ol_pgp_link_step(ol_pgp_link *link, ol_slice *in, bool last, ol_span out, size_t *made);
/* It waits for room, too, until everything was sent. The descriptor is link->fd. */
void ol_pgp_link_end(ol_pgp_link *link);

/* Does this key's material hold a secret key of OpenPGP? */
bool ol_pgp_holds_key(const ol_key *key);

#endif
