/* SPDX-License-Identifier: MIT */
/*
 * Checked before anything is decoded: whether the file is complete, since decoders stop as soon as they have all
 * pixels and some make up what they lack; and whether it was made to be costly to decode.
 */
#ifndef IMAGE_WHOLE_H
#define IMAGE_WHOLE_H

#include "picture.h"

/* IMAGE_OK; IMAGE_DAMAGED: something is missing; IMAGE_MANY_SCANS (JPEG); IMAGE_MUCH_TEXT (PNG). */
enum image_result image_whole_check(enum image_format format, const void *bytes, size_t size);

#endif
