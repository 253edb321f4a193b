/* SPDX-License-Identifier: MIT */
/*
 * Access points and Object Lambda access points.
 *
 * Aliases cannot collide within an account: each kind has an ending of its own, which no name
 * may have, and names are unique within their kind. Whether two accounts' aliases do is checked.
 */
#include <stdio.h>

#include "control/config/build.h"
#include "control/config/features.h"
#include "control/config/names.h"
#include "control/config/suggest.h"
#include "control/state/realm_private.h"

static ol_slice make_alias(ol_builder *b, const ol_realm_account *account, ol_slice name,
                           const char *ending)
{
    char alias[OL_ALIAS_SIZE];
    ol_alias_make(alias, account == &b->config->accounts[0], account->id, name, ending);
    return ol_slice_cstr(ol_build_text(b, "%s", alias));
}

static ol_slice make_arn(ol_builder *b, const char *service, const ol_realm_account *account,
                         ol_slice name)
{
    return ol_slice_cstr(ol_build_text(b, "arn:aws:%s:%.*s:%.*s:accesspoint/%.*s", service,
                                       OL_SLICE_FMT(b->config->region), OL_SLICE_FMT(account->id),
                                       OL_SLICE_FMT(name)));
}

/* `map` holds doors under "ACCOUNT/NAME", and under their aliases. */
static void index_door(ol_builder *b, ol_map *map, const char *word, const char *label,
                       const ol_draft_place *at, const ol_realm_account *account, ol_slice alias)
{
    const ol_draft_place *first =
        ol_build_index(b, map, ol_build_key(b, account->id, at->name.bytes), at);
    if (first)
        ol_build_mistake(b, at->line, "%s: stands on line %d already", label, first->line);
    else if (ol_build_index(b, map, alias, at))
        ol_build_mistake(b, at->line, "%s: another %s has the alias \"%.*s\"", label, word,
                         OL_SLICE_FMT(alias));
}

static void build_door_policy(ol_builder *b, const char *label, enum ol_policy_kind kind,
                              ol_slice arn, const ol_draft_list *policy, ol_realm_policy *out)
{
    char where[OL_BUILD_LABEL_SIZE + 16];
    const ol_policy_rules rules = {.kind = kind, .arn = arn};
    snprintf(where, sizeof(where), "%s: policy", label);
    ol_build_policy(b, where, policy, &rules, out);
}

/* ---- access points ---- */

static void build_prefixes(ol_builder *b, const ol_text_list *given, ol_realm_access_point *to)
{
    ol_slice *prefixes = ol_build_alloc(b, given->count, sizeof(*prefixes));
    for (size_t i = 0; prefixes && i < given->count; i++)
        prefixes[i] = given->items[i].bytes;
    to->prefixes = prefixes;
    to->prefix_count = prefixes ? given->count : 0;
}

static void build_access_point(ol_builder *b, const ol_draft_access_point *from,
                               ol_realm_access_point *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("access_point", &from->at, label);
    to->declared = true;
    to->name = from->at.name.bytes;
    to->account = ol_build_account(b, label, &from->account);
    ol_build_resolve(b, b->buckets, label, "bucket", &from->bucket);
    to->bucket = from->bucket.bytes;
    to->alias = make_alias(b, to->account, to->name, OL_ALIAS_ACCESS_POINT_SUFFIX);
    to->arn = make_arn(b, "s3", to->account, to->name);
    to->vpc = from->vpc.bytes;
    to->public_access_block = from->public_access.given ? ol_build_block(&from->public_access)
                                                        : OL_PUBLIC_ACCESS_BLOCK_ALL;
    index_door(b, b->access_points, "access point", label, &from->at, to->account, to->alias);
    build_prefixes(b, &from->prefixes, to);
    build_door_policy(b, label, OL_POLICY_ACCESS_POINT, to->arn, &from->policy, &to->policy);
}

void ol_build_places(ol_builder *b)
{
    ol_build_buckets(b);
    const ol_draft_access_point *given = b->draft->access_points.items;
    size_t count = b->draft->access_points.count;
    ol_realm_access_point *points = ol_build_alloc(b, count, sizeof(*points));
    for (size_t i = 0; points && i < count; i++)
        build_access_point(b, &given[i], &points[i]);
    b->config->access_points = points;
    b->config->access_point_count = points ? count : 0;
}

/* ---- Object Lambda access points ---- */

/* The snapshot's access points stand in the order of the draft's. */
static const ol_realm_access_point *find_point(const ol_builder *b, ol_slice key)
{
    const ol_draft_access_point *first = b->draft->access_points.items;
    const ol_draft_access_point *found = ol_map_get(b->access_points, key);
    return found && b->config->access_points ? &b->config->access_points[found - first] : NULL;
}

typedef struct offering {
    ol_suggest suggest;
    ol_slice account;
} offering;

static bool offer_name(void *arg, ol_slice key, void *value)
{
    offering *self = arg;
    (void)value;
    if (key.len > 13 && key.data[12] == '/' && ol_slice_starts(key, self->account))
        ol_suggest_offer(&self->suggest, ol_slice_from(key, 13));
    return true;
}

void ol_build_unknown_door(ol_builder *b, const ol_map *map, const char *label, const char *word,
                           ol_slice account, const ol_text *name)
{
    offering self = {.account = account};
    char tail[OL_SUGGEST_TEXT_SIZE], shown[OL_TEXT_SHOW_SIZE];
    if (ol_report_is_full(b->draft->report))
        return;
    ol_suggest_init(&self.suggest, name->bytes);
    if (!name->hidden)
        ol_map_each(map, offer_name, &self);
    ol_build_mistake(b, name->line, "%s: unknown %s %s%s", label, word,
                     ol_text_show(name->bytes, name->hidden, shown),
                     ol_suggest_text(&self.suggest, tail));
}

