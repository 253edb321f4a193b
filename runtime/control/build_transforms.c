/* SPDX-License-Identifier: MIT */
/*
 * Transforms: those that have a block, and those that ship and are used by name alone.
 */
#include "control/build.h"
#include "control/shipped.h"

static void add_spec(ol_builder *b, const ol_transform_spec *spec)
{
    ol_transform_spec *added = ol_draft_list_add(b->draft, &b->specs, sizeof(*added));
    if (added)
        *added = *spec;
    else
        b->no_memory = true;
}

static void build_transform(ol_builder *b, const ol_draft_transform *from)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("transform", &from->at, label);
    ol_build_index_once(b, b->transforms, "transform", &from->at);
    if (from->limits.slice_ms > from->limits.unyieldable_ms)
        ol_build_mistake(b, from->at.line, "%s: limits: slice_ms is above unyieldable_ms", label);
    bool given = from->file.bytes.data || from->file.unknown;
    ol_transform_spec spec = {
        .name = (const char *)from->at.name.bytes.data,
        .path = given ? (const char *)from->file.bytes.data
                      : ol_shipped_find(b->draft->arena, from->at.name.bytes),
        .share = from->share,
        .limits = from->limits,
    };
    if (from->share == OL_DRAFT_SHARE_UNSET)
        spec.share = given ? OL_SHARE_IDENTITY : OL_SHARE_ALL;
    if (!given && !spec.path)
        ol_build_mistake(b, from->at.line,
                         "%s: \"file\" is missing, and no transform of that name ships with objlens",
                         label);
    add_spec(b, &spec);
}

void ol_build_transforms(ol_builder *b)
{
    const ol_draft_transform *given = b->draft->transforms.items;
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
    add_spec(b, &(ol_transform_spec){.name = (const char *)name->bytes.data,
                                     .path = path,
                                     .share = OL_SHARE_ALL,
                                     .limits = ol_draft_transform_limits(b->draft)});
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
