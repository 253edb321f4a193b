/* SPDX-License-Identifier: MIT */
/*
 * Drives a chain of stages. All calls between stages pass through here, which is where order is
 * asserted, bytes and time are counted, and the first error is latched.
 *
 * Happy path: start opens every stage and resumes the source; head, writes and finish travel
 * down; the sink's ol_stage_finish makes the pipeline complete and on_done follows on a later
 * turn. An error, wherever it comes from, is latched instead, and on_done carries it.
 *
 * Everything is arena memory but the ticket for that later turn: the loop must find it even
 * when the pipeline was closed, and its arena reset, in between.
 */
#include "pipeline/pipeline.h"

#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"

enum state { STATE_BUILDING, STATE_OPENING, STATE_RUNNING, STATE_CLOSED };

typedef struct ticket {
    ol_post post;
    ol_pipeline *pipeline; /* NULL once closed */
    bool posted;
} ticket;

struct ol_pipeline {
    ol_loop *loop;
    ol_arena *arena;
    const ol_pipeline_ops *ops;
    void *arg;
    ol_stage *first, *last;
    ticket *ticket;
    ol_stage *running; /* the stage whose code is on top of the stack */
    uint64_t running_since; /* in ticks */
    uint64_t began_ns, began_ticks;
    enum state state;
    bool complete; /* the sink's output is */
    ol_error err;  /* latched when its code is not 0 */
};

/* ---- building ---- */

int ol_pipeline_new(ol_pipeline **out, ol_loop *loop, ol_arena *arena, const ol_pipeline_ops *ops,
                    void *arg)
{
    ol_pipeline *p = ol_arena_calloc(arena, sizeof(*p));
    if (!p)
        return OL_ENOMEM;
    p->loop = loop;
    p->arena = arena;
    p->ops = ops;
    p->arg = arg;
    *out = p;
    return OL_OK;
}

int ol_pipeline_add(ol_pipeline *p, const ol_stage_ops *ops, const void *config, ol_stage **out)
{
    assert(p->state == STATE_BUILDING);
    assert((p->first == NULL) == (ops->phase == OL_PHASE_SOURCE));
    assert(!p->last || p->last->ops->phase <= ops->phase);
    assert(!p->last || p->last->ops->phase != OL_PHASE_SINK);
    assert(ops->write || ops->phase == OL_PHASE_SOURCE);
    ol_stage *st = ol_arena_calloc(p->arena, sizeof(*st));
    void *state = st && ops->state_size ? ol_arena_calloc(p->arena, ops->state_size) : NULL;
    if (!st || (ops->state_size && !state))
        return OL_ENOMEM;
    st->ops = ops;
    st->state = state;
    st->config = config;
    st->pipeline = p;
    st->up = p->last;
    if (p->last)
        p->last->down = st;
    else
        p->first = st;
    p->last = st;
    if (out)
        *out = st;
    return OL_OK;
}

const ol_stage *ol_pipeline_first(const ol_pipeline *p)
{
    return p->first;
}

/* ---- the end: latching and the done callback ---- */

/* Ticks become time: how long one is shows in what has passed of both since the start. Counters of
 * two cores may differ a little, so a short time may look negative: it is none. */
static void add_time(ol_pipeline *p)
{
    uint64_t ticks = ol_clock_ticks() - p->began_ticks;
    double tick_ns = ticks ? (double)(ol_clock_mono_ns() - p->began_ns) / (double)ticks : 0;
    for (ol_stage *st = p->first; st; st = st->down) {
        if (st->busy_ticks_ <= ticks)
            st->busy_ns += (uint64_t)((double)st->busy_ticks_ * tick_ns);
        st->busy_ticks_ = 0;
    }
}

static void on_turn(void *arg)
{
    ticket *t = arg;
    ol_pipeline *p = t->pipeline;
    ol_free(t);
    if (!p)
        return;
    p->ticket = NULL;
    add_time(p);
    p->ops->on_done(p->arg, p->err.code ? &p->err : NULL);
}

static void post_done(ol_pipeline *p)
{
    if (p->state != STATE_RUNNING || !p->ticket || p->ticket->posted)
        return;
    p->ticket->posted = true;
    ol_loop_defer(p->loop, &p->ticket->post);
}

static bool is_over(const ol_pipeline *p)
{
    return p->err.code != 0 || p->complete || p->state == STATE_CLOSED;
}

