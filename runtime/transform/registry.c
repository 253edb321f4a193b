/* SPDX-License-Identifier: MIT */
/*
 * Transforms by name. The table is fixed when the registry is made; what it points to changes
 * under the lock, and whoever got a program keeps it.
 */
#include "transform/registry_private.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/limits.h"
#include "transform/loader.h"
#include "transform/preload.h"
#include "transform/trusted_path.h"

static atomic_uint_fast64_t last_version;

/* ---- loading ---- */

/* Both texts: the client of a broken configuration is its author. */
static int explain(ol_error *err, const ol_registry_entry *entry, const ol_error *why)
{
    const char *reason = why->detail[0] ? why->detail : why->message;
    if (!err || err->code != 0)
        return why->code;
    int code = why->code == OL_ENOMEM || why->code == OL_EUNAVAILABLE ? why->code : OL_ECONFIG;
    ol_error_say(err, code, "transform %s: %s: %s", entry->name, entry->path, reason);
    snprintf(err->detail, sizeof(err->detail), "%s", err->message);
    return code;
}

static void put_program(ol_registry *registry, ol_registry_entry *entry, ol_program *program)
{
    pthread_mutex_lock(&registry->lock);
    ol_program *old = entry->program;
    entry->program = program;
    pthread_mutex_unlock(&registry->lock);
    ol_program_release(old);
}

static int try_and_keep(ol_registry *registry, ol_registry_entry *entry, ol_program *draft,
                        ol_error *why)
{
    ol_program *program;
    ol_loader_result *result = ol_malloc(sizeof(*result));
    int rc = result ? ol_loader_try(draft, result, why) : ol_error_set(why, OL_ENOMEM, "loading");
    if (rc == OL_OK && !result->declared.has_get)
        rc = ol_error_set(why, OL_ECONFIG, "it has no get function");
    if (rc == OL_OK) {
        draft->declared = result->declared;
        draft->version = atomic_fetch_add(&last_version, 1) + 1;
        rc = ol_program_new(&program, draft);
        if (rc != OL_OK)
            ol_error_set(why, rc, "loading");
    }
    ol_free(result);
    if (rc != OL_OK)
        return rc;
    draft->image_fd = -1; /* the program's now */
    put_program(registry, entry, program);
    return OL_OK;
}

/* Plugins come from a folder that the configuration names: anything could have been put there. */
static int check_folder(const ol_registry_entry *entry, ol_error *why)
{
    if (!entry->folder)
        return OL_OK;
    int rc = ol_trusted_folder(entry->folder, why);
    return rc == OL_OK ? ol_trusted_file(entry->path, why) : rc; /* which may be a link to elsewhere */
}

/* Fills the draft with the file's bytes and their digest, and checks both. On failure too the caller
 * closes draft->image_fd. */
static int read_draft(ol_registry_entry *entry, ol_program *draft, ol_buf texts[2],
                      ol_source_id *id, ol_error *why)
{
    int rc = ol_source_kind(entry->path, &draft->kind, why);
    if (rc == OL_OK)
        rc = check_folder(entry, why);
    if (rc == OL_OK)
        rc = ol_source_read(draft, &texts[0], id, why);
    if (rc == OL_OK && draft->kind == OL_PROGRAM_LUA)
        rc = ol_libraries_read(&entry->libraries, draft, &texts[1], id, why);
    id->preloaded = entry->preloaded;
    if (rc == OL_OK)
        rc = ol_vouch_check(&entry->vouch, draft, why); /* the digest is of the file alone yet */
    return rc == OL_OK ? ol_preload_digest(draft->preload_folders, draft->digest, why) : rc;
}

/* Only the watcher replaces programs, and this is the watcher: no lock to read. */
static bool is_in_use(const ol_registry_entry *entry, const ol_program *draft)
{
    return entry->program &&
           memcmp(entry->program->digest, draft->digest, sizeof(draft->digest)) == 0;
}

