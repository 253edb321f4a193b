/* SPDX-License-Identifier: MIT */
/*
 * GetObject and HeadObject through an Object Lambda access point: the head of the answer, and the
 * body once its source is known. What leads there is view_object.h's.
 */
#include "front/operations/operations.h"
#include "front/views/view_checksums.h"
#include "front/views/view_object.h"

/* ---- the head ---- */

/* Of the whole view, or none. */
static int add_checksums(ol_view_object *self, ol_headers *extras, int status)
{
    bool whole = self->part.whole && status == 200 && self->has_etag && !self->handed;
    if (!whole || !self->want.checksums || !self->known)
        return OL_OK;
    return ol_view_checksums_add(extras, &self->facts);
}

static int make_extras(ol_view_object *self, int status, const ol_headers **out)
{
    ol_headers *extras = ol_arena_calloc(self->request->arena, sizeof(*extras));
    char count[16];
    if (!extras)
        return OL_ENOMEM;
    ol_headers_init(extras, self->request->arena);
    *out = extras;
    int rc = add_checksums(self, extras, status);
    if (rc != OL_OK || self->part.part_count == 0)
        return rc;
    snprintf(count, sizeof(count), "%u", self->part.part_count);
    return ol_headers_add(extras, OL_SLICE_LIT("x-amz-mp-parts-count"), ol_slice_cstr(count));
}

/* `length` of the whole view; -1 when it is not known. */
static int make_plan(ol_view_object *self, int status, int64_t length, ol_error *err)
{
    ol_head_plan *plan = &self->reply.plan;
    const ol_byte_range *bytes = &self->part.bytes;
    *plan = (ol_head_plan){
        .request = self->request,
        .etag = self->has_etag ? self->etag : NULL,
        .drop_etag = !self->has_etag,
        .last_modified_ms = self->original.last_modified_ms,
        .content_length = length,
        .view = &self->answer,
    };
    if (!self->part.whole) {
        plan->has_range = true;
        plan->range_start = bytes->start;
        plan->range_length = bytes->length;
        plan->total = (uint64_t)length;
        plan->content_length = (int64_t)bytes->length;
    }
    int rc = make_extras(self, status, &plan->extras);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "response headers");
}

static void reply_head(ol_view_object *self, const ol_head *like, int status)
{
    ol_error err = ol_error_none();
    ol_head head = *like;
    int rc = ol_head_plan_apply(&self->reply.plan, &head);
    if (rc != OL_OK) {
        ol_error_set(&err, rc, "response head");
        ol_view_object_fail(self, &err);
        return;
    }
    ol_request_reply_head(self->request, status ? status : head.status, &head);
    ol_view_object_end(self);
}

void ol_view_object_not_modified(ol_view_object *self)
{
    ol_error err = ol_error_none();
    ol_head head = {.status = 304, .content_length = -1};
    ol_headers_init(&head.headers, self->request->arena);
    if (make_plan(self, 304, -1, &err) != OL_OK)
        ol_view_object_fail(self, &err);
    else
        reply_head(self, &head, 304);
}

static void on_head(ol_view_object *self, const ol_head *head)
{
    ol_error err = ol_error_none();
    bool divisible = self->has_etag && !self->handed && head->status == 200 &&
                     head->content_length >= 0;
    int rc = OL_OK;
    if (divisible)
        rc = ol_view_want_resolve(&self->want, self->request, self->etag,
                                  (uint64_t)head->content_length, &self->part, &err);
    else if (!self->handed)
        rc = ol_view_want_resolve_indivisible(&self->want, &self->part, &err);
    if (rc == OL_OK)
        rc = make_plan(self, head->status, head->content_length, &err);
    if (rc == OL_OK)
        reply_head(self, head, 0);
    else
        ol_view_object_fail(self, &err);
}

/* ---- the body ---- */

static void on_done(ol_view_reply *reply, const ol_error *err)
{
    ol_view_object *self = reply->arg;
    self->served = !err;
    if (!err)
        ol_view_object_end(self);
    else if (!ol_view_object_choose_again(self, err))
        ol_view_object_fail(self, err);
}

/* Checksums that nobody knows yet follow the body, where a client can read them there. */
static bool wants_trailers(const ol_view_object *self)
{
    return self->want.checksums && self->want.trailers && self->part.whole && !self->handed &&
           !self->answer.compression && self->reply.plan.content_length < 0;
}

/* A run that goes on where another source stopped keeps the plan: the client has the head. */
static void on_body(ol_view_object *self)
{
    ol_view_reply *reply = &self->reply;
    ol_error err = ol_error_none();
    int rc = OL_OK;
    bool length_known = self->known && self->facts.head.status == 200 && self->has_etag;
    int64_t length = length_known ? self->facts.head.content_length : -1;
    if (!self->part.whole && self->keeps_positions)
        length = (int64_t)self->original.size;
    if (!ol_view_reply_has_begun(reply)) {
        rc = make_plan(self, 200, length, &err);
        reply->trailers = wants_trailers(self);
    }
    reply->on_done = on_done;
    if (rc == OL_OK)
        rc = ol_view_reply_start(reply, &err);
    if (rc != OL_OK)
        ol_view_object_fail(self, &err);
}

void ol_op_view_object(ol_request *request)
{
    ol_error err = ol_error_none();
    ol_view_object *self = ol_view_object_new(request);
    if (!self)
        return;
    self->tells_head = request->head_only;
    self->on_head = on_head;
    self->on_body = on_body;
    if (ol_view_want_read(&self->want, request, &err) == OL_OK)
        ol_view_object_begin(self);
    else
        ol_view_object_fail(self, &err);
}
