/* SPDX-License-Identifier: MIT */
/*
 * Buckets, access points, Object Lambda access points.
 *
 * Aliases cannot collide: each kind has an ending of its own, which no name may have, and
 * names are unique within their kind. The longest name still gives a valid bucket name.
 */
#include "control/build.h"
#include "control/names.h"

static void build_buckets(ol_builder *b)
{
    const ol_draft_bucket *given = b->draft->buckets.items;
    size_t count = b->draft->buckets.count;
    ol_slice *buckets = ol_build_alloc(b, count, sizeof(*buckets));
    for (size_t i = 0; buckets && i < count; i++) {
        buckets[i] = given[i].at.name.bytes;
        ol_build_index_once(b, b->buckets, "bucket", &given[i].at);
    }
    b->config->buckets = buckets;
    b->config->bucket_count = buckets ? count : 0;
}

static void build_access_point(ol_builder *b, const ol_draft_access_point *from,
                               ol_config_access_point *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_slice name = from->at.name.bytes;
    ol_build_index_once(b, b->access_points, "access_point", &from->at);
    ol_build_resolve(b, b->buckets, ol_build_label("access_point", &from->at, label), "bucket",
                     &from->bucket);
    to->name = name;
    to->bucket = from->bucket.bytes;
    to->alias = ol_slice_cstr(
        ol_build_text(b, "%.*s" OL_ALIAS_ACCESS_POINT_SUFFIX, OL_SLICE_FMT(name)));
    to->arn = ol_slice_cstr(ol_build_text(b, "arn:aws:s3:%.*s:%.*s:accesspoint/%.*s",
                                          OL_SLICE_FMT(b->config->region),
                                          OL_SLICE_FMT(b->config->account_id), OL_SLICE_FMT(name)));
}

void ol_build_places(ol_builder *b)
{
    build_buckets(b);
    const ol_draft_access_point *given = b->draft->access_points.items;
    size_t count = b->draft->access_points.count;
    ol_config_access_point *points = ol_build_alloc(b, count, sizeof(*points));
    for (size_t i = 0; points && i < count; i++)
        build_access_point(b, &given[i], &points[i]);
    b->config->access_points = points;
    b->config->access_point_count = points ? count : 0;
}

/* ---- Object Lambda access points ---- */

/* The snapshot's access points stand in the order of the draft's. */
static const ol_config_access_point *find_point(const ol_builder *b, ol_slice name)
{
    const ol_draft_access_point *first = b->draft->access_points.items;
    const ol_draft_access_point *found = ol_map_get(b->access_points, name);
    return b->config->access_points ? &b->config->access_points[found - first] : NULL;
}

static void build_steps(ol_builder *b, const char *label, const ol_draft_olap *from,
                        ol_config_olap *to)
{
    const ol_draft_step *given = from->transforms.items;
    size_t count = from->transforms.count;
    if (count > OL_TRANSFORM_CHAIN_MAX)
        ol_build_mistake(b, from->at.line, "%s: more than %d transforms in a row", label,
                         OL_TRANSFORM_CHAIN_MAX);
    ol_config_step *steps = ol_build_alloc(b, count, sizeof(*steps));
    for (size_t i = 0; steps && i < count; i++) {
        ol_build_step_transform(b, label, &given[i].transform);
        steps[i] = (ol_config_step){.transform = given[i].transform.bytes,
                                    .payload = given[i].payload.bytes};
    }
    to->steps = steps;
    to->step_count = steps ? count : 0;
}

static void build_olap(ol_builder *b, const ol_draft_olap *from, ol_config_olap *to)
{
    char label[OL_BUILD_LABEL_SIZE];
    ol_slice name = from->at.name.bytes;
    ol_build_label("object_lambda", &from->at, label);
    ol_build_index_once(b, b->olaps, "object_lambda", &from->at);
    if (ol_build_resolve(b, b->access_points, label, "access point", &from->access_point))
        to->access_point = find_point(b, from->access_point.bytes);
    to->name = name;
    to->alias =
        ol_slice_cstr(ol_build_text(b, "%.*s" OL_ALIAS_OLAP_SUFFIX, OL_SLICE_FMT(name)));
    to->arn = ol_slice_cstr(ol_build_text(b, "arn:aws:s3-object-lambda:%.*s:%.*s:accesspoint/%.*s",
                                          OL_SLICE_FMT(b->config->region),
                                          OL_SLICE_FMT(b->config->account_id), OL_SLICE_FMT(name)));
    build_steps(b, label, from, to);
}

void ol_build_olaps(ol_builder *b)
{
    const ol_draft_olap *given = b->draft->olaps.items;
    size_t count = b->draft->olaps.count;
    ol_config_olap *olaps = ol_build_alloc(b, count, sizeof(*olaps));
    for (size_t i = 0; olaps && i < count; i++)
        build_olap(b, &given[i], &olaps[i]);
    b->config->olaps = olaps;
    b->config->olap_count = olaps ? count : 0;
    /* Shipped transforms have joined the list meanwhile. */
    b->config->transforms = b->specs.items;
    b->config->transform_count = b->specs.count;
}
