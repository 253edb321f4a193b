/* SPDX-License-Identifier: MIT */
/*
 * Transforms: those that have a block, and those that ship and are used by name alone.
 */
#include <unistd.h>

#include "control/config/build.h"
#include "control/config/shipped.h"

static void add_spec(ol_builder *b, const ol_transform_spec *spec)
{
    ol_transform_spec *added = ol_draft_list_add(b->draft, &b->specs, sizeof(*added));
    if (added)
        *added = *spec;
    else
        b->no_memory = true;
}

/* ---- shared objects by name ---- */

static const ol_draft_plugins *plugins_of(const ol_builder *b)
{
    return b->draft->plugins.count ? b->draft->plugins.items : NULL;
}

static void build_keys(ol_builder *b)
{
    const ol_draft_plugins *plugins = plugins_of(b);
    for (size_t i = 0; plugins && i < plugins->keys.count; i++) {
        const ol_text *key = &plugins->keys.items[i];
        ol_error err = {0};
        if (!key->unknown &&
            ol_vouch_keys_add(&b->plugin_keys, (const char *)key->bytes.data, &err) != OL_OK)
            ol_build_mistake(b, key->line, "plugins: keys: %s", err.detail);
    }
}

/* The first folder that has it. */
static void find_plugin(ol_builder *b, const char *label, const ol_draft_transform *from,
                        ol_transform_spec *spec)
{
    const ol_draft_plugins *plugins = plugins_of(b);
    if (from->plugin.unknown)
        return;
    for (size_t i = 0; plugins && i < plugins->folders.count; i++) {
        const char *folder = (const char *)plugins->folders.items[i].bytes.data;
        const char *path = ol_build_text(b, "%s/%.*s.so", folder,
                                         OL_SLICE_FMT(from->plugin.bytes));
        if (access(path, F_OK) != 0)
            continue;
        spec->folder = folder;
        spec->path = path;
        return;
    }
    ol_build_mistake(b, from->plugin.line,
                     plugins ? "%s: no folder of the block plugins has %.*s.so"
                             : "%s: plugin %.*s: there is no block plugins to say where from",
                     label, OL_SLICE_FMT(from->plugin.bytes));
}

/* Each followed by a newline. */
static ol_slice preload_folders(ol_builder *b, const ol_text_list *folders)
{
    const char *all = "";
    for (size_t i = 0; i < folders->count; i++)
        if (!folders->items[i].unknown)
            all = ol_build_text(b, "%s%.*s\n", all, OL_SLICE_FMT(folders->items[i].bytes));
    return ol_slice_cstr(all);
}

/* ---- blocks ---- */

static void find_code(ol_builder *b, const char *label, const ol_draft_transform *from,
                      ol_transform_spec *spec)
{
    bool has_file = from->file.bytes.data || from->file.unknown;
    bool has_plugin = from->plugin.bytes.data || from->plugin.unknown;
    if (has_file && has_plugin)
        ol_build_mistake(b, from->at.line, "%s: \"file\" and \"plugin\" do not go together", label);
    if (has_file) {
        spec->path = (const char *)from->file.bytes.data;
    } else if (has_plugin) {
        find_plugin(b, label, from, spec);
    } else {
        spec->path = ol_shipped_find(b->draft->arena, from->at.name.bytes);
        spec->vouch.ships = true;
        if (!spec->path)
            ol_build_mistake(b, from->at.line,
                             "%s: \"file\" or \"plugin\" is missing, and no transform of that name "
                             "ships with objlens", label);
    }
}

/* What has no wall around it is what the operator chose, byte for byte. (A script has its language
 * around it still.) */
