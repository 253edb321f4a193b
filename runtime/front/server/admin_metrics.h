/* SPDX-License-Identifier: MIT */
/*
 * What /-/metrics says: the workers' counters, and what others count of themselves.
 */
#ifndef OL_FRONT_ADMIN_METRICS_H
#define OL_FRONT_ADMIN_METRICS_H

#include "front/server/admin.h"

/* Prometheus text. On the first worker's loop. OL_OK, or the buffer's errors. */
int ol_admin_metrics(ol_buf *out, const ol_admin *admin);

#endif
