/* SPDX-License-Identifier: MIT */
/*
 * The bodies of a pool and its hosts, for pool*.c only.
 *
 * pool_host.c    the life of one host: started, ready, killed, lost, freed
 * pool_talk.c    its link, and what it says
 * pool_offload.c what of its life would block the loop
 * pool_warden.c  what its first filter asks for
 * pool_place.c   which request goes to which host, and when a host is started or given up
 * pool_pause.c   trust groups and programs that lose hosts too often
 * pool_turns.c   which of them has the core first
 * pool_watch.c   time: the watchdog, deadlines, tidying
 * pool.c         the rest
 */
#ifndef OL_TRANSFORM_POOL_PRIVATE_H
#define OL_TRANSFORM_POOL_PRIVATE_H

#include "base/turns.h"
#include "net/offload.h"
#include "transform/child.h"
#include "transform/link.h"
#include "transform/pool.h"

#define OL_POOL_TICK_MS 10u
#define OL_POOL_TIDY_MS 1000u
#define OL_POOL_LOSSES 64u
#define OL_POOL_GROUP_LOSSES 256u
#define OL_POOL_GROUP_MAX 512u /* bytes of a trust group */

enum ol_host_state {
    OL_HOST_STARTING, /* the process is being made, or the program loaded */
    OL_HOST_READY,
    OL_HOST_DYING, /* killed, or seen dead; not reaped */
    OL_HOST_DEAD   /* reaped, never born, or it does not end; kept until the last ticket has let go */
};

typedef struct ol_pool_host {
    ol_pool *pool;
    struct ol_pool_host *prev, *next;
    enum ol_host_state state;
    ol_child child;
    ol_child_options options;
    ol_link *link; /* NULL until its process is there, and at the very end */
    bool child_pending; /* its process is being made, by the offload's thread: `child` is that one's */
    ol_task task;       /* the offload's */
    int start_code;     /* what ol_child_start returned, for the loop */
    ol_error start_error;
    ol_program *program;
    uint8_t group[OL_POOL_GROUP_MAX]; /* whom it serves, or served last */
    size_t group_len;
    bool has_group;
    bool retiring; /* a newer version of its program is there, or it is worn: no new jobs */
    bool taken;    /* by a request that wants to be alone */
    bool draining; /* somebody in the queue waits for it: nobody else gets in */
    bool favour;   /* no request needed it when it was started: one that fails is nobody's error */
    uint64_t started_ms, idle_since_ms;
    /* the watchdog's */
    uint64_t seen_word, seen_cpu_ns, seen_ms;
    uint64_t budget_ms;   /* CPU time of all requests since it was idle */
    uint64_t budget_from_ns; /* the process's CPU time when that began; 0: not looked at yet */
    uint64_t idle_cpu_ns; /* its CPU time when it was last seen idle */
    bool idle_seen;
    /* pool_turns.c's */
    ol_turns turns;
    unsigned waits_beats; /* how many it is waited for yet; 0: it had the core */
    uint64_t waits_cpu_ns; /* its CPU time at the last of them; 0: not looked at yet */
    uint64_t works_from_ns; /* the same at the first look since it was idle or ended a job; 0: none yet */
    uint64_t canceled_ms; /* since when something it was told to give up is not */
    /* why it was killed, if we did, and when its process was told */
    ol_error killed;
    uint64_t killed_ms;
    uint32_t killed_index;
    /* what this placing round has promised of it */
    unsigned claims;
    uint64_t claimed_by; /* ol_pool_whose */
    uv_poll_t wake_poll, exit_poll;
    uv_poll_t control_poll, listener_poll; /* the warden's; of a shared object */
    bool control_polled, listener_polled;
    unsigned handles;
    bool dirty; /* in pool->dirty_first */
    struct ol_pool_host *dirty_next;
} ol_pool_host;

/* pool_pause.c's. */
typedef struct ol_pool_debt {
    uint64_t paid_ms; /* then all its lost hosts are paid for */
    unsigned queued;  /* requests of it that wait for a host */
} ol_pool_debt;

/* By a hash of whose they are. */
typedef struct ol_pool_losses {
    uint64_t programs_paid_ms[OL_POOL_LOSSES];
    ol_pool_debt groups[OL_POOL_GROUP_LOSSES]; /* trust groups, each of one program */
    uint64_t until_ms;                         /* the latest of all these times */
} ol_pool_losses;

