/* SPDX-License-Identifier: MIT */
/*
 * Looks at the files of a registry ten times a second, on a thread of its own; a file that
 * changed and is complete is loaded there too. The loop only starts each round and hears of
 * what came of it.
 */
#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "transform/preload.h"
#include "transform/registry_private.h"

#define ROUND_MS 100u
#define STABLE_MS 200u
#define PRELOADED_MS 2000u /* whole folders are looked at less often */

/* ---- on the watcher's thread ---- */

static void tell(ol_registry_entry *entry, bool reloaded, const char *text)
{
    entry->event = true;
    entry->event_reloaded = reloaded;
    snprintf(entry->event_text, sizeof(entry->event_text), "%s", text);
}

static bool is_missing(const ol_source_id *id)
{
    return id->inode == 0;
}

/* Another file under the same name, and not written to since it got that name: it was renamed into
 * place, so it is complete. Anything else must have been left alone for a while. */
static bool is_complete(const ol_registry_entry *entry, const ol_source_id *id, uint64_t now_ms)
{
    bool renamed = id->inode != entry->loaded_id.inode && id->changed_ns > id->modified_ns;
    return renamed || now_ms - entry->seen_ms >= STABLE_MS;
}

static void reload(ol_registry *registry, ol_registry_entry *entry)
{
    ol_error err = {0};
    ol_source_id id;
    bool same;
    if (ol_registry_load(registry, entry, &id, &same, &err) == OL_OK) {
        if (!same)
            tell(entry, true, "loaded the new version");
        entry->failed_id = (ol_source_id){0};
        return;
    }
    char text[OL_ERROR_TEXT_SIZE];
    entry->failed_id = id;
    snprintf(text, sizeof(text), "the old version serves on: %.280s", err.detail);
    tell(entry, false, text);
}

static uint64_t look_at_preloaded(ol_registry_entry *entry, uint64_t now_ms)
{
    if (entry->preload_folders[0] && now_ms - entry->preloaded_ms >= PRELOADED_MS) {
        entry->preloaded = ol_preload_id(ol_slice_cstr(entry->preload_folders));
        entry->preloaded_ms = now_ms;
    }
    return entry->preloaded;
}

static void look(ol_registry *registry, ol_registry_entry *entry)
{
    ol_source_id id = ol_source_id_of(entry->path);
    id.libraries = ol_libraries_id(&entry->libraries, entry->path);
    uint64_t now_ms = ol_clock_mono_ms();
    id.preloaded = look_at_preloaded(entry, now_ms);
    if (is_missing(&id)) {
        if (!entry->gone_told)
            tell(entry, false, "the file is gone; the old version serves on");
        entry->gone_told = true;
        return;
    }
    entry->gone_told = false;
    if (ol_source_id_eq(&id, &entry->loaded_id) || ol_source_id_eq(&id, &entry->failed_id))
        return;
    if (!ol_source_id_eq(&id, &entry->seen_id)) {
        entry->seen_id = id;
        entry->seen_ms = now_ms;
    }
    if (is_complete(entry, &id, now_ms))
        reload(registry, entry);
}

static void look_at_all(ol_task *task)
{
    ol_registry *registry = task->arg;
    for (size_t i = 0; i < registry->count; i++)
        look(registry, &registry->entries[i]);
}

/* ---- on the loop ---- */

static void finish_unwatch(ol_registry *registry)
{
    ol_registry_watch_state *watch = registry->watch;
    if (watch->running || !watch->timer_closed)
        return;
    void (*stopped)(void *) = watch->stopped;
    void *arg = watch->stopped_arg;
    registry->watch = NULL;
    ol_offload_destroy(watch->offload); /* idle: its thread ends at once */
    ol_free(watch);
    if (stopped)
        stopped(arg);
}

static void on_looked(ol_task *task)
{
    ol_registry *registry = task->arg;
    ol_registry_watch_state *watch = registry->watch;
    watch->running = false;
    for (size_t i = 0; i < registry->count; i++) {
        ol_registry_entry *entry = &registry->entries[i];
        if (!entry->event)
            continue;
        entry->event = false;
        if (watch->on_event && !watch->stopping)
            watch->on_event(watch->event_arg, entry->name, entry->event_reloaded,
                            entry->event_text);
    }
    finish_unwatch(registry);
}

static void on_round(uv_timer_t *timer)
{
    ol_registry *registry = timer->data;
    ol_registry_watch_state *watch = registry->watch;
    if (watch->running)
        return;
    watch->task = (ol_task){
        .work = look_at_all,
        .done = on_looked,
        .loop = watch->loop,
        .arg = registry,
    };
    watch->running = ol_offload_submit(watch->offload, &watch->task) == OL_OK;
}

int ol_registry_watch(ol_registry *registry, ol_loop *loop,
                      void (*on_event)(void *arg, const char *name, bool reloaded,
                                       const char *text),
                      void *arg)
{
    assert(!registry->watch);
    ol_registry_watch_state *watch = ol_calloc(1, sizeof(*watch));
    if (!watch)
        return OL_ENOMEM;
    int rc = ol_offload_new(&watch->offload, "ol-watch", 1, 1);
    if (rc != OL_OK) {
        ol_free(watch);
        return rc;
    }
    watch->loop = loop;
    watch->on_event = on_event;
    watch->event_arg = arg;
    registry->watch = watch;
    uv_timer_init(ol_loop_uv(loop), &watch->timer);
    watch->timer.data = registry;
    uv_timer_start(&watch->timer, on_round, ROUND_MS, ROUND_MS);
    return OL_OK;
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_registry *registry = handle->data;
    registry->watch->timer_closed = true;
    finish_unwatch(registry);
}

void ol_registry_unwatch(ol_registry *registry, void (*cb)(void *arg), void *arg)
{
    ol_registry_watch_state *watch = registry->watch;
    assert(watch && !watch->stopping);
    watch->stopping = true;
    watch->stopped = cb;
    watch->stopped_arg = arg;
    uv_close((uv_handle_t *)&watch->timer, on_timer_closed);
}
