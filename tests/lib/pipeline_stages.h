/* SPDX-License-Identifier: MIT */
/*
 * The kit's stages as tables, for tests that build their pipelines by hand. The config of each is
 * the struct of its name in pipeline_kit.h. The phases of the three in the middle are changed by
 * the bench to fit where they are added.
 */
#ifndef OL_TESTS_LIB_PIPELINE_STAGES_H
#define OL_TESTS_LIB_PIPELINE_STAGES_H

#include "lib/pipeline_kit.h"

extern const ol_stage_ops ol_test_feed_ops;
extern const ol_stage_ops ol_test_chop_ops;
extern const ol_stage_ops ol_test_slow_ops;
extern const ol_stage_ops ol_test_pedant_ops;
extern const ol_stage_ops ol_test_collect_ops;

#endif
