/* SPDX-License-Identifier: MIT */
/*
 * `objlens serve` without a file: the same draft as a file would give, made from options.
 * For each --view NAME=BUCKET:TRANSFORM[,TRANSFORM…] there are the bucket, an access point of
 * the bucket's name, and an Object Lambda access point NAME: a client finds the view at
 * NAME--ol-s3 and the original at BUCKET or BUCKET-s3alias.
 */
#include <stdio.h>
#include <unistd.h>

#include "control/config/build.h"
#include "control/config/files.h"
#include "control/config/names.h"
#include "control/config/quantity.h"
#include "control/config/shipped.h"

#define FOLDER_BYTES_MAX 4096
#define MEMORY_MAX (1ull << 40)

static void say(ol_draft *draft, const char *view, const char *format, const char *what)
{
    char text[300];
    snprintf(text, sizeof(text), format, what);
    ol_report_add(draft->report, 0, "--view %.120s: %s", view, text);
}

static bool has_name(const ol_draft_list *list, size_t item_size, ol_slice name)
{
    for (size_t i = 0; i < list->count; i++) {
        const ol_draft_place *at =
            (const void *)((const uint8_t *)list->items + i * item_size);
        if (ol_slice_eq(at->name.bytes, name))
            return true;
    }
    return false;
}

/* A zeroed item of that name; NULL when out of memory. */
static void *add_named(ol_draft *draft, ol_draft_list *list, size_t item_size, ol_slice name)
{
    ol_draft_place *at = ol_draft_list_add(draft, list, item_size);
    if (at)
        at->name = ol_draft_text(draft, name, 0);
    if (!at || !at->name.bytes.data)
        draft->report->no_memory = true;
    return at;
}

/* ---- transforms named by a path ---- */

/* "some/Shout it.lua" gives "shout-it". */
static ol_slice name_from_path(ol_slice path, char out[OL_TRANSFORM_NAME_MAX])
{
    while (ol_slice_find(path, '/') >= 0)
        path = ol_slice_from(path, (size_t)ol_slice_find(path, '/') + 1);
    size_t len = 0;
    for (size_t i = 0; i < path.len && path.data[i] != '.' && len < OL_TRANSFORM_NAME_MAX - 4; i++) {
        uint8_t c = path.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (uint8_t)(c - 'A' + 'a');
        bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
        if (kept || len > 0)
            out[len++] = kept ? (char)c : '-';
    }
    if (len == 0 || out[0] == '_')
        return OL_SLICE_LIT("transform");
    return ol_slice_of(out, len);
}

static bool is_path(ol_slice transform)
{
    return !ol_name_transform_file_wrong(transform);
}

/* The name under which this file is known already, or empty. */
static ol_slice known_path(const ol_draft *draft, const char *path)
{
    const ol_draft_transform *transforms = draft->transforms.items;
    for (size_t i = 0; i < draft->transforms.count; i++)
        if (ol_slice_eq_cstr(transforms[i].file.bytes, path))
            return transforms[i].at.name.bytes;
    return OL_SLICE_NONE;
}

/* A name that neither another file nor a shipped transform has. */
static ol_slice free_name(const ol_draft *draft, ol_slice path, char out[OL_TRANSFORM_NAME_MAX + 16])
{
    char stem[OL_TRANSFORM_NAME_MAX];
    ol_slice base = name_from_path(path, stem);
    int len = snprintf(out, OL_TRANSFORM_NAME_MAX + 16, "%.*s", OL_SLICE_FMT(base));
    for (unsigned i = 2; has_name(&draft->transforms, sizeof(ol_draft_transform),
                                  ol_slice_of(out, (size_t)len)) ||
                         ol_shipped_find(draft->arena, ol_slice_of(out, (size_t)len));
         i++)
        len = snprintf(out, OL_TRANSFORM_NAME_MAX + 16, "%.*s-%u", OL_SLICE_FMT(base), i);
    return ol_slice_of(out, (size_t)len);
}

