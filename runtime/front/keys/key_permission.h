/* SPDX-License-Identifier: MIT */
/*
 * May a request's caller use this master key? kms:Decrypt and kms:GenerateDataKey on the key's ARN,
 * decided over the caller's policies and the key's, as AWS KMS does for requests that S3 makes on
 * somebody's behalf (kms:ViaService). Asked before every use, remembered or not; nothing of the
 * answer is kept.
 *
 * The policy of a key is the configuration's (master_key). A key without one is its account's: what
 * the policies of that account's identities allow. alias/aws/s3 is for everybody of its account.
 */
#ifndef OL_FRONT_KEY_PERMISSION_H
#define OL_FRONT_KEY_PERMISSION_H

#include "front/request/request.h"

/* For the calls of this request: ol_object_ref.key_user and its like. In the request's arena, made
 * when it is first asked for; NULL when out of memory, whereupon nothing that is encrypted with a
 * master key opens. */
ol_key_user *ol_key_user_of(ol_request *request);
/* The same for a copy's source, which is not behind the door that the copy goes to. `source` lives as
 * long as the request. */
ol_key_user *ol_key_user_of_source(ol_request *request, const ol_target *source);

/* The same question about a key of another service's (a remote origin's), by the name that the
 * request has for it; at once. OL_OK, OL_EACCESS, OL_EINVAL, OL_ENOMEM. */
int ol_key_permission_of_remote(ol_request *request, ol_slice key_name, ol_error *err);

#endif
