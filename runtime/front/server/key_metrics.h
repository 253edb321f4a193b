/* SPDX-License-Identifier: MIT */
/*
 * What /-/metrics says of keys: calls to KMSes, data keys that are remembered, the audit.
 */
#ifndef OL_FRONT_KEY_METRICS_H
#define OL_FRONT_KEY_METRICS_H

#include "front/keys/key_service.h"

/* Any thread. OL_OK, or the buffer's errors. */
int ol_key_metrics(ol_buf *out, ol_key_service *keys);

#endif
