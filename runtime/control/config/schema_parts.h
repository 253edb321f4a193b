/* SPDX-License-Identifier: MIT */
/*
 * The tables of schema.h are written in several files, by topic; this is what those files see
 * of each other. Private to them.
 */
#ifndef OL_CONTROL_SCHEMA_PARTS_H
#define OL_CONTROL_SCHEMA_PARTS_H

#include "control/config/names.h"
#include "control/config/schema.h"

#define OL_SCHEMA_COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define FIELDS(array) .fields = array, .field_count = OL_SCHEMA_COUNT(array)
#define AT(type, member) .offset = offsetof(type, member)

#define HOUR_MS 3600000u
#define DAY_MS (24u * HOUR_MS)
#define TIB (1ull << 40)

/* schema_identity.c */
extern const ol_schema ol_schema_statement; /* of policies of every kind */
extern const ol_schema ol_schema_account, ol_schema_root, ol_schema_user, ol_schema_group,
    ol_schema_role, ol_schema_origin_identity;
/* schema_network.c */
extern const ol_schema ol_schema_listen, ol_schema_admin, ol_schema_vpc, ol_schema_origin,
    ol_schema_sts, ol_schema_control;
/* schema_places.c */
extern const ol_schema ol_schema_public_access; /* the four switches */
extern const ol_schema ol_schema_bucket, ol_schema_bucket_defaults, ol_schema_access_point,
    ol_schema_master_key;
/* schema_views.c */
extern const ol_schema ol_schema_object_lambda, ol_schema_view_cache, ol_schema_view_memo;
/* schema_keys.c */
extern const ol_schema ol_schema_kms, ol_schema_data_keys, ol_schema_key_audit,
    ol_schema_client_key;
/* schema_encryption.c */
extern const ol_schema ol_schema_client_encryption, ol_schema_spool;
/* schema_limits.c */
extern const ol_schema ol_schema_limits;

#endif
