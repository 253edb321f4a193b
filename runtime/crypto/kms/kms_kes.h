/* SPDX-License-Identifier: MIT */
/*
 * MinIO's KES as a KMS: `POST /v1/key/generate/NAME`, `POST /v1/key/decrypt/NAME`, `GET
 * /v1/key/describe/NAME`. The context, canonical, is KES's own: it is bound by the server's AEAD.
 *
 * KES knows its clients by the public key of the certificate that they show: a certificate of files, or
 * one made of an API key ("kes:v1:…"). It tells no versions, has no aliases and no disabled keys; what a
 * client may do is its policy there.
 */
#ifndef OL_CRYPTO_KMS_KES_H
#define OL_CRYPTO_KMS_KES_H

#include "crypto/kms/kms_remote.h"

/* Strings are borrowed until ol_kms_kes_new returns. */
typedef struct ol_kms_kes_options {
    ol_kms_remote_options remote;
    /* Who we are: both files (PEM), or an API key, or a file with one. */
    const char *certificate_file, *key_file;
    const char *api_key, *api_key_file;
    const char *default_key; /* for calls that name none; NULL = there is none */
    const char *region, *account; /* of the ARNs; NULL: keys are called by their bare names */
} ol_kms_kes_options;

void ol_kms_kes_options_default(ol_kms_kes_options *options);
/* As ol_kms_aws_new. ops->renew reads the files again. */
int ol_kms_kes_new(ol_kms **kms, const ol_kms_kes_options *options, ol_error *err);

#endif
