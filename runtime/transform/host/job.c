/* SPDX-License-Identifier: MIT */
/*
 * What a job offers to its engine. Every limit that can be counted here is counted here; the
 * server counts again and does not forgive.
 */
#include "transform/host/job.h"

#include <assert.h>

#include "base/clock.h"

const ol_transform_limits *ol_job_limits(const ol_job *job)
{
    return job->limits;
}

enum ol_transform_entry ol_job_entry(const ol_job *job)
{
    return job->entry;
}

ol_slice ol_job_event(const ol_job *job)
{
    return ol_slice_of(job->event, job->event_bytes);
}

size_t ol_job_piece_bytes(const ol_job *job)
{
    return job->port->layout.slot_bytes;
}

uint64_t ol_job_cpu_us(const ol_job *job)
{
    uint64_t running = job->step_started_ns ? ol_clock_mono_ns() - job->step_started_ns : 0;
    return job->cpu_us + running / 1000;
}

void ol_job_spoil(ol_job *job)
{
    job->spoiled = true;
}

static void send(ol_job *job, uint16_t type, uint16_t flags, uint32_t slot)
{
    ol_msg msg = {.type = type, .flags = flags, .job = job->id, .slot = slot};
    ol_port_send(job->port, &msg);
}

/* ---- input ---- */

int ol_job_input(ol_job *job, ol_slice *piece)
{
    assert(!job->holding);
    if (job->piece_count > 0) {
        uint32_t left = job->pieces[0].length - job->part_offset;
        job->holding = true;
        job->part_length = job->cut_left > 0 && job->cut_left < left ? (uint32_t)job->cut_left : left;
        *piece = ol_slice_of(ol_port_slot(job->port, job->pieces[0].slot) + job->part_offset,
                             job->part_length);
        return OL_OK;
    }
    if (job->input_ended)
        return OL_DONE;
    job->wants |= OL_JOB_WANTS_INPUT;
    return OL_WAIT;
}

static bool is_last_part(const ol_job *job)
{
    return job->part_offset + job->part_length == job->pieces[0].length;
}

/* The engine is done with the part. With the last of a piece the piece is out of our hands. */
static void drop_part(ol_job *job)
{
    bool last = is_last_part(job);
    job->holding = false;
    job->in_offset += job->part_length;
    job->last_length = job->part_length;
    if (job->cut_left > 0)
        job->cut_left -= job->part_length;
    if (job->cut_left == 0)
        job->cut_left = job->cut_each;
    job->part_offset = last ? 0 : job->part_offset + job->part_length;
    if (!last)
        return;
    job->piece_count--;
    memmove(job->pieces, job->pieces + 1, job->piece_count * sizeof(job->pieces[0]));
}

void ol_job_input_release(ol_job *job)
{
    assert(job->holding);
    if (is_last_part(job))
        send(job, OL_MSG_RELEASE, 0, job->pieces[0].slot);
    drop_part(job);
}

/* ---- output ---- */

static int want_output(ol_job *job)
{
    if (!job->want_sent) {
        job->want_sent = true;
        send(job, OL_MSG_WANT, 0, OL_WIRE_NONE);
    }
    job->wants |= OL_JOB_WANTS_OUTPUT;
    return OL_WAIT;
}

static void send_out(ol_job *job, uint32_t slot, uint32_t offset, uint32_t length, bool release)
{
    assert(job->credits > 0 && length > 0);
    ol_msg msg = {
        .type = OL_MSG_OUT,
        .flags = release ? OL_MSG_F_RELEASE : 0,
        .job = job->id,
        .slot = slot,
        .offset = offset,
        .length = length,
    };
    ol_port_send(job->port, &msg);
    job->credits--;
    job->head_sent = true;
}

bool ol_job_has_unsent(const ol_job *job)
{
    return job->out_filled > job->out_sent;
}

bool ol_job_drain(ol_job *job)
{
    if (!ol_job_has_unsent(job))
        return true;
    if (job->credits == 0) {
        want_output(job);
        return false;
    }
    bool full = job->out_filled == job->port->layout.slot_bytes;
    send_out(job, job->out_slots[0], job->out_sent, job->out_filled - job->out_sent, full);
    job->out_sent = job->out_filled;
    if (full) {
        job->out_count--;
        memmove(job->out_slots, job->out_slots + 1, job->out_count * sizeof(job->out_slots[0]));
        job->out_sent = job->out_filled = 0;
    }
    return true;
}

