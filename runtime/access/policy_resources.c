/* SPDX-License-Identifier: MIT */
/*
 * Resource and NotResource, and whether they can be what the actions are about.
 */
#include "access/match.h"
#include "access/policy_compiler.h"

/* How the ARN of something in a bucket or an access point goes on. */
static const char *inside(enum ol_policy_kind kind)
{
    return kind == OL_POLICY_ACCESS_POINT ? "/object/" : "/";
}

/* What is behind the first variable could be anything. */
static int outline_of(ol_policy_compiler *c, ol_slice text, ol_slice *outline)
{
    const uint8_t *variable =
        c->variables && text.len ? memmem(text.data, text.len, "${", 2) : NULL;
    *outline = text;
    if (!variable)
        return OL_OK;
    size_t len = (size_t)(variable - text.data);
    char *copy = ol_policy_alloc(c, len + 2, 1);
    if (!copy)
        return OL_ENOMEM;
    memcpy(copy, text.data, len);
    copy[len] = '*';
    *outline = ol_slice_of(copy, len + 1);
    return OL_OK;
}

static bool is_arn_like(ol_slice outline)
{
    size_t colons = 0;
    bool wild = ol_slice_find(outline, '*') >= 0;
    for (size_t i = 0; i < outline.len; i++)
        colons += outline.data[i] == ':';
    return ol_access_match_may_begin(outline, OL_SLICE_LIT("arn:")) && (wild || colons >= 5);
}

static int inner_arn(ol_policy_compiler *c, ol_slice *arn)
{
    char *text = ol_arena_printf(c->arena, "%.*s%s", OL_SLICE_FMT(c->rules->arn),
                                 inside(c->rules->kind));
    *arn = ol_slice_cstr(text);
    return text ? OL_OK : ol_policy_no_memory(c);
}

/* Whose policy it is, and what lies in it: an empty ARN stands for any. */
static int fits(ol_policy_compiler *c, ol_slice outline, bool *fits_itself, bool *fits_inside)
{
    ol_slice inner, arn = c->rules->arn;
    enum ol_policy_kind kind = c->rules->kind;
    *fits_itself = *fits_inside = true;
    if (arn.len == 0 || kind == OL_POLICY_IDENTITY || kind == OL_POLICY_ENDPOINT)
        return OL_OK;
    int rc = inner_arn(c, &inner);
    if (rc != OL_OK)
        return rc;
    *fits_itself = ol_access_match(outline, arn, false);
    *fits_inside = kind != OL_POLICY_OLAP && kind != OL_POLICY_KEY &&
                   ol_access_match_may_begin(outline, inner);
    return OL_OK;
}

static int compile_resource(ol_policy_compiler *c, const ol_json *item, bool negated,
                            ol_pattern *pattern)
{
    const char *what = "Policy has invalid resource";
    ol_slice kept, outline;
    bool itself, within;
    unsigned options = OL_PATTERN_WILDCARDS | (c->variables ? OL_PATTERN_VARIABLES : 0u);
    int rc = outline_of(c, item->text, &outline);
    if (rc == OL_OK)
        rc = fits(c, outline, &itself, &within);
    if (rc != OL_OK)
        return rc;
    if (!is_arn_like(outline) || (!negated && !itself && !within))
        return ol_policy_refuse_text(c, item->at, what, item->text);
    rc = ol_policy_keep(c, item->text, &kept);
    if (rc == OL_OK)
        rc = ol_pattern_compile(pattern, kept, options, c->arena, &what);
    if (rc == OL_ENOMEM)
        return ol_policy_no_memory(c);
    return rc == OL_OK ? OL_OK : ol_policy_refuse_text(c, item->at, what, item->text);
}

int ol_policy_compile_resources(ol_policy_compiler *c, const ol_json *element, bool negated,
                                ol_statement *statement)
{
    ol_policy_items items;
    int rc = ol_policy_items_of(c, element, false, negated ? "NotResource" : "Resource", &items);
    if (rc != OL_OK)
        return rc;
    ol_pattern *patterns = ol_policy_alloc(c, items.count, sizeof(*patterns));
    if (!patterns)
        return OL_ENOMEM;
    for (size_t i = 0; rc == OL_OK && i < items.count; i++, items.item = items.item->next)
        rc = compile_resource(c, items.item, negated, &patterns[i]);
    statement->not_resource = negated;
    statement->resources = patterns;
    statement->resource_count = items.count;
    return rc;
}

/* ---- actions against resources ---- */

static bool reaches(const uint64_t actions[OL_ACTION_WORDS], bool itself, bool within)
{
    for (size_t i = 0; i < ol_action_count(); i++) {
        bool in_object = ol_action_target((ol_action)i) == OL_ACTION_ON_OBJECT;
        if ((actions[i / 64] >> (i % 64) & 1) && (in_object ? within : itself))
            return true;
    }
    return false;
}

int ol_policy_check_targets(ol_policy_compiler *c, const ol_json *actions, const ol_json *resources)
{
    ol_policy_items items;
    bool itself = false, within = false;
    if (c->rules->kind != OL_POLICY_BUCKET && c->rules->kind != OL_POLICY_ACCESS_POINT)
        return OL_OK;
    int rc = ol_policy_items_of(c, resources, false, "Resource", &items);
    for (size_t i = 0; rc == OL_OK && i < items.count; i++, items.item = items.item->next) {
        bool a = false, b = false;
        ol_slice outline;
        rc = outline_of(c, items.item->text, &outline);
        if (rc == OL_OK)
            rc = fits(c, outline, &a, &b);
        itself |= a;
        within |= b;
    }
    if (rc == OL_OK)
        rc = ol_policy_items_of(c, actions, false, "Action", &items);
    for (size_t i = 0; rc == OL_OK && i < items.count; i++, items.item = items.item->next) {
        uint64_t named[OL_ACTION_WORDS] = {0};
        ol_policy_add_actions(items.item->text, named);
        if (!reaches(named, itself, within))
            rc = ol_policy_refuse_text(c, items.item->at,
                                       "Action does not apply to any resource(s) in statement",
                                       items.item->text);
    }
    return rc;
}
