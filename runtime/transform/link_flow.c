/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a job: pieces of the original on their way in, output on its way to the client, the
 * credits that tie them together, and answers to read_at.
 */
#include <assert.h>

#include "transform/link_private.h"

/* ---- input ---- */

static unsigned input_max(const ol_ticket *ticket)
{
    if (ticket->client_slow)
        return 1;
    return ticket->client_waits ? OL_LINK_INPUT_MAX - 1 : OL_LINK_INPUT_MAX;
}

bool ol_link_input_space(ol_ticket *ticket, ol_span *space)
{
    ol_link *link = ticket->link;
    ol_link_job *job = ol_link_job_of(ticket);
    if (job->state != OL_LINK_OPEN || job->input_ended)
        return false;
    if (job->fill == OL_WIRE_NONE) {
        if (job->held[OL_SLOT_INPUT] >= input_max(ticket))
            return false;
        job->fill = ol_link_slot_take(link, job, OL_SLOT_INPUT);
        job->fill_bytes = 0;
        if (job->fill == OL_WIRE_NONE)
            return false;
    }
    if (job->fill_bytes == link->layout.slot_bytes)
        return false;
    *space = (ol_span){ol_link_slot_data(link, job->fill) + job->fill_bytes,
                       link->layout.slot_bytes - job->fill_bytes};
    return true;
}

void ol_link_input_offered(ol_ticket *ticket)
{
    ol_link_job_of(ticket)->fill_offered = true;
}

void ol_link_input_commit(ol_ticket *ticket, size_t n)
{
    ol_link_job *job = ol_link_job_of(ticket);
    assert(job->fill != OL_WIRE_NONE && n <= ticket->link->layout.slot_bytes - job->fill_bytes);
    job->fill_offered = false;
    job->fill_bytes += (uint32_t)n;
    ol_link_mark_dirty(ticket->link, job->fill, job->fill_bytes);
    if (job->fill_bytes == ticket->link->layout.slot_bytes)
        ol_link_advance(ticket->link, job);
}

void ol_link_input_end(ol_ticket *ticket)
{
    ol_link_job *job = ol_link_job_of(ticket);
    if (job->state != OL_LINK_OPEN)
        return;
    job->input_ended = true;
    job->fill_offered = false;
    if (job->fill != OL_WIRE_NONE && job->fill_bytes == 0) {
        ol_link_slot_give(ticket->link, job, job->fill);
        job->fill = OL_WIRE_NONE;
    }
    ol_link_advance(ticket->link, job);
}

static uint32_t take_credits(ol_link_job *job)
{
    uint32_t back = job->credits_back;
    job->credits_back = 0;
    job->credits += back;
    return back;
}

static void send_data(ol_link *link, ol_link_job *job)
{
    ol_msg msg = {
        .type = OL_MSG_DATA,
        .flags = job->input_ended ? OL_MSG_F_END : 0,
        .job = job->id,
        .slot = job->fill,
        .length = job->fill != OL_WIRE_NONE ? job->fill_bytes : 0,
        .grant = OL_WIRE_NONE,
    };
    if (job->fill != OL_WIRE_NONE) {
        link->slots[job->fill].lent = true;
        link->slots[job->fill].length = job->fill_bytes;
        job->fill = OL_WIRE_NONE;
    }
    /* What rides along saves a WANT; a WANT on its way is answered by GRANT alone. */
    if (!job->want) {
        msg.credits = take_credits(job);
        if (job->copies && !job->ticket->client_slow &&
            job->held[OL_SLOT_OUTPUT] < OL_LINK_OUTPUT_MAX)
            msg.grant = ol_link_lend_output(link, job);
    }
    job->end_sent = job->input_ended;
    job->wants_left = OL_LINK_WANTS;
    ol_link_send(link, &msg);
}

