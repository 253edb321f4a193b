/* SPDX-License-Identifier: MIT */
/*
 * What request headers ask for beyond the plain operation: which of it is refused because it
 * does not exist here, and which headers are kept with an object.
 */
#ifndef OL_S3_REQUEST_HEADERS_H
#define OL_S3_REQUEST_HEADERS_H

#include "http/headers.h"

/* For every operation. A header that asks for protection, access rules, copies or placement that
 * this server does not have (encryption, ACLs, locks, tags, …) is OL_ENOTIMPLEMENTED by name:
 * ignoring it would leave the client in a belief that is not true. */
int ol_s3_headers_refuse(const ol_headers *headers, ol_error *err);

/* x-amz-expected-bucket-owner, when there, must be this account; else OL_EACCESS. */
int ol_s3_headers_check_owner(const ol_headers *headers, ol_slice account_id, ol_error *err);

/* The headers to keep with an object, lower-case: content-type (binary/octet-stream when none was
 * sent), cache-control, content-disposition, content-encoding without aws-chunked,
 * content-language, expires, x-amz-meta-*. `keep` must be initialised and empty. OL_OK, OL_EINVAL,
 * OL_EMETADATATOOLARGE, OL_ENOMEM. */
int ol_s3_headers_keep(const ol_headers *headers, ol_headers *keep, ol_error *err);

#endif
