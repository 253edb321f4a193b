/* SPDX-License-Identifier: MIT */
/*
 * The way of one item: named, where that is for the `request` entry to say; opened; known to the
 * memo, or run; settled. Whatever it waits for, `stopping_` may be set when it goes on.
 */
#include "front/views/view_survey_private.h"

typedef ol_view_survey_slot slot;

static enum ol_view_sizes sizes_of(const ol_view_survey *self)
{
    return self->request->target.olap->options.list_sizes;
}

/* ---- the end of an item ---- */

static void close_slot(slot *s)
{
    ol_view_survey *self = s->survey;
    ol_view_subject_fini(&s->entry->subject);
    ol_worker_arena_give(self->request->worker, s->arena);
    *s = (slot){.survey = self};
    self->active_--;
}

static void settle(slot *s, bool has_etag, uint64_t size)
{
    ol_view_survey_item *item = s->item;
    const ol_view_subject *subject = &s->entry->subject;
    item->state = OL_VIEW_SURVEY_SETTLED;
    item->size = size;
    if (subject->original)
        item->last_modified_ms = subject->original->last_modified_ms;
    if (has_etag)
        memcpy(item->etag, subject->etag, sizeof(item->etag));
    close_slot(s);
}

void ol_view_survey_fail(ol_view_survey *self, const ol_error *err)
{
    if (self->failure_.code == OL_OK)
        self->failure_ = *err;
}

/* Another try could well succeed: nothing is known of the view. Without its transform, of none. */
static bool is_passing(const ol_error *err)
{
    return err->status == 503 || err->code == OL_ENOTRANSFORM || err->code == OL_EHOSTLOST ||
           err->code == OL_EORIGIN || err->code == OL_EINTERNAL || err->code == OL_EPEER;
}

/* ---- runs ---- */

static bool begin_run(slot *s, enum slot_state state)
{
    ol_view_survey *self = s->survey;
    ol_error err = {0};
    s->run_arena = ol_worker_arena_take(self->request->worker);
    if (!s->run_arena) {
        ol_error_set(&err, OL_ENOMEM, "listing of a view");
        ol_view_survey_fail(self, &err);
        return false;
    }
    s->state = state;
    self->running_++;
    return true;
}

static void end_run(slot *s)
{
    s->survey->running_--;
    ol_worker_arena_give(s->survey->request->worker, s->run_arena);
    s->run_arena = NULL;
}

/* The queue was full: another time. */
static void go_back(slot *s, enum slot_state before)
{
    ol_view_survey *self = s->survey;
    s->state = before;
    self->pressed_ = self->refused_ = true;
    self->run_max_ = self->running_ > 0 ? self->running_ : 1;
}

static void take_failure(slot *s, const ol_error *err)
{
    if (err->code == OL_ESLOWDOWN) {
        go_back(s, SLOT_READY);
    } else if (is_passing(err)) {
        ol_view_survey_fail(s->survey, err);
        close_slot(s);
    } else {
        settle(s, s->entry->subject.has_etag, 0);
    }
}

static void on_measured(void *arg, const ol_error *err)
{
    slot *s = arg;
    ol_view_survey *self = s->survey;
    const ol_view_measure *measure = &s->entry->measure;
    end_run(s);
    s->entry->subject.arena = s->arena;
    if (self->stopping_) {
        close_slot(s);
    } else if (err) {
        take_failure(s, err);
    } else {
        settle(s, measure->head.content_length >= 0, measure->counted);
        self->pressed_ = self->refused_ = false;
    }
    ol_view_survey_pump(self);
}

static void measure_item(slot *s)
{
    if (!begin_run(s, SLOT_RUNNING))
        return;
    memset(&s->entry->measure, 0, sizeof(s->entry->measure));
    s->entry->subject.arena = s->run_arena;
    ol_view_measure_start(&s->entry->measure, &s->entry->subject, on_measured, s);
}

/* ---- opening, and what the memo knows ---- */

static void compute(slot *s)
{
    if (sizes_of(s->survey) == OL_VIEW_SIZES_EXACT)
        s->state = SLOT_READY;
    else
        settle(s, s->entry->subject.has_etag, 0);
}

static void on_asked(slot *s, bool known)
{
    const ol_view_facts *facts = &s->entry->ask.facts;
    bool unstable = known && facts->unstable;
    if (s->survey->stopping_)
        close_slot(s);
    else if (sizes_of(s->survey) == OL_VIEW_SIZES_ORIGINAL)
        settle(s, !unstable, s->item->size);
    else if (known && !unstable)
        settle(s, true, (uint64_t)facts->head.content_length);
    else if (unstable && sizes_of(s->survey) == OL_VIEW_SIZES_KNOWN)
        settle(s, false, 0);
    else
        compute(s);
}

static void on_memo(ol_view_ask *ask, bool known)
{
    slot *s = ask->arg;
    on_asked(s, known);
    ol_view_survey_pump(s->survey);
}

