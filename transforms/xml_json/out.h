/* SPDX-License-Identifier: MIT */
/* JSON text into the kit's output. */
#ifndef XJ_OUT_H
#define XJ_OUT_H

#include "../kit/output.h"

/* A part of a JSON string, without the quotes; `bytes` is UTF-8. */
void xj_out_text(struct kit_output *out, const uint8_t *bytes, size_t size);

#endif
