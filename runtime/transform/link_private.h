/* SPDX-License-Identifier: MIT */
/*
 * The body of ol_link, for link*.c only.
 */
#ifndef OL_TRANSFORM_LINK_PRIVATE_H
#define OL_TRANSFORM_LINK_PRIVATE_H

#include "transform/host/ring.h"
#include "transform/link.h"

#define OL_LINK_INPUT_MAX 3u
#define OL_LINK_OUTPUT_MAX 2u
#define OL_LINK_JOB_SLOTS 8u /* inputs, outputs, event, read_at, and some air */
#define OL_LINK_NEVER_MS UINT64_MAX
#define OL_LINK_WANTS 4u

enum ol_slot_use { OL_SLOT_FREE, OL_SLOT_INPUT, OL_SLOT_OUTPUT, OL_SLOT_SIDE, OL_SLOT_LIMBO };
#define OL_SLOT_KINDS 3 /* of a job: INPUT, OUTPUT, SIDE (event, read_at) */

typedef struct ol_link_slot {
    uint8_t use;
    bool lent;        /* the host may touch it */
    bool sent_from;   /* it handed output over from here */
    uint8_t pending;  /* segments of it not yet sent on */
    uint32_t length;  /* bytes of an input piece */
    uint32_t dirty;   /* bytes that may hold something of a request */
    uint64_t since_ms; /* free or in limbo since */
} ol_link_slot;

typedef struct ol_link_segment {
    uint32_t slot, offset, length;
} ol_link_segment;

enum ol_link_job_state {
    OL_LINK_FREE,
    OL_LINK_OPEN,
    OL_LINK_OVER,    /* the host is done; output may be left */
    OL_LINK_CANCELED /* the ticket is gone; the host is not done */
};

typedef struct ol_link_job {
    enum ol_link_job_state state;
    uint32_t id, generation;
    ol_ticket *ticket;
    uint32_t slots[OL_LINK_JOB_SLOTS];
    unsigned slot_count;
    unsigned held[OL_SLOT_KINDS + 1]; /* by use */
    uint32_t fill; /* the piece being filled, or OL_WIRE_NONE */
    uint32_t fill_bytes;
    bool fill_offered, input_ended, end_sent;
    uint32_t read; /* the slot of an unanswered READ_AT, or OL_WIRE_NONE */
    bool reading, read_offered;
    uint32_t read_length;
    unsigned outputs_lent;
    uint32_t credits, credits_back;
    bool want, head_seen, copies;
    unsigned wants_left; /* before it has sent or been sent something again */
    ol_link_segment segments[OL_WIRE_CREDITS];
    unsigned segment_first, segment_count;
    uint64_t out_bytes, log_bytes, read_bytes;
    uint32_t read_calls, log_lines;
    uint32_t counted; /* which counters it has told: a bit each */
} ol_link_job;

struct ol_link {
    uint8_t *base;
    ol_wire_control *control;
    ol_wire_layout layout;
    ol_transform_limits limits;
    const ol_link_ops *ops;
    void *arg;
    ol_ring_writer out;
    ol_ring_reader in;
    bool loaded, broken, spoiled, overspent, dirty;
    unsigned jobs_max, jobs_taken;
    unsigned preempted;
    ol_link_job *jobs;
    ol_link_slot *slots;
    uint32_t *free_slots; /* a stack: what was used last is used first */
    uint32_t free_count, limbo_count;
    uint32_t promised; /* slots that open jobs can count on and do not hold */
    uint32_t text_dirty; /* the text area was used up to here since the last wipe */
    uint64_t now_ms;   /* as of the last tidy */
    uint8_t *text;     /* OL_WIRE_TEXT_MAX bytes: texts are copied here before they are read */
};

static inline uint8_t *ol_link_slot_data(const ol_link *link, uint32_t slot)
{
    return link->base + link->layout.slot_base + (size_t)slot * link->layout.slot_bytes;
}

static inline ol_link_job *ol_link_job_of(const ol_ticket *ticket)
{
    return &ticket->link->jobs[ticket->index];
}

/* ---- link_slots.c ---- */

/* A slot of that use for the job, or OL_WIRE_NONE. */
uint32_t ol_link_slot_take(ol_link *link, ol_link_job *job, enum ol_slot_use use);
void ol_link_slot_give(ol_link *link, ol_link_job *job, uint32_t slot);
/* Unless the host still has it or some of it is still to be sent. */
void ol_link_slot_give_if_done(ol_link *link, ol_link_job *job, uint32_t slot);
/* An empty slot, lent to the host for output; or OL_WIRE_NONE. */
uint32_t ol_link_lend_output(ol_link *link, ol_link_job *job);
void ol_link_mark_dirty(ol_link *link, uint32_t slot, size_t bytes);
/* Keep it from everybody for a while. */
void ol_link_slot_doubt(ol_link *link, ol_link_job *job, uint32_t slot);
/* The job's promise changes with its state: settle it around every change of state. */
void ol_link_set_state(ol_link *link, ol_link_job *job, enum ol_link_job_state state);
/* All slots are free; their memory goes back. */
void ol_link_slots_clear(ol_link *link);
bool ol_link_holds(const ol_link_job *job, uint32_t slot);

/* ---- link.c ---- */

void ol_link_send(ol_link *link, const ol_msg *msg);
void ol_link_free_job(ol_link *link, ol_link_job *job);
/* Everything that the host had is given back. */
void ol_link_take_back(ol_link *link, ol_link_job *job);

/* ---- link_flow.c ---- */

/* Whatever can be sent to the job now is: a full piece, the end, a grant. */
void ol_link_advance(ol_link *link, ol_link_job *job);

#endif
