/* SPDX-License-Identifier: MIT */
/*
 * Configuration calls that are handed through to the origin, where a bucket is declared with
 * `subresources = "origin"`: its policy, its CORS rules, its public access block. The caller has
 * been authorized here; the origin is asked with our own credentials, and what it says is passed
 * on.
 */
#ifndef OL_FRONT_BUCKET_FORWARD_H
#define OL_FRONT_BUCKET_FORWARD_H

#include "front/request/request.h"

/* True: the request was taken over and will be answered. `name` is the subresource's, a literal. */
bool ol_bucket_forward(ol_request *request, const char *name);

#endif
