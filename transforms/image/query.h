/* SPDX-License-Identifier: MIT */
/* What the caller asks for, where the configuration lets callers ask: ?width=400&format=webp */
#ifndef IMAGE_QUERY_H
#define IMAGE_QUERY_H

#include <objlens/transform.h>

#include "config.h"

/* Changes `config`, the request's copy. What a signed query may change is not for others, and above all
 * no watermark. False, with the reason. */
bool image_query_read(struct image_config *config, const struct objlens_host *host,
                      struct objlens_call *call, bool is_signed, char *reason, size_t reason_size);

#endif
