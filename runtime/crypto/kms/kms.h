/* SPDX-License-Identifier: MIT */
/*
 * Whoever keeps master keys: the local keyring, AWS KMS or what speaks its JSON API, Vault's
 * transit, KES. One interface; a data key is made or opened asynchronously on the loop that asks.
 *
 * Authorization of the caller (kms:Decrypt, kms:GenerateDataKey on the key's ARN) is not done here:
 * it comes before every call, cached or not (front/). What a provider answers is checked here: the
 * key that it says it used, and the length of what it gives.
 */
#ifndef OL_CRYPTO_KMS_H
#define OL_CRYPTO_KMS_H

#include "crypto/keys/context.h"
#include "net/loop.h"

#define OL_DATA_KEY_BYTES 32u
#define OL_KMS_BLOB_BYTES_MAX 6144u
#define OL_KMS_KEY_ID_BYTES_MAX 2048u

typedef struct ol_kms ol_kms;

/* Whose call it is, for the audit line (key_audit.h). */
typedef struct ol_key_use {
    ol_slice who;    /* ARN of whoever asks; empty: objlens itself */
    ol_slice object; /* ARN of what the key is for */
    ol_slice olap;   /* ARN of the Object Lambda access point; empty = none */
    ol_slice request_id; /* where the call itself names none */
} ol_key_use;

/* One call; memory of the caller's that lives until cb. Slices are borrowed until then. */
typedef struct ol_kms_call {
    ol_loop *loop;
    ol_arena *arena; /* for the answer's slices */
    ol_slice key_id; /* id, ARN, alias/NAME, alias ARN; empty: the provider's default key (when opening:
                        whatever the blob names, and only where the provider can tell) */
    ol_context context;
    ol_slice blob;       /* when opening: the wrapped key */
    size_t key_bytes;    /* 32; when opening 16 to 64 are possible, 0 = whatever it is */
    ol_slice request_id; /* for the audit line */
    const ol_key_use *use; /* for the audit line; NULL = nothing known */
    /* Runs once, on a later turn or at once (before the call returns OL_OK … see below). */
    void (*cb)(struct ol_kms_call *call, const ol_error *err);
    void *arg;
    /* the answer */
    uint8_t *key;      /* ol_secret memory; the receiver frees it (key_len bytes) */
    size_t key_len;
    ol_slice wrapped;  /* of a made one */
    ol_slice used_key; /* ARN, or what the provider has for one */
    uint32_t key_version; /* 0 = not told */
    bool cached;          /* it came from the data-key cache, nobody was asked */
    bool stale;           /* opened: it could be wrapped by a newer version of its key */
    uint64_t until_ms;    /* opened: the same may be answered from memory until then (monotonic); 0 = no */
    void *private_[16];
} ol_kms_call;

enum ol_kms_state { OL_KMS_ENABLED, OL_KMS_DISABLED, OL_KMS_PENDING_DELETION, OL_KMS_MISSING };

/* Errors: OL_EKMSNOTFOUND, OL_EKMSDISABLED, OL_EKMSSTATE, OL_EACCESS, OL_EKMSTHROTTLED,
 * OL_EKMSUNAVAILABLE, OL_EDECRYPT (the blob does not open: wrong key, context, or damage).
 * Negative: never started. OL_OK: done, the answer is filled, cb does not run. OL_WAIT: cb runs. */
typedef struct ol_kms_ops {
    const char *name; /* "keyring", "aws", "vault", "kes" */
    int (*generate)(ol_kms *kms, ol_kms_call *call, ol_error *err);
    int (*open)(ol_kms *kms, ol_kms_call *call, ol_error *err);
    /* Of key_id; fills used_key. */
    int (*state)(ol_kms *kms, ol_kms_call *call, enum ol_kms_state *state, ol_error *err);
    /* A call's caller is gone: its cb will not run; what comes back is wiped. */
    void (*cancel)(ol_kms *kms, ol_kms_call *call);
    /* As an origin: connections belong to loops. May be NULL. */
    int (*attach)(ol_kms *kms, ol_loop *loop, ol_error *err);
    void (*detach)(ol_kms *kms, ol_loop *loop, void (*cb)(void *arg), void *arg);
    /* Reads again what may have been renewed in files: tokens, certificates. Blocking, never on a loop.
     * OL_SKIP: there is no such thing. An error: what was is used on. May be NULL. */
    int (*renew)(ol_kms *kms, ol_error *err);
    /* Opens `blob` and wraps what was in it by the newest version of its key, into wrapped, used_key and
     * key_version; no key is handed out. At once, any thread. OL_SKIP: that is how it is wrapped
     * already. May be NULL: versions are the keeper's own business. */
    int (*rewrap)(ol_kms *kms, ol_kms_call *call, ol_error *err);
    /* The caller answers an `open` from its own memory: `used_key` and version are as they were told. For
     * the audit. At once, any thread. May be NULL. */
    void (*again)(ol_kms *kms, const ol_kms_call *call);
    void (*destroy)(ol_kms *kms);
} ol_kms_ops;

struct ol_kms {
    const ol_kms_ops *ops; /* first member of every implementation */
};

#endif
