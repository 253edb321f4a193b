/* SPDX-License-Identifier: MIT */
/*
 * What an answer that is no success means to us and to our client: error documents passed on with
 * their code, status and message, empty answers by their status, and faults of our own (bad
 * credentials, a redirect) never blamed on the client.
 */
#ifndef OL_ORIGIN_S3_OUTCOME_H
#define OL_ORIGIN_S3_OUTCOME_H

#include "http/headers.h"

typedef struct ol_s3_refusal {
    const char *origin; /* its name, for the log */
    int status;         /* 300 and above; also an error document under 200 */
    ol_slice document;  /* maybe empty, cut or garbage */
    const ol_headers *headers;
    bool about_key, about_version; /* what the request named */
} ol_s3_refusal;

/* What may be done about it. */
enum ol_s3_remedy {
    OL_S3_FINAL,
    OL_S3_TRANSIENT, /* another try may succeed; it is not known whether this one did anything */
    OL_S3_REFUSED,   /* another try may succeed; this one did nothing */
    OL_S3_STALE_KEYS /* our credentials are out of date; this one did nothing */
};

/* Fills err, whatever it held. */
enum ol_s3_remedy ol_s3_outcome(const ol_s3_refusal *refusal, ol_error *err);
/* The root element of the document is Error. */
bool ol_s3_is_error_document(ol_slice document);

#endif
