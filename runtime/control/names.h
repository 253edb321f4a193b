/* SPDX-License-Identifier: MIT */
/*
 * What may be a name, by AWS's rules where AWS has one. Each answers NULL when the name is
 * fine, else the rest of a sentence that begins with the name: "must be 3 to 45 …".
 */
#ifndef OL_CONTROL_NAMES_H
#define OL_CONTROL_NAMES_H

#include "base/slice.h"

#define OL_ALIAS_OLAP_SUFFIX "--ol-s3"
#define OL_ALIAS_ACCESS_POINT_SUFFIX "-s3alias"
#define OL_TRANSFORM_NAME_MAX 64

const char *ol_name_bucket_wrong(ol_slice name);
/* Access points and Object Lambda access points. */
const char *ol_name_access_point_wrong(ol_slice name);
const char *ol_name_user_wrong(ol_slice name);
const char *ol_name_transform_wrong(ol_slice name);
/* What kind of transform a file holds is told by its ending. */
const char *ol_name_transform_file_wrong(ol_slice path);
const char *ol_name_region_wrong(ol_slice name);
const char *ol_name_account_wrong(ol_slice name);
const char *ol_name_access_key_wrong(ol_slice key);
const char *ol_name_secret_key_wrong(ol_slice key);
/* "s3:GetObject", "s3-object-lambda:*", "*". */
const char *ol_name_action_wrong(ol_slice action);
/* An ARN, with wildcards or not, or "*". */
const char *ol_name_resource_wrong(ol_slice resource);

#endif
