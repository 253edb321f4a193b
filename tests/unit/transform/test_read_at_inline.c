/* SPDX-License-Identifier: MIT */
/*
 * test_read_at.c once more, with hosts that are threads (isolation = "inline").
 */
#define KIT_INLINE 1
#include "test_read_at.c"
