/* SPDX-License-Identifier: MIT */
/*
 * Session tokens: sealed, self-contained, so that replicas share a key and nothing else. A token
 * says whom temporary credentials stand for and until when; access key and secret follow from it
 * and are stored nowhere.
 *
 * AES-256-GCM under a key that HKDF-SHA-256 derives for each token from the configured key and a
 * random salt; the same gives access key and secret. The text form is base64.
 */
#ifndef OL_ACCESS_SESSION_TOKEN_H
#define OL_ACCESS_SESSION_TOKEN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"

#define OL_SESSION_KEY_BYTES_MIN 16 /* of what is configured; 32 random ones are best */
#define OL_SESSION_KEYS_MAX 4
#define OL_SESSION_ACCESS_KEY_SIZE 21 /* "ASIA" and 16 letters or digits, NUL */
#define OL_SESSION_SECRET_SIZE 41     /* 40 characters, NUL */
#define OL_SESSION_TOKEN_BYTES_MAX (8 * OL_KIB) /* of the text; longer ones are not looked at */
#define OL_SESSION_POLICY_BYTES_MAX (2 * OL_KIB)
#define OL_SESSION_NAME_BYTES_MIN 2
#define OL_SESSION_NAME_BYTES_MAX 64
#define OL_SESSION_ARN_BYTES_MAX 512
#define OL_SESSION_SECONDS_MIN 900
#define OL_SESSION_SECONDS_MAX 129600 /* 36 h */

enum ol_session_kind {
    OL_SESSION_OF_SELF = 1, /* GetSessionToken: the user or root itself */
    OL_SESSION_OF_ROLE = 2  /* AssumeRole */
};

typedef struct ol_session_claims {
    enum ol_session_kind kind;
    int64_t issued_ms, expires_ms;
    int64_t mfa_ms;        /* when a one-time code was shown; 0 = none was */
    ol_slice account_id;   /* of the principal */
    ol_slice arn;          /* of the user, the root or the role */
    ol_slice name;         /* of a role's session */
    ol_slice policy;       /* a session policy's text; empty = none */
    ol_slice chain;        /* the ARN of who assumed the role, for logs; may be empty */
} ol_session_claims;

typedef struct ol_session_credentials {
    char access_key[OL_SESSION_ACCESS_KEY_SIZE];
    char secret[OL_SESSION_SECRET_SIZE]; /* the caller wipes it */
} ol_session_credentials;

/* The keys. Immutable; any thread. */
typedef struct ol_session_sealer ol_session_sealer;

/* The first key seals, all of them open: so keys can be changed while tokens are out. OL_OK,
 * OL_ECONFIG (a key is too short, or there is none), OL_ENOMEM. */
int ol_session_sealer_new(ol_session_sealer **sealer, const ol_slice *keys, size_t key_count,
                          ol_error *err);
void ol_session_sealer_destroy(ol_session_sealer *sealer);

/* What a role's session may be called: 2..64 letters, digits, or of _=,.@+- */
bool ol_session_name_ok(ol_slice name);
/* Is it an access key of temporary credentials ("ASIA…")? */
bool ol_session_access_key(ol_slice access_key);
/* Appends the token's text. OL_OK, OL_EINVAL (a claim is too long), OL_ENOMEM, OL_EINTERNAL, or
 * the buffer's errors. */
int ol_session_seal(const ol_session_sealer *sealer, const ol_session_claims *claims, ol_buf *token,
                    ol_session_credentials *credentials, ol_error *err);
/* What the token says, in `arena`, and the credentials that go with it. OL_OK; OL_EINVALIDTOKEN:
 * not ours, changed, or not that access key's; OL_EEXPIREDTOKEN; OL_ENOMEM. */
int ol_session_open(const ol_session_sealer *sealer, ol_slice access_key, ol_slice token,
                    int64_t now_ms, ol_arena *arena, ol_session_claims *claims,
                    ol_session_credentials *credentials, ol_error *err);

#endif
