/* SPDX-License-Identifier: MIT */
/*
 * ListObjects and ListObjectsV2 through an Object Lambda access point: the keys of the originals,
 * with the sizes and ETags of their views. Clients range by the size that they find here, and an
 * original's size and MD5 would be wrong and a leak.
 *
 * Entries are measured one after the other (remembered ones cost nothing). When the deadline
 * nears, the page ends early and says so (IsTruncated). An entry whose transform fails is listed
 * with size 0: reading it gives the error, and leaving it out would hide it. A failure that is not
 * the transform's fails the listing.
 */
#include "base/clock.h"
#include "front/list_query.h"
#include "front/operations.h"
#include "front/view_measure.h"

#define LIST_MS 20000u /* a page ends early after this */

typedef struct view_list {
    ol_request *request;
    ol_list_query query;
    const ol_realm_view *of_objects; /* what a GET of an entry would run */
    ol_list_result *page;
    uint64_t began_ms;
    size_t at; /* the entry being measured */
    ol_arena *arena; /* of that entry */
    ol_view_subject *subject;
    ol_view_measure *measure;
    bool inside; /* measure_entries is on the stack */
    bool ready;  /* an entry was measured at once, while inside */
    ol_error failure;
} view_list;

static void end(view_list *self)
{
    self->request->on_gone = NULL;
    if (self->page)
        ol_arena_destroy(self->page->arena);
    ol_request_release(self->request);
}

/* What lies behind the last measured key comes with the next page. */
static void cut_page(view_list *self)
{
    ol_list_result *page = self->page;
    if (self->at >= page->object_count)
        return;
    page->object_count = self->at;
    page->truncated = true;
    page->next_start_after = page->objects[self->at - 1].key;
    while (page->common_prefix_count > 0 &&
           ol_slice_cmp(page->common_prefixes[page->common_prefix_count - 1],
                        page->next_start_after) > 0)
        page->common_prefix_count--;
}

static void reply(view_list *self)
{
    cut_page(self);
    ol_list_query_reply(&self->query, self->request, self->page);
    end(self);
}

/* ---- one entry ---- */

static void close_entry(view_list *self)
{
    ol_view_subject_fini(self->subject);
    ol_worker_arena_give(self->request->worker, self->arena);
    self->subject = NULL;
    self->measure = NULL;
    self->arena = NULL;
}

static void measure_entries(view_list *self);

/* Another try could well succeed: nothing is known of the view. */
static bool is_passing(const ol_error *err)
{
    return err->status == 503 || err->code == OL_EHOSTLOST || err->code == OL_EORIGIN ||
           err->code == OL_EINTERNAL || err->code == OL_EPEER;
}

static void entry_done(view_list *self, const ol_error *err)
{
    if (err && is_passing(err))
        self->failure = *err;
    ol_object_info *entry = &self->page->objects[self->at++];
    bool known = self->subject->has_etag;
    ol_slice etag = ol_slice_cstr(known ? self->subject->etag : "");
    int64_t length = err ? 0 : self->measure->head.content_length;
    if (!err && !known)
        length = (int64_t)self->measure->counted;
    entry->etag = ol_arena_copy(self->page->arena, etag);
    entry->size = length > 0 ? (uint64_t)length : 0;
    close_entry(self);
    if (self->inside)
        self->ready = true;
    else
        measure_entries(self);
}

static void on_measured(void *arg, const ol_error *err)
{
    entry_done(arg, err);
}

static void on_open(void *arg, const ol_error *err)
{
    view_list *self = arg;
    if (err)
        entry_done(self, err);
    else
        ol_view_measure_start(self->measure, self->subject, on_measured, self);
}

static bool open_entry(view_list *self)
{
    ol_s3_address address = {.operation = OL_S3_GET_OBJECT,
                             .bucket = self->request->address.bucket,
                             .key = self->page->objects[self->at].key};
    self->arena = ol_worker_arena_take(self->request->worker);
    if (!self->arena)
        return false;
    self->subject = ol_arena_calloc(self->arena, sizeof(*self->subject));
    self->measure = ol_arena_calloc(self->arena, sizeof(*self->measure));
    if (!self->subject || !self->measure) {
        ol_worker_arena_give(self->request->worker, self->arena);
        return false;
    }
    ol_view_subject_open(self->subject, self->request, self->of_objects, self->arena, &address,
                         on_open, self);
    return true;
}

static bool is_late(const view_list *self)
{
    return self->at > 0 && ol_clock_mono_ms() - self->began_ms > LIST_MS;
}

static void measure_entries(view_list *self)
{
    ol_error err = {0};
    do {
        if (self->failure.code != OL_OK)
            ol_request_fail(self->request, &self->failure);
        if (self->request->gone || self->failure.code != OL_OK) {
            end(self);
            return;
        }
        if (self->at == self->page->object_count || is_late(self)) {
            reply(self);
            return;
        }
        self->ready = false;
        self->inside = true;
        bool opened = open_entry(self);
        self->inside = false;
        if (!opened) {
            ol_error_set(&err, OL_ENOMEM, "listing of a view");
            ol_request_fail(self->request, &err);
            end(self);
            return;
        }
    } while (self->ready);
}

static void on_gone(ol_request *request)
{
    view_list *self = request->operation;
    if (self->measure)
        ol_view_measure_abort(self->measure, &request->error);
}

static void on_list(void *arg, const ol_error *err, ol_list_result *page)
{
    view_list *self = arg;
    self->page = page;
    if (err) {
        ol_request_fail(self->request, err);
        end(self);
        return;
    }
    measure_entries(self);
}

void ol_op_list_view(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    view_list *self = ol_arena_calloc(request->arena, sizeof(*self));
    int rc = self ? OL_OK : ol_error_set(&err, OL_ENOMEM, "listing");
    if (rc == OL_OK) {
        self->request = ol_request_acquire(request);
        self->began_ms = ol_clock_mono_ms();
        self->of_objects = request->target.olap->by_action[OL_ACTION_GET_OBJECT];
        request->operation = self;
        request->on_gone = on_gone;
        rc = ol_list_query_read(&self->query, request, &err);
        if (rc == OL_OK)
            rc = origin->ops->list(origin, request->worker->loop, &self->query.ask, on_list, self,
                                   &err);
        if (rc >= 0)
            return;
    }
    ol_request_fail(request, &err);
    if (self)
        end(self);
}
