/* SPDX-License-Identifier: MIT */
/*
 * The transform stage: a pipeline's bytes go into a host's slots, the host's slots go on to the
 * stage below.
 *
 * Happy path: head makes the event whole and takes a ticket; upstream reads straight into the
 * slots (reserve, write); the host's head is kept until its first output, which goes on from
 * where it lies; after DONE and the last output this stage is finished.
 *
 * Two things wait on each other and never for both at once: a write from above waits while there
 * is no slot (`above_waits`), a write to below waits while the client is slow (`below_waits`).
 *
 * A program that keeps positions must give as many bytes as it got: what it leaves unread is
 * counted all the same, and the end is held back until the input's end is known.
 *
 * What goes wrong: an error that the host reports, its death, or a limit ends the ticket and
 * fails the pipeline. Nothing of the original can pass: only what the host handed over is sent.
 */
#include "transform/stage.h"

#include <assert.h>

#include "transform/counters.h"
#include "transform/fields.h"
#include "transform/head.h"
#include "transform/link.h"
#include "transform/ticket.h"

#define SLOW_CLIENT_MS 5u /* a write that waits longer than this */

typedef struct transform_state {
    ol_stage *st;
    const ol_transform_call *call;
    ol_ticket ticket;
    ol_buf event;
    ol_head head; /* to be sent before the first output */
    bool head_sent;
    bool keeps_length;           /* what goes out is as long as what comes in */
    uint64_t in_bytes, out_bytes;
    bool started;     /* a host has the ticket */
    bool over;        /* no call into the ticket any more, but for leaving */
    bool done;        /* the host is; what it handed over is not */
    bool finished;
    bool above_waits; /* our write returned OL_WAIT */
    ol_slice kept;    /* what of it is not in a slot yet */
    bool input_ended;
    bool below_waits;
    uint64_t wait_since_ms;
    bool reading; /* a read of the original is under way */
} transform_state;

static transform_state *state_of(ol_ticket *ticket)
{
    return ticket->arg;
}

static void fail(transform_state *s, const ol_error *err)
{
    s->over = true;
    ol_stage_fail(s->st, err);
}

/* ---- from above ---- */

/* Move what is kept into slots. True when all of it went and there is room for more. */
static bool take_input(transform_state *s)
{
    ol_span space;
    while (ol_link_input_space(&s->ticket, &space)) {
        if (s->kept.len == 0)
            return true;
        size_t n = s->kept.len < space.len ? s->kept.len : space.len;
        /* Read into the slot by the stage above: there is nothing to copy. */
        if (s->kept.data != space.data)
            memcpy(space.data, s->kept.data, n);
        s->kept = ol_slice_from(s->kept, n);
        ol_link_input_commit(&s->ticket, n);
    }
    return false;
}

static int stage_write(ol_stage *st, ol_slice in, ol_error *err)
{
    transform_state *s = st->state;
    (void)err;
    assert(!s->above_waits);
    s->in_bytes += in.len;
    if (s->done && s->keeps_length)
        return OL_OK;
    s->kept = in;
    /* A program that ended early wants no more: let it lie until the pipeline ends. */
    if (!s->done && s->started && !s->over && take_input(s))
        return OL_OK;
    s->above_waits = true;
    return OL_WAIT;
}

static int stage_reserve(ol_stage *st, ol_span *span)
{
    transform_state *s = st->state;
    if (!s->started || s->over || s->done || !ol_link_input_space(&s->ticket, span))
        return OL_SKIP;
    ol_link_input_offered(&s->ticket);
    return OL_OK;
}

/* There may be room again, or no need of it. Calls into the stage above: nothing may follow it. */
static void resume_above(transform_state *s)
{
    bool counts_only = s->done && s->keeps_length;
    if (!s->above_waits || s->over || (!counts_only && (s->done || !take_input(s))))
        return;
    s->above_waits = false;
    ol_stage_ready(s->st);
}

/* ---- to below ---- */

static bool send_head(transform_state *s)
{
    ol_error err = ol_error_none();
    if (s->head_sent)
        return true;
    s->head_sent = true;
    return ol_stage_head(s->st, &s->head, &err) == OL_OK;
}

static void finish_below(transform_state *s)
{
    ol_error err = ol_error_none();
    if (!s->done || s->finished || s->below_waits || (s->keeps_length && !s->input_ended))
        return;
    if (s->keeps_length && s->in_bytes != s->out_bytes) {
        ol_error_say(&err, OL_ETRANSFORMRESPONSE,
                     "The transform changed the length, and declares that it keeps positions.");
        fail(s, &err);
        return;
    }
    if (!send_head(s))
        return;
    s->finished = true;
    ol_stage_finish(s->st, &err);
}

