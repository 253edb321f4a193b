/* SPDX-License-Identifier: MIT */
/* Texts that mean a number or a boolean. */
#ifndef XJ_SCALAR_H
#define XJ_SCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Can it stand in JSON as it is: `true`, `false`, or a number (RFC 8259, section 6) of at most 15
 * digits, which every reader keeps exactly? `007` and `1.` are no numbers, and stay texts. */
bool xj_is_scalar(const uint8_t *text, size_t size);

#endif
