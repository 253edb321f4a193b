/* SPDX-License-Identifier: MIT */
/*
 * The keys of `objlens decrypt` and `encrypt`: read from a file, each KMS key with a client of its
 * own, and a loop to wait on for what those answer.
 */
#ifndef OL_CLI_SEALED_KEYS_H
#define OL_CLI_SEALED_KEYS_H

#include "crypto/sealed.h"

typedef struct ol_sealed_keys {
    ol_keys *keys;
} ol_sealed_keys;

/* Blocking. `path`: a JSON list (crypto/keys.h). */
int ol_sealed_keys_open(ol_sealed_keys *self, const char *path, ol_error *err);
void ol_sealed_keys_close(ol_sealed_keys *self);
/* ol_sealed_open, blocking until it is answered. */
int ol_sealed_keys_ask(ol_sealed_keys *self, ol_sealed_ask *ask, ol_error *err);

#endif
