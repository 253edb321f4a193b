/* SPDX-License-Identifier: MIT */
/*
 * The body of a registry: registry.c loads and hands out, registry_watch.c looks at the files.
 */
#ifndef OL_TRANSFORM_REGISTRY_PRIVATE_H
#define OL_TRANSFORM_REGISTRY_PRIVATE_H

#include <pthread.h>

#include "base/map.h"
#include "net/offload.h"
#include "transform/libraries.h"
#include "transform/registry.h"
#include "transform/source_file.h"

typedef struct ol_registry_entry {
    char *name, *path, *folder, *preload_folders; /* the last two may be NULL */
    ol_vouch vouch;
    enum ol_share share;
    enum ol_isolation isolation;
    ol_transform_limits limits;
    ol_program *program;    /* under the registry's lock */
    ol_source_id loaded_id; /* the files it was made from */
    /* The watcher's, touched by its task only. */
    ol_libraries libraries; /* what the version that was looked at last requires */
    ol_source_id seen_id, failed_id;
    uint64_t seen_ms;
    uint64_t preloaded, preloaded_ms; /* ol_preload_id, and when that was looked at */
    bool gone_told;
    /* What the task found, for the loop. */
    bool event, event_reloaded;
    char event_text[OL_ERROR_TEXT_SIZE];
} ol_registry_entry;

typedef struct ol_registry_watch_state {
    ol_loop *loop;
    uv_timer_t timer;
    ol_offload *offload;
    ol_task task;
    bool running, stopping, timer_closed;
    void (*on_event)(void *arg, const char *name, bool reloaded, const char *text);
    void *event_arg;
    void (*stopped)(void *arg);
    void *stopped_arg;
} ol_registry_watch_state;

struct ol_registry {
    pthread_mutex_t lock;
    ol_registry_entry *entries;
    size_t count;
    ol_map *by_name; /* to entries; does not change after the start */
    ol_registry_watch_state *watch;
};

/* Read and try the file now; on success the entry's program is replaced. With the same bytes as
 * before nothing changes but the id, and *same is true. Blocking. *id: what was looked at. */
int ol_registry_load(ol_registry *registry, ol_registry_entry *entry, ol_source_id *id, bool *same,
                     ol_error *err);

#endif
