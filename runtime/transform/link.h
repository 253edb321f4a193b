/* SPDX-License-Identifier: MIT */
/*
 * The server's end of the shared memory of one host: which slot and which job is whose, what
 * may be said when, and the two rings. This is the trust boundary: everything that comes from
 * the host is copied once and checked before it means anything, and the first thing that is not
 * right breaks the link for good.
 *
 * No event loop, no process: the pool wires it to both, the fuzzer plays the host over bare
 * memory.
 *
 * Memory a request: at most three pieces of input and two slots of output, one of each when the
 * client is slow; a slot for the event and then for read_at. Every job can count on one of each
 * kind, more is taken only when nobody else's one is touched: so jobs cannot starve each other.
 */
#ifndef OL_TRANSFORM_LINK_H
#define OL_TRANSFORM_LINK_H

#include "transform/ticket.h"

typedef struct ol_link ol_link;

typedef struct ol_link_loaded {
    bool ok;
    ol_program_declared declared; /* when ok; its slice is valid during the call only */
    uint32_t landlock, walls;
    ol_error err; /* when not */
} ol_link_loaded;

typedef struct ol_link_ops {
    void (*on_loaded)(void *arg, const ol_link_loaded *loaded);
    /* A job's slot in the host has become free. */
    void (*on_job_over)(void *arg);
    /* There is something to publish; call ol_link_publish soon. */
    void (*on_dirty)(void *arg);
} ol_link_ops;

/* `base` holds what ol_child_start laid out. OL_OK or OL_ENOMEM. */
int ol_link_new(ol_link **link, uint8_t *base, const ol_wire_layout *layout, unsigned jobs_max,
                const ol_transform_limits *limits, const ol_link_ops *ops, void *arg);
/* No job may be left. */
void ol_link_destroy(ol_link *link);

/* ---- the host's side of things ---- */

/* Take in all that the host has said. OL_OK, or OL_EPROTOCOL with the reason in *err: the link
 * is broken, the host must be killed, then call ol_link_lost. *culprit: the job that spoke,
 * or OL_WIRE_NONE. */
int ol_link_drain(ol_link *link, uint32_t *culprit, ol_error *err);
/* Something was sent that the host does not see yet. */
bool ol_link_has_unsent(const ol_link *link);
/* Let the host see what was sent. True when it sleeps and must be woken. */
bool ol_link_publish(ol_link *link);
void ol_link_wake(ol_link *link);
/* As ol_ring_sleep, for the reader of this side. */
bool ol_link_sleep(ol_link *link);
void ol_link_awake(ol_link *link);
/* True when messages lie in the ring. */
bool ol_link_has_news(const ol_link *link);
/* The host is no more: every job ends. That of index `culprit` with *err, the others with
 * OL_EHOSTLOST, retryable. */
void ol_link_lost(ol_link *link, uint32_t culprit, const ol_error *err);
/* What the host says it is doing: a word that changes with each step, and the job's index (or
 * OL_WIRE_NONE) and CPU use. Checked to be an open job, believed no further. */
uint64_t ol_link_executing(const ol_link *link, uint32_t *index, uint32_t *used_ms);
unsigned ol_link_hogs(const ol_link *link);
/* The engine declared itself unfit for further jobs. */
bool ol_link_is_spoiled(const ol_link *link);
/* A request went over a budget in it: what is under way may end, nothing new begins. */
bool ol_link_is_overspent(const ol_link *link);

/* ---- the pool's ---- */

bool ol_link_can_open(const ol_link *link);
/* Give the ticket's request to the host. Only when ol_link_can_open. OL_OK or OL_ELIMIT (the
 * event is larger than a slot). */
int ol_link_open(ol_link *link, ol_ticket *ticket, ol_error *err);
/* The ticket's owner goes away; the host is told if it is still at work. No callback follows. */
void ol_link_close(ol_ticket *ticket);
/* Jobs whose index is taken: running, given up but not yet let go, or still sending. */
unsigned ol_link_jobs(const ol_link *link);
unsigned ol_link_jobs_max(const ol_link *link);
/* The host works on a job of that index, for a ticket. */
bool ol_link_is_working(const ol_link *link, uint32_t index);
/* The job of that index was given up and the host has not let go. */
bool ol_link_is_canceled(const ol_link *link, uint32_t index);
ol_ticket *ol_link_ticket(const ol_link *link, uint32_t index);
unsigned ol_link_preempted_take(ol_link *link);
/* Slots that nobody may use because a read into them may still be under way. */
unsigned ol_link_limbo(const ol_link *link);
/* Overwrite all that earlier jobs left, and tell the host to forget. No job, nothing in limbo. */
void ol_link_wipe(ol_link *link);
/* Give back the memory of slots unused for long; end limbo for those long enough in it. */
void ol_link_tidy(ol_link *link, uint64_t now_ms);

/* ---- the stage's ---- */

/* Where the next bytes of the original go: the rest of the piece being filled. False when there
 * is no room now; on_room follows. */
bool ol_link_input_space(ol_ticket *ticket, ol_span *space);
/* The span was handed out to be read into: it must not be reused before it is committed. */
void ol_link_input_offered(ol_ticket *ticket);
void ol_link_input_commit(ol_ticket *ticket, size_t n);
void ol_link_input_end(ol_ticket *ticket);
/* The oldest output not yet sent on. False when there is none. */
bool ol_link_output(ol_ticket *ticket, ol_slice *bytes);
/* What ol_link_output offers is all that will come: the job can no longer fail. */
bool ol_link_output_is_last(ol_ticket *ticket);
/* It was sent on. */
void ol_link_output_done(ol_ticket *ticket);
/* Answer READ_AT: a place for the bytes, then how many came, or why none did. */
bool ol_link_read_space(ol_ticket *ticket, ol_span *space);
void ol_link_read_reply(ol_ticket *ticket, size_t n, const ol_error *err);

#endif