static void advance_input(ol_link *link, ol_link_job *job)
{
    /* A slow client gets one piece at a time: the next one starts when this one has left. */
    if (job->ticket->client_slow && job->segment_count > 0)
        return;
    bool full = job->fill != OL_WIRE_NONE && job->fill_bytes == link->layout.slot_bytes;
    if (full || (job->input_ended && !job->end_sent))
        send_data(link, job);
}

static void advance_grant(ol_link *link, ol_link_job *job)
{
    if (!job->want || job->segment_count > 0 || job->ticket->client_waits)
        return;
    ol_msg msg = {.type = OL_MSG_GRANT, .job = job->id, .slot = OL_WIRE_NONE,
                  .grant = OL_WIRE_NONE, .credits = take_credits(job)};
    if (job->outputs_lent == 0)
        msg.grant = ol_link_lend_output(link, job);
    job->want = false;
    ol_link_send(link, &msg);
}

void ol_link_advance(ol_link *link, ol_link_job *job)
{
    if (job->state != OL_LINK_OPEN)
        return;
    advance_input(link, job);
    advance_grant(link, job);
}

/* ---- output ---- */

bool ol_link_output(ol_ticket *ticket, ol_slice *bytes)
{
    const ol_link_job *job = ol_link_job_of(ticket);
    if (job->segment_count == 0)
        return false;
    const ol_link_segment *segment = &job->segments[job->segment_first];
    *bytes = ol_slice_of(ol_link_slot_data(ticket->link, segment->slot) + segment->offset,
                         segment->length);
    return true;
}

bool ol_link_output_is_last(ol_ticket *ticket)
{
    return ticket->ending && ol_link_job_of(ticket)->segment_count == 1;
}

void ol_link_output_done(ol_ticket *ticket)
{
    ol_link *link = ticket->link;
    ol_link_job *job = ol_link_job_of(ticket);
    assert(job->segment_count > 0);
    uint32_t slot = job->segments[job->segment_first].slot;
    bool input = link->slots[slot].use == OL_SLOT_INPUT;
    job->segment_first = (job->segment_first + 1) % OL_WIRE_CREDITS;
    job->segment_count--;
    job->credits_back++;
    link->slots[slot].pending--;
    ol_link_slot_give_if_done(link, job, slot);
    ol_link_advance(link, job);
    if (input && job->state == OL_LINK_OPEN)
        ticket->ops->on_room(ticket);
}

/* ---- read_at ---- */

bool ol_link_read_space(ol_ticket *ticket, ol_span *space)
{
    ol_link *link = ticket->link;
    ol_link_job *job = ol_link_job_of(ticket);
    if (job->state != OL_LINK_OPEN || !job->reading || job->read != OL_WIRE_NONE)
        return false;
    job->read = ol_link_slot_take(link, job, OL_SLOT_SIDE);
    if (job->read == OL_WIRE_NONE)
        return false;
    ol_link_mark_dirty(link, job->read, job->read_length);
    job->read_offered = true;
    *space = (ol_span){ol_link_slot_data(link, job->read), job->read_length};
    return true;
}

void ol_link_read_reply(ol_ticket *ticket, size_t n, const ol_error *err)
{
    ol_link *link = ticket->link;
    ol_link_job *job = ol_link_job_of(ticket);
    assert(job->read != OL_WIRE_NONE && n <= job->read_length);
    uint32_t slot = job->read;
    job->read = OL_WIRE_NONE;
    job->read_offered = job->reading = false;
    if (job->state != OL_LINK_OPEN) {
        ol_link_slot_give(link, job, slot);
        return;
    }
    ol_msg msg = {
        .type = OL_MSG_READ_AT_REPLY,
        .job = job->id,
        .slot = slot,
        .length = (uint32_t)n,
    };
    if (err) {
        msg.flags = OL_MSG_F_ERROR;
        msg.length = (uint32_t)strlen(err->message);
        memcpy(ol_link_slot_data(link, slot), err->message, msg.length);
        ol_link_mark_dirty(link, slot, msg.length);
    }
    link->slots[slot].lent = true;
    link->slots[slot].length = msg.length;
    ol_link_send(link, &msg);
}
