/* SPDX-License-Identifier: MIT */
/*
 * A sink that keeps a small body in memory, for requests whose body is a document.
 */
#ifndef OL_FRONT_BUFFER_STAGE_H
#define OL_FRONT_BUFFER_STAGE_H

#include "base/buf.h"
#include "pipeline/stage.h"

/* config = ol_buf *, initialised with its maximum; a body past it fails with
 * OL_EMALFORMEDXML. */
extern const ol_stage_ops ol_buffer_stage_ops;

#endif