static ol_slice add_transform_file(ol_draft *draft, const char *view, ol_slice given)
{
    char name[OL_TRANSFORM_NAME_MAX + 16];
    char *path = ol_draft_path(draft->arena, draft->folder, given);
    if (!path) {
        draft->report->no_memory = true;
        return OL_SLICE_NONE;
    }
    ol_slice known = known_path(draft, path);
    if (known.len)
        return known;
    const char *why = ol_file_unreadable(path);
    if (why) {
        char text[200];
        snprintf(text, sizeof(text), "%.*s %s", (int)(given.len < 120 ? given.len : 120),
                 (const char *)given.data, why);
        say(draft, view, "%s", text);
    }
    ol_draft_transform *transform = add_named(draft, &draft->transforms, sizeof(*transform),
                                              free_name(draft, given, name));
    if (!transform)
        return OL_SLICE_NONE;
    transform->file = (ol_text){.bytes = ol_slice_cstr(path)};
    transform->share = OL_DRAFT_SHARE_UNSET;
    transform->limits = ol_draft_transform_limits(draft);
    return transform->at.name.bytes;
}

/* ---- views ---- */

static void add_step(ol_draft *draft, const char *view, ol_draft_list *steps, ol_slice transform)
{
    if (transform.len == 0) {
        say(draft, view, "%s", "a transform is missing");
        return;
    }
    ol_slice name = is_path(transform) ? add_transform_file(draft, view, transform) : transform;
    ol_draft_step *step = ol_draft_list_add(draft, steps, sizeof(*step));
    if (step)
        step->transform = ol_draft_text(draft, name, 0);
    if (!step || !step->transform.bytes.data)
        draft->report->no_memory = true;
}

static void add_steps(ol_draft *draft, const char *view, ol_draft_list *steps, ol_slice transforms)
{
    for (;;) {
        ptrdiff_t comma = ol_slice_find(transforms, ',');
        add_step(draft, view, steps,
                 comma < 0 ? transforms : ol_slice_first(transforms, (size_t)comma));
        if (comma < 0)
            return;
        transforms = ol_slice_from(transforms, (size_t)comma + 1);
    }
}

static void add_bucket(ol_draft *draft, const char *view, ol_slice bucket)
{
    if (has_name(&draft->buckets, sizeof(ol_draft_bucket), bucket))
        return;
    const char *wrong = ol_name_bucket_wrong(bucket);
    if (!wrong)
        wrong = ol_name_access_point_wrong(bucket);
    if (wrong)
        say(draft, view, "the bucket's name %s", wrong);
    add_named(draft, &draft->buckets, sizeof(ol_draft_bucket), bucket);
    ol_draft_access_point *point =
        add_named(draft, &draft->access_points, sizeof(*point), bucket);
    if (point)
        point->bucket = ol_draft_text(draft, bucket, 0);
}

static void add_view(ol_draft *draft, const char *view)
{
    ol_slice text = ol_slice_cstr(view);
    ptrdiff_t equals = ol_slice_find(text, '=');
    ol_slice rest = equals < 0 ? OL_SLICE_NONE : ol_slice_from(text, (size_t)equals + 1);
    ptrdiff_t colon = ol_slice_find(rest, ':');
    if (equals <= 0 || colon <= 0) {
        say(draft, view, "%s", "is written NAME=BUCKET:TRANSFORM[,TRANSFORM...]");
        return;
    }
    ol_slice name = ol_slice_first(text, (size_t)equals);
    ol_slice bucket = ol_slice_first(rest, (size_t)colon);
    const char *wrong = ol_name_access_point_wrong(name);
    if (wrong)
        say(draft, view, "the view's name %s", wrong);
    if (has_name(&draft->olaps, sizeof(ol_draft_olap), name)) {
        say(draft, view, "%s", "there is a view of that name already");
        return;
    }
    add_bucket(draft, view, bucket);
    ol_draft_olap *olap = add_named(draft, &draft->olaps, sizeof(*olap), name);
    if (!olap)
        return;
    olap->access_point = ol_draft_text(draft, bucket, 0);
    add_steps(draft, view, &olap->transforms, ol_slice_from(rest, (size_t)colon + 1));
}

