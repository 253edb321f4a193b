/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef DC_CONFIG_H
#define DC_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "codec.h"
#include "limits.h"

struct dc_config {
    const struct dc_format *format; /* NULL: told from the object */
    bool zip_only;                  /* "format": "zip" */
    bool pass_unrecognised;
    bool ignore_trailing;
    uint64_t ratio_max;
    uint64_t memory_bytes;
    size_t file_name_size; /* 0: the query decides */
    char file_name[DC_FILE_NAME_BYTES_MAX];
};

/* Fill `config` from a payload text; empty means the defaults. False: what is wrong with it is
 * in `reason`. */
bool dc_config_read(struct dc_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size);

#endif