/* Hosts are not believed to keep to what an entry may give. */
static bool is_too_much(transform_state *s, size_t more)
{
    ol_error err = ol_error_none();
    s->out_bytes += more;
    if (s->out_bytes <= ol_transform_out_bytes_max(s->call->entry))
        return false;
    ol_error_say(&err, OL_ETRANSFORMRESPONSE, "The transform's answer is too long.");
    fail(s, &err);
    return true;
}

/* Pass on what the host handed over, as far as the client takes it. */
static void pump(transform_state *s)
{
    ol_slice bytes;
    ol_error err = ol_error_none();
    while (!s->over && !s->below_waits && ol_link_output(&s->ticket, &bytes)) {
        if (is_too_much(s, bytes.len) || !send_head(s))
            return;
        /* What still can fail is not the last word. */
        s->st->last_write = !s->keeps_length && ol_link_output_is_last(&s->ticket);
        int rc = ol_stage_write(s->st, bytes, &err);
        if (rc < 0) /* latched already */
            return;
        if (rc == OL_WAIT) {
            s->below_waits = s->ticket.client_waits = true;
            s->wait_since_ms = ol_loop_now_ms(ol_stage_loop(s->st));
            return;
        }
        s->ticket.client_slow = false;
        ol_link_output_done(&s->ticket);
    }
    if (!s->over)
        finish_below(s);
}

static void stage_resume(ol_stage *st)
{
    transform_state *s = st->state;
    if (!s->below_waits)
        return;
    uint64_t waited_ms = ol_loop_now_ms(ol_stage_loop(st)) - s->wait_since_ms;
    s->below_waits = s->ticket.client_waits = false;
    s->ticket.client_slow = waited_ms >= SLOW_CLIENT_MS;
    if (s->over)
        return;
    ol_link_output_done(&s->ticket);
    pump(s);
    resume_above(s);
}

static int stage_finish(ol_stage *st, ol_error *err)
{
    transform_state *s = st->state;
    (void)err;
    s->input_ended = true;
    if (s->started && !s->over && !s->done)
        ol_link_input_end(&s->ticket);
    else if (!s->over)
        finish_below(s);
    return OL_OK;
}

/* ---- from the host ---- */

static void on_room(ol_ticket *ticket)
{
    resume_above(state_of(ticket));
}

static void on_start(ol_ticket *ticket)
{
    transform_state *s = state_of(ticket);
    s->started = true;
    ol_buf_fini(&s->event);
    if (s->input_ended)
        ol_link_input_end(ticket);
    resume_above(s);
}

static void on_head(ol_ticket *ticket, ol_slice fields)
{
    transform_state *s = state_of(ticket);
    ol_error err = ol_error_none();
    if (s->over)
        return;
    int rc = ol_transform_head_apply(&s->head, s->call->entry, fields, &err);
    if (rc == OL_OK && s->keeps_length && s->head.status != 200)
        rc = ol_error_say(&err, OL_ETRANSFORMRESPONSE,
                          "The transform set a status, and declares that it keeps positions.");
    if (rc != OL_OK)
        fail(s, &err);
}

static void on_output(ol_ticket *ticket)
{
    pump(state_of(ticket));
}

static void on_log(ol_ticket *ticket, enum ol_log_level level, ol_slice text)
{
    static const char *const names[OL_LOG_LEVELS] = {"debug", "info", "warn", "error"};
    const ol_transform_call *call = state_of(ticket)->call;
    if (call->on_log)
        call->on_log(call->log_arg, names[level], text);
}

static void on_count(ol_ticket *ticket, unsigned counter, uint64_t more)
{
    ol_counters_add(ticket->program->counters, counter, more);
}

static void on_end(ol_ticket *ticket, const ol_error *err, bool retryable)
{
    transform_state *s = state_of(ticket);
    s->st->busy_ns += ticket->usage.cpu_us * 1000;
    if (s->call->usage)
        *s->call->usage = ticket->usage;
    if (s->over)
        return;
    if (err) {
        if (s->call->retryable)
            *s->call->retryable = retryable;
        if (s->call->alone && retryable)
            *s->call->alone = true;
        fail(s, err);
        return;
    }
    s->done = true;
    pump(s);
    if (s->keeps_length)
        resume_above(s);
}

/* ---- read_at ---- */

static void answer_read(transform_state *s, const ol_error *err, size_t got)
{
    s->reading = false;
    if (!s->over)
        ol_link_read_reply(&s->ticket, got, err);
}

