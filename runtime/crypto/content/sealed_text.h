/* SPDX-License-Identifier: MIT */
/*
 * Base64 as clients and people write it: wrapped into lines, with its padding or without. Private to
 * crypto/.
 */
#ifndef OL_CRYPTO_SEALED_TEXT_H
#define OL_CRYPTO_SEALED_TEXT_H

#include "base/error.h"

/* White space anywhere does not count; any other character that is not of the alphabet is an error.
 * OL_OK or OL_EINVAL (also when it does not fit); `out` may be written to all the same. */
int ol_sealed_base64(ol_slice text, uint8_t *out, size_t out_size, size_t *out_len);

/* Without the spaces, tabs and line breaks that it begins with. */
ol_slice ol_sealed_skip_white(ol_slice text);

#endif
