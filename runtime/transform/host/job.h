/* SPDX-License-Identifier: MIT */
/*
 * One request inside the host. job.c is what engines see of it (engine.h), job_events.c what the
 * main loop does to it. A job owns its copy of the event; slots it holds belong to the server
 * and are given back by messages.
 */
#ifndef OL_TRANSFORM_HOST_JOB_H
#define OL_TRANSFORM_HOST_JOB_H

#include "transform/counters.h"
#include "transform/host/engine.h"
#include "transform/host/port.h"

#define OL_JOB_PIECES 4u    /* lent by the server at a time, at most */
#define OL_JOB_OUT_SLOTS 3u /* likewise */

enum ol_job_state {
    OL_JOB_FREE,
    OL_JOB_OPEN,
    OL_JOB_FINISHING /* the engine is done; its last output waits for credits */
};

/* What a step found missing. */
enum { OL_JOB_WANTS_INPUT = 1, OL_JOB_WANTS_OUTPUT = 2, OL_JOB_WANTS_READ = 4 };

enum ol_job_read { OL_JOB_READ_NONE, OL_JOB_READ_SENT, OL_JOB_READ_HERE };

typedef struct ol_job_piece {
    uint32_t slot, length;
} ol_job_piece;

struct ol_job {
    ol_port *port;
    const ol_transform_limits *limits;
    enum ol_job_state state;
    uint32_t id;
    enum ol_transform_entry entry;
    ol_run *run; /* made at the first step */
    uint8_t *event;
    size_t event_bytes;

    ol_job_piece pieces[OL_JOB_PIECES]; /* oldest first */
    unsigned piece_count;
    bool holding; /* the engine has the next part of the oldest */
    uint32_t part_offset, part_length; /* of that part */
    /* How pieces are cut up: what is left of this part, and how long each later one is; 0: to the
     * piece's end. */
    uint64_t cut_left, cut_each;
    bool input_ended;

    uint32_t out_slots[OL_JOB_OUT_SLOTS]; /* the first is being filled */
    unsigned out_count;
    uint32_t out_sent, out_filled; /* in it: handed over, written */
    uint32_t credits;
    bool want_sent;
    bool head_sent;
    uint64_t out_bytes;

    enum ol_job_read read;
    uint64_t read_offset;
    uint32_t read_length;
    ol_job_piece read_piece; /* slot OL_WIRE_NONE: nothing held */
    bool read_failed;
    uint32_t read_calls;
    uint64_t read_bytes;

    uint32_t log_bytes;
    bool log_noted;
    uint64_t counted[OL_COUNTERS_MAX];
    uint64_t in_offset; /* in the original, of the next part */
    uint32_t last_length; /* of the part before it */
    bool meters;
    uint64_t memory_bytes, instructions;

    unsigned wants;
    bool queued, hog, spoiled;
    struct ol_job *next; /* in a run queue */
    uint64_t cpu_us, preempted;
    uint64_t step_started_ns; /* 0 between steps */
};

/* ---- what messages do; true when the job has become runnable ---- */

/* As `open` says; its event is copied. OL_OK or OL_ENOMEM (the job is open all the same, to be
 * failed). */
int ol_job_start(ol_job *job, ol_port *port, const ol_transform_limits *limits, const ol_msg *open,
                 ol_slice event);
bool ol_job_on_data(ol_job *job, const ol_msg *msg);
bool ol_job_on_grant(ol_job *job, const ol_msg *msg);
bool ol_job_on_read(ol_job *job, const ol_msg *msg);

/* Tell the server what was counted. */
void ol_job_send_counts(ol_job *job);
/* Hand over what is written but not sent. False when credits are missing (WANT was sent). */
bool ol_job_drain(ol_job *job);
bool ol_job_has_unsent(const ol_job *job);
/* Forget everything; what was the request's is overwritten. */
void ol_job_reset(ol_job *job);

#endif
