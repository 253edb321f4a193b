/* SPDX-License-Identifier: MIT */
/*
 * What every way of running a transform without a server shares: a pool with one host, and
 * where a script's lines go.
 */
#ifndef OL_CLI_RUN_POOL_H
#define OL_CLI_RUN_POOL_H

#include "transform/pool.h"

/* `chunk_bytes`: what the program is given at a time: whole pages; 0: the default. */
int ol_run_pool_new(ol_pool **pool, ol_loop *loop, uint32_t chunk_bytes, ol_error *err);
/* For ol_transform_call.on_log: "level: text" on standard error. */
void ol_run_log(void *arg, const char *level, ol_slice text);

#endif
