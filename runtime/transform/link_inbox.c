/* SPDX-License-Identifier: MIT */
/*
 * What the host says, checked. Each message is judged against what the server itself knows of
 * jobs and slots; nothing in the shared memory is consulted twice.
 *
 * A job that was given up may still speak until it has heard of it: its messages are checked in
 * the same way and then come to nothing.
 */
#include <stdio.h>

#include "transform/counters.h"
#include "transform/host/texts.h"
#include "transform/host/walls.h"
#include "transform/link_private.h"

#define LOG_NOTE_BYTES 256u /* beyond log_bytes: the note that it is used up */
#define PREEMPTED_MAX 1000000u
#define CPU_US_MAX 3600000000u

static int wrong(ol_error *err, const char *what, const ol_msg *msg)
{
    return ol_error_set(err, OL_EPROTOCOL,
                        "the host broke the protocol: %s (type %u, flags %u, slot %u, offset %u, "
                        "length %u)",
                        what, msg->type, msg->flags, msg->slot, msg->offset, msg->length);
}

/* A copy in memory that the host cannot reach. */
static bool copy_text(ol_link *link, const ol_msg *msg, ol_slice *text)
{
    if (msg->length > OL_WIRE_TEXT_MAX || msg->offset > OL_WIRE_TEXT_AREA - msg->length)
        return false;
    memcpy(link->text, link->base + link->layout.text + msg->offset, msg->length);
    if (link->text_dirty < msg->offset + msg->length)
        link->text_dirty = msg->offset + msg->length;
    *text = ol_slice_of(link->text, msg->length);
    return true;
}

/* ---- loading ---- */

static int take_loaded(ol_link *link, const ol_msg *msg, ol_error *err)
{
    ol_slice text;
    ol_link_loaded loaded = {0};
    if (link->loaded)
        return wrong(err, "loaded twice", msg);
    if (!copy_text(link, msg, &text))
        return wrong(err, "a text out of bounds", msg);
    loaded.ok = (msg->flags & OL_MSG_F_ERROR) == 0;
    loaded.walls = (uint32_t)msg->a & OL_WALLS_ALL;
    loaded.landlock = (uint32_t)msg->b;
    if (!loaded.ok)
        ol_text_error_decode(text, msg->code, &loaded.err);
    else if (ol_text_declared_decode(text, &loaded.declared) != OL_OK)
        return wrong(err, "a malformed declaration", msg);
    link->loaded = true;
    ol_link_slots_clear(link); /* the program's text lay there */
    link->ops->on_loaded(link->arg, &loaded);
    return OL_OK;
}

/* ---- slots ---- */

static int take_release(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    if (!ol_link_holds(job, msg->slot) || !link->slots[msg->slot].lent ||
        link->slots[msg->slot].use == OL_SLOT_OUTPUT)
        return wrong(err, "released what it does not have", msg);
    ol_link_slot *slot = &link->slots[msg->slot];
    bool input = slot->use == OL_SLOT_INPUT;
    slot->lent = false;
    if (slot->pending == 0)
        ol_link_slot_give(link, job, msg->slot);
    if (input && job->state == OL_LINK_OPEN)
        job->ticket->ops->on_room(job->ticket);
    return OL_OK;
}

static const char *fault_of_out(const ol_link *link, const ol_link_job *job, const ol_msg *msg)
{
    if (job->credits == 0)
        return "output without credit";
    if (!ol_link_holds(job, msg->slot) || !link->slots[msg->slot].lent ||
        link->slots[msg->slot].use == OL_SLOT_SIDE)
        return "output from what it does not have";
    const ol_link_slot *slot = &link->slots[msg->slot];
    if (msg->length == 0 || msg->length > slot->length || msg->offset > slot->length - msg->length)
        return "output out of bounds";
    if (msg->length > link->limits.output_bytes - job->out_bytes)
        return "output above output_bytes";
    return NULL;
}

