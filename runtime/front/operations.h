/* SPDX-License-Identifier: MIT */
/*
 * The operations, one file each. Each is called once, for an authorized request whose target
 * is resolved, and answers it (see request.h).
 */
#ifndef OL_FRONT_OPERATIONS_H
#define OL_FRONT_OPERATIONS_H

#include "front/request.h"

void ol_op_get_object(ol_request *request);     /* GET and HEAD of an original */
void ol_op_view_object(ol_request *request);    /* GET and HEAD through an OLAP */
void ol_op_put_object(ol_request *request);
void ol_op_delete_object(ol_request *request);
void ol_op_delete_objects(ol_request *request);
void ol_op_list_objects(ol_request *request);
void ol_op_list_view(ol_request *request); /* through an OLAP */
void ol_op_list_buckets(ol_request *request);
void ol_op_create_bucket(ol_request *request);
void ol_op_head_bucket(ol_request *request);
void ol_op_delete_bucket(ol_request *request);
void ol_op_get_bucket_location(ol_request *request);

#endif
