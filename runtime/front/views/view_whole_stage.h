/* SPDX-License-Identifier: MIT */
/*
 * Stands behind a chain that was not asked for a part: a transform that answers one all the same
 * (status 206, Content-Range) fails, because nobody could tell which part of the view it is.
 */
#ifndef OL_FRONT_VIEW_WHOLE_STAGE_H
#define OL_FRONT_VIEW_WHOLE_STAGE_H

#include "pipeline/stage.h"

/* Without a config. */
extern const ol_stage_ops ol_view_whole_stage_ops;

#endif
