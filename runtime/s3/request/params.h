/* SPDX-License-Identifier: MIT */
/*
 * The query parameters that mean something to S3: which of them name a subresource that this
 * server does not have. A request for one of those must be refused by name; taking it for the
 * plain operation would answer, or overwrite, something else than was asked for.
 *
 * Parameters that are not in the table are the caller's own: transforms may read them.
 */
#ifndef OL_S3_PARAMS_H
#define OL_S3_PARAMS_H

#include "s3/address/address.h"

enum ol_s3_level { OL_S3_SERVICE = 1, OL_S3_BUCKET = 2, OL_S3_OBJECT = 4 };

/* Decode `query` into params in `arena`. OL_EINVALIDURI, OL_EINVAL (one of S3's own given
 * twice), OL_ELIMIT, OL_ENOMEM. */
int ol_s3_params_parse(ol_slice query, ol_arena *arena, ol_s3_address *out, ol_error *err);
/* OL_OK, or OL_ENOTIMPLEMENTED naming the first subresource that does not exist here. */
int ol_s3_params_check(const ol_s3_address *address, enum ol_s3_level level, ol_error *err);
/* That answer: OL_ENOTIMPLEMENTED. */
int ol_s3_params_refuse(const char *name, ol_error *err);
/* Percent-decoded bytes of `text`: `text` itself where nothing is encoded, else in `arena`.
 * OL_EINVALIDURI or OL_ENOMEM. */
int ol_s3_decode(ol_slice text, bool plus_is_space, ol_arena *arena, ol_slice *out, ol_error *err);

#endif
