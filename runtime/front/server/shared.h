/* SPDX-License-Identifier: MIT */
/*
 * Opens and closes what all workers share: origins, logs, keys, certificates. Blocking; before the
 * first loop runs and after the last has ended.
 */
#ifndef OL_FRONT_SHARED_H
#define OL_FRONT_SHARED_H

#include "front/server/worker.h"

int ol_shared_open(ol_shared *shared, const ol_config *config, ol_error *err);
/* Whatever of it was opened. */
void ol_shared_close(ol_shared *shared);
/* Make the buckets that the configuration names in the embedded store. */
int ol_shared_ensure_buckets(ol_shared *shared, const ol_config *config, ol_error *err);
/* Read the listeners' certificates again (blocking), all or those whose files have changed, and say
 * what came of it. On the main thread only. */
void ol_shared_reload_certificates(ol_shared *shared, bool changed_only);
/* The certificates of one listener; also for `objlens check`. */
int ol_shared_tls_new(struct ol_tls **tls, const ol_config_listener *listener, ol_error *err);

#endif
