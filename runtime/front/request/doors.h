/* SPDX-License-Identifier: MIT */
/*
 * The doors that a request passes on its way to a target, as the access room wants to see them;
 * and the borders that an access point has besides its policy: its network origin and its scope.
 */
#ifndef OL_FRONT_DOORS_H
#define OL_FRONT_DOORS_H

#include "access/access.h"
#include "front/request/request.h"

typedef struct ol_doors {
    ol_access_door olap, access_point, bucket, other;
    bool has_olap, has_access_point, has_bucket; /* else `other` */
} ol_doors;

/* ARNs are made in `arena`. OL_OK or OL_ENOMEM. */
int ol_doors_open(ol_doors *doors, const ol_request *request, const ol_target *target,
                  ol_arena *arena, ol_error *err);
void ol_doors_ask(const ol_doors *doors, ol_access_question *question);
/* The switches of a public access block that hold for the target: the account's, the bucket's and
 * the access point's. */
ol_public_access_block ol_doors_public_access_block(const ol_target *target);

/* Does the request come from where the access point may be reached from, and does the key lie in
 * its scope? OL_OK or OL_EACCESS. An empty key is the door itself. */
int ol_doors_borders(const ol_request *request, const ol_target *target, ol_slice key,
                     ol_error *err);
/* The same of what a listing may show: everything that begins with `prefix`. */
int ol_doors_borders_list(const ol_request *request, const ol_target *target, ol_slice prefix,
                          ol_error *err);

#endif
