/* SPDX-License-Identifier: MIT */
/*
 * What a ListObjects or ListObjectsV2 request asks, and the document that answers it.
 */
#ifndef OL_FRONT_LIST_QUERY_H
#define OL_FRONT_LIST_QUERY_H

#include "front/request/request.h"
#include "s3/documents/xml.h"

typedef struct ol_list_query {
    ol_list_request ask;
    ol_s3_list_page page;
    bool goes_on;      /* where an earlier page ended; else the client has named a key, or nothing */
    ol_buf position;   /* of the originals: decoded, freed with the request */
    ol_buf next_token; /* behind page.next, likewise */
} ol_list_query;

/* `self` is zeroed memory of the request's arena. */
int ol_list_query_read(ol_list_query *self, ol_request *request, ol_error *err);
/* The position behind a truncated page is a secret of the view (view_token.h): page.next. */
int ol_list_query_seal(ol_list_query *self, ol_request *request, ol_slice position, ol_error *err);
/* Answer with this page. */
void ol_list_query_reply(ol_list_query *self, ol_request *request, const ol_list_result *result);

#endif
