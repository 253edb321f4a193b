/* SPDX-License-Identifier: MIT */
/*
 * The accounts of a request's realm, for documents that name owners and grantees.
 */
#ifndef OL_FRONT_PEOPLE_H
#define OL_FRONT_PEOPLE_H

#include "front/request/request.h"
#include "s3/request/people.h"

/* Valid as long as the request; by value, because it is two pointers and an argument. */
ol_people ol_people_of(const ol_request *request);
/* The canonical id of the caller's account; empty for the anonymous. */
ol_slice ol_people_caller(const ol_request *request);

#endif