static void build_supporting(ol_builder *b, const char *label, const ol_draft_olap *from,
                             ol_realm_olap *to)
{
    const ol_text *name = &from->access_point;
    if (!name->bytes.data || name->unknown)
        return;
    to->access_point = find_point(b, ol_build_key(b, to->account->id, name->bytes));
    if (to->access_point)
        to->supporting_arn = to->access_point->arn;
    else
        ol_build_unknown_door(b, b->access_points, label, "access point", to->account->id, name);
}

static void build_view(ol_builder *b, const char *label, unsigned actions, int line,
                       const ol_draft_list *transforms, ol_realm_view *to)
{
    const ol_draft_step *given = transforms->items;
    size_t count = transforms->count;
    if (count > OL_TRANSFORM_CHAIN_MAX)
        ol_build_mistake(b, line, "%s: more than %d transforms in a row", label,
                         OL_TRANSFORM_CHAIN_MAX);
    ol_realm_step *steps = ol_build_alloc(b, count, sizeof(*steps));
    for (size_t i = 0; steps && i < count; i++) {
        ol_build_step_transform(b, label, &given[i].transform);
        steps[i] = (ol_realm_step){.transform = given[i].transform.bytes,
                                   .payload = given[i].payload.bytes};
    }
    to->actions = actions;
    to->steps = steps;
    to->step_count = steps ? count : 0;
    if (count == 0 || !steps)
        return;
    to->payload = count == 1 ? steps[0].payload : OL_SLICE_NONE;
    to->function = ol_slice_cstr(ol_build_text(
        b, "arn:aws:lambda:%.*s:%.*s:function:%.*s", OL_SLICE_FMT(b->config->region),
        OL_SLICE_FMT(b->config->account_id), OL_SLICE_FMT(steps[0].transform)));
}

static unsigned action_bits(ol_builder *b, const char *label, const ol_draft_view *view,
                            unsigned taken)
{
    unsigned bits = 0;
    for (size_t i = 0; i < view->actions.count; i++) {
        const ol_text *name = &view->actions.items[i];
        enum ol_realm_action action;
        if (name->unknown || !ol_realm_action_parse(name->bytes, &action))
            continue;
        if ((taken | bits) & (1u << action))
            ol_build_mistake(b, name->line, "%s: %s has a transformation already", label,
                             ol_realm_action_name(action));
        bits |= 1u << action;
    }
    return bits;
}

static void build_views(ol_builder *b, const char *label, const ol_draft_olap *from,
                        ol_realm_olap *to)
{
    const ol_draft_view *given = from->transformations.items;
    size_t count = from->transformations.count;
    bool all = from->transforms.count > 0;
    unsigned taken = 0;
    ol_realm_view *views = ol_build_alloc(b, count + all, sizeof(*views));
    if (!views)
        return;
    if (all && count)
        ol_build_mistake(b, from->at.line,
                         "%s: \"transforms\" and \"transformations\" do not go together", label);
    if (all)
        build_view(b, label, (1u << OL_ACTIONS) - 1, from->at.line, &from->transforms, &views[0]);
    for (size_t i = 0; i < count; i++) {
        unsigned actions = action_bits(b, label, &given[i], taken);
        taken |= actions;
        build_view(b, label, actions, given[i].at.line, &given[i].transforms, &views[all + i]);
    }
    to->views = views;
    to->view_count = count + all;
}

/* Ranges have always been served on views that are declared; the API's must ask for them. */
static unsigned build_features(const ol_draft_olap *from)
{
    unsigned features = 0, one;
    if (!from->features.items)
        return (1u << OL_FEATURES) - 1;
    for (size_t i = 0; i < from->features.count; i++)
        if (ol_feature_parse(from->features.items[i].bytes, &one))
            features |= one;
    return features;
}

static void build_olap(ol_builder *b, const ol_draft_olap *from, ol_realm_olap *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_build_label("object_lambda", &from->at, label);
    to->declared = true;
    to->name = from->at.name.bytes;
    to->account = ol_build_account(b, label, &from->account);
    to->alias = make_alias(b, to->account, to->name, OL_ALIAS_OLAP_SUFFIX);
    to->arn = make_arn(b, "s3-object-lambda", to->account, to->name);
    to->features = build_features(from);
    index_door(b, b->olaps, "Object Lambda access point", label, &from->at, to->account,
               to->alias);
    build_supporting(b, label, from, to);
    build_views(b, label, from, to);
    ol_build_view_options(b, label, from, &to->options);
    build_door_policy(b, label, OL_POLICY_OLAP, to->arn, &from->policy, &to->policy);
}

void ol_build_olaps(ol_builder *b)
{
    const ol_draft_olap *given = b->draft->olaps.items;
    size_t count = b->draft->olaps.count;
    ol_realm_olap *olaps = ol_build_alloc(b, count, sizeof(*olaps));
    for (size_t i = 0; olaps && i < count; i++)
        build_olap(b, &given[i], &olaps[i]);
    b->config->olaps = olaps;
    b->config->olap_count = olaps ? count : 0;
    ol_build_shipped(b);
    /* Shipped transforms have joined the list meanwhile. */
    b->config->transforms = b->specs.items;
    b->config->transform_count = b->specs.count;
}
