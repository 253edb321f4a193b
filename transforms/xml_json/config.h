/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef XJ_CONFIG_H
#define XJ_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../kit/payload.h"
#include "convention.h"
#include "limits.h"

/* What names of elements and attributes become. */
enum xj_naming {
    XJ_AS_WRITTEN,
    XJ_BARE,    /* without their namespace prefix; no declarations */
    XJ_EXPANDED /* with what the prefix stands for, see namespaces.h */
};

/* The name, known by its address, of an attribute whose value is an object of JSON as it is to be
 * written: the declarations of an element whose names were expanded. */
extern const char xj_declarations[];

struct xj_config {
    struct kit_config kit;
    struct xj_convention convention; /* what the payload changes is changed here */
    char attribute_prefix[XJ_KEY_BYTES_MAX + 1], text_key[XJ_KEY_BYTES_MAX + 1];
    enum xj_naming naming;
    json_t *namespace_map; /* an object, URIs to what stands for them in names; NULL = none */
    char namespace_separator[XJ_KEY_BYTES_MAX + 1];
    int as_array;        /* records as one JSON array, not a value a line */
    uint64_t memory_bytes;
    json_t *force_list; /* an object whose keys are the names; NULL = none */
    bool lists_all;     /* every element becomes an array */
    json_t *force_cdata; /* likewise, of elements whose text is a member of an object */
    char text_separator[XJ_SEPARATOR_BYTES_MAX + 1]; /* between parts of a text that children part */
    size_t text_separator_size;
    bool has_comments; /* they become members, of this name: */
    char comment_key[XJ_KEY_BYTES_MAX + 1];
    size_t item_depth;  /* elements at this depth are records; 0: those at `path` */
    size_t path_count;  /* 0 as well: the whole document */
    const char *path[XJ_DEPTH_MAX];
    char path_text[XJ_RECORDS_BYTES_MAX + 1]; /* what `path` points to */
};

/* force_list: is what has this name an array even if there is one only? */
static inline bool xj_config_lists(const struct xj_config *config, const char *name)
{
    return config->lists_all || (config->force_list && json_object_get(config->force_list, name));
}

/* force_cdata */
static inline bool xj_config_puts_text_in_object(const struct xj_config *config, const char *name)
{
    return config->convention.text_in_object ||
           (config->force_cdata && json_object_get(config->force_cdata, name));
}

/* Where the outermost elements of what is converted stand: records, or the root. */
static inline size_t xj_config_outermost_depth(const struct xj_config *config)
{
    return config->item_depth > 0 ? config->item_depth : config->path_count > 0 ? config->path_count : 1;
}

/* Is every record converted on its own? */
static inline bool xj_config_has_records(const struct xj_config *config)
{
    return config->item_depth > 0 || config->path_count > 0;
}

/* What a payload says; empty means the defaults. What is wrong with it is in `kit.reason`. It stays
 * where it is: parts of it point to others. Another result than OBJLENS_OK: out of memory. */
int xj_config_new(const char *payload, size_t size, struct xj_config **config);
void xj_config_destroy(struct xj_config *config);

#endif
