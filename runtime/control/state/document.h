/* SPDX-License-Identifier: MIT */
/*
 * The document in which what the API made is kept: JSON, one object a section. Reading is
 * strict: a document that holds anything which this version would not write is damaged, because
 * to leave out what is not understood could open what was shut.
 *
 *   {"version": 1,
 *    "accounts": {"ACCOUNT": {"public_access_block": {…}}},
 *    "buckets": {"NAME": {"owner": …, "policy": …, "cors": …, "acl": …, "tags": …, "ownership": …, "encryption": …,
 *                         "public_access_block": {…} or null (deleted)}},
 *    "access_points": {"ACCOUNT/NAME": {"bucket": …, "created_ms": …, …}},
 *    "object_lambdas": {"ACCOUNT/NAME": {"supporting": …, "views": […], "created_ms": …, …}}}
 */
#ifndef OL_CONTROL_DOCUMENT_H
#define OL_CONTROL_DOCUMENT_H

#include "base/buf.h"
#include "base/error.h"

struct json_t;
typedef struct json_t ol_document; /* a jansson value; freed with ol_document_free */

#define OL_DOCUMENT_VERSION 1

#define OL_DOCUMENT_ACCOUNTS "accounts"
#define OL_DOCUMENT_BUCKETS "buckets"
#define OL_DOCUMENT_ACCESS_POINTS "access_points"
#define OL_DOCUMENT_OLAPS "object_lambdas"

/* Nothing in it. NULL when out of memory. */
ol_document *ol_document_new(void);
/* An independent copy; NULL when out of memory. */
ol_document *ol_document_copy(const ol_document *document);
bool ol_document_same(const ol_document *a, const ol_document *b);
/* OL_OK, OL_ECONFIG with a detail that says what is damaged, or OL_ENOMEM. */
int ol_document_parse(ol_slice text, ol_document **document, ol_error *err);
/* OL_OK, OL_ELIMIT (it does not fit into the buffer) or OL_ENOMEM. */
int ol_document_write(const ol_document *document, ol_buf *out);
/* NULL is fine. */
void ol_document_free(ol_document *document);

/* "ACCOUNT/NAME". */
#define OL_DOCUMENT_KEY_SIZE 80
void ol_document_key(char out[OL_DOCUMENT_KEY_SIZE], ol_slice account, ol_slice name);

#endif
