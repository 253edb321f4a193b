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

#include "base/alloc.h"
#include "base/clock.h"
#include "front/list_query.h"
#include "front/operations.h"
#include "front/view_listing.h"
#include "front/view_name.h"
#include "front/view_survey.h"

typedef struct view_list {
    ol_request *request;
    const ol_realm_view *of_objects; /* what a GET of an entry runs; NULL: nothing */
    uint64_t began_ms;
    ol_list_query query;
    ol_s3_address start; /* the key that the client named as the beginning, as if it were asked for */
    ol_view_name name;
    ol_list_result *page; /* the origin's; owned */
    ol_arena *arena;      /* for everything below */
    ol_view_chain chain;  /* of the listing */
    size_t step;          /* the program that is asked */
    bool rewritten;       /* a program has been: positions are sealed */
    ol_buf text;          /* for it */
    ol_view_consult consult;
    ol_view_listing listing;
    ol_view_survey survey;
    ol_list_result shown; /* the answer */
} view_list;

/* ---- the end ---- */

static void end(view_list *self)
{
    self->request->on_gone = NULL;
    ol_view_consult_fini(&self->consult);
    ol_buf_fini(&self->text);
    ol_view_chain_fini(&self->chain);
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
    ol_view_consult_abort(&self->consult, &request->error);
    ol_view_survey_abort(&self->survey, &request->error);
}

/* ---- the origin's page, cut ---- */

/* What lies behind `last` comes with the next page. A program's own entries may lie behind all that
 * the origin has told so far: nothing of that is to be skipped. */
static void cut_page(view_list *self, ol_slice last)
{
    ol_list_result *page = self->page;
    if (page->truncated && ol_slice_cmp(last, page->next_start_after) > 0)
        return;
    while (page->object_count > 0 &&
           ol_slice_cmp(page->objects[page->object_count - 1].key, last) > 0)
        page->object_count--;
    while (page->common_prefix_count > 0 &&
           ol_slice_cmp(page->common_prefixes[page->common_prefix_count - 1], last) > 0)
        page->common_prefix_count--;
    page->truncated = true;
    page->next_start_after = last;
}

static int seal_next(view_list *self, ol_error *err)
{
    if (!self->page->truncated || !self->rewritten)
        return OL_OK;
    return ol_list_query_seal(&self->query, self->request, self->page->next_start_after, err);
}

/* ---- the answer ---- */

static void reply_document(view_list *self)
{
    ol_buf xml;
    ol_error err = {0};
    ol_buf_init(&xml, OL_VIEW_LISTING_BYTES_MAX);
    int rc = ol_buf_add(&xml, self->listing.xml);
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
    if (seal_next(self, &err) != OL_OK) {
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
    const ol_view_listing *listing = &self->listing;
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
        cut_page(self, last);
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

/* Have those who say what a name stands for also said what names there are? */
static bool names_are_settled(const view_list *self)
{
    if (self->request->view != self->of_objects)
        return false;
    for (size_t i = 0; i < self->chain.count; i++)
        if (self->chain.programs[i]->declared.has_request &&
            !self->chain.programs[i]->declared.has_list)
            return false;
    return true;
}

/* In the originals' order, so that the page can end anywhere. */
static int make_survey(view_list *self, ol_error *err)
{
    const ol_view_listing *listing = &self->listing;
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
    const ol_view_listing *listing = &self->listing;
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
    ol_view_consult_fini(&self->consult);
    if (!self->of_objects)
        reply_originals(self);
    else if (make_survey(self, &err) == OL_OK)
        ol_view_survey_start(&self->survey, self->arena);
    else
        fail(self, &err);
}

/* ---- the programs' say ---- */

static void ask_programs(view_list *self);

static int write_listing(view_list *self, ol_error *err)
{
    ol_view_listing_frame frame = {.page = &self->query.page};
    int rc = seal_next(self, err);
    frame.truncated = self->page->truncated;
    frame.next = self->query.page.next;
    ol_buf_clear(&self->text);
    if (rc == OL_OK)
        rc = ol_view_listing_write(&self->text, &self->listing, &frame);
    return rc;
}

/* The first program is given as much of the page as fits; the others get what the one before them
 * has made of it. */
static int prepare_text(view_list *self, ol_error *err)
{
    bool first = !self->rewritten;
    self->rewritten = true;
    int rc = write_listing(self, err);
    while (rc == OL_ELIMIT && first && self->page->object_count > 1) {
        cut_page(self, self->page->objects[self->page->object_count / 2 - 1].key);
        rc = ol_view_listing_make(&self->listing, self->page, self->arena);
        if (rc == OL_OK)
            rc = write_listing(self, err);
    }
    if (rc == OL_ELIMIT)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a listing is too large for a program");
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "a listing");
}

static bool is_last(const view_list *self)
{
    for (size_t i = self->step + 1; i < self->chain.count; i++)
        if (self->chain.programs[i]->declared.has_list)
            return false;
    return true;
}

static int take_answer(view_list *self, ol_error *err)
{
    const ol_memory_sink *answer = &self->consult.answer;
    ol_view_listing given = self->listing;
    if (answer->head.status != 200)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a listing with status %d",
                            answer->head.status);
    int rc = ol_view_listing_read(&self->listing, ol_buf_slice(&answer->bytes), &given,
                                  &self->query.page, self->arena, err);
    if (rc == OL_OK && self->listing.xml.len > 0 && !is_last(self))
        return ol_error_set(err, OL_ETRANSFORMRESPONSE,
                            "a document, where another program is to read the listing");
    return rc;
}

