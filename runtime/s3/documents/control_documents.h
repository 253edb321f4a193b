/* SPDX-License-Identifier: MIT */
/*
 * The documents of the s3control API, 2018-08-20: what it is sent and what it answers. Its errors
 * are error_document.h's. Readers keep everything in the arena; writers append to a buffer and
 * return its errors.
 */
#ifndef OL_S3_CONTROL_DOCUMENTS_H
#define OL_S3_CONTROL_DOCUMENTS_H

#include "s3/documents/public_access_block.h"

#define OL_S3CONTROL_XMLNS "http://awss3control.amazonaws.com/doc/2018-08-20/"
#define OL_CONTROL_POLICY_BYTES_MAX (20u * 1024)
#define OL_CONTROL_PAYLOAD_BYTES_MAX (128u * 1024)
#define OL_CONTROL_FUNCTION_BYTES_MAX 1024
#define OL_CONTROL_TRANSFORMATIONS_MAX 4 /* each action once */
#define OL_CONTROL_SCOPE_PREFIXES_MAX 100

/* ---- what it is sent; OL_EMALFORMEDXML, OL_EINVALIDREQUEST, OL_ENOTIMPLEMENTED, OL_ENOMEM ---- */

typedef struct ol_control_access_point {
    ol_slice bucket;
    ol_slice bucket_account_id; /* may be empty */
    ol_slice vpc_id;            /* empty: network origin Internet */
    bool has_block;
    ol_public_access_block block;
    const ol_slice *prefixes; /* of its scope; none = all keys */
    size_t prefix_count;
} ol_control_access_point;
int ol_control_parse_access_point(ol_slice xml, ol_arena *arena, ol_control_access_point *out,
                                  ol_error *err);

enum ol_control_action {
    OL_CONTROL_GET_OBJECT = 1,
    OL_CONTROL_HEAD_OBJECT = 2,
    OL_CONTROL_LIST_OBJECTS = 4,
    OL_CONTROL_LIST_OBJECTS_V2 = 8
};
enum ol_control_feature {
    OL_CONTROL_GET_OBJECT_RANGE = 1,
    OL_CONTROL_GET_OBJECT_PART_NUMBER = 2,
    OL_CONTROL_HEAD_OBJECT_RANGE = 4,
    OL_CONTROL_HEAD_OBJECT_PART_NUMBER = 8
};

typedef struct ol_control_transformation {
    unsigned actions; /* ol_control_action; no action is in two transformations */
    ol_slice function; /* FunctionArn as sent: an ARN, part of one, or a name */
    ol_slice payload;  /* may be empty */
} ol_control_transformation;

typedef struct ol_control_olap {
    ol_slice supporting_access_point; /* an ARN */
    bool metrics;
    unsigned features; /* ol_control_feature */
    const ol_control_transformation *transformations;
    size_t transformation_count;
} ol_control_olap;
/* <CreateAccessPointForObjectLambdaRequest>, <PutAccessPointConfigurationForObjectLambdaRequest>:
 * either root. */
int ol_control_parse_olap(ol_slice xml, ol_arena *arena, ol_control_olap *out, ol_error *err);
/* <PutAccessPointPolicyRequest>, <PutAccessPointPolicyForObjectLambdaRequest>: the policy's text. */
int ol_control_parse_policy(ol_slice xml, ol_arena *arena, ol_slice *policy, ol_error *err);

/* The function's name in `arn:aws:lambda:REGION:ACCOUNT:function:NAME[:QUALIFIER]`, in
 * `ACCOUNT:function:NAME[:QUALIFIER]`, `function:NAME…` or `NAME[:QUALIFIER]`. False when it is none
 * of these. *account is empty when it is not said; *qualifier too. */
typedef struct ol_function_name {
    ol_slice account, name, qualifier;
} ol_function_name;
bool ol_function_name_parse(ol_slice text, ol_function_name *out);
/* 3..50 characters (45 for an Object Lambda one), a-z 0-9 '-', no '-' at an end, no reserved
 * ending. */
bool ol_access_point_name_ok(ol_slice name, bool object_lambda);

/* ---- what it answers ---- */

typedef struct ol_control_entry {
    ol_slice name, alias, arn;
    int64_t created_ms;
    /* of ordinary access points */
    ol_slice bucket, account_id, vpc_id;
    ol_public_access_block block;
} ol_control_entry;

int ol_control_xml_access_point_created(ol_buf *out, const ol_control_entry *entry);
/* `endpoint` is its host name, shown for each address family; empty = none shown. */
int ol_control_xml_access_point(ol_buf *out, const ol_control_entry *entry, ol_slice endpoint);
int ol_control_xml_olap_created(ol_buf *out, const ol_control_entry *entry);
int ol_control_xml_olap(ol_buf *out, const ol_control_entry *entry);
int ol_control_xml_olap_configuration(ol_buf *out, const ol_control_olap *olap);
int ol_control_xml_policy(ol_buf *out, ol_slice policy, bool object_lambda);
int ol_control_xml_policy_status(ol_buf *out, bool is_public, bool object_lambda);
int ol_control_xml_access_points(ol_buf *out, const ol_control_entry *entries, size_t count,
                                 ol_slice next_token);
int ol_control_xml_olaps(ol_buf *out, const ol_control_entry *entries, size_t count,
                         ol_slice next_token);

#endif
