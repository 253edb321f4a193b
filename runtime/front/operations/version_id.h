/* SPDX-License-Identifier: MIT */
/*
 * The version that a request names.
 */
#ifndef OL_FRONT_VERSION_ID_H
#define OL_FRONT_VERSION_ID_H

#include "front/request/request.h"

/* ?versionId=, arena memory; empty when there is none. OL_EINVAL for what can be no version's
 * name. */
int ol_version_id(ol_request *request, ol_slice *out, ol_error *err);
/* The same of a text from elsewhere. */
int ol_version_id_check(ol_request *request, ol_slice version, ol_error *err);

#endif