static int take_out(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    const char *fault = fault_of_out(link, job, msg);
    if (fault)
        return wrong(err, fault, msg);
    ol_link_slot *slot = &link->slots[msg->slot];
    bool open = job->state == OL_LINK_OPEN;
    job->credits--;
    job->wants_left = OL_LINK_WANTS;
    job->out_bytes += msg->length;
    slot->sent_from = true;
    if (slot->use == OL_SLOT_OUTPUT)
        job->copies = true;
    if (open) {
        unsigned last = (job->segment_first + job->segment_count) % OL_WIRE_CREDITS;
        job->segments[last] = (ol_link_segment){msg->slot, msg->offset, msg->length};
        job->segment_count++;
        slot->pending++;
    }
    if (msg->flags & OL_MSG_F_RELEASE) {
        slot->lent = false;
        if (slot->use == OL_SLOT_OUTPUT)
            job->outputs_lent--;
        if (slot->pending == 0)
            ol_link_slot_give(link, job, msg->slot);
    }
    if (open)
        job->ticket->ops->on_output(job->ticket);
    return OL_OK;
}

/* ---- the rest of a job's messages ---- */

static int take_head(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    ol_slice text;
    if (job->head_seen || job->out_bytes > 0)
        return wrong(err, "a second head", msg);
    if (!copy_text(link, msg, &text) || ol_fields_check(text) != OL_OK)
        return wrong(err, "a malformed head", msg);
    job->head_seen = true;
    if (job->state == OL_LINK_OPEN)
        job->ticket->ops->on_head(job->ticket, text);
    return OL_OK;
}

static int take_want(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    if (job->want)
        return wrong(err, "wants twice", msg);
    if (job->wants_left == 0) /* each would be answered, and the answer asked for again */
        return wrong(err, "wants without end", msg);
    job->wants_left--;
    job->want = true;
    ol_link_advance(link, job);
    return OL_OK;
}

static int take_read(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    if (job->reading || msg->length == 0 || msg->length > link->layout.slot_bytes ||
        job->read_calls >= link->limits.read_at_calls ||
        msg->length > link->limits.read_at_bytes - job->read_bytes)
        return wrong(err, "a read_at that is not allowed", msg);
    job->reading = true;
    job->read_calls++;
    job->read_bytes += msg->length;
    job->read_length = msg->length;
    if (job->state == OL_LINK_OPEN)
        job->ticket->ops->on_read_at(job->ticket, msg->a, msg->length);
    return OL_OK;
}

static int take_log(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    ol_slice text;
    job->log_bytes += msg->length > 0 ? msg->length : 1;
    if (msg->code < 0 || msg->code >= OL_LOG_LEVELS ||
        job->log_bytes > (uint64_t)link->limits.log_bytes + LOG_NOTE_BYTES ||
        !copy_text(link, msg, &text))
        return wrong(err, "a log line that is not allowed", msg);
    if (job->state == OL_LINK_OPEN)
        job->ticket->ops->on_log(job->ticket, (enum ol_log_level)msg->code, text);
    return OL_OK;
}

static int take_count(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    (void)link;
    if (msg->a >= OL_COUNTERS_MAX || msg->b > OL_WIRE_COUNT_MAX ||
        (job->counted & 1u << msg->a) != 0)
        return wrong(err, "a count that is not allowed", msg);
    job->counted |= 1u << msg->a;
    if (job->state == OL_LINK_OPEN && job->ticket->ops->on_count)
        job->ticket->ops->on_count(job->ticket, (unsigned)msg->a, msg->b);
    return OL_OK;
}

/* A host that went to its limits once may be in any state: a heap at its end, a stack half unwound. */
static bool is_over_budget(int code)
{
    return code == OL_ETRANSFORMCPU || code == OL_ETRANSFORMMEMORY || code == OL_ETRANSFORMTIME ||
           code == OL_ETRANSFORMOUTPUT || code == OL_ETRANSFORMPATTERN;
}

