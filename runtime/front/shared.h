/* SPDX-License-Identifier: MIT */
/*
 * Opens and closes what all workers share: the store, the logs, the view key, certificates.
 * Blocking; before the first loop runs and after the last has ended.
 */
#ifndef OL_FRONT_SHARED_H
#define OL_FRONT_SHARED_H

#include "front/worker.h"

int ol_shared_open(ol_shared *shared, const ol_config *config, ol_error *err);
/* Whatever of it was opened. */
void ol_shared_close(ol_shared *shared, const ol_config *config);
/* Make the buckets that the configuration names. */
int ol_shared_ensure_buckets(ol_shared *shared, const ol_config *config, ol_error *err);

#endif
