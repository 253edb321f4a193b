/* SPDX-License-Identifier: MIT */
/*
 * The system call that puts up a filter. Alone in its file, so that a test can keep it from happening, as a
 * hostile object would.
 */
#ifndef OL_TRANSFORM_HOST_FILTER_UP_H
#define OL_TRANSFORM_HOST_FILTER_UP_H

#include "transform/host/filters.h"

/* From here on the filter stands, for every thread of this process. flags: SECCOMP_FILTER_FLAG_*. 0, the
 * listener where NEW_LISTENER asks for one, or -errno. */
int ol_filter_up(const ol_filter *filter, unsigned flags);

#endif
