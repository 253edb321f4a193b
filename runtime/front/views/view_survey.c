/* SPDX-License-Identifier: MIT */
/*
 * A window of slots moves over the items (view_survey_item.c is what happens in one). Every callback
 * ends in `pump`, which starts whatever may be started: items as long as there are free slots, and
 * runs, the lowest item first, as long as there are not too many. When no slot is taken and nothing
 * is to be started, the survey is over.
 */
#include "base/alloc.h"
#include "base/clock.h"
#include "front/views/view_survey_private.h"

#define WINDOW 32u /* items that are open at a time */
#define TURN_ITEMS 64u /* begun in one turn of the loop: others are served in between */
#define TICK_MS 50u /* how often a full queue is tried again, and the deadline looked at */

typedef ol_view_survey_slot slot;

/* The handle is given back on a later turn than the survey's end. */
struct ol_view_survey_timer {
    uv_timer_t timer;
    ol_view_survey *survey;
};

/* ---- what may be started ---- */

static slot *find_free(ol_view_survey *self)
{
    slot *s = self->slots_;
    while (s->state != SLOT_FREE)
        s++;
    return s;
}

static slot *find_waiting(ol_view_survey *self)
{
    slot *found = NULL;
    for (slot *s = self->slots_; s < self->slots_ + WINDOW; s++)
        if (ol_view_survey_waits(s) && (!found || s->item < found->item))
            found = s;
    return found;
}

static bool may_start(const ol_view_survey *self)
{
    return !self->stopping_ && self->failure_.code == OL_OK;
}

static void start_opens(ol_view_survey *self, size_t until)
{
    ol_error err = {0};
    while (may_start(self) && self->next_ < until && self->active_ < WINDOW)
        if (ol_view_survey_begin(self, find_free(self), &err) != OL_OK)
            ol_view_survey_fail(self, &err);
}

static void start_runs(ol_view_survey *self)
{
    slot *s;
    while (may_start(self) && !self->pressed_ && self->running_ < self->run_max_ &&
           (s = find_waiting(self)) != NULL)
        ol_view_survey_run(s);
}

/* The leading items that are settled; of one original all or none. */
static size_t count_settled(const ol_view_survey *self)
{
    size_t n = 0;
    while (n < self->count && self->items[n].state != OL_VIEW_SURVEY_OPEN)
        n++;
    while (n > 0 && n < self->count &&
           ol_slice_eq(self->items[n - 1].original, self->items[n].original))
        n--;
    return n;
}

/* ---- stopping ---- */

static void stop(ol_view_survey *self)
{
    self->stopping_ = true;
    for (slot *s = self->slots_; s < self->slots_ + WINDOW; s++)
        ol_view_survey_stop(s);
}

static bool is_late(const ol_view_survey *self)
{
    return ol_clock_mono_ms() >= self->deadline_ms;
}

static void look_at_clock(ol_view_survey *self)
{
    if (self->stopping_ || !is_late(self))
        return;
    if (count_settled(self) > 0)
        stop(self);
    else if (self->refused_ && self->running_ == 0)
        ol_error_set(&self->failure_, OL_ESLOWDOWN, "no room for a listing's transforms in time");
}

static void on_timer_closed(uv_handle_t *handle)
{
    ol_free(handle->data);
}

static void end(ol_view_survey *self)
{
    if (self->timer_)
        uv_close((uv_handle_t *)&self->timer_->timer, on_timer_closed);
    self->timer_ = NULL;
    self->slots_ = NULL; /* nothing is under way: abort finds nothing */
    self->settled = count_settled(self);
    self->cb(self->arg, self->failure_.code == OL_OK ? NULL : &self->failure_);
}

static void on_turn(void *arg)
{
    ol_view_survey *self = arg;
    self->turn_waits_ = false;
    ol_view_survey_pump(self);
}

static void go_on_later(ol_view_survey *self)
{
    if (self->turn_waits_)
        return;
    self->turn_waits_ = true;
    self->turn_ = (ol_post){.fn = on_turn, .arg = self};
    ol_loop_defer(self->request->worker->loop, &self->turn_);
}

/* Whatever can be started, until nothing changes any more: items may be settled at once. */
static void start_all(ol_view_survey *self)
{
    size_t until = self->count - self->next_ > TURN_ITEMS ? self->next_ + TURN_ITEMS : self->count;
    unsigned active;
    size_t next;
    do {
        active = self->active_;
        next = self->next_;
        look_at_clock(self);
        start_opens(self, until);
        start_runs(self);
    } while (self->active_ != active || self->next_ != next);
    if (may_start(self) && self->next_ == until && until < self->count && self->active_ < WINDOW)
        go_on_later(self);
}

void ol_view_survey_pump(ol_view_survey *self)
{
    if (self->inside_)
        return;
    self->inside_ = true;
    start_all(self);
    if (self->failure_.code != OL_OK && !self->stopping_)
        stop(self);
    self->inside_ = false;
    if (self->active_ == 0 && !self->turn_waits_)
        end(self);
}

static void on_tick(uv_timer_t *timer)
{
    struct ol_view_survey_timer *t = timer->data;
    ol_view_survey *self = t->survey;
    unsigned run_max = self->request->generation->config->limits.list_concurrency;
    self->pressed_ = false;
    if (self->run_max_ < run_max)
        self->run_max_++;
    ol_view_survey_pump(self);
}

/* ---- what others call ---- */

static int prepare(ol_view_survey *self, ol_error *err)
{
    self->run_max_ = self->request->generation->config->limits.list_concurrency;
    self->mapped_ = ol_view_name_is_mapped(self->request, self->view);
    self->slots_ = ol_arena_calloc(self->arena_, WINDOW * sizeof(*self->slots_));
    self->timer_ = self->slots_ ? ol_calloc(1, sizeof(*self->timer_)) : NULL;
    if (!self->timer_)
        return ol_error_set(err, OL_ENOMEM, "listing of a view");
    for (size_t i = 0; i < WINDOW; i++)
        self->slots_[i].survey = self;
    self->timer_->survey = self;
    self->timer_->timer.data = self->timer_;
    uv_timer_init(ol_loop_uv(self->request->worker->loop), &self->timer_->timer);
    uv_timer_start(&self->timer_->timer, on_tick, TICK_MS, TICK_MS);
    return OL_OK;
}

void ol_view_survey_start(ol_view_survey *self, ol_arena *arena)
{
    ol_error err = {0};
    self->arena_ = arena;
    if (prepare(self, &err) == OL_OK)
        ol_view_survey_pump(self);
    else
        self->cb(self->arg, &err);
}

void ol_view_survey_abort(ol_view_survey *self, const ol_error *err)
{
    if (!self->slots_)
        return;
    ol_view_survey_fail(self, err);
    if (!self->stopping_)
        stop(self);
    ol_view_survey_pump(self);
}
