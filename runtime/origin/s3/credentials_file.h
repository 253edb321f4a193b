/* SPDX-License-Identifier: MIT */
/*
 * The two formats of a credentials file: the AWS shared one (INI) and the JSON that credential
 * processes and metadata services print. Reads text, never files.
 */
#ifndef OL_ORIGIN_S3_CREDENTIALS_FILE_H
#define OL_ORIGIN_S3_CREDENTIALS_FILE_H

#include "base/error.h"

#define OL_S3_ACCESS_KEY_SIZE 129
#define OL_S3_SECRET_KEY_SIZE 129
#define OL_S3_TOKEN_SIZE 4097
#define OL_S3_CREDENTIALS_FILE_BYTES_MAX 65536

/* Holds secrets: whoever owns one wipes it. */
typedef struct ol_s3_keys {
    char access_key[OL_S3_ACCESS_KEY_SIZE];
    char secret_key[OL_S3_SECRET_KEY_SIZE];
    char token[OL_S3_TOKEN_SIZE]; /* empty = none */
    int64_t expires_ms;           /* wall clock; 0 = never */
} ol_s3_keys;

/* A text that begins with '{' is JSON. OL_OK or OL_ECONFIG; the message never quotes the text. */
int ol_s3_credentials_parse(ol_s3_keys *keys, ol_slice text, const char *profile, ol_error *err);
/* Copy one value: OL_ECONFIG when it is too long or holds what a header cannot. */
int ol_s3_credentials_field(char *out, size_t size, ol_slice value, const char *what,
                            ol_error *err);

#endif
