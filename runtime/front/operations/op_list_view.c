/* SPDX-License-Identifier: MIT */
/*
 * ListObjects and ListObjectsV2 through an Object Lambda access point: the keys of the originals,
 * as the programs' `list` entries rename, hide or resize them, with the ETags and lengths of their
 * views. Clients range by the size that they find here and send the ETag back, and an original's
 * size and MD5 would be wrong and a leak.
 *
 * Happy path: where the page begins (a key that the client names is a name of the view, and may
 * have to be mapped) → the origin's page → each program that declares `list`, in order → a survey of
 * the views → the answer. The page may end earlier than the origin's, when the deadline nears; what
 * follows is a position among the originals, sealed where a program has a say in what is shown.
 *
 * Where no GetObject is transformed, a GET gives the original, and so the entries describe that.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "front/operations/list_query.h"
#include "front/operations/operations.h"
#include "front/views/view_name.h"
#include "front/views/view_rewrite.h"
#include "front/views/view_survey.h"

typedef struct view_list {
    ol_request *request;
    const ol_realm_view *of_objects; /* what a GET of an entry runs; NULL: nothing */
    uint64_t began_ms;
    ol_list_query query;
    ol_s3_address start; /* the key that the client named as the beginning, as if it were asked for */
    ol_view_name name;
    ol_list_result *page; /* the origin's; owned */
    ol_arena *arena;      /* for everything below */
    ol_view_rewrite rewrite;
    ol_view_survey survey;
    ol_list_result shown; /* the answer */
} view_list;

/* ---- the end ---- */

static void end(view_list *self)
{
    self->request->on_gone = NULL;
    ol_view_rewrite_fini(&self->rewrite);
    if (self->page)
        ol_arena_destroy(self->page->arena);
    if (self->arena)
        ol_arena_destroy(self->arena);
    ol_request_release(self->request);
}

static void fail(view_list *self, const ol_error *err)
{
    ol_request_fail(self->request, err);
    end(self);
}

static void on_gone(ol_request *request)
{
    view_list *self = request->operation;
    ol_view_name_abort(&self->name, &request->error);
    ol_view_rewrite_abort(&self->rewrite, &request->error);
    ol_view_survey_abort(&self->survey, &request->error);
}

/* ---- the answer ---- */

static void reply_document(view_list *self)
{
    ol_buf xml;
    ol_error err = {0};
    ol_buf_init(&xml, OL_VIEW_LISTING_BYTES_MAX);
    int rc = ol_buf_add(&xml, self->rewrite.listing.xml);
    if (rc == OL_OK)
        ol_request_reply_xml(self->request, 200, &xml);
    ol_buf_fini(&xml);
    if (rc == OL_OK)
        end(self);
    else if (ol_error_set(&err, rc, "a listing"))
        fail(self, &err);
}

static void reply(view_list *self)
{
    ol_error err = {0};
    self->shown.truncated = self->page->truncated;
    self->shown.next_start_after = self->page->next_start_after;
    if (ol_view_rewrite_seal(&self->rewrite, &err) != OL_OK) {
        fail(self, &err);
        return;
    }
    ol_list_query_reply(&self->query, self->request, &self->shown);
    end(self);
}

static int by_key(const void *a, const void *b)
{
    return ol_slice_cmp(((const ol_object_info *)a)->key, ((const ol_object_info *)b)->key);
}

/* Room for the answer, with the common prefixes in it that do not lie behind a cut. */
static int make_answer(view_list *self, size_t count, const ol_slice *cut, ol_error *err)
{
    const ol_view_listing *listing = &self->rewrite.listing;
    ol_list_result *shown = &self->shown;
    shown->objects = ol_arena_calloc(self->arena, (count + 1) * sizeof(*shown->objects));
    shown->common_prefixes =
        ol_arena_calloc(self->arena, (listing->prefix_count + 1) * sizeof(ol_slice));
    if (!shown->objects || !shown->common_prefixes)
        return ol_error_set(err, OL_ENOMEM, "a listing");
    for (size_t i = 0; i < listing->prefix_count; i++)
        if (!cut || ol_slice_cmp(listing->prefixes[i].original, *cut) <= 0)
            shown->common_prefixes[shown->common_prefix_count++] = listing->prefixes[i].prefix;
    return OL_OK;
}

/* ---- entries that are views ---- */

static void add_views(view_list *self)
{
    const ol_view_survey *survey = &self->survey;
    ol_list_result *shown = &self->shown;
    for (size_t i = 0; i < survey->settled; i++) {
        const ol_view_survey_item *item = &survey->items[i];
        if (item->state != OL_VIEW_SURVEY_SETTLED)
            continue;
        shown->objects[shown->object_count++] = (ol_object_info){
            .key = item->key,
            .size = item->size,
            .etag = ol_slice_cstr(item->etag),
            .last_modified_ms = item->last_modified_ms,
        };
    }
    if (shown->object_count > 1)
        qsort(shown->objects, shown->object_count, sizeof(*shown->objects), by_key);
}

static void on_surveyed(void *arg, const ol_error *survey_err)
{
    view_list *self = arg;
    const ol_view_survey *survey = &self->survey;
    ol_slice last = OL_SLICE_NONE;
    bool cut = survey->settled < survey->count;
    ol_error err = {0};
    if (survey_err) {
        fail(self, survey_err);
        return;
    }
    if (cut) {
        last = survey->items[survey->settled - 1].original;
        ol_view_listing_cut(self->page, last);
    }
    if (make_answer(self, survey->settled, cut ? &last : NULL, &err) != OL_OK) {
        fail(self, &err);
        return;
    }
    add_views(self);
    reply(self);
}