struct ol_pool {
    ol_loop *loop;
    ol_pool_options options;
    ol_offload *offload; /* one thread, which makes processes and takes them down */
    ol_pool_host *first; /* newest first */
    unsigned host_count; /* all but the dead */
    ol_pool_host *dirty_first;
    ol_ticket *queue_first, *queue_last;
    unsigned queued, running;
    ol_post turn;
    bool turn_posted, place_again, sweep;
    uint64_t ticked_ms;
    uv_timer_t tick, tidy;
    bool ticking;
    int beat_fd; /* timerfd; -1: none */
    uv_poll_t beat;
    bool beating;
    uint64_t start_again_ms; /* after failures: not before */
    unsigned start_failures;
    uint64_t spread_again_ms; /* the same of hosts that are started as a favour */
    ol_pool_losses losses;
    ol_program **warm; /* to be started on the next turn */
    size_t warm_count, warm_cap;
    ol_pool_stats stats;
    bool closing;
    unsigned open_handles;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* Counters are written by the loop and read by whoever scrapes. */
static inline void ol_pool_count(uint64_t *counter, uint64_t more)
{
    __atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

static inline void ol_pool_set(unsigned *number, unsigned value)
{
    __atomic_store_n(number, value, __ATOMIC_RELAXED);
}

/* ---- pool.c ---- */

/* Publish, place and start on this turn's end. */
void ol_pool_schedule(ol_pool *pool);
void ol_pool_end_ticket(ol_pool *pool, ol_ticket *ticket, const ol_error *err, bool retryable);
void ol_pool_unqueue(ol_pool *pool, ol_ticket *ticket);
/* Too many wait: OL_ESLOWDOWN, and why. */
int ol_pool_refuse(ol_pool *pool, const ol_ticket *ticket, ol_error *err);
void ol_pool_handle_closed(ol_pool *pool);

/* ---- pool_host.c ---- */

/* OL_OK or OL_ENOMEM. Its process is made meanwhile; if that fails, requests that wait for a host of
 * that program fail. */
int ol_pool_host_start(ol_pool *pool, ol_program *program, ol_pool_host **host, ol_error *err);
/* Its process was made. */
void ol_pool_host_started(ol_pool_host *host);
/* No process was to be had for it, or it cannot be watched. */
void ol_pool_host_not_started(ol_pool_host *host, const ol_error *why);
/* Its program is loaded, its walls stand: it may serve. */
void ol_pool_host_ready(ol_pool_host *host);
/* No new jobs; it is let go when it is idle. */
void ol_pool_host_retire(ol_pool_host *host);
/* `index`: the job whose fault it is, or OL_WIRE_NONE. Its jobs end when the process has. Does nothing
 * when it was killed before. */
void ol_pool_host_kill(ol_pool_host *host, uint32_t index, const ol_error *why);
/* It was killed, and its process does not end: nobody waits for it any longer. */
void ol_pool_host_give_up(ol_pool_host *host);
/* As kill; the error is made here, as by ol_error_set. */
void ol_pool_host_kill_for(ol_pool_host *host, uint32_t index, int code, const char *detail, ...)
    __attribute__((format(printf, 4, 5)));
/* It runs nothing and holds nothing. */
bool ol_pool_host_is_idle(const ol_pool_host *host);
bool ol_pool_host_serves(const ol_pool_host *host, ol_slice group);
/* The job that it says it is working on, or OL_WIRE_NONE. */
uint32_t ol_pool_host_executing(const ol_pool_host *host);
/* Have its process taken down and the host freed, if it is dead and nothing needs its memory. */
void ol_pool_host_maybe_free(ol_pool_host *host);
/* Its process was taken down. */
void ol_pool_host_free(ol_pool_host *host);
/* Watch a descriptor of it. OL_OK or OL_EUNAVAILABLE. To be closed with ol_pool_host_handle_closed. */
int ol_pool_host_poll(ol_pool_host *host, uv_poll_t *poll, int fd, uv_poll_cb cb);
/* The close callback of every handle of a host. */
void ol_pool_host_handle_closed(uv_handle_t *handle);
/* One of its handles was closed, or its task is over. */
void ol_pool_host_handle_done(ol_pool_host *host);

/* ---- pool_talk.c ---- */

/* Its link, and the poll that wakes us for it. OL_OK, OL_ENOMEM or OL_EUNAVAILABLE. */
int ol_pool_talk_start(ol_pool_host *host, ol_error *err);
/* Close the poll: no word of it is waited for any more. */
void ol_pool_talk_stop(ol_pool_host *host);
/* The link goes. */
void ol_pool_talk_end(ol_pool_host *host);
/* Take in all that it has said. */
void ol_pool_talk_drain(ol_pool_host *host);
/* Let it see what it was sent. */
void ol_pool_talk_publish(ol_pool_host *host);

/* ---- pool_offload.c ---- */

/* OL_OK or OL_ENOMEM. */
int ol_pool_offload_init(ol_pool *pool);
/* Make its process. ol_pool_host_started or ol_pool_host_not_started follows. */
void ol_pool_offload_start(ol_pool_host *host);
/* Narrow its control group to what its program declared. ol_pool_host_ready follows, or is called at
 * once when there is nothing to narrow. */
void ol_pool_offload_narrow(ol_pool_host *host);
/* Take its process down, which may still be alive, and its memory. ol_pool_host_free follows. */
void ol_pool_offload_stop(ol_pool_host *host);

/* ---- pool_warden.c ---- */

/* Poll what the warden of the host's child needs. For Lua there is nothing to grant. */
int ol_pool_warden_start(ol_pool_host *host);
/* The program is loaded. False: it runs more threads than it declared. */
bool ol_pool_warden_seal(ol_pool_host *host, uint32_t threads_max);
/* Its polls are being closed; then the host may be let go. */
void ol_pool_warden_stop(ol_pool_host *host);

/* ---- pool_place.c ---- */

/* Find a host for the ticket now. OL_OK, OL_WAIT (none), or an error. */
int ol_pool_place(ol_pool *pool, ol_ticket *ticket, ol_error *err);
void ol_pool_start_failed(ol_pool *pool);
/* So did one that was a favour: the next such one is not started at once. */
void ol_pool_favour_failed(ol_pool *pool);
/* Place whatever of the queue can be placed; start and give up hosts for the rest. */
void ol_pool_place_queue(ol_pool *pool);
void ol_pool_start_warm(ol_pool *pool);

/* ---- pool_pause.c ---- */

/* A host died at work, or must be replaced for what a request did. */
void ol_pool_lost_host(ol_pool_host *host);
/* A hash of a trust group of a program, by its name. */
uint64_t ol_pool_whose(const ol_program *program, ol_slice group);
/* Its trust group owes for so many, and has so many, that it is kept to those that serve it already. */
bool ol_pool_group_is_short(ol_pool *pool, const ol_ticket *ticket);
/* All groups of its program together lost too many: no host is started for it now. */
bool ol_pool_program_is_paused(ol_pool *pool, const ol_ticket *ticket);
/* It joins the queue; it leaves it. */
void ol_pool_pause_queues(ol_pool *pool, const ol_ticket *ticket);
void ol_pool_pause_unqueues(ol_pool *pool, const ol_ticket *ticket);
/* Its trust group, or its program, owes for too many, and the queue has no more room for such. */
bool ol_pool_pause_is_full(ol_pool *pool, const ol_ticket *ticket);
/* Its trust group is paused, and more of it wait than may, or too few places are left for others: it was not
 * paused yet when they came, or others came. */
bool ol_pool_group_has_too_many(ol_pool *pool, const ol_ticket *ticket);
/* For an error of a request that waits: empty, or that it is for that. */
const char *ol_pool_pause_text(ol_pool *pool, const ol_ticket *ticket);

/* ---- pool_turns.c ---- */

void ol_pool_turns_init(ol_pool *pool);
void ol_pool_turns_close(ol_pool *pool);
/* It is being started; it is no more. */
void ol_pool_turns_starts(ol_pool_host *host);
void ol_pool_turns_ends(ol_pool_host *host);
/* It was sent something to do. */
void ol_pool_turns_told(ol_pool_host *host);
/* It said something. */
void ol_pool_turns_heard(ol_pool_host *host);
/* A job of it has ended; it may have others. */
void ol_pool_turns_job_over(ol_pool_host *host);
/* It has nothing to do. */
void ol_pool_turns_idle(ol_pool_host *host);

/* ---- pool_watch.c ---- */

int ol_pool_watch_init(ol_pool *pool);
void ol_pool_watch_update(ol_pool *pool); /* tick while something runs or waits */
void ol_pool_watch_close(ol_pool *pool); /* once the pool closes and has no host */

#endif