static void latch(ol_pipeline *p, int code, const ol_error *err)
{
    if (is_over(p))
        return;
    if (err && err->code < 0)
        p->err = *err;
    else
        ol_error_set(&p->err, code < 0 ? code : OL_EINTERNAL, "a stage failed without a reason");
    post_done(p);
}

/* What a call into a pipeline that is over returns. */
static int report(const ol_pipeline *p, ol_error *err)
{
    if (p->err.code == 0)
        return ol_error_set(err, OL_ECANCELED, "the pipeline has ended");
    if (err && err->code == 0)
        *err = p->err;
    return p->err.code;
}

/* The result of a stage's call: a failure is latched, and a latched error, even one that came
 * from deeper down, hides any success. */
static int settle(ol_pipeline *p, int rc, ol_error *err)
{
    if (rc < 0)
        latch(p, rc, err);
    if (p->err.code != 0)
        return report(p, err);
    return rc;
}

void ol_stage_fail(ol_stage *st, const ol_error *err)
{
    latch(st->pipeline, OL_EINTERNAL, err);
}

void ol_pipeline_abort(ol_pipeline *p, const ol_error *err)
{
    latch(p, OL_ECANCELED, err);
}

/* ---- whose time it is ---- */

/* Time belongs to the innermost stage. Returns the stage that `leave` goes back to. */
static ol_stage *enter(ol_stage *st)
{
    ol_pipeline *p = st->pipeline;
    ol_stage *outer = p->running;
    uint64_t now = ol_clock_ticks();
    if (outer)
        outer->busy_ticks_ += now - p->running_since;
    p->running = st;
    p->running_since = now;
    return outer;
}

static void leave(ol_stage *st, ol_stage *outer)
{
    ol_pipeline *p = st->pipeline;
    uint64_t now = ol_clock_ticks();
    st->busy_ticks_ += now - p->running_since;
    p->running = outer;
    p->running_since = now;
}

/* ---- what a stage calls ---- */

int ol_stage_head(ol_stage *st, ol_head *head, ol_error *err)
{
    ol_pipeline *p = st->pipeline;
    ol_stage *down = st->down;
    if (is_over(p))
        return report(p, err);
    assert(down && p->state == STATE_RUNNING);
    assert(!st->head_out_ && !st->finished_);
    st->head_out_ = true;
    if (down->finished_)
        return OL_OK;
    down->headed_ = true;
    if (!down->ops->head)
        return down->down ? ol_stage_head(down, head, err) : OL_OK;
    ol_stage *outer = enter(down);
    int rc = down->ops->head(down, head, err);
    leave(down, outer);
    assert(rc <= OL_OK);
    return settle(p, rc, err);
}

void ol_stage_head_known(ol_stage *st)
{
    assert(st->down && !st->head_out_);
    st->head_out_ = true;
    st->down->headed_ = true;
    /* Nobody will pass on what was not given. */
    if (st->down->down && !st->down->head_out_)
        ol_stage_head_known(st->down);
}

int ol_stage_write(ol_stage *st, ol_slice out, ol_error *err)
{
    ol_pipeline *p = st->pipeline;
    ol_stage *down = st->down;
    if (is_over(p))
        return report(p, err);
    assert(down && st->head_out_ && !st->finished_);
    assert(!down->waiting_ && !down->ended_);
    if (out.len == 0)
        return OL_OK;
    if (down->finished_) {
        down->waiting_ = true;
        return OL_WAIT;
    }
    st->bytes_out += out.len;
    down->bytes_in += out.len;
    down->calls++;
    ol_stage *outer = enter(down);
    int rc = down->ops->write(down, out, err);
    leave(down, outer);
    assert(rc <= OL_WAIT);
    if (rc == OL_WAIT)
        down->waiting_ = true;
    return settle(p, rc, err);
}

int ol_stage_finish(ol_stage *st, ol_error *err)
{
    ol_pipeline *p = st->pipeline;
    ol_stage *down = st->down;
    if (is_over(p))
        return report(p, err);
    assert(p->state == STATE_RUNNING && !st->finished_);
    st->finished_ = true;
    if (!down) {
        p->complete = true;
        post_done(p);
        return OL_OK;
    }
    assert(st->head_out_);
    if (down->finished_)
        return OL_OK;
    assert(!down->waiting_ && !down->ended_);
    down->ended_ = true;
    if (!down->ops->finish)
        return ol_stage_finish(down, err);
    ol_stage *outer = enter(down);
    int rc = down->ops->finish(down, err);
    leave(down, outer);
    assert(rc <= OL_OK);
    return settle(p, rc, err);
}

