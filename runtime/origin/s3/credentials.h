/* SPDX-License-Identifier: MIT */
/*
 * The keys with which an origin's requests are signed, shared by its loops. A file is re-read when
 * it has changed; while the new content cannot be used, the old keys stay. Any thread.
 */
#ifndef OL_ORIGIN_S3_CREDENTIALS_H
#define OL_ORIGIN_S3_CREDENTIALS_H

#include "origin/s3/credentials_file.h"
#include "origin/s3/s3_origin.h"

typedef struct ol_s3_credentials ol_s3_credentials;

/* Blocking. OL_OK, OL_ENOMEM or OL_ECONFIG. */
int ol_s3_credentials_new(ol_s3_credentials **credentials,
                          const ol_s3_credentials_options *options, ol_error *err);
void ol_s3_credentials_destroy(ol_s3_credentials *credentials);
/* Changes whenever the keys do; never 0. */
uint64_t ol_s3_credentials_version(const ol_s3_credentials *credentials);
/* The keys and their version; the caller wipes them. */
uint64_t ol_s3_credentials_copy(ol_s3_credentials *credentials, ol_s3_keys *out);
bool ol_s3_credentials_is_file(const ol_s3_credentials *credentials);
bool ol_s3_credentials_is_anonymous(const ol_s3_credentials *credentials);
/* Blocking: for a thread. OL_OK: new keys; OL_SKIP: nothing has changed, or another thread is at
 * it; an error: the old keys stay, and the same content is not complained about again. */
int ol_s3_credentials_refresh(ol_s3_credentials *credentials, ol_error *err);

#endif
