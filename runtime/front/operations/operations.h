/* SPDX-License-Identifier: MIT */
/*
 * The operations, one file each. Each is called once, for an authorized request whose target
 * is resolved, and answers it (see request.h). Which action an operation needs stands in
 * operation_table.c; what it needs beyond that (a copy's source, the tags or the ACL that it
 * sets, each key of a batch) it asks for itself, by ol_authorize.
 */
#ifndef OL_FRONT_OPERATIONS_H
#define OL_FRONT_OPERATIONS_H

#include "front/request/request.h"

/* ---- objects ---- */
void ol_op_get_object(ol_request *request);  /* GET and HEAD of an original */
void ol_op_view_attributes(ol_request *request); /* GetObjectAttributes through an OLAP */
void ol_op_view_object(ol_request *request); /* GET and HEAD through an OLAP */
void ol_op_put_object(ol_request *request);
void ol_op_copy_object(ol_request *request);
void ol_op_post_object(ol_request *request); /* not authenticated yet: the form says who asks */
void ol_op_delete_object(ol_request *request);
void ol_op_delete_objects(ol_request *request); /* not authorized yet: each key is */
void ol_op_get_object_attributes(ol_request *request);
void ol_op_get_object_tagging(ol_request *request);
void ol_op_put_object_tagging(ol_request *request);
void ol_op_delete_object_tagging(ol_request *request);
void ol_op_get_object_acl(ol_request *request);
void ol_op_put_object_acl(ol_request *request);

/* ---- uploads in parts ---- */
void ol_op_create_multipart_upload(ol_request *request);
void ol_op_upload_part(ol_request *request);
void ol_op_upload_part_copy(ol_request *request);
void ol_op_complete_multipart_upload(ol_request *request);
void ol_op_abort_multipart_upload(ol_request *request);
void ol_op_list_multipart_uploads(ol_request *request);
void ol_op_list_parts(ol_request *request);

/* ---- listings ---- */
void ol_op_list_objects(ol_request *request);
void ol_op_list_view(ol_request *request); /* through an OLAP */
void ol_op_list_object_versions(ol_request *request);

/* ---- buckets ---- */
void ol_op_list_buckets(ol_request *request);
void ol_op_create_bucket(ol_request *request);
void ol_op_head_bucket(ol_request *request);
void ol_op_delete_bucket(ol_request *request);
void ol_op_get_bucket_location(ol_request *request);
void ol_op_get_bucket_versioning(ol_request *request);

/* ---- what is configured of a bucket ---- */
void ol_op_get_bucket_policy(ol_request *request);
void ol_op_put_bucket_policy(ol_request *request);
void ol_op_delete_bucket_policy(ol_request *request);
void ol_op_get_bucket_policy_status(ol_request *request);
void ol_op_get_bucket_cors(ol_request *request);
void ol_op_put_bucket_cors(ol_request *request);
void ol_op_delete_bucket_cors(ol_request *request);
void ol_op_get_public_access_block(ol_request *request);
void ol_op_put_public_access_block(ol_request *request);
void ol_op_delete_public_access_block(ol_request *request);
void ol_op_get_bucket_ownership_controls(ol_request *request);
void ol_op_put_bucket_ownership_controls(ol_request *request);
void ol_op_delete_bucket_ownership_controls(ol_request *request);
void ol_op_get_bucket_encryption(ol_request *request);
void ol_op_put_bucket_encryption(ol_request *request);
void ol_op_delete_bucket_encryption(ol_request *request);
void ol_op_get_bucket_acl(ol_request *request);
void ol_op_put_bucket_acl(ol_request *request);
void ol_op_get_bucket_tagging(ol_request *request);
void ol_op_put_bucket_tagging(ol_request *request);
void ol_op_delete_bucket_tagging(ol_request *request);

/* ---- other services of the same listener ---- */
void ol_control_api_run(ol_request *request); /* s3control; authenticated, authorizes itself */

#endif
