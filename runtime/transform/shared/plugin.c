/* SPDX-License-Identifier: MIT */
/*
 * Loading a plugin. The descriptor is read in two steps: its first eight bytes say which
 * version and how long it is, then no more of it is read than that.
 */
#include "transform/shared/plugin.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdio.h>

#include "base/limits.h"
#include "transform/counters.h"
#include "transform/program.h"
#include "transform/shared/elf_check.h"

#define ENTRY "objlens_transform_v1"
#define KNOWN_FLAGS                                                                                \
    (OBJLENS_REENTRANT | OBJLENS_SEES_REQUEST | OBJLENS_IGNORES_IDENTITY |                        \
     OBJLENS_KEEPS_POSITIONS | OBJLENS_NAMES_WHAT_IT_SEES)
/* Version 1.0 ended here: no descriptor is shorter. */
#define SIZE_1_0 (offsetof(struct objlens_transform, close) + sizeof(void (*)(void *)))
#define SIZE_1_1 (offsetof(struct objlens_transform, positions_after) + sizeof(uint32_t))
#define SIZE_1_2 (offsetof(struct objlens_transform, head) + sizeof(void (*)(void)))
#define REASON_BYTES 192
#define DESCRIPTORS "/proc/self/fd/"

typedef struct naming {
    const char *name, *path;
} naming;

