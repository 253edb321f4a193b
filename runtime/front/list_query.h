/* SPDX-License-Identifier: MIT */
/*
 * What a ListObjects or ListObjectsV2 request asks, and the document that answers it.
 */
#ifndef OL_FRONT_LIST_QUERY_H
#define OL_FRONT_LIST_QUERY_H

#include "front/request.h"
#include "s3/xml.h"

typedef struct ol_list_query {
    ol_list_request ask;
    ol_s3_list_page page;
    ol_buf token; /* decoded continuation token, freed with the request */
} ol_list_query;

/* `self` is zeroed memory of the request's arena. */
int ol_list_query_read(ol_list_query *self, ol_request *request, ol_error *err);
/* Answer with this page. */
void ol_list_query_reply(ol_list_query *self, ol_request *request, const ol_list_result *result);

#endif
