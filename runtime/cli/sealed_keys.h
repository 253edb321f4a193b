/* SPDX-License-Identifier: MIT */
/*
 * The keys of `objlens decrypt` and `encrypt`: read from a file, the KMS keys with a client for each
 * endpoint and region, and a loop to wait on for what those answer.
 *
 * Requests to a KMS are signed with AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN;
 * without them with a key that no service knows, which is enough for those that do not look. The
 * region is that of the key's ARN, else AWS_REGION, AWS_DEFAULT_REGION, us-east-1. An entry without an
 * endpoint: AWS_ENDPOINT_URL_KMS, AWS_ENDPOINT_URL, else the region's own.
 */
#ifndef OL_CLI_SEALED_KEYS_H
#define OL_CLI_SEALED_KEYS_H

#include "crypto/content/sealed.h"

typedef struct ol_sealed_keys {
    ol_keys *keys;
    ol_loop *loop; /* NULL: no key is kept by a KMS */
    struct {
        char *endpoint;
        char region[32];
        ol_kms *kms;
    } clients[OL_KEYS_MAX];
    size_t client_count;
} ol_sealed_keys;

/* Blocking. `path`: a JSON list (crypto/keys/keys.h). Close it whatever is returned. */
int ol_sealed_keys_open(ol_sealed_keys *self, const char *path, ol_error *err);
void ol_sealed_keys_close(ol_sealed_keys *self);
/* ol_sealed_open, blocking until it is answered. */
int ol_sealed_keys_ask(ol_sealed_keys *self, ol_sealed_ask *ask, ol_error *err);
/* Has the key's KMS make a data key, blocking: call's arena, context and key_bytes are given. */
int ol_sealed_keys_generate(ol_sealed_keys *self, const ol_key *key, ol_kms_call *call,
                            ol_error *err);

#endif
