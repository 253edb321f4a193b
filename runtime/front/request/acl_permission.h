/* SPDX-License-Identifier: MIT */
/*
 * Which permission of whose access control list stands for an action.
 */
#ifndef OL_FRONT_ACL_PERMISSION_H
#define OL_FRONT_ACL_PERMISSION_H

#include <stdbool.h>

/* Whose list is asked, and so whose owner decides. */
enum ol_acl_whose { OL_ACL_OF_BUCKET, OL_ACL_OF_OBJECT };

typedef struct ol_acl_permission_row {
    const char *action; /* after "s3:" */
    bool of_object;     /* done to an object that must be there */
    enum ol_acl_whose whose;
    unsigned permission; /* enum ol_acl_permission; 0 = no list allows it */
} ol_acl_permission_row;

/* Never NULL: an action that no list speaks of is the bucket's, with no permission. */
const ol_acl_permission_row *ol_acl_permission_of(const char *action);

#endif