/* An original that may not be shown at all is no matter for the program to go on after. */
static void on_read(void *arg, const ol_error *err, size_t got)
{
    transform_state *s = arg;
    ol_error refused = ol_error_none();
    if (err && err->code == OL_EDECRYPT) {
        s->reading = false;
        if (!s->over)
            fail(s, err);
        return;
    }
    if (err)
        ol_error_say(&refused, OL_EREADAT, "The original could not be read.");
    answer_read(s, err ? &refused : NULL, err ? 0 : got);
}

static void start_read(transform_state *s, uint64_t offset, ol_span space)
{
    ol_object *object = s->call->original;
    ol_error err = ol_error_none(), refused = ol_error_none();
    size_t got = 0;
    if (!object) {
        ol_error_say(&refused, OL_EREADAT, "The original cannot be read at an offset here.");
        answer_read(s, &refused, 0);
        return;
    }
    s->reading = true;
    int rc = object->origin->ops->read_at(object, offset, space, &got, on_read, s, &err);
    if (rc == OL_OK)
        answer_read(s, NULL, got);
    else if (rc < 0)
        on_read(s, &err, 0);
}

static void on_read_at(ol_ticket *ticket, uint64_t offset, uint32_t length)
{
    transform_state *s = state_of(ticket);
    ol_span space;
    ol_error err = ol_error_none();
    (void)length;
    if (s->over)
        return;
    if (ol_link_read_space(ticket, &space)) {
        start_read(s, offset, space);
        return;
    }
    ol_error_set(&err, OL_ETRANSFORM, "no slot for read_at");
    fail(s, &err);
}

/* ---- life ---- */

static const ol_ticket_ops ticket_ops = {
    .on_start = on_start,
    .on_room = on_room,
    .on_head = on_head,
    .on_output = on_output,
    .on_read_at = on_read_at,
    .on_log = on_log,
    .on_count = on_count,
    .on_end = on_end,
};

static int stage_open(ol_stage *st, ol_error *err)
{
    transform_state *s = st->state;
    s->st = st;
    s->call = st->config;
    if (!ol_program_has(s->call->program, s->call->entry))
        return ol_error_set(err, OL_ENOTIMPLEMENTED, "transform %s has no function for this",
                            s->call->program->name);
    s->keeps_length =
        s->call->entry == OL_ENTRY_GET && s->call->program->declared.keeps_positions;
    ol_buf_init(&s->event, OL_WIRE_SLOT_BYTES_MAX);
    s->ticket = (ol_ticket){
        .ops = &ticket_ops,
        .arg = s,
        .program = s->call->program,
        .entry = s->call->entry,
        .group = s->call->trust_group,
        .trial = s->call->trial,
        .alone = s->call->alone && *s->call->alone,
    };
    return OL_OK;
}

static int make_event(transform_state *s, const ol_head *head, ol_error *err)
{
    int rc = s->call->event.len > 0 ? ol_buf_add(&s->event, s->call->event)
                                    : ol_fields_begin(&s->event);
    if (rc == OL_OK)
        rc = ol_transform_event_complete(&s->event, s->call->entry, s->call->key, head);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the event of transform %s", s->call->program->name);
    s->ticket.event = ol_buf_slice(&s->event);
    return OL_OK;
}

static int stage_head(ol_stage *st, ol_head *head, ol_error *err)
{
    transform_state *s = st->state;
    int rc = make_event(s, head, err);
    if (rc != OL_OK)
        return rc;
    bool has_original = ol_transform_has_original(s->call->entry);
    rc = ol_transform_head_default(&s->head, has_original ? head : NULL, ol_stage_arena(st));
    if (rc != OL_OK)
        return ol_error_set(err, rc, "response head");
    rc = ol_pool_enter(s->call->pool, &s->ticket, err);
    if (rc < 0) {
        s->over = true;
        return rc;
    }
    if (rc == OL_OK) {
        s->started = true;
        ol_buf_fini(&s->event);
    }
    return OL_OK;
}

static void stage_close(ol_stage *st)
{
    transform_state *s = st->state;
    s->over = true;
    ol_pool_leave(&s->ticket);
    ol_buf_fini(&s->event);
}

const ol_stage_ops ol_transform_stage_ops = {
    .name = "transform",
    .phase = OL_PHASE_TRANSFORM,
    .state_size = sizeof(transform_state),
    .open = stage_open,
    .head = stage_head,
    .write = stage_write,
    .finish = stage_finish,
    .resume = stage_resume,
    .reserve = stage_reserve,
    .close = stage_close,
};