static int by_original(const void *a, const void *b)
{
    const ol_view_survey_item *left = a, *right = b;
    int order = ol_slice_cmp(left->original, right->original);
    return order ? order : ol_slice_cmp(left->key, right->key);
}

/* Those who say what a name stands for have also said what names there are. */
static bool names_are_settled(const view_list *self)
{
    return self->request->view == self->of_objects &&
           ol_view_rewrite_settles_names(&self->rewrite);
}

/* In the originals' order, so that the page can end anywhere. */
static int make_survey(view_list *self, ol_error *err)
{
    const ol_view_listing *listing = &self->rewrite.listing;
    ol_view_survey *survey = &self->survey;
    ol_view_survey_item *items =
        ol_arena_calloc(self->arena, (listing->count + 1) * sizeof(*items));
    bool settled = names_are_settled(self);
    if (!items)
        return ol_error_set(err, OL_ENOMEM, "a listing");
    for (size_t i = 0; i < listing->count; i++) {
        const ol_view_listing_entry *entry = &listing->entries[i];
        items[i] = (ol_view_survey_item){
            .key = entry->key,
            .original = entry->original,
            .unnamed = !settled || !entry->info,
            .size = entry->size,
            .last_modified_ms = entry->info ? entry->info->last_modified_ms : 0,
        };
    }
    if (listing->count > 1)
        qsort(items, listing->count, sizeof(*items), by_original);
    *survey = (ol_view_survey){
        .request = self->request,
        .view = self->of_objects,
        .items = items,
        .count = listing->count,
        .deadline_ms = self->began_ms + self->request->generation->config->limits.list_deadline_ms,
        .cb = on_surveyed,
        .arg = self,
    };
    return OL_OK;
}

/* ---- entries that are originals ---- */

static void reply_originals(view_list *self)
{
    const ol_view_listing *listing = &self->rewrite.listing;
    ol_list_result *shown = &self->shown;
    ol_error err = {0};
    if (make_answer(self, listing->count, NULL, &err) != OL_OK) {
        fail(self, &err);
        return;
    }
    for (size_t i = 0; i < listing->count; i++) {
        const ol_view_listing_entry *entry = &listing->entries[i];
        ol_object_info *info = &shown->objects[shown->object_count++];
        if (entry->info)
            *info = *entry->info;
        info->key = entry->key;
        info->size = entry->size;
    }
    reply(self);
}

static void show(view_list *self)
{
    ol_error err = {0};
    if (self->rewrite.listing.xml.len > 0)
        reply_document(self);
    else if (!self->of_objects)
        reply_originals(self);
    else if (make_survey(self, &err) == OL_OK)
        ol_view_survey_start(&self->survey, self->arena);
    else
        fail(self, &err);
}

/* ---- the origin's page ---- */

static void on_rewritten(void *arg, const ol_error *err)
{
    view_list *self = arg;
    if (err || self->request->gone)
        fail(self, err ? err : &self->request->error);
    else
        show(self);
}

static int rewrite(view_list *self, ol_error *err)
{
    self->arena = ol_arena_new(OL_VIEW_LISTING_ARENA_BYTES_MAX);
    if (!self->arena)
        return ol_error_set(err, OL_ENOMEM, "a listing");
    self->rewrite.request = self->request;
    self->rewrite.query = &self->query;
    self->rewrite.page = self->page;
    self->rewrite.arena = self->arena;
    self->rewrite.cb = on_rewritten;
    self->rewrite.arg = self;
    return ol_view_rewrite_start(&self->rewrite, err);
}

static void on_list(void *arg, const ol_error *list_err, ol_list_result *page)
{
    view_list *self = arg;
    ol_error err = {0};
    self->page = page;
    if (list_err || self->request->gone) {
        fail(self, list_err ? list_err : &self->request->error);
        return;
    }
    int rc = rewrite(self, &err);
    if (rc != OL_WAIT)
        on_rewritten(self, rc == OL_OK ? NULL : &err);
}

static void list_originals(view_list *self)
{
    ol_origin *origin = self->request->target.origin;
    ol_error err = {0};
    int rc = origin->ops->list(origin, self->request->worker->loop, &self->query.ask, on_list, self,
                               &err);
    if (rc < 0)
        fail(self, &err);
}

/* ---- where it begins ---- */

/* A name of something hidden is a position like any other. */
static void on_start(void *arg, const ol_error *err)
{
    view_list *self = arg;
    if (self->request->gone || (err && err->code != OL_ENOSUCHKEY)) {
        fail(self, err ? err : &self->request->error);
        return;
    }
    if (!err)
        self->query.ask.start_after = self->name.original;
    list_originals(self);
}

static void find_start(view_list *self)
{
    ol_error err = {0};
    self->start = self->request->address;
    self->start.key = self->query.ask.start_after;
    self->name.not_read = true;
    int rc = ol_view_name_find(&self->name, self->request, self->of_objects, &self->start, on_start,
                               self, &err);
    if (rc != OL_WAIT)
        on_start(self, rc == OL_OK ? NULL : &err);
}

void ol_op_list_view(ol_request *request)
{
    ol_error err = {0};
    view_list *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self) {
        ol_error_set(&err, OL_ENOMEM, "listing");
        ol_request_fail(request, &err);
        return;
    }
    self->request = ol_request_acquire(request);
    self->began_ms = ol_clock_mono_ms();
    self->of_objects = request->target.olap->by_action[OL_ACTION_GET_OBJECT];
    request->operation = self;
    request->on_gone = on_gone;
    if (ol_list_query_read(&self->query, request, &err) != OL_OK)
        fail(self, &err);
    else if (self->of_objects && !self->query.goes_on && self->query.ask.start_after.len > 0)
        find_start(self);
    else
        list_originals(self);
}