/* ---- all of it ---- */

static void add_listener(ol_draft *draft, const char *listen)
{
    ol_draft_listener *listener = ol_draft_list_add(draft, &draft->listeners, sizeof(*listener));
    if (listener)
        listener->address = ol_draft_text(draft, ol_slice_cstr(listen), 0);
    if (!listener || !listener->address.bytes.data)
        draft->report->no_memory = true;
}

static void add_root(ol_draft *draft, const ol_config_simple *simple)
{
    ol_draft_user *root = ol_draft_list_add(draft, &draft->roots, sizeof(*root));
    if (root) {
        root->access_key = ol_draft_text(draft, ol_slice_cstr(simple->access_key), 0);
        root->secret_key = ol_draft_text(draft, ol_slice_cstr(simple->secret_key), 0);
    }
    if (!root || !root->access_key.bytes.data || !root->secret_key.bytes.data ||
        ol_draft_guard_secret(draft->arena, root->secret_key.bytes) != OL_OK)
        draft->report->no_memory = true;
}

static void add_view_cache(ol_draft *draft, const char *size)
{
    ol_draft_view_cache *cache = ol_draft_list_add(draft, &draft->view_cache, sizeof(*cache));
    if (!cache) {
        draft->report->no_memory = true;
        return;
    }
    ol_draft_view_cache_default(cache);
    if (!ol_size_parse(ol_slice_cstr(size), &cache->memory_bytes) || cache->memory_bytes > MEMORY_MAX)
        ol_report_add(draft->report, 0, "--view-cache %.60s: must be a size, such as \"64 MiB\"", size);
}

static void add_key_audit(ol_draft *draft, const char *file)
{
    ol_draft_key_audit *audit = ol_draft_list_add(draft, &draft->key_audit, sizeof(*audit));
    char *path = audit ? ol_draft_path(draft->arena, draft->folder, ol_slice_cstr(file)) : NULL;
    if (!path) {
        draft->report->no_memory = true;
        return;
    }
    ol_draft_key_audit_default(audit);
    audit->file = (ol_text){.bytes = ol_slice_cstr(path)};
}

static void fill_draft(ol_draft *draft, const ol_config_simple *simple)
{
    const char *data_path = simple->data_path ? simple->data_path : OL_CONFIG_DATA_PATH;
    char *data = ol_draft_path(draft->arena, draft->folder, ol_slice_cstr(data_path));
    draft->report->no_memory |= !data;
    draft->settings.data = (ol_text){.bytes = ol_slice_cstr(data)};
    draft->settings.loops = simple->loops;
    add_listener(draft, simple->listen ? simple->listen : OL_CONFIG_LISTEN);
    add_root(draft, simple);
    for (size_t i = 0; i < simple->view_count; i++)
        add_view(draft, simple->views[i]);
    if (simple->view_cache)
        add_view_cache(draft, simple->view_cache);
    if (simple->key_audit)
        add_key_audit(draft, simple->key_audit);
}

int ol_config_simple_make(ol_config **config, const ol_config_simple *simple, ol_error *err)
{
    char folder[FOLDER_BYTES_MAX];
    ol_config_report report;
    ol_draft draft;
    *config = NULL;
    if (!getcwd(folder, sizeof(folder)))
        return ol_error_set(err, OL_ECONFIG, "the current folder cannot be had");
    ol_report_init(&report, NULL);
    int rc = ol_draft_init(&draft, &report, folder);
    if (rc == OL_OK) {
        fill_draft(&draft, simple);
        rc = report.no_memory ? OL_ENOMEM : ol_draft_build(&draft, NULL, config);
    }
    if (rc == OL_ECONFIG && report.count > 0)
        ol_error_set(err, rc, "%s", report.mistakes[0].text);
    else if (rc != OL_OK)
        ol_error_set(err, rc, "reading the options");
    ol_draft_fini(&draft);
    ol_config_report_fini(&report);
    return rc;
}
