/* SPDX-License-Identifier: MIT */
/*
 * One loaded shared object: found, checked against the ABI, its load() run. Every refusal is a
 * sentence that names the transform and the file.
 */
#ifndef OL_TRANSFORM_SHARED_PLUGIN_H
#define OL_TRANSFORM_SHARED_PLUGIN_H

#include "base/buf.h"
#include "base/error.h"
#include "objlens/transform.h"

#define OL_PLUGIN_NAME_MAX 64
#define OL_PLUGIN_DEPENDS_MAX 64 /* headers */
#define OL_PLUGIN_DEPENDS_BYTES_MAX 4096

typedef struct ol_plugin {
    void *handle;
    /* What both sides know of the descriptor; fields it is too old for are zero. */
    struct objlens_transform transform;
    char name[OL_PLUGIN_NAME_MAX + 1];
    ol_buf depends;  /* lower-case header names, each followed by '\n' */
    ol_buf counters; /* names, likewise */
    unsigned counter_count;
} ol_plugin;

/* OL_OK, or OL_ETRANSFORM / OL_ENOMEM with the sentence in err->detail. `configured_name` is
 * the transform's name in the configuration. */
int ol_plugin_open(ol_plugin *plugin, const char *configured_name, const char *path,
                   const struct objlens_host *host, ol_error *err);
/* Also unloads the library: nothing of it may run afterwards. */
void ol_plugin_close(ol_plugin *plugin);
bool ol_plugin_depends_on(const ol_plugin *plugin, ol_slice header);

#endif