int ol_job_head(ol_job *job, ol_slice fields, ol_error *err)
{
    if (job->head_sent || job->out_bytes > 0)
        return ol_error_say(err, OL_ETRANSFORM,
                            "The response's head was set after its first byte was written.");
    if (fields.len > OL_WIRE_TEXT_MAX)
        return ol_error_set(err, OL_ETRANSFORMRESPONSE, "a head of %zu bytes", fields.len);
    ol_msg msg = {.type = OL_MSG_HEAD, .job = job->id, .slot = OL_WIRE_NONE};
    ol_port_send_text(job->port, &msg, fields);
    job->head_sent = true;
    return OL_OK;
}

bool ol_job_head_sent(const ol_job *job)
{
    return job->head_sent || job->out_bytes > 0;
}

static int refuse_output(const ol_job *job, ol_error *err)
{
    return ol_error_set(err, OL_ETRANSFORMOUTPUT, "more than output_bytes = %llu",
                        (unsigned long long)job->limits->output_bytes);
}

int ol_job_output_space(ol_job *job, ol_span *space, ol_error *err)
{
    uint64_t allowed = job->limits->output_bytes - job->out_bytes;
    if (allowed == 0)
        return refuse_output(job, err);
    uint32_t slot_bytes = job->port->layout.slot_bytes;
    /* A full slot that lacked credits stands first, until they come. */
    if (job->out_filled == slot_bytes && !ol_job_drain(job))
        return OL_WAIT;
    if (job->out_count == 0 || job->credits == 0)
        return want_output(job);
    size_t room = slot_bytes - job->out_filled;
    *space = (ol_span){ol_port_slot(job->port, job->out_slots[0]) + job->out_filled,
                       room < allowed ? room : (size_t)allowed};
    return OL_OK;
}

void ol_job_output_commit(ol_job *job, size_t n)
{
    assert(job->out_count > 0 && n <= job->port->layout.slot_bytes - job->out_filled);
    assert(n <= job->limits->output_bytes - job->out_bytes);
    job->out_filled += (uint32_t)n;
    job->out_bytes += n;
    if (job->out_filled == job->port->layout.slot_bytes)
        ol_job_drain(job);
}

int ol_job_output_forward(ol_job *job, ol_slice part, bool release, ol_error *err)
{
    assert(job->holding);
    const uint8_t *start = ol_port_slot(job->port, job->pieces[0].slot);
    if (part.len > 0) {
        assert(part.data >= start + job->part_offset &&
               part.data + part.len <= start + job->part_offset + job->part_length);
        if (part.len > job->limits->output_bytes - job->out_bytes)
            return refuse_output(job, err);
        if (job->credits < (ol_job_has_unsent(job) ? 2u : 1u))
            return want_output(job);
        ol_job_drain(job);
        send_out(job, job->pieces[0].slot, (uint32_t)(part.data - start), (uint32_t)part.len,
                 release && is_last_part(job));
        job->out_bytes += part.len;
        if (release)
            drop_part(job);
    } else if (release) {
        ol_job_input_release(job);
    }
    return OL_OK;
}

void ol_job_output_flush(ol_job *job)
{
    ol_job_drain(job);
}

uint64_t ol_job_output_bytes(const ol_job *job)
{
    return job->out_bytes;
}

/* ---- read_at ---- */

static void drop_read(ol_job *job)
{
    if (job->read_piece.slot != OL_WIRE_NONE)
        send(job, OL_MSG_RELEASE, 0, job->read_piece.slot);
    job->read_piece.slot = OL_WIRE_NONE;
    job->read = OL_JOB_READ_NONE;
}