static void on_answer(void *arg, const ol_error *answer_err)
{
    view_list *self = arg;
    ol_error err = {0};
    if (answer_err || take_answer(self, &err) != OL_OK) {
        fail(self, answer_err ? answer_err : &err);
        return;
    }
    self->step++;
    if (self->listing.xml.len > 0)
        reply_document(self);
    else
        ask_programs(self);
}

static int consult(view_list *self, ol_error *err)
{
    int rc = prepare_text(self, err);
    if (rc != OL_OK)
        return rc;
    ol_view_consult_fini(&self->consult);
    self->consult = (ol_view_consult){
        .chain = &self->chain,
        .step = self->step,
        .entry = OL_ENTRY_LIST,
        .address = self->request->address,
        .input = ol_buf_slice(&self->text),
        .answer_bytes_max = OL_VIEW_LISTING_BYTES_MAX,
        .arena = self->request->arena,
        .cb = on_answer,
        .arg = self,
    };
    return ol_view_consult_start(&self->consult, err);
}

static void ask_programs(view_list *self)
{
    ol_error err = {0};
    while (self->step < self->chain.count && !self->chain.programs[self->step]->declared.has_list)
        self->step++;
    if (self->request->gone)
        fail(self, &self->request->error);
    else if (self->step == self->chain.count)
        show(self);
    else if (consult(self, &err) < 0)
        fail(self, &err);
}

/* ---- the origin's page ---- */

static int begin_listing(view_list *self, ol_error *err)
{
    self->arena = ol_arena_new(OL_VIEW_LISTING_ARENA_BYTES_MAX);
    if (!self->arena ||
        ol_view_listing_make(&self->listing, self->page, self->arena) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "a listing");
    return OL_OK;
}

static void on_list(void *arg, const ol_error *list_err, ol_list_result *page)
{
    view_list *self = arg;
    ol_error err = {0};
    self->page = page;
    if (list_err || begin_listing(self, &err) != OL_OK)
        fail(self, list_err ? list_err : &err);
    else
        ask_programs(self);
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
    ol_buf_init(&self->text, OL_VIEW_LISTING_BYTES_MAX);
    request->operation = self;
    request->on_gone = on_gone;
    int rc = ol_view_chain_init(&self->chain, request, request->view, &err);
    if (rc == OL_OK)
        rc = ol_list_query_read(&self->query, request, &err);
    if (rc != OL_OK)
        fail(self, &err);
    else if (self->of_objects && !self->query.goes_on && self->query.ask.start_after.len > 0)
        find_start(self);
    else
        list_originals(self);
}