static int take_end(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    ol_slice text;
    ol_error failure = ol_error_none();
    if (msg->type == OL_MSG_FAIL) {
        if (!copy_text(link, msg, &text))
            return wrong(err, "a text out of bounds", msg);
        ol_text_error_decode(text, msg->code, &failure);
        link->overspent |= is_over_budget(failure.code);
    }
    if (msg->flags & OL_MSG_F_SPOILED)
        link->spoiled = true;
    link->preempted += msg->b < PREEMPTED_MAX ? (unsigned)msg->b : PREEMPTED_MAX;
    bool open = job->state == OL_LINK_OPEN;
    if (open)
        ol_link_set_state(link, job, OL_LINK_OVER);
    ol_link_take_back(link, job);
    if (!open) {
        ol_link_free_job(link, job);
        return OL_OK;
    }
    uint64_t cpu_us = msg->a < CPU_US_MAX ? msg->a : CPU_US_MAX;
    job->ticket->usage = (ol_transform_usage){cpu_us, msg->spare[0], msg->spare[1]};
    job->ticket->ops->on_end(job->ticket, msg->type == OL_MSG_FAIL ? &failure : NULL, false);
    return OL_OK;
}

static uint16_t flags_allowed(uint16_t type)
{
    switch (type) {
    case OL_MSG_LOADED:
        return OL_MSG_F_ERROR;
    case OL_MSG_OUT:
        return OL_MSG_F_RELEASE;
    case OL_MSG_DONE:
    case OL_MSG_FAIL:
        return OL_MSG_F_SPOILED;
    default:
        return 0;
    }
}

static int take_for_job(ol_link *link, ol_link_job *job, const ol_msg *msg, ol_error *err)
{
    switch (msg->type) {
    case OL_MSG_HEAD:
        return take_head(link, job, msg, err);
    case OL_MSG_OUT:
        return take_out(link, job, msg, err);
    case OL_MSG_RELEASE:
        return take_release(link, job, msg, err);
    case OL_MSG_WANT:
        return take_want(link, job, msg, err);
    case OL_MSG_READ_AT:
        return take_read(link, job, msg, err);
    case OL_MSG_LOG:
        return take_log(link, job, msg, err);
    case OL_MSG_COUNT:
        return take_count(link, job, msg, err);
    case OL_MSG_DONE:
    case OL_MSG_FAIL:
        return take_end(link, job, msg, err);
    default:
        return wrong(err, "no such message", msg);
    }
}

static int take(ol_link *link, const ol_msg *msg, uint32_t *culprit, ol_error *err)
{
    if (msg->flags & ~flags_allowed(msg->type))
        return wrong(err, "flags that mean nothing", msg);
    if (msg->type == OL_MSG_LOADED)
        return take_loaded(link, msg, err);
    uint32_t index = msg->job & 0xff;
    if (!link->loaded || index >= link->jobs_max)
        return wrong(err, "no such job", msg);
    ol_link_job *job = &link->jobs[index];
    if (job->id != msg->job || (job->state != OL_LINK_OPEN && job->state != OL_LINK_CANCELED))
        return wrong(err, "a job that it does not have", msg);
    *culprit = index;
    return take_for_job(link, job, msg, err);
}

/* Tell the ticket that this output is its last, when the next message, which is in our memory
 * already, says so. */
static void look_ahead(ol_link *link, const ol_msg *msg, const ol_msg *next)
{
    uint32_t index = msg->job & 0xff;
    if (msg->type != OL_MSG_OUT || next->type != OL_MSG_DONE || next->job != msg->job ||
        index >= link->jobs_max || link->jobs[index].id != msg->job ||
        link->jobs[index].state != OL_LINK_OPEN)
        return;
    link->jobs[index].ticket->ending = true;
}

int ol_link_drain(ol_link *link, uint32_t *culprit, ol_error *err)
{
    ol_msg msg, next = {0};
    int rc = ol_ring_get(&link->in, &msg);
    *culprit = OL_WIRE_NONE;
    /* One ring full at most: a host that goes on talking must not hold the loop. */
    for (uint32_t n = 0; n < OL_WIRE_RING && rc == OL_OK && !link->broken; n++) {
        int next_rc = n + 1 < OL_WIRE_RING ? ol_ring_get(&link->in, &next) : OL_WAIT;
        if (next_rc == OL_OK)
            look_ahead(link, &msg, &next);
        *culprit = OL_WIRE_NONE;
        rc = take(link, &msg, culprit, err);
        if (rc == OL_OK)
            rc = next_rc;
        msg = next;
    }
    if (rc >= 0 && !link->broken)
        return OL_OK;
    link->broken = true;
    return ol_error_set(err, OL_EPROTOCOL, "the host meddled with the ring");
}
