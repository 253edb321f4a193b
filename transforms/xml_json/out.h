/* SPDX-License-Identifier: MIT */
/* JSON text into the kit's output. */
#ifndef XJ_OUT_H
#define XJ_OUT_H

#include "../kit/output.h"

/* A part of a JSON string, without the quotes; `bytes` is UTF-8. */
void xj_out_text(struct kit_output *out, const uint8_t *bytes, size_t size);

#define XJ_OUT_BEHIND 16
/* Copies the bytes up to the first that JSON escapes, and returns how many these are. XJ_OUT_BEHIND bytes
 * behind `size` are read as well, and as many are written behind those returned. */
size_t xj_out_copy_plain(uint8_t *to, const uint8_t *from, size_t size);

#endif
