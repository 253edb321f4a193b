/* SPDX-License-Identifier: MIT */
/* What the pieces of addressing share: reading the host, and finding the operation. */
#ifndef OL_S3_ADDRESS_PRIVATE_H
#define OL_S3_ADDRESS_PRIVATE_H

#include "s3/address/address.h"

/* What a host says. */
typedef struct ol_s3_host {
    bool amazon;     /* one of AWS's own names: no base path there */
    ol_slice label;  /* what stands before our name, lower-case; empty = path style */
    ol_slice region; /* AWS's own names only */
    enum ol_s3_door door;  /* ACCESS_POINT or OBJECT_LAMBDA by AWS's own names, else NONE */
    enum ol_s3_api api;    /* CONTROL or STS by AWS's own names, else S3 */
} ol_s3_host;

/* OL_OK, OL_EINVALIDREQUEST (not ours) or OL_ENOMEM. */
int ol_s3_host_read(const ol_http_request *req, const ol_s3_address_rules *rules, ol_arena *arena,
                    ol_s3_host *out, ol_error *err);
/* AWS's own host names; `host` is lower-case and has no port. False: not one that S3 knows. */
bool ol_s3_host_read_amazon(ol_slice host, ol_s3_host *out);

/* From bucket, key, params and the request's method and headers. Sets address->operation. */
int ol_s3_operation_find(const ol_http_request *req, ol_s3_address *address, ol_error *err);

bool ol_s3_is_account(ol_slice text); /* 12 digits */

#endif
