/* SPDX-License-Identifier: MIT */
/* Which format an object has. Its first bytes decide; what has no signature needs a hint. */
#ifndef DC_DETECT_H
#define DC_DETECT_H

#include <objlens/transform.h>

#include "codec.h"

enum dc_kind { DC_KIND_UNKNOWN, DC_KIND_STREAM, DC_KIND_ZIP };

struct dc_found {
    enum dc_kind kind;
    const struct dc_format *format; /* of a stream */
};

/* What the object's headers and name say. NULL: nothing. */
const struct dc_format *dc_hint(const struct objlens_host *host, struct objlens_call *call);

/* `size` is DC_HEAD_BYTES, or less when the object is no longer. */
struct dc_found dc_detect(const uint8_t *head, size_t size, const struct dc_format *hint);

#endif
