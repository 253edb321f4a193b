/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef XJ_PAYLOAD_H
#define XJ_PAYLOAD_H

#include "parse.h"

#define XJ_MEMORY_DEFAULT (16u * 1024 * 1024)
#define XJ_MEMORY_MIN (256u * 1024)
#define XJ_MEMORY_MAX ((size_t)1 << 30)
#define XJ_PATH_BYTES_MAX 1024

struct xj_config {
    size_t memory_bytes;
    struct xj_path path; /* its names point into path_text */
    char path_text[XJ_PATH_BYTES_MAX + 1];
};

/* Fill `config` from a payload text; empty means the defaults. False: what is wrong with it is
 * in `reason`. */
bool xj_config_read(struct xj_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size);

#endif
