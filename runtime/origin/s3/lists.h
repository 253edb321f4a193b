/* SPDX-License-Identifier: MIT */
/*
 * Listings of a service as results of ours. Bytes in, a result in its own arena out; NULL with
 * err: OL_EORIGIN (not such a document), OL_ENOMEM. What is more than was asked for is left out.
 */
#ifndef OL_ORIGIN_S3_LISTS_H
#define OL_ORIGIN_S3_LISTS_H

#include "origin/origin.h"

/* Only what sorts behind start_after; next_start_after counts the rest too. */
ol_list_result *ol_s3_list_parse(ol_slice xml, ol_slice start_after, uint32_t max, ol_error *err);
ol_uploads_result *ol_s3_uploads_parse(ol_slice xml, uint32_t max, ol_error *err);
/* ListParts of an upload, or GetObjectAttributes of an object. */
ol_part_list *ol_s3_parts_parse(ol_slice xml, bool of_object, uint32_t max, ol_error *err);
ol_bucket_list *ol_s3_buckets_parse(ol_slice xml, ol_error *err);

#endif
