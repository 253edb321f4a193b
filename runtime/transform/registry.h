/* SPDX-License-Identifier: MIT */
/*
 * Transforms by name. Loads each once in a host (behind the wall) before it serves, and again
 * when its file changes; a version that does not load leaves the old one serving and says why
 * in the log. Thread-safe to get from; loading happens on one loop.
 */
#ifndef OL_TRANSFORM_REGISTRY_H
#define OL_TRANSFORM_REGISTRY_H

#include "net/loop.h"
#include "transform/vouch.h"

typedef struct ol_registry ol_registry;

typedef struct ol_transform_spec {
    const char *name;
    const char *path; /* .lua or .so */
    enum ol_share share;
    enum ol_isolation isolation;
    ol_transform_limits limits;
    /* The folder in which it was found by its name; NULL: the configuration gives the path. A folder
     * must be as trusted as the file itself (trusted_path.h). */
    const char *folder;
    ol_vouch vouch;
    ol_slice preload_folders; /* see ol_program */
} ol_transform_spec;

/* Blocking; at start, at a configuration reload (off the loop), or in the CLI. Loads every
 * spec in a sandboxed host; the first failure is the result. Copies the specs. */
int ol_registry_new(ol_registry **registry, const ol_transform_spec *specs, size_t count,
                    ol_error *err);
/* NULL when there is no transform of that name. The caller releases it. Any thread. */
ol_program *ol_registry_get(ol_registry *registry, ol_slice name);
/* Watch the files from this loop (polling; a file counts as complete when it was renamed into
 * place or has not changed for 200 ms). `on_event` gets a line for the log, on that loop. */
int ol_registry_watch(ol_registry *registry, ol_loop *loop,
                      void (*on_event)(void *arg, const char *name, bool reloaded,
                                       const char *text),
                      void *arg);
void ol_registry_unwatch(ol_registry *registry, void (*cb)(void *arg), void *arg);
void ol_registry_destroy(ol_registry *registry);

#endif
