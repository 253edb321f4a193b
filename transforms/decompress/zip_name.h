/* SPDX-License-Identifier: MIT */
/* Names in a zip file are UTF-8 or, of old programs, code page 437. */
#ifndef DC_ZIP_NAME_H
#define DC_ZIP_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a byte of a name can become. */
#define DC_ZIP_CHAR_BYTES_MAX 3

/* The next character of a name as UTF-8; *at moves behind it. `is_utf8`: the name is. */
size_t dc_zip_name_char(const uint8_t *name, size_t size, size_t *at, bool is_utf8,
                        uint8_t out[DC_ZIP_CHAR_BYTES_MAX + 1]);

/* Said to be UTF-8 or not: macOS does not say it. A name that is not valid UTF-8 is of the code
 * page whatever is said. */
bool dc_zip_name_is_utf8(const uint8_t *name, size_t size);

/* Is it this one, given in UTF-8? */
bool dc_zip_name_is(const uint8_t *name, size_t size, const char *wanted, size_t wanted_size);

#endif
