/* SPDX-License-Identifier: MIT */
/*
 * HashiCorp Vault's transit engine (or OpenBao's) as a KMS. Keys are named as in Vault, or by the ARN
 * that is made of the name (kms_named.h); there are no aliases and no disabled keys.
 *
 * Transit's data keys do not bind additional data. So what is used is not Vault's data key but one
 * derived from it (HKDF-SHA256), from the key's name and from the canonical context; a second derived
 * value stands in front of Vault's ciphertext in the wrapped key and is compared when it is opened:
 * another context is OL_EDECRYPT, not another key. Wrapped: "OLV1", that value (32), "vault:vN:…".
 */
#ifndef OL_CRYPTO_KMS_VAULT_H
#define OL_CRYPTO_KMS_VAULT_H

#include "crypto/kms/kms_remote.h"

/* Strings are borrowed until ol_kms_vault_new returns. */
typedef struct ol_kms_vault_options {
    ol_kms_remote_options remote;
    const char *mount;       /* of the engine; "transit" */
    const char *token;       /* NULL: VAULT_TOKEN. Renewing it is its issuer's business */
    const char *token_file;  /* instead of it; read again by ops->renew */
    const char *name_space;  /* X-Vault-Namespace; NULL = none */
    const char *default_key; /* for calls that name none; NULL = there is none */
    const char *region, *account; /* of the ARNs; NULL: keys are called by their bare names */
} ol_kms_vault_options;

void ol_kms_vault_options_default(ol_kms_vault_options *options);
/* As ol_kms_aws_new. */
int ol_kms_vault_new(ol_kms **kms, const ol_kms_vault_options *options, ol_error *err);

#endif
