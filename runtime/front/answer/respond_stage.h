/* SPDX-License-Identifier: MIT */
/*
 * The sink that turns a pipeline's output into the HTTP response. The response head leaves with
 * the first bytes (or the end), so that a failure before it can still be an error document; when
 * that is, and what is held back until then, is answer.h's.
 *
 * Only one respond stage of a request is live at a time. When a body is run again after a host
 * died, the new stage goes on where the old one stopped (see pipeline/replay_stage.h).
 */
#ifndef OL_FRONT_RESPOND_STAGE_H
#define OL_FRONT_RESPOND_STAGE_H

#include "front/request/request.h"

/* config = ol_request * */
extern const ol_stage_ops ol_respond_stage_ops;

#endif
