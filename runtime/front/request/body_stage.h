/* SPDX-License-Identifier: MIT */
/*
 * The source stage over a request's body: what the client uploads.
 */
#ifndef OL_FRONT_BODY_STAGE_H
#define OL_FRONT_BODY_STAGE_H

#include "front/request/request.h"

/* config = ol_request * */
extern const ol_stage_ops ol_body_stage_ops;

#endif
