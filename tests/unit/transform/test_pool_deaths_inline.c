/* SPDX-License-Identifier: MIT */
/*
 * test_pool_deaths.c once more, with hosts that are threads (isolation = "inline").
 */
#define KIT_INLINE 1
#include "test_pool_deaths.c"
