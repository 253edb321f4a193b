/* SPDX-License-Identifier: MIT */
/*
 * What may be a name, by AWS's rules where AWS has one. Each answers NULL when the name is
 * fine, else the rest of a sentence that begins with the name: "must be 3 to 45 …".
 */
#ifndef OL_CONTROL_NAMES_H
#define OL_CONTROL_NAMES_H

#include "base/slice.h"
#include "crypto/content/sealed.h"

#define OL_ALIAS_OLAP_SUFFIX "--ol-s3"
#define OL_ALIAS_ACCESS_POINT_SUFFIX "-s3alias"
#define OL_TRANSFORM_NAME_MAX 64
#define OL_NAME_STORE "store" /* of the embedded origin */

const char *ol_name_bucket_wrong(ol_slice name);
/* Access points and Object Lambda access points. */
const char *ol_name_access_point_wrong(ol_slice name);
const char *ol_name_user_wrong(ol_slice name);
const char *ol_name_transform_wrong(ol_slice name);
/* What kind of transform a file holds is told by its ending. */
const char *ol_name_transform_file_wrong(ol_slice path);
/* As above, in a configuration file, where shared objects are loaded by name. */
const char *ol_name_script_file_wrong(ol_slice path);
const char *ol_name_sha256_wrong(ol_slice digest);
const char *ol_name_region_wrong(ol_slice name);
const char *ol_name_account_wrong(ol_slice name);
const char *ol_name_access_key_wrong(ol_slice key);
const char *ol_name_secret_key_wrong(ol_slice key);
/* A serial number, or arn:aws:iam::ACCOUNT:mfa/NAME. */
const char *ol_name_mfa_serial_wrong(ol_slice serial);
/* Base32, as authenticator programs take it; 16 bytes or more when decoded. */
const char *ol_name_mfa_secret_wrong(ol_slice secret);
/* 64 hex digits on AWS; any word here, so that an account may be taken over from elsewhere. */
const char *ol_name_canonical_id_wrong(ol_slice id);
/* What session tokens are signed with: 16 bytes or more. */
const char *ol_name_sts_key_wrong(ol_slice key);
const char *ol_name_origin_wrong(ol_slice name);
/* "GetObject", …, of what can be transformed. */
const char *ol_name_view_action_wrong(ol_slice action);
/* "GetObject-Range", … */
const char *ol_name_feature_wrong(ol_slice feature);
/* ---- names_views.c ---- */
/* "gzip", "zstd"; *encoding: enum ol_view_encoding. */
bool ol_name_view_encoding_parse(ol_slice name, unsigned *encoding);
const char *ol_name_view_encoding_wrong(ol_slice name);
/* 32 bytes (OL_CONFIG_VIEW_KEY_BYTES), in hex or base64. False when the text is none. */
bool ol_name_view_key_decode(ol_slice text, uint8_t *key);
const char *ol_name_view_key_wrong(ol_slice text);
/* A header that every answer of a view may be given. */
const char *ol_name_view_header_wrong(ol_slice name);
/* ---- names_encryption.c ---- */
/* "s3-v3", "rclone", … */
bool ol_name_sealed_format_parse(ol_slice name, enum ol_sealed_format *format);
const char *ol_name_sealed_format_wrong(ol_slice name);
/* ---- names_network.c ---- */
/* "vpc-…" and "vpce-…". */
/* A master key's id, or its ARN. */
const char *ol_name_master_key_wrong(ol_slice name);
const char *ol_name_vpc_wrong(ol_slice name);
const char *ol_name_endpoint_wrong(ol_slice name);
/* "10.0.0.0/8", "2001:db8::/32", or one address. */
const char *ol_name_range_wrong(ol_slice range);
/* A host name in lower case, without port. */
const char *ol_name_domain_wrong(ol_slice name);
/* A wall of transform/host/walls.h. */
const char *ol_name_wall_wrong(ol_slice name);
/* "/s3": begins with a slash, does not end in one. */
const char *ol_name_base_path_wrong(ol_slice path);
/* "https://host[:port]". */
const char *ol_name_endpoint_url_wrong(ol_slice url);

/* "s3:GetObject", "s3-object-lambda:*", "*". */
const char *ol_name_action_wrong(ol_slice action);
/* An ARN, with wildcards or not, or "*". */
const char *ol_name_resource_wrong(ol_slice resource);

#endif
