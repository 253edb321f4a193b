/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef XJ_CONFIG_H
#define XJ_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "limits.h"

struct xj_config {
    size_t memory_bytes;
    json_t *force_list; /* an object whose keys are the names; NULL = none */
    size_t path_count;  /* 0: the whole document */
    const char *path[XJ_DEPTH_MAX];
    char path_text[XJ_RECORDS_BYTES_MAX + 1]; /* what `path` points to */
};

/* Fill `config` from a payload text; empty means the defaults. False: what is wrong with it is
 * in `reason`. To be followed by xj_config_fini either way. */
bool xj_config_read(struct xj_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size);
void xj_config_fini(struct xj_config *config);

#endif
