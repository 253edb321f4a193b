/* SPDX-License-Identifier: MIT */
/*
 * What vouches for a transform's bytes: a pinned SHA-256, or an Ed25519 signature that lies beside
 * the file (FILE.sig, 64 bytes, over the file's bytes). Checked on the copy that runs, not on the
 * file. Blocking; never on a loop.
 */
#ifndef OL_TRANSFORM_VOUCH_H
#define OL_TRANSFORM_VOUCH_H

#include "transform/program.h"

#define OL_VOUCH_KEYS_MAX 16u
#define OL_VOUCH_KEY_BYTES 32u
#define OL_VOUCH_SIGNATURE_BYTES 64u

typedef struct ol_vouch_keys {
    unsigned count;
    uint8_t keys[OL_VOUCH_KEYS_MAX][OL_VOUCH_KEY_BYTES];
} ol_vouch_keys;

/* How a transform may be vouched for. */
typedef struct ol_vouch {
    bool ships; /* part of objlens: needs nothing further */
    bool has_digest;
    uint8_t digest[32];
    ol_vouch_keys keys; /* any: a shared object must be signed by one of them, or be pinned */
} ol_vouch;

/* Add the public key of a PEM file (Ed25519). OL_OK, OL_ELIMIT, or OL_ECONFIG with the reason. */
int ol_vouch_keys_add(ol_vouch_keys *keys, const char *path, ol_error *err);

/* 64 digits of either case. */
bool ol_vouch_digest_parse(ol_slice text, uint8_t digest[32]);

/* Hold what was read (ol_source_read) against it. OL_OK, and program->pinned says whether anything
 * vouches for it; or OL_ECONFIG with the reason. */
int ol_vouch_check(const ol_vouch *vouch, ol_program *program, ol_error *err);

#endif