static int refuse(ol_error *err, naming n, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(ol_error *err, naming n, const char *format, ...)
{
    char reason[2 * REASON_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof(reason), format, args);
    va_end(args);
    /* A host has the file as a descriptor, whose name tells nobody anything. */
    if (strncmp(n.path, DESCRIPTORS, strlen(DESCRIPTORS)) == 0)
        return ol_error_set(err, OL_ETRANSFORM, "transform \"%s\" was refused: %s", n.name, reason);
    return ol_error_set(err, OL_ETRANSFORM, "transform \"%s\" (%s) was refused: %s", n.name, n.path,
                        reason);
}

static bool printable(const char *text, size_t max)
{
    size_t len = strnlen(text, max + 1);
    if (len == 0 || len > max)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            return false;
    return true;
}

static bool header_name(const char *text)
{
    if (!printable(text, 128))
        return false;
    for (const char *c = text; *c; c++)
        if (!(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '-' || *c == '_'))
            return false;
    return true;
}

static int copy_depends(ol_plugin *plugin, naming n, ol_error *err)
{
    const char *const *names = plugin->transform.depends_headers;
    for (size_t i = 0; names && names[i]; i++) {
        if (i >= OL_PLUGIN_DEPENDS_MAX)
            return refuse(err, n, "it depends on more than %d headers", OL_PLUGIN_DEPENDS_MAX);
        if (!header_name(names[i]))
            return refuse(err, n, "header %zu of depends_headers is not a lower-case header name",
                          i + 1);
        int rc = ol_buf_add_cstr(&plugin->depends, names[i]);
        if (rc == OL_OK)
            rc = ol_buf_add_byte(&plugin->depends, '\n');
        if (rc == OL_ELIMIT)
            return refuse(err, n, "the names in depends_headers are too long");
        if (rc != OL_OK)
            return ol_error_set(err, rc, NULL);
    }
    return OL_OK;
}

static int copy_counters(ol_plugin *plugin, naming n, ol_error *err)
{
    const char *const *names = plugin->transform.counters;
    for (size_t i = 0; names && names[i]; i++) {
        if (i >= OL_COUNTERS_MAX)
            return refuse(err, n, "it has more than %u counters", OL_COUNTERS_MAX);
        int rc = strnlen(names[i], OL_COUNTER_NAME_MAX + 1) > OL_COUNTER_NAME_MAX
                     ? OL_ELIMIT
                     : ol_buf_add_cstr(&plugin->counters, names[i]);
        if (rc == OL_OK)
            rc = ol_buf_add_byte(&plugin->counters, '\n');
        if (rc == OL_ENOMEM)
            return ol_error_set(err, rc, NULL);
        if (rc != OL_OK || !ol_counters_names_good(ol_buf_slice(&plugin->counters)))
            return refuse(err, n,
                          "counter %zu has no name of its own of 1 to %u characters a-z, 0-9 and _",
                          i + 1, OL_COUNTER_NAME_MAX);
        plugin->counter_count++;
    }
    return OL_OK;
}

/* A descriptor that ends within what came with 1.2 was put together by hand. */
static int check_newer(const struct objlens_transform *t, naming n, ol_error *err)
{
    if (t->size > SIZE_1_1 && t->size < SIZE_1_2)
        return refuse(err, n, "its descriptor ends within the fields of version 1.2");
    if (t->reserved2 != 0)
        return refuse(err, n, "a reserved field of its descriptor is not 0");
    if (t->threads_max > OL_PROGRAM_THREADS_MAX)
        return refuse(err, n, "it wants %u threads; %u are allowed", t->threads_max,
                      OL_PROGRAM_THREADS_MAX);
    if (t->unconfigure && !t->configure)
        return refuse(err, n, "it has unconfigure() without configure()");
    if (t->worker_stop && !t->worker_start)
        return refuse(err, n, "it has worker_stop() without worker_start()");
    return OL_OK;
}

static int check_version(const struct objlens_transform *found, naming n, ol_error *err)
{
    if (found->abi_major != OBJLENS_ABI_MAJOR)
        return refuse(err, n, "it was built for version %u of the transform ABI, this host has %u",
                      found->abi_major, OBJLENS_ABI_MAJOR);
    if (found->size < SIZE_1_0)
        return refuse(err, n, "its descriptor is %u bytes long, less than the %zu of version 1.0",
                      found->size, SIZE_1_0);
    return OL_OK;
}

static int check_content(const struct objlens_transform *t, naming n, ol_error *err)
{
    if (!t->name || !printable(t->name, OL_PLUGIN_NAME_MAX))
        return refuse(err, n, "its descriptor has no name of 1 to %d printable characters",
                      OL_PLUGIN_NAME_MAX);
    if (t->flags & ~KNOWN_FLAGS)
        return refuse(err, n, "it needs flags 0x%x, which this version of objlens does not know",
                      t->flags & ~KNOWN_FLAGS);
    if (t->reserved != 0)
        return refuse(err, n, "the reserved field of its descriptor is not 0");
    if (!t->open || !t->write || !t->finish || !t->close)
        return refuse(err, n, "its descriptor lacks one of open, write, finish and close");
    return OL_OK;
}

static int check_positions(const struct objlens_transform *t, naming n, ol_error *err)
{
    bool keeps = t->flags & OBJLENS_KEEPS_POSITIONS;
    if (keeps && t->size < SIZE_1_1)
        return refuse(err, n, "its descriptor is too short to say what context it needs");
    if (!keeps && (t->positions_before || t->positions_after))
        return refuse(err, n, "it declares positions without the flag OBJLENS_KEEPS_POSITIONS");
    if (t->positions_before > OL_TRANSFORM_CONTEXT_BYTES_MAX ||
        t->positions_after > OL_TRANSFORM_CONTEXT_BYTES_MAX)
        return refuse(err, n, "it needs more than %u bytes of context", OL_TRANSFORM_CONTEXT_BYTES_MAX);
    return OL_OK;
}

static int read_descriptor(ol_plugin *plugin, naming n, ol_error *err)
{
    const struct objlens_transform *(*entry)(void);
    *(void **)&entry = dlsym(plugin->handle, ENTRY);
    if (!entry)
        return refuse(err, n, "it does not export %s()", ENTRY);
    const struct objlens_transform *found = entry();
    if (!found)
        return refuse(err, n, "%s() gave no descriptor", ENTRY);
    int rc = check_version(found, n, err);
    if (rc != OL_OK)
        return rc;
    size_t size = found->size < sizeof(plugin->transform) ? found->size : sizeof(plugin->transform);
    memcpy(&plugin->transform, found, size);
    rc = check_content(&plugin->transform, n, err);
    if (rc == OL_OK)
        rc = check_positions(&plugin->transform, n, err);
    return rc == OL_OK ? check_newer(&plugin->transform, n, err) : rc;
}

static int run_load(ol_plugin *plugin, naming n, const struct objlens_host *host, ol_error *err)
{
    if (!plugin->transform.load)
        return OL_OK;
    char reason[REASON_BYTES] = "";
    int rc = plugin->transform.load(host, reason, sizeof(reason));
    if (rc == OBJLENS_OK)
        return OL_OK;
    reason[sizeof(reason) - 1] = '\0';
    if (!reason[0])
        return refuse(err, n, "its load() failed with %d and gave no reason", rc);
    return refuse(err, n, "its load() failed: %s", reason);
}

/* What the dynamic loader says, which it begins with the path. */
static const char *without_path(const char *text, const char *path)
{
    size_t len = strlen(path);
    bool begins = strncmp(text, path, len) == 0 && strncmp(text + len, ": ", 2) == 0;
    return begins ? text + len + 2 : text;
}

int ol_plugin_open(ol_plugin *plugin, const char *configured_name, const char *path,
                   const struct objlens_host *host, ol_error *err)
{
    *plugin = (ol_plugin){0};
    ol_buf_init(&plugin->depends, OL_PLUGIN_DEPENDS_BYTES_MAX);
    ol_buf_init(&plugin->counters, OL_COUNTERS_TEXT_MAX);
    naming n = {configured_name, path};
    char why[OL_ELF_WHY_SIZE];
    if (!ol_elf_check(path, why))
        return refuse(err, n, "%s", why);
    plugin->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin->handle)
        return refuse(err, n, "%s", without_path(dlerror(), path));
    int rc = read_descriptor(plugin, n, err);
    if (rc == OL_OK)
        rc = copy_depends(plugin, n, err);
    if (rc == OL_OK)
        rc = copy_counters(plugin, n, err);
    if (rc == OL_OK)
        rc = run_load(plugin, n, host, err);
    if (rc != OL_OK) {
        ol_plugin_close(plugin);
        return rc;
    }
    snprintf(plugin->name, sizeof(plugin->name), "%s", plugin->transform.name);
    return OL_OK;
}

void ol_plugin_close(ol_plugin *plugin)
{
    if (plugin->handle)
        dlclose(plugin->handle);
    ol_buf_fini(&plugin->depends);
    ol_buf_fini(&plugin->counters);
    *plugin = (ol_plugin){0};
}

bool ol_plugin_depends_on(const ol_plugin *plugin, ol_slice header)
{
    ol_slice rest = ol_buf_slice(&plugin->depends);
    while (rest.len) {
        size_t len = (size_t)ol_slice_find(rest, '\n');
        if (ol_slice_ieq(ol_slice_first(rest, len), header))
            return true;
        rest = ol_slice_from(rest, len + 1);
    }
    return false;
}
