/* SPDX-License-Identifier: MIT */
#include "control/state/edit.h"

/* ---- copying ---- */

typedef struct copying {
    ol_arena *arena;
    int rc;
} copying;

/* Keeps the difference between an empty text and none. */
static ol_slice keep(copying *c, ol_slice text)
{
    if (!text.data)
        return OL_SLICE_NONE;
    if (!ol_slice_is_utf8(text) || memchr(text.data, '\0', text.len)) {
        c->rc = c->rc == OL_OK ? OL_EINVAL : c->rc;
        return OL_SLICE_NONE;
    }
    ol_slice copy = ol_arena_copy(c->arena, text);
    if (!copy.data)
        c->rc = OL_ENOMEM;
    return copy;
}

static void *keep_block(copying *c, const void *block, size_t size)
{
    if (!block)
        return NULL;
    void *copy = ol_arena_alloc(c->arena, size ? size : 1);
    if (copy)
        memcpy(copy, block, size);
    else
        c->rc = OL_ENOMEM;
    return copy;
}

static const ol_slice *keep_slices(copying *c, const ol_slice *slices, size_t count)
{
    ol_slice *copy = ol_arena_calloc(c->arena, (count + 1) * sizeof(*copy));
    if (!copy)
        c->rc = OL_ENOMEM;
    for (size_t i = 0; copy && i < count; i++)
        copy[i] = keep(c, slices[i]);
    return copy;
}

static const ol_control_access_point *keep_point(copying *c, const ol_control_access_point *point)
{
    ol_control_access_point *copy = keep_block(c, point, sizeof(*point));
    if (!copy)
        return NULL;
    copy->bucket = keep(c, point->bucket);
    copy->bucket_account_id = keep(c, point->bucket_account_id);
    copy->vpc_id = keep(c, point->vpc_id);
    copy->prefixes = keep_slices(c, point->prefixes, point->prefix_count);
    return copy;
}

static const ol_control_olap *keep_olap(copying *c, const ol_control_olap *olap)
{
    ol_control_olap *copy = keep_block(c, olap, sizeof(*olap));
    if (!copy)
        return NULL;
    copy->supporting_access_point = keep(c, olap->supporting_access_point);
    ol_control_transformation *views =
        keep_block(c, olap->transformations,
                   olap->transformation_count * sizeof(*olap->transformations));
    for (size_t i = 0; views && i < olap->transformation_count; i++) {
        views[i].function = keep(c, olap->transformations[i].function);
        views[i].payload = keep(c, olap->transformations[i].payload);
    }
    copy->transformations = views;
    return copy;
}

int ol_edit_copy(const ol_edit *edit, ol_arena *arena, ol_edit *out, ol_error *err)
{
    copying c = {.arena = arena};
    *out = *edit;
    out->account = keep(&c, edit->account);
    out->name = keep(&c, edit->name);
    out->text = keep(&c, edit->text);
    out->public_access_block =
        keep_block(&c, edit->public_access_block, sizeof(*edit->public_access_block));
    out->access_point = keep_point(&c, edit->access_point);
    out->olap = keep_olap(&c, edit->olap);
    return c.rc == OL_OK ? OL_OK : ol_error_set(err, c.rc, "a change of the control state");
}
