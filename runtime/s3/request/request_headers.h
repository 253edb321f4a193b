/* SPDX-License-Identifier: MIT */
/*
 * What request headers ask for beyond the plain operation: which of it is refused because it
 * does not exist here, and which headers are kept with an object.
 */
#ifndef OL_S3_REQUEST_HEADERS_H
#define OL_S3_REQUEST_HEADERS_H

#include "http/server.h"

/* For every operation. A header that asks for protection or placement that this server does not
 * have (locks, appends, …) is OL_ENOTIMPLEMENTED by name: ignoring it would leave the
 * client in a belief that is not true. */
int ol_s3_headers_refuse(const ol_headers *headers, ol_error *err);

/* x-amz-expected-bucket-owner, when there, must be the account that owns the bucket; else
 * OL_EACCESS. The second: x-amz-source-expected-bucket-owner, of a copy's source. */
int ol_s3_headers_check_owner(const ol_headers *headers, ol_slice account_id, ol_error *err);
int ol_s3_headers_check_source_owner(const ol_headers *headers, ol_slice account_id,
                                     ol_error *err);

/* Some SDKs put headers into the query of a URL that they presign (x-amz-acl, x-amz-meta-*,
 * x-amz-copy-source, …): signed there, they count as the headers. Gives `req` a list of its own
 * in `arena` with these added; does nothing to a request that is not presigned. Call it on a copy
 * of the request, before the address is parsed; the signature is checked over the original.
 * OL_OK, OL_EINVAL (in both places, or a value that no header can have), OL_EINVALIDURI, OL_ELIMIT,
 * OL_ENOMEM. */
int ol_s3_headers_from_query(ol_http_request *req, ol_arena *arena, ol_error *err);

/* The headers to keep with an object, lower-case: content-type (binary/octet-stream when none was
 * sent), cache-control, content-disposition, content-encoding without aws-chunked,
 * content-language, expires, x-amz-meta-*, x-amz-storage-class when it is not STANDARD. `keep` must
 * be initialised and empty. OL_OK, OL_EINVAL (InvalidStorageClass too), OL_EMETADATATOOLARGE,
 * OL_ENOMEM. */
int ol_s3_headers_keep(const ol_headers *headers, ol_headers *keep, ol_error *err);

#endif
