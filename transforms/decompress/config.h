/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef DC_CONFIG_H
#define DC_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "../kit/payload.h"
#include "codec.h"
#include "limits.h"

struct dc_config {
    struct kit_config kit;
    const struct dc_format *format; /* NULL: told from the object */
    bool zip_only;                  /* "format": "zip" */
    int pass_unrecognised, ignore_trailing; /* false or true */
    uint64_t ratio_max;
    uint64_t memory_bytes;
    char file_name[DC_FILE_NAME_BYTES_MAX + 1]; /* empty: the query decides */
};

/* What a payload says, for free(); empty means the defaults. What is wrong with it is in `kit.reason`.
 * Another result than OBJLENS_OK: out of memory. */
int dc_config_new(const char *payload, size_t size, struct dc_config **config);

#endif
