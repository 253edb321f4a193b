/* SPDX-License-Identifier: MIT */
#include "front/operations/operation_table.h"

#include "front/operations/operations.h"

#define AP OL_OPERATION_BY_ACCESS_POINT
#define DOORS (OL_OPERATION_BY_ACCESS_POINT | OL_OPERATION_BY_OLAP)
#define LISTS (DOORS | OL_OPERATION_LISTS)
#define ACL OL_OPERATION_TAKES_ACL
#define SELF OL_OPERATION_UNAUTHORIZED
#define HARMLESS (DOORS | OL_OPERATION_HARMLESS)

static const ol_operation_row rows[OL_S3_OPERATIONS] = {
#define ROW(operation, action, version_action, lambda_action, flags, run)                          \
    [OL_S3_##operation] = {OL_S3_##operation, action, version_action, lambda_action, flags, run}
    /* ---- the service and its buckets ---- */
    ROW(LIST_BUCKETS, "ListAllMyBuckets", NULL, NULL, 0, ol_op_list_buckets),
    ROW(CREATE_BUCKET, "CreateBucket", NULL, NULL, ACL, ol_op_create_bucket),
    ROW(DELETE_BUCKET, "DeleteBucket", NULL, NULL, 0, ol_op_delete_bucket),
    ROW(HEAD_BUCKET, "ListBucket", NULL, NULL, HARMLESS, ol_op_head_bucket),
    ROW(GET_BUCKET_LOCATION, "GetBucketLocation", NULL, "ListBucket", HARMLESS, ol_op_get_bucket_location),
    ROW(GET_BUCKET_VERSIONING, "GetBucketVersioning", NULL, NULL, 0, ol_op_get_bucket_versioning),
    /* ---- listings ---- */
    ROW(LIST_OBJECTS, "ListBucket", NULL, NULL, LISTS, ol_op_list_objects),
    ROW(LIST_OBJECTS_V2, "ListBucket", NULL, NULL, LISTS, ol_op_list_objects),
    ROW(LIST_OBJECT_VERSIONS, "ListBucketVersions", NULL, NULL, LISTS, ol_op_list_object_versions),
    /* ---- objects ---- */
    ROW(GET_OBJECT, "GetObject", "GetObjectVersion", NULL, DOORS, ol_op_get_object),
    ROW(HEAD_OBJECT, "GetObject", "GetObjectVersion", NULL, DOORS, ol_op_get_object),
    ROW(GET_OBJECT_ATTRIBUTES, "GetObjectAttributes", "GetObjectVersionAttributes", "GetObject", DOORS, ol_op_get_object_attributes),
    ROW(PUT_OBJECT, "PutObject", NULL, NULL, DOORS | ACL, ol_op_put_object),
    ROW(COPY_OBJECT, "PutObject", NULL, NULL, DOORS | ACL, ol_op_copy_object),
    ROW(POST_OBJECT, "PutObject", NULL, NULL, AP | SELF | ACL, ol_op_post_object),
    ROW(DELETE_OBJECT, "DeleteObject", "DeleteObjectVersion", NULL, DOORS, ol_op_delete_object),
    ROW(DELETE_OBJECTS, "DeleteObject", NULL, NULL, DOORS | SELF, ol_op_delete_objects),
    ROW(GET_OBJECT_TAGGING, "GetObjectTagging", "GetObjectVersionTagging", NULL, DOORS, ol_op_get_object_tagging),
    ROW(PUT_OBJECT_TAGGING, "PutObjectTagging", "PutObjectVersionTagging", NULL, DOORS, ol_op_put_object_tagging),
    ROW(DELETE_OBJECT_TAGGING, "DeleteObjectTagging", "DeleteObjectVersionTagging", NULL, DOORS, ol_op_delete_object_tagging),
    ROW(GET_OBJECT_ACL, "GetObjectAcl", "GetObjectVersionAcl", NULL, DOORS, ol_op_get_object_acl),
    ROW(PUT_OBJECT_ACL, "PutObjectAcl", "PutObjectVersionAcl", NULL, DOORS | ACL, ol_op_put_object_acl),
    /* ---- uploads in parts ---- */
    ROW(CREATE_MULTIPART_UPLOAD, "PutObject", NULL, NULL, DOORS | ACL, ol_op_create_multipart_upload),
    ROW(UPLOAD_PART, "PutObject", NULL, NULL, DOORS, ol_op_upload_part),
    ROW(UPLOAD_PART_COPY, "PutObject", NULL, NULL, DOORS, ol_op_upload_part_copy),
    ROW(COMPLETE_MULTIPART_UPLOAD, "PutObject", NULL, NULL, DOORS, ol_op_complete_multipart_upload),
    ROW(ABORT_MULTIPART_UPLOAD, "AbortMultipartUpload", NULL, NULL, DOORS, ol_op_abort_multipart_upload),
    ROW(LIST_MULTIPART_UPLOADS, "ListBucketMultipartUploads", NULL, NULL, LISTS, ol_op_list_multipart_uploads),
    ROW(LIST_PARTS, "ListMultipartUploadParts", NULL, NULL, DOORS, ol_op_list_parts),
    /* ---- what is configured of a bucket ---- */
    ROW(GET_BUCKET_POLICY, "GetBucketPolicy", NULL, NULL, AP, ol_op_get_bucket_policy),
    ROW(PUT_BUCKET_POLICY, "PutBucketPolicy", NULL, NULL, 0, ol_op_put_bucket_policy),
    ROW(DELETE_BUCKET_POLICY, "DeleteBucketPolicy", NULL, NULL, 0, ol_op_delete_bucket_policy),
    ROW(GET_BUCKET_POLICY_STATUS, "GetBucketPolicyStatus", NULL, NULL, 0, ol_op_get_bucket_policy_status),
    ROW(GET_BUCKET_CORS, "GetBucketCORS", NULL, NULL, AP, ol_op_get_bucket_cors),
    ROW(PUT_BUCKET_CORS, "PutBucketCORS", NULL, NULL, 0, ol_op_put_bucket_cors),
    ROW(DELETE_BUCKET_CORS, "PutBucketCORS", NULL, NULL, 0, ol_op_delete_bucket_cors),
    ROW(GET_PUBLIC_ACCESS_BLOCK, "GetBucketPublicAccessBlock", NULL, NULL, 0, ol_op_get_public_access_block),
    ROW(PUT_PUBLIC_ACCESS_BLOCK, "PutBucketPublicAccessBlock", NULL, NULL, 0, ol_op_put_public_access_block),
    ROW(DELETE_PUBLIC_ACCESS_BLOCK, "PutBucketPublicAccessBlock", NULL, NULL, 0, ol_op_delete_public_access_block),
    ROW(GET_BUCKET_OWNERSHIP_CONTROLS, "GetBucketOwnershipControls", NULL, NULL, 0, ol_op_get_bucket_ownership_controls),
    ROW(PUT_BUCKET_OWNERSHIP_CONTROLS, "PutBucketOwnershipControls", NULL, NULL, 0, ol_op_put_bucket_ownership_controls),
    ROW(DELETE_BUCKET_OWNERSHIP_CONTROLS, "PutBucketOwnershipControls", NULL, NULL, 0, ol_op_delete_bucket_ownership_controls),
    ROW(GET_BUCKET_ENCRYPTION, "GetEncryptionConfiguration", NULL, NULL, 0, ol_op_get_bucket_encryption),
    ROW(PUT_BUCKET_ENCRYPTION, "PutEncryptionConfiguration", NULL, NULL, 0, ol_op_put_bucket_encryption),
    ROW(DELETE_BUCKET_ENCRYPTION, "PutEncryptionConfiguration", NULL, NULL, 0, ol_op_delete_bucket_encryption),
    ROW(GET_BUCKET_ACL, "GetBucketAcl", NULL, NULL, AP, ol_op_get_bucket_acl),
    ROW(PUT_BUCKET_ACL, "PutBucketAcl", NULL, NULL, ACL, ol_op_put_bucket_acl),
    ROW(GET_BUCKET_TAGGING, "GetBucketTagging", NULL, NULL, 0, ol_op_get_bucket_tagging),
    ROW(PUT_BUCKET_TAGGING, "PutBucketTagging", NULL, NULL, 0, ol_op_put_bucket_tagging),
    ROW(DELETE_BUCKET_TAGGING, "PutBucketTagging", NULL, NULL, 0, ol_op_delete_bucket_tagging),
};

const ol_operation_row *ol_operation_row_of(enum ol_s3_operation operation)
{
    const ol_operation_row *row = &rows[operation];
    return row->run ? row : NULL;
}
