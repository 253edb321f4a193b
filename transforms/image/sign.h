/* SPDX-License-Identifier: MIT */
/*
 * Signed queries: whoever has the configuration's key may ask for what others may not. The signature
 * is the HMAC-SHA256, in hexadecimal, of the path of the view's URL, "?", and all other parameters
 * of the query as name=value, percent-encoded, sorted by name, joined by "&".
 */
#ifndef IMAGE_SIGN_H
#define IMAGE_SIGN_H

#include <objlens/transform.h>

#include "config.h"

enum image_signed { IMAGE_UNSIGNED, IMAGE_SIGNED, IMAGE_FORGED };

/* Unsigned also where the configuration has no key. */
enum image_signed image_sign_check(const struct image_config *config, const struct objlens_host *host,
                                   struct objlens_call *call);

#endif
