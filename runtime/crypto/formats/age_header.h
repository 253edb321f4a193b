/* SPDX-License-Identifier: MIT */
/*
 * The text at the head of an age file, and identities as text (Bech32).
 */
#ifndef OL_CRYPTO_AGE_HEADER_H
#define OL_CRYPTO_AGE_HEADER_H

#include "base/error.h"

#define OL_AGE_FILE_KEY_BYTES 16u
#define OL_AGE_STANZAS_MAX 32u
#define OL_AGE_HEADER_BYTES_MAX 65536u
#define OL_AGE_LOG_N_MAX 20u /* 1 GiB of memory */

enum ol_age_kind { OL_AGE_OTHER, OL_AGE_X25519, OL_AGE_SCRYPT };

typedef struct ol_age_stanza {
    enum ol_age_kind kind;
    ol_slice argument; /* decoded: the share, or the salt */
    unsigned log_n;
    ol_slice body;     /* decoded */
    uint8_t bytes_[96];
} ol_age_stanza;

typedef struct ol_age_header {
    ol_age_stanza stanzas[OL_AGE_STANZAS_MAX]; /* their slices point into it: do not move it */
    size_t count;
    ol_slice authenticated; /* up to and with "---" */
    uint8_t mac[32];
    size_t size;
} ol_age_header;

/* OL_OK; OL_WAIT: it goes on behind `bytes`; OL_EDECRYPT. */
int ol_age_header_read(ol_age_header *header, ol_slice bytes);
/* "AGE-SECRET-KEY-1…", white space around it ignored. False: it is none. */
bool ol_age_identity_read(ol_slice text, uint8_t secret[32]);

#endif