/* Also where sizes are the original's: a view that proved unstable has no ETag. */
static void ask_memo(slot *s)
{
    ol_worker *worker = s->survey->request->worker;
    ol_view_ask *ask = &s->entry->ask;
    ask->loop = worker->loop;
    ask->arena = s->arena;
    ask->cb = on_memo;
    ask->arg = s;
    memcpy(ask->etag, s->entry->subject.etag, sizeof(ask->etag));
    s->state = SLOT_ASKING;
    int rc = ol_view_memo_find(worker->shared->view_memo, ask);
    if (rc != OL_WAIT)
        on_asked(s, rc == OL_OK);
}

static void opened(slot *s, const ol_error *err)
{
    ol_view_survey *self = s->survey;
    bool missing = err && err->code == OL_ENOSUCHKEY;
    bool passing = err && is_passing(err);
    if (missing)
        s->item->state = OL_VIEW_SURVEY_MISSING;
    if (passing && !self->stopping_)
        ol_view_survey_fail(self, err);
    if (missing || passing || self->stopping_)
        close_slot(s);
    else if (err)
        settle(s, false, 0);
    else if (s->entry->subject.has_etag)
        ask_memo(s);
    else if (sizes_of(self) == OL_VIEW_SIZES_ORIGINAL)
        settle(s, false, s->item->size);
    else
        compute(s);
}

static void on_open(void *arg, const ol_error *err)
{
    slot *s = arg;
    ol_view_survey *self = s->survey;
    opened(s, err);
    ol_view_survey_pump(self);
}

static void open_original(slot *s, ol_slice original)
{
    const ol_view_open how = {.view = s->survey->view,
                              .arena = s->arena,
                              .address = &s->entry->address,
                              .key = original,
                              .open_for = OL_OPEN_FOR_INFO};
    s->state = SLOT_OPENING;
    ol_view_subject_open(&s->entry->subject, s->survey->request, &how, on_open, s);
}

/* ---- names ---- */

/* Of what has no name nobody knows whether it may be shown: that fails the survey. */
static void named(slot *s, const ol_error *err)
{
    ol_view_survey *self = s->survey;
    ol_slice original = err ? OL_SLICE_NONE : ol_arena_copy(s->arena, s->entry->name.original);
    ol_error no_memory = {0};
    end_run(s);
    if (!err && !original.data && ol_error_set(&no_memory, OL_ENOMEM, "listing of a view"))
        err = &no_memory;
    if (err && err->code == OL_ENOSUCHKEY)
        s->item->state = OL_VIEW_SURVEY_MISSING;
    else if (err && err->code != OL_ESLOWDOWN && !self->stopping_)
        ol_view_survey_fail(self, err);
    if (err && err->code == OL_ESLOWDOWN && !self->stopping_) {
        go_back(s, SLOT_UNNAMED);
    } else if (err || self->stopping_) {
        close_slot(s);
    } else {
        self->pressed_ = self->refused_ = false;
        open_original(s, original);
    }
}

static void on_named(void *arg, const ol_error *err)
{
    slot *s = arg;
    ol_view_survey *self = s->survey;
    self->inside_ = true; /* opening may report at once, and with the last item end the survey */
    named(s, err);
    self->inside_ = false;
    ol_view_survey_pump(self);
}

static void name_item(slot *s)
{
    const ol_view_survey *self = s->survey;
    ol_error err = {0};
    if (!begin_run(s, SLOT_NAMING))
        return;
    s->entry->name = (ol_view_name){.arena = s->run_arena, .not_read = true};
    int rc = ol_view_name_find(&s->entry->name, self->request, self->view, &s->entry->address,
                               on_named, s, &err);
    if (rc != OL_WAIT)
        named(s, rc == OL_OK ? NULL : &err);
}

/* ---- what the window calls ---- */

int ol_view_survey_begin(ol_view_survey *self, ol_view_survey_slot *s, ol_error *err)
{
    const ol_request *request = self->request;
    s->arena = ol_worker_arena_take(request->worker);
    s->entry = s->arena ? ol_arena_calloc(s->arena, sizeof(*s->entry)) : NULL;
    if (!s->entry) {
        if (s->arena)
            ol_worker_arena_give(request->worker, s->arena);
        return ol_error_set(err, OL_ENOMEM, "listing of a view");
    }
    s->item = &self->items[self->next_++];
    self->active_++;
    s->entry->address = (ol_s3_address){.operation = OL_S3_GET_OBJECT,
                                        .bucket = request->address.bucket,
                                        .key = s->item->key};
    s->state = SLOT_UNNAMED;
    if (!self->mapped_ || !s->item->unnamed)
        open_original(s, s->item->original);
    return OL_OK;
}

void ol_view_survey_run(ol_view_survey_slot *s)
{
    if (s->state == SLOT_UNNAMED)
        name_item(s);
    else
        measure_item(s);
}

void ol_view_survey_stop(ol_view_survey_slot *s)
{
    const ol_error late = {.code = OL_ECANCELED};
    if (ol_view_survey_waits(s))
        close_slot(s);
    else if (s->state == SLOT_RUNNING)
        ol_view_measure_abort(&s->entry->measure, &late);
    else if (s->state == SLOT_NAMING)
        ol_view_name_abort(&s->entry->name, &late);
}
