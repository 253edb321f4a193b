/* SPDX-License-Identifier: MIT */
/* What a payload asks for. See README.md, "Payload". */
#ifndef JX_CONFIG_H
#define JX_CONFIG_H

#include "../kit/payload.h"
#include "limits.h"

/* A convention, by facts; as in xml_json, whose names they bear. */
struct jx_convention {
    const char *name;
    const char *attribute_prefix; /* empty: what is no object and no array; NULL: there are none */
    const char *text_key;         /* NULL: there is none */
    const char *comment_key;      /* likewise */
    const char *root;             /* of a document without its root's name */
    bool is_array;                /* JsonML */
};

struct jx_config {
    struct kit_config kit;
    struct jx_convention convention; /* what the payload changes is changed here */
    char attribute_prefix[JX_KEY_BYTES_MAX + 1], text_key[JX_KEY_BYTES_MAX + 1], comment_key[JX_KEY_BYTES_MAX + 1];
    char root[JX_NAME_BYTES_MAX + 1];
    int as_array;  /* the records are those of one array */
    int declares;  /* <?xml …?> */
    size_t path_count; /* 0: one document */
    const char *path[JX_DEPTH_MAX];
    char path_text[JX_RECORDS_BYTES_MAX + 1]; /* what `path` points to */
};

/* What a payload says, for free(); empty means the defaults. What is wrong with it is in `kit.reason`.
 * Another result than OBJLENS_OK: out of memory. */
int jx_config_new(const char *payload, size_t size, struct jx_config **config);

#endif
