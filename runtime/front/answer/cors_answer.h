/* SPDX-License-Identifier: MIT */
/*
 * Cross-origin requests, by the rules of the bucket behind whatever was named: an access point
 * and an OLAP have those of their bucket. A preflight is answered without authentication; the
 * headers of an actual request are on its answer whatever that is, an error included, or a page
 * could not read why it failed.
 */
#ifndef OL_FRONT_CORS_ANSWER_H
#define OL_FRONT_CORS_ANSWER_H

#include "front/request/request.h"

/* The target is resolved (`resolved` is what came of that). Answers the request. */
void ol_cors_answer_preflight(ol_request *request, int resolved);
/* Cheap when there is no Origin. OL_OK or OL_ENOMEM. */
int ol_cors_answer_actual(ol_request *request);

#endif
