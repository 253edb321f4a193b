/* SPDX-License-Identifier: MIT */
/*
 * AES-256-GCM for the blocks on disk, under a key that is made here and that nobody ever sees: it
 * lives in OpenSSL's contexts only, which wipe it when they are freed.
 *
 * A nonce is the number of the file and the index of the block. Numbers are given once in a
 * process, an index is written once in a file, and no key outlives the process: it never repeats.
 */
#ifndef OL_VIEW_DISK_CIPHER_H
#define OL_VIEW_DISK_CIPHER_H

#include "base/error.h"
#include "view/disk.h"

#define OL_VIEW_TAG_BYTES 16

typedef struct ol_view_cipher ol_view_cipher;

typedef struct ol_view_nonce {
    uint64_t file;
    uint32_t block;
} ol_view_nonce;

/* One thread's share: nothing is allocated a block. */
typedef struct ol_view_cipher_seat {
    void *contexts_[2];
    struct ol_view_cipher_seat *next_;
    uint8_t sealed[OL_VIEW_BLOCK_BYTES]; /* where seal puts its output */
} ol_view_cipher_seat;

/* For at most `seats` threads at a time. OL_OK, OL_ENOMEM or OL_EINTERNAL. */
int ol_view_cipher_new(ol_view_cipher **cipher, unsigned seats, ol_error *err);
/* All seats are given back. NULL is fine. */
void ol_view_cipher_destroy(ol_view_cipher *cipher);

ol_view_cipher_seat *ol_view_cipher_take(ol_view_cipher *cipher);
void ol_view_cipher_give(ol_view_cipher *cipher, ol_view_cipher_seat *seat);

/* Into seat->sealed, as many bytes as `plain` has. OL_OK or OL_EINTERNAL. */
int ol_view_seal(ol_view_cipher_seat *seat, ol_view_nonce nonce, ol_slice plain,
                 uint8_t tag[OL_VIEW_TAG_BYTES]);
/* In place. OL_OK, or OL_ECORRUPT: then the bytes are wiped. */
int ol_view_unseal(ol_view_cipher_seat *seat, ol_view_nonce nonce, ol_span sealed,
                   const uint8_t tag[OL_VIEW_TAG_BYTES]);

#endif
