/* SPDX-License-Identifier: MIT */
/*
 * What messages from the server do to a job. The server is believed, so what could only be its
 * fault ends the process.
 */
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "transform/host/job.h"

static void insist(bool holds)
{
    if (!holds)
        _exit(70);
}

int ol_job_start(ol_job *job, ol_port *port, const ol_transform_limits *limits, const ol_msg *open,
                 ol_slice event)
{
    insist(job->state == OL_JOB_FREE && open->code >= 0 && open->code < OL_ENTRIES);
    *job = (ol_job){
        .port = port,
        .limits = limits,
        .state = OL_JOB_OPEN,
        .id = open->job,
        .entry = (enum ol_transform_entry)open->code,
        .credits = OL_WIRE_CREDITS,
        .cut_left = open->a,
        .cut_each = open->b,
        .meters = (open->flags & OL_MSG_F_METER) != 0,
        .read_piece.slot = OL_WIRE_NONE,
    };
    job->event = ol_malloc(event.len);
    if (!job->event)
        return OL_ENOMEM;
    memcpy(job->event, event.data, event.len);
    job->event_bytes = event.len;
    return OL_OK;
}

static void take_grant(ol_job *job, const ol_msg *msg)
{
    job->credits += msg->credits;
    if (msg->grant == OL_WIRE_NONE)
        return;
    insist(msg->grant < job->port->layout.slots && job->out_count < OL_JOB_OUT_SLOTS);
    job->out_slots[job->out_count++] = msg->grant;
}

static bool wakes(const ol_job *job, unsigned what)
{
    return (job->wants & what) != 0;
}

bool ol_job_on_data(ol_job *job, const ol_msg *msg)
{
    take_grant(job, msg);
    if (msg->slot != OL_WIRE_NONE) {
        insist(msg->slot < job->port->layout.slots && job->piece_count < OL_JOB_PIECES &&
               msg->length <= job->port->layout.slot_bytes && !job->input_ended);
        job->pieces[job->piece_count++] = (ol_job_piece){msg->slot, msg->length};
    }
    if (msg->flags & OL_MSG_F_END)
        job->input_ended = true;
    return wakes(job, OL_JOB_WANTS_INPUT);
}

bool ol_job_on_grant(ol_job *job, const ol_msg *msg)
{
    take_grant(job, msg);
    job->want_sent = false;
    return wakes(job, OL_JOB_WANTS_OUTPUT);
}

bool ol_job_on_read(ol_job *job, const ol_msg *msg)
{
    insist(job->read == OL_JOB_READ_SENT && msg->slot < job->port->layout.slots &&
           msg->length <= job->port->layout.slot_bytes);
    job->read = OL_JOB_READ_HERE;
    job->read_piece = (ol_job_piece){msg->slot, msg->length};
    job->read_failed = (msg->flags & OL_MSG_F_ERROR) != 0;
    return wakes(job, OL_JOB_WANTS_READ);
}

void ol_job_reset(ol_job *job)
{
    if (job->event)
        ol_wipe(job->event, job->event_bytes);
    ol_free(job->event);
    *job = (ol_job){.state = OL_JOB_FREE};
}
