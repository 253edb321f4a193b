/* SPDX-License-Identifier: MIT */
/*
 * Request headers that are or hold credentials: no transform is ever shown one, whatever it declares.
 */
#ifndef OL_TRANSFORM_SECRET_HEADERS_H
#define OL_TRANSFORM_SECRET_HEADERS_H

#include <stdbool.h>

#include "base/slice.h"

/* `name` in upper or lower case. */
bool ol_header_is_secret(ol_slice name);

#endif
