/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef XJ_CONFIG_H
#define XJ_CONFIG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "convention.h"
#include "limits.h"

struct xj_config {
    struct xj_convention convention; /* what the payload changes is changed here */
    char attribute_prefix[XJ_KEY_BYTES_MAX + 1], text_key[XJ_KEY_BYTES_MAX + 1];
    bool strips_prefixes; /* names without their namespace prefix, no declarations */
    bool as_array;        /* records as one JSON array, not a value a line */
    size_t memory_bytes;
    json_t *force_list; /* an object whose keys are the names; NULL = none */
    bool lists_all;     /* every element becomes an array */
    size_t path_count;  /* 0: the whole document */
    const char *path[XJ_DEPTH_MAX];
    char path_text[XJ_RECORDS_BYTES_MAX + 1]; /* what `path` points to */
};

/* force_list: is what has this name an array even if there is one only? */
static inline bool xj_config_lists(const struct xj_config *config, const char *name)
{
    return config->lists_all || (config->force_list && json_object_get(config->force_list, name));
}

/* Fill `config` from a payload text; empty means the defaults. False: what is wrong with it is
 * in `reason`. To be followed by xj_config_fini either way. */
bool xj_config_read(struct xj_config *config, const char *payload, size_t size, char *reason,
                    size_t reason_size);
void xj_config_fini(struct xj_config *config);

#endif
