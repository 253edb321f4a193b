/* SPDX-License-Identifier: MIT */
/*
 * The body of an OpenPGP message, decrypted by a process of its own (pgp_host.h). It tells only at its
 * end whether it is authentic: not chunked, no parts.
 */
#ifndef OL_CRYPTO_CONTENT_PGP_H
#define OL_CRYPTO_CONTENT_PGP_H

#include "crypto/content/sealed_private.h"
#include "crypto/formats/pgp_link.h"

/* ol_sealed.more, in the ask's arena. */
typedef struct ol_pgp_body {
    ol_keys *keys;   /* counted */
    size_t password; /* which one of them is the password; SIZE_MAX = there is none */
} ol_pgp_body;

extern const ol_content_ops ol_content_pgp;

#endif