static int load(ol_registry *registry, ol_registry_entry *entry, ol_buf texts[2], ol_source_id *id,
                bool *same, ol_error *why)
{
    ol_program draft = {
        .name = entry->name,
        .path = entry->path,
        .share = entry->share,
        .isolation = entry->isolation,
        .limits = entry->limits,
        .image_fd = -1,
        .preload_folders = ol_slice_cstr(entry->preload_folders ? entry->preload_folders : ""),
    };
    entry->libraries = (ol_libraries){0};
    entry->preloaded = ol_preload_id(draft.preload_folders);
    entry->preloaded_ms = ol_clock_mono_ms();
    *id = ol_source_id_of(entry->path);
    int rc = read_draft(entry, &draft, texts, id, why);
    *same = rc == OL_OK && is_in_use(entry, &draft);
    if (rc == OL_OK && !*same)
        rc = try_and_keep(registry, entry, &draft, why);
    if (draft.image_fd >= 0)
        close(draft.image_fd);
    if (rc == OL_OK)
        entry->loaded_id = *id;
    return rc;
}

int ol_registry_load(ol_registry *registry, ol_registry_entry *entry, ol_source_id *id, bool *same,
                     ol_error *err)
{
    ol_error why = {0};
    ol_buf texts[2]; /* the file's, and its libraries' */
    *same = false;
    ol_buf_init(&texts[0], OL_SOURCE_LUA_BYTES_MAX);
    ol_buf_init(&texts[1], OL_SOURCE_LUA_BYTES_MAX + 64 * OL_KIB);
    int rc = load(registry, entry, texts, id, same, &why);
    ol_buf_fini(&texts[0]);
    ol_buf_fini(&texts[1]);
    if (rc == OL_OK)
        return OL_OK;
    ol_error_set(&why, rc, "no reason given");
    return explain(err, entry, &why);
}

/* ---- life ---- */

static int add_entry(ol_registry *registry, ol_registry_entry *entry, const ol_transform_spec *spec,
                     ol_error *err)
{
    ol_source_id id;
    bool same;
    entry->share = spec->share;
    entry->isolation = spec->isolation;
    entry->limits = spec->limits;
    entry->vouch = spec->vouch;
    entry->name = ol_strdup(spec->name);
    entry->path = ol_strdup(spec->path);
    entry->folder = spec->folder ? ol_strdup(spec->folder) : NULL;
    entry->preload_folders = ol_strndup(spec->preload_folders.data, spec->preload_folders.len);
    if (!entry->name || !entry->path || (spec->folder && !entry->folder) ||
        !entry->preload_folders ||
        ol_map_put(registry->by_name, ol_slice_cstr(entry->name), entry, NULL) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "transforms");
    return ol_registry_load(registry, entry, &id, &same, err);
}

int ol_registry_new(ol_registry **out, const ol_transform_spec *specs, size_t count, ol_error *err)
{
    ol_registry *registry = ol_calloc(1, sizeof(*registry));
    if (!registry)
        return ol_error_set(err, OL_ENOMEM, "transforms");
    pthread_mutex_init(&registry->lock, NULL);
    registry->by_name = ol_map_new();
    registry->entries = ol_calloc(count + 1, sizeof(*registry->entries));
    int rc = OL_OK;
    if (!registry->by_name || !registry->entries)
        rc = ol_error_set(err, OL_ENOMEM, "transforms");
    for (size_t i = 0; rc == OL_OK && i < count; i++) {
        registry->count++;
        rc = add_entry(registry, &registry->entries[i], &specs[i], err);
    }
    if (rc != OL_OK) {
        ol_registry_destroy(registry);
        return rc;
    }
    *out = registry;
    return OL_OK;
}

ol_program *ol_registry_get(ol_registry *registry, ol_slice name)
{
    ol_registry_entry *entry = ol_map_get(registry->by_name, name);
    if (!entry)
        return NULL;
    pthread_mutex_lock(&registry->lock);
    ol_program *program = ol_program_acquire(entry->program);
    pthread_mutex_unlock(&registry->lock);
    return program;
}

void ol_registry_destroy(ol_registry *registry)
{
    if (!registry)
        return;
    assert(!registry->watch);
    for (size_t i = 0; i < registry->count; i++) {
        ol_program_release(registry->entries[i].program);
        ol_free(registry->entries[i].name);
        ol_free(registry->entries[i].path);
        ol_free(registry->entries[i].folder);
        ol_free(registry->entries[i].preload_folders);
    }
    if (registry->by_name)
        ol_map_destroy(registry->by_name, NULL);
    ol_free(registry->entries);
    pthread_mutex_destroy(&registry->lock);
    ol_free(registry);
}
