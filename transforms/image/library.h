/* SPDX-License-Identifier: MIT */
/* libvips, started so that it works behind the wall, with nothing of it left but what is needed. */
#ifndef IMAGE_LIBRARY_H
#define IMAGE_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>

/* In the preload step. False, with the reason. */
bool image_library_load(char *reason, size_t reason_size);
/* Formats that can be written here: IMAGE_FORMAT_BIT. */
unsigned image_library_writes(void);

#endif
