/* SPDX-License-Identifier: MIT */
/*
 * The event of a request as one program may see it: AWS's field names, encoded for the host
 * (transform/fields.h). What a program did not declare is not in it, and what is secret never
 * is: Authorization, cookies, tokens, signatures, SSE-C headers.
 */
#ifndef OL_FRONT_EVENT_H
#define OL_FRONT_EVENT_H

#include "front/request/request.h"
#include "front/views/event_fields.h"

typedef struct ol_event_ask {
    const ol_request *request;
    /* Names the object as it was asked for, and its query: the request's own, or that of an entry in
     * a listing. */
    const ol_s3_address *address;
    ol_event_sight sight;
} ol_event_ask;

/* Appends to `out` (empty before). OL_OK, OL_ELIMIT or OL_ENOMEM. While the client is there: the
 * request's headers are looked at. */
int ol_event_encode(ol_buf *out, const ol_event_ask *ask);

#endif
