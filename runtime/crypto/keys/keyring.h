/* SPDX-License-Identifier: MIT */
/*
 * A local keyring: master keys in one file that belongs to whoever runs objlens and to nobody else.
 * Here is the ring itself, in memory and as a file; kms_keyring.h makes a KMS of it.
 *
 * A key has versions: the newest wraps, every one opens. Nothing is ever taken away. A ring is not
 * thread-safe; material is secret memory.
 *
 * The file is text, its last line the digest of those before it, so that half of one, or a damaged one,
 * is told from a whole one:
 *     objlens keyring 1
 *     place REGION ACCOUNT
 *     key ID STATE CREATED
 *     version NUMBER CREATED BASE64        (of the key above; from 1, without gaps)
 *     alias NAME ID
 *     end SHA256
 */
#ifndef OL_CRYPTO_KEYRING_H
#define OL_CRYPTO_KEYRING_H

#include "crypto/kms/kms.h"

#define OL_KEYRING_KEYS_MAX 1024
#define OL_KEYRING_VERSIONS_MAX 256 /* of one key */
#define OL_KEYRING_ALIASES_MAX 1024
#define OL_KEYRING_ID_SIZE 65
#define OL_KEYRING_ALIAS_SIZE 257
#define OL_KEYRING_ARN_SIZE 352
#define OL_KEYRING_FILE_BYTES_MAX (4u * 1024 * 1024)
#define OL_KEYRING_DEFAULT_ALIAS "alias/aws/s3"
#define OL_KEYRING_WRAPPED_BYTES_MAX 256

typedef struct ol_keyring_version {
    int64_t created_ms;
    uint8_t *material; /* 32 bytes */
} ol_keyring_version;

typedef struct ol_keyring_key {
    char id[OL_KEYRING_ID_SIZE];
    enum ol_kms_state state; /* never OL_KMS_MISSING */
    int64_t created_ms;
    ol_keyring_version *versions; /* the first is number 1 */
    size_t version_count, version_room;
} ol_keyring_key;

typedef struct ol_keyring_alias {
    char name[OL_KEYRING_ALIAS_SIZE]; /* "alias/…" */
    ol_keyring_key *key;
} ol_keyring_alias;

typedef struct ol_keyring {
    char region[32], account[13];
    ol_keyring_key **keys;
    size_t key_count, key_room;
    ol_keyring_alias *aliases;
    size_t alias_count, alias_room;
} ol_keyring;

/* Empty. OL_ECONFIG: no region or account name. */
int ol_keyring_new(ol_keyring **ring, const char *region, const char *account, ol_error *err);
void ol_keyring_destroy(ol_keyring *ring);

/* ---- keys ---- */

/* With its first version. `id` NULL: a random one. OL_ECONFIG: malformed, taken, too many. */
int ol_keyring_add_key(ol_keyring *ring, const char *id, int64_t now_ms, ol_keyring_key **key,
                       ol_error *err);
/* A new version, which wraps from now on. */
int ol_keyring_rotate(ol_keyring_key *key, int64_t now_ms, ol_error *err);
/* Points it at the key, also when it pointed elsewhere. `name` is "alias/…". */
int ol_keyring_set_alias(ol_keyring *ring, const char *name, ol_keyring_key *key, ol_error *err);
/* By id, ARN, alias or alias ARN; empty: OL_KEYRING_DEFAULT_ALIAS. OL_EKMSNOTFOUND, in the words that
 * S3's clients know. */
int ol_keyring_find(const ol_keyring *ring, ol_slice name, ol_keyring_key **key, ol_error *err);
/* "arn:aws:kms:REGION:ACCOUNT:key/ID" */
void ol_keyring_arn(const ol_keyring *ring, const ol_keyring_key *key,
                    char out[OL_KEYRING_ARN_SIZE]);

/* ---- wrapping: AES-256-GCM; bound are context, key and version ---- */

/* By the newest version. OL_EKMSDISABLED, OL_EKMSSTATE, OL_ENOMEM. */
int ol_keyring_wrap(const ol_keyring *ring, const ol_keyring_key *key, const ol_context *context,
                    ol_slice data_key, uint8_t out[OL_KEYRING_WRAPPED_BYTES_MAX], size_t *out_len,
                    ol_error *err);

typedef struct ol_keyring_opened {
    ol_keyring_key *key;
    uint32_t version;
    uint8_t *data_key; /* secret memory, the caller's */
    size_t data_key_len;
} ol_keyring_opened;

/* `wanted` NULL: whichever key the blob names. OL_EDECRYPT (another key than the wanted one, another
 * context, damage: all alike), OL_EKMSNOTFOUND (of a key that is not here), OL_EKMSDISABLED,
 * OL_EKMSSTATE, OL_ENOMEM. */
int ol_keyring_open(const ol_keyring *ring, const ol_keyring_key *wanted, const ol_context *context,
                    ol_slice wrapped, ol_keyring_opened *opened, ol_error *err);

/* ---- text and files ---- */

/* For the parser: a key without a version yet; a version whose 32 bytes are yet to be filled. */
int ol_keyring_add_bare_key(ol_keyring *ring, ol_slice id, int64_t now_ms, ol_keyring_key **key,
                            ol_error *err);
int ol_keyring_add_version(ol_keyring_key *key, int64_t now_ms, uint8_t **material, ol_error *err);

int ol_keyring_parse(ol_keyring **ring, ol_slice text, ol_error *err);
/* `out` should be a secret buffer. */
int ol_keyring_format(const ol_keyring *ring, ol_buf *out);

/* What of a file tells that it is another one. */
typedef struct ol_keyring_stamp {
    uint64_t device, inode, size;
    int64_t changed_ns;
} ol_keyring_stamp;

/* Blocking. OL_ECONFIG, saying why: others may read it, it belongs to somebody else, it is no plain
 * file, it is damaged; OL_ENOSUCHKEY: it is not there. `stamp` may be NULL. */
int ol_keyring_load(ol_keyring **ring, const char *path, ol_keyring_stamp *stamp, ol_error *err);
/* Blocking: a new file (0600) beside it, written out, then put in its place. */
int ol_keyring_save(const ol_keyring *ring, const char *path, ol_error *err);
/* OL_OK, or OL_ECONFIG when it cannot be looked at. */
int ol_keyring_look(const char *path, ol_keyring_stamp *stamp, ol_error *err);
/* Blocking: while somebody changes the file nobody else does (PATH.lock). */
int ol_keyring_lock(const char *path, int *lock, ol_error *err);
void ol_keyring_unlock(int lock);

const char *ol_keyring_state_name(enum ol_kms_state state);

#endif
