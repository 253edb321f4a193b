/* SPDX-License-Identifier: MIT */
/*
 * A transform's limit given on a command line, by the same key, range and units as in a
 * configuration file.
 */
#ifndef OL_CONTROL_LIMIT_OPTION_H
#define OL_CONTROL_LIMIT_OPTION_H

#include "base/error.h"
#include "transform/program.h"

/* "KEY=VALUE". OL_OK, or OL_EINVAL with a detail. */
int ol_limit_option_set(ol_transform_limits *limits, const char *text, ol_error *err);

#endif