static void judge_inline(ol_builder *b, const char *label, const ol_draft_transform *from,
                         const ol_transform_spec *spec)
{
    if (spec->isolation != OL_ISOLATION_INLINE)
        return;
    if (b->draft->settings.sandbox_required.count > 0)
        ol_build_mistake(b, from->at.line,
                         "%s: isolation = \"inline\" has no walls, and sandbox_required asks for some",
                         label);
    if (spec->vouch.ships && ol_shipped_needs_process(spec->name))
        ol_build_mistake(b, from->at.line,
                         "%s: it needs a process of its own: isolation = \"inline\" is not for it", label);
    bool vouched = spec->vouch.ships || spec->vouch.has_digest || spec->vouch.keys.count > 0;
    bool shared = spec->path && ol_slice_ends(ol_slice_cstr(spec->path), OL_SLICE_LIT(".so"));
    if (shared && !vouched)
        ol_build_mistake(b, from->at.line,
                         "%s: isolation = \"inline\" takes only shared objects that are pinned "
                         "(sha256) or signed (plugins.keys)", label);
}

static void build_transform(ol_builder *b, const ol_draft_transform *from)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("transform", &from->at, label);
    ol_build_index_once(b, b->transforms, "transform", &from->at);
    if (from->limits.slice_ms > from->limits.unyieldable_ms)
        ol_build_mistake(b, from->at.line, "%s: limits: slice_ms is above unyieldable_ms", label);
    ol_transform_spec spec = {
        .name = (const char *)from->at.name.bytes.data,
        .share = from->share,
        .isolation = (enum ol_isolation)from->isolation,
        .limits = from->limits,
        .vouch.keys = b->plugin_keys,
        .preload_folders = preload_folders(b, &from->preload_folders),
    };
    find_code(b, label, from, &spec);
    if (from->share == OL_DRAFT_SHARE_UNSET)
        spec.share = spec.vouch.ships ? OL_SHARE_ALL : OL_SHARE_IDENTITY;
    if (spec.vouch.ships)
        ol_shipped_needs(&spec);
    if (from->sha256.bytes.data && !from->sha256.unknown)
        spec.vouch.has_digest = ol_vouch_digest_parse(from->sha256.bytes, spec.vouch.digest);
    judge_inline(b, label, from, &spec);
    add_spec(b, &spec);
}

void ol_build_transforms(ol_builder *b)
{
    const ol_draft_transform *given = b->draft->transforms.items;
    build_keys(b);
    for (size_t i = 0; i < b->draft->transforms.count; i++)
        build_transform(b, &given[i]);
}

static bool offer_name(void *arg, ol_slice key, void *value)
{
    (void)value;
    ol_suggest_offer(arg, key);
    return true;
}

static void say_unknown(ol_builder *b, const char *label, const ol_text *name)
{
    if (ol_report_is_full(b->draft->report))
        return;
    ol_suggest suggest;
    ol_suggest_init(&suggest, name->bytes);
    if (!name->hidden) {
        ol_map_each(b->transforms, offer_name, &suggest);
        ol_shipped_suggest(b->draft->arena, &suggest);
    }
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    ol_build_mistake(b, name->line, "%s: unknown transform %s%s", label,
                     ol_text_show(name->bytes, name->hidden, shown),
                     ol_suggest_text(&suggest, tail));
}

void ol_build_step_transform(ol_builder *b, const char *label, const ol_text *name)
{
    if (!name->bytes.data || name->unknown || ol_map_get(b->transforms, name->bytes))
        return;
    const char *path = ol_shipped_find(b->draft->arena, name->bytes);
    if (!path) {
        say_unknown(b, label, name);
        return;
    }
    static const ol_draft_place nowhere;
    ol_build_index(b, b->transforms, name->bytes, &nowhere);
    ol_transform_spec spec = {.name = (const char *)name->bytes.data,
                              .path = path,
                              .share = OL_SHARE_ALL,
                              .vouch.ships = true,
                              .limits = ol_draft_transform_limits(b->draft)};
    ol_shipped_needs(&spec);
    add_spec(b, &spec);
}

void ol_build_shipped(ol_builder *b)
{
    ol_slice names[OL_SHIPPED_MAX];
    if (b->config->control.place == OL_CONTROL_NOWHERE)
        return;
    size_t count = ol_shipped_list(b->draft->arena, names);
    for (size_t i = 0; i < count; i++) {
        ol_text name = {.bytes = names[i]};
        ol_build_step_transform(b, "transform", &name);
    }
}