static int start_read(ol_job *job, uint64_t offset, size_t length, ol_error *err)
{
    if (job->read_calls >= job->limits->read_at_calls)
        return ol_error_say(err, OL_EREADAT, "The transform called read_at more than %u times.",
                            job->limits->read_at_calls);
    if (length > job->limits->read_at_bytes - job->read_bytes)
        return ol_error_say(err, OL_EREADAT,
                            "The transform's read_at asked for more than %llu bytes.",
                            (unsigned long long)job->limits->read_at_bytes);
    job->read_calls++;
    job->read_bytes += length;
    job->read = OL_JOB_READ_SENT;
    job->read_offset = offset;
    job->read_length = (uint32_t)length;
    job->wants |= OL_JOB_WANTS_READ;
    ol_msg msg = {.type = OL_MSG_READ_AT, .job = job->id, .slot = OL_WIRE_NONE, .a = offset,
                  .length = (uint32_t)length};
    ol_port_send(job->port, &msg);
    return OL_WAIT;
}

int ol_job_read_at(ol_job *job, uint64_t offset, size_t length, ol_slice *data, ol_error *err)
{
    if (length > ol_job_piece_bytes(job))
        return ol_error_set(err, OL_EREADAT, "%zu bytes are more than a piece", length);
    *data = OL_SLICE_NONE;
    if (length == 0)
        return OL_OK;
    bool same = job->read_offset == offset && job->read_length == length;
    if (job->read == OL_JOB_READ_SENT) {
        /* Other arguments than those that are under way: these come first. */
        job->wants |= OL_JOB_WANTS_READ;
        return OL_WAIT;
    }
    /* The answer is given once; the next call with the same arguments reads again. */
    if (job->read != OL_JOB_READ_HERE || !same) {
        drop_read(job);
        return start_read(job, offset, length, err);
    }
    job->read = OL_JOB_READ_NONE;
    if (job->read_piece.slot != OL_WIRE_NONE)
        *data = ol_slice_of(ol_port_slot(job->port, job->read_piece.slot), job->read_piece.length);
    if (!job->read_failed)
        return OL_OK;
    ol_error_say(err, OL_EREADAT, "%.*s", OL_SLICE_FMT(*data));
    *data = OL_SLICE_NONE;
    return OL_EREADAT;
}

/* ---- counters ---- */

bool ol_job_count(ol_job *job, uint32_t counter, uint64_t more)
{
    if (counter >= OL_COUNTERS_MAX)
        return false;
    uint64_t room = OL_WIRE_COUNT_MAX - job->counted[counter];
    job->counted[counter] += more < room ? more : room;
    return true;
}

void ol_job_send_counts(ol_job *job)
{
    for (uint32_t i = 0; i < OL_COUNTERS_MAX; i++) {
        if (job->counted[i] == 0)
            continue;
        ol_msg msg = {.type = OL_MSG_COUNT, .job = job->id, .slot = OL_WIRE_NONE, .a = i,
                      .b = job->counted[i]};
        ol_port_send(job->port, &msg);
        job->counted[i] = 0;
    }
}

bool ol_job_meters(const ol_job *job)
{
    return job->meters;
}

void ol_job_note_memory(ol_job *job, uint64_t bytes)
{
    if (bytes > job->memory_bytes)
        job->memory_bytes = bytes;
}

void ol_job_note_instructions(ol_job *job, uint64_t more)
{
    job->instructions += more;
}

/* ---- log ---- */

static int level_number(const char *level)
{
    static const char *const names[OL_LOG_LEVELS] = {"debug", "info", "warn", "error"};
    for (int i = 0; i < OL_LOG_LEVELS; i++)
        if (strcmp(level, names[i]) == 0)
            return i;
    return OL_LOG_INFO;
}

static void send_log(ol_job *job, int level, ol_slice text)
{
    ol_msg msg = {.type = OL_MSG_LOG, .job = job->id, .slot = OL_WIRE_NONE, .code = level};
    ol_port_send_text(job->port, &msg, text);
}

void ol_job_log(ol_job *job, const char *level, ol_slice text)
{
    uint32_t left = job->limits->log_bytes - job->log_bytes;
    text = ol_slice_first(text, OL_WIRE_TEXT_MAX);
    /* An empty line counts too: nothing may be sent without end. */
    uint32_t cost = text.len > 0 ? (uint32_t)text.len : 1;
    if (cost <= left) {
        job->log_bytes += cost;
        send_log(job, level_number(level), text);
        return;
    }
    if (job->log_noted)
        return;
    job->log_noted = true;
    send_log(job, OL_LOG_WARN, OL_SLICE_LIT("log_bytes is used up; the rest is dropped"));
}