static void resume(ol_stage *st)
{
    ol_stage *outer = enter(st);
    st->ops->resume(st);
    leave(st, outer);
}

void ol_stage_ready(ol_stage *st)
{
    if (is_over(st->pipeline))
        return;
    /* Upwards to the first stage that wants to know: those between only passed on a wait. */
    while (st->up) {
        assert(st->waiting_);
        st->waiting_ = false;
        st = st->up;
        if (st->ops->resume) {
            resume(st);
            return;
        }
    }
}

int ol_stage_reserve(ol_stage *st, ol_span *span)
{
    ol_stage *down = st->down;
    if (is_over(st->pipeline))
        return OL_SKIP;
    assert(down);
    if (!down->ops->reserve || down->waiting_ || down->finished_)
        return OL_SKIP;
    ol_stage *outer = enter(down);
    int rc = down->ops->reserve(down, span);
    leave(down, outer);
    assert(rc == OL_SKIP || (rc == OL_OK && span->len > 0));
    return rc;
}

bool ol_stage_takes_piped(ol_stage *st)
{
    ol_stage *down = st->down;
    if (is_over(st->pipeline))
        return false;
    assert(down);
    return down->ops->takes_piped && !down->waiting_ && !down->finished_ &&
           down->ops->takes_piped(down);
}

ol_arena *ol_stage_arena(ol_stage *st)
{
    return st->pipeline->arena;
}

ol_loop *ol_stage_loop(ol_stage *st)
{
    return st->pipeline->loop;
}

bool ol_stage_is_over(const ol_stage *st)
{
    return is_over(st->pipeline);
}

/* ---- life ---- */

static void leave_out(ol_stage *st)
{
    assert(st->up && st->down);
    st->up->down = st->down;
    st->down->up = st->up;
}

static int open_one(ol_stage *st, ol_error *err)
{
    if (!st->ops->open) {
        st->opened_ = true;
        return OL_OK;
    }
    ol_stage *outer = enter(st);
    int rc = st->ops->open(st, err);
    leave(st, outer);
    assert(rc == OL_OK || rc == OL_SKIP || rc < 0);
    if (rc == OL_OK)
        st->opened_ = true;
    if (rc == OL_SKIP)
        leave_out(st);
    rc = settle(st->pipeline, rc, err);
    return rc < 0 ? rc : OL_OK;
}

static int open_all(ol_pipeline *p, ol_error *err)
{
    int rc = OL_OK;
    for (ol_stage *st = p->first; st && rc == OL_OK; st = st->down)
        rc = open_one(st, err);
    return rc;
}

int ol_pipeline_start(ol_pipeline *p, ol_error *err)
{
    assert(p->state == STATE_BUILDING);
    assert(p->last && p->last->ops->phase == OL_PHASE_SINK);
    if (p->err.code != 0)
        return report(p, err);
    p->ticket = ol_malloc(sizeof(*p->ticket));
    if (!p->ticket)
        return ol_error_set(err, OL_ENOMEM, "pipeline");
    *p->ticket = (ticket){.post = {.fn = on_turn, .arg = p->ticket}, .pipeline = p};
    p->state = STATE_OPENING;
    p->began_ns = ol_clock_mono_ns();
    p->began_ticks = ol_clock_ticks();
    int rc = open_all(p, err);
    if (rc != OL_OK) {
        ol_pipeline_close(p);
        return rc;
    }
    p->state = STATE_RUNNING;
    if (p->first->ops->resume)
        resume(p->first);
    return OL_OK;
}

static void drop_ticket(ol_pipeline *p)
{
    if (!p->ticket)
        return;
    if (p->ticket->posted)
        p->ticket->pipeline = NULL; /* the loop still has it */
    else
        ol_free(p->ticket);
    p->ticket = NULL;
}

void ol_pipeline_close(ol_pipeline *p)
{
    assert(!p->running);
    if (p->ticket) /* closed before it was done */
        add_time(p);
    p->state = STATE_CLOSED;
    drop_ticket(p);
    for (ol_stage *st = p->last; st; st = st->up) {
        if (!st->opened_)
            continue;
        st->opened_ = false;
        if (st->ops->close)
            st->ops->close(st);
    }
}
