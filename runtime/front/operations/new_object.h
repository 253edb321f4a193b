/* SPDX-License-Identifier: MIT */
/*
 * What a request says of the object that it makes, beside its bytes: tags, access control list,
 * whose it will be, and what must hold of what is there already. The same for PutObject,
 * CopyObject, CreateMultipartUpload and a POST form.
 */
#ifndef OL_FRONT_NEW_OBJECT_H
#define OL_FRONT_NEW_OBJECT_H

#include "access/acl.h"
#include "front/operations/operation.h"
#include "s3/request/conditions.h"

typedef struct ol_new_object {
    ol_slice tags;     /* canonical text; empty = none */
    ol_slice acl;      /* kept text; empty = its bucket's owner has it alone */
    ol_slice owner_id; /* canonical ids */
    ol_slice writer_id;
    bool sets_acl; /* the request asks for a list of its own */
} ol_new_object;

/* From x-amz-tagging (`with_tags`), x-amz-acl, x-amz-grant-*; notes the permissions that these need
 * with the operation. Everything is arena memory. OL_EINVALIDTAG, OL_EINVAL, OL_EINVALIDREQUEST, OL_EACCESS
 * (a public list where those are blocked), AccessControlListNotSupported, OL_ENOMEM. */
int ol_new_object_read(ol_new_object *self, ol_operation *op, const ol_headers *headers,
                       bool with_tags, ol_error *err);

/* A list for an object, from headers or a document: Object Ownership and BlockPublicAcls. OL_OK,
 * AccessControlListNotSupported, or OL_EACCESS. */
int ol_new_object_check_acl(const ol_request *request, const ol_acl *acl, ol_error *err);

/* Canonical ids of who asks (AWS's own for nobody) and of the bucket's owner. */
ol_slice ol_writer_id(const ol_request *request);
ol_slice ol_bucket_owner_id(const ol_request *request);

#endif
