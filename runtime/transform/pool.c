/* SPDX-License-Identifier: MIT */
/*
 * The pool itself: tickets come and go, work is done once a turn, everything is closed in order.
 *
 * Whatever happens during a turn of the loop only marks what is to be done; at the turn's end
 * the queue is placed once and each host is woken once, however many requests there were.
 */
#include "transform/pool_private.h"

#include <assert.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"

#define SPIN_US 20u
#define SPIN_CORES_MIN 4
#define WARM_MAX 1024u

/* ---- options ---- */

void ol_pool_options_default(ol_pool_options *options)
{
    /* Spinning burns a core that has nothing else to do: with few cores there is none. */
    bool spin = sysconf(_SC_NPROCESSORS_ONLN) >= SPIN_CORES_MIN;
    *options = (ol_pool_options){
        .hosts_max = OL_HOSTS_MAX,
        .jobs_max = OL_HOST_JOBS_MAX,
        .queue_max = OL_TRANSFORM_QUEUE_MAX,
        .slot_bytes = OL_SLOT_BYTES,
        .slots = OL_HOST_SLOTS,
        .pause_ms = OL_HOST_PAUSE_MS,
        .spin_us = spin ? SPIN_US : 0,
    };
}

/* ---- the turn ---- */

static void sweep(ol_pool *pool)
{
    ol_pool_host *next;
    pool->sweep = false;
    for (ol_pool_host *host = pool->first; host; host = next) {
        next = host->next;
        if (host->retiring && ol_pool_host_is_idle(host))
            ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ECANCELED, "the host has served its time");
        ol_pool_host_maybe_free(host);
    }
}

static void publish_all(ol_pool *pool)
{
    ol_pool_host *next;
    ol_pool_host *host = pool->dirty_first;
    pool->dirty_first = NULL;
    for (; host; host = next) {
        next = host->dirty_next;
        /* Before the drain: what it leaves for the next turn must find its way into the new list,
         * for the host believes us awake and will not wake us for it. */
        host->dirty = false;
        if (host->state < OL_HOST_DYING && ol_link_has_news(host->link))
            ol_pool_talk_drain(host);
        ol_pool_talk_publish(host);
    }
}

/* With cores to spare the answer of a host that just woke is worth waiting for. */
static void spin(ol_pool *pool)
{
    uint64_t until = ol_clock_mono_ns() + pool->options.spin_us * 1000ull;
    do {
        for (ol_pool_host *host = pool->first; host; host = host->next)
            if (host->state == OL_HOST_READY && ol_link_has_news(host->link)) {
                ol_pool_talk_drain(host);
                return;
            }
    } while (ol_clock_mono_ns() < until);
}

static void on_turn(void *arg)
{
    ol_pool *pool = arg;
    pool->turn_posted = false;
    bool talked = pool->dirty_first != NULL;
    if (pool->warm_count > 0)
        ol_pool_start_warm(pool);
    if (pool->place_again && !pool->closing) {
        pool->place_again = false;
        ol_pool_place_queue(pool);
    }
    publish_all(pool);
    if (talked && pool->running == 1 && pool->options.spin_us > 0)
        spin(pool);
    if (pool->sweep || pool->closing)
        sweep(pool);
    ol_pool_handle_closed(pool); /* the hold of ol_pool_schedule */
}

void ol_pool_schedule(ol_pool *pool)
{
    if (pool->turn_posted)
        return;
    pool->turn_posted = true;
    pool->open_handles++; /* the loop holds on to us until then */
    ol_loop_defer(pool->loop, &pool->turn);
}

/* ---- tickets ---- */

void ol_pool_unqueue(ol_pool *pool, ol_ticket *ticket)
{
    if (ticket->prev)
        ticket->prev->next = ticket->next;
    else
        pool->queue_first = ticket->next;
    if (ticket->next)
        ticket->next->prev = ticket->prev;
    else
        pool->queue_last = ticket->prev;
    ticket->prev = ticket->next = NULL;
    ol_pool_set(&pool->queued, pool->queued - 1);
    ol_pool_pause_unqueues(pool, ticket);
}

static void enqueue(ol_pool *pool, ol_ticket *ticket)
{
    ticket->state = OL_TICKET_QUEUED;
    ticket->queued_ms = ol_loop_now_ms(pool->loop);
    ticket->next = NULL;
    ticket->prev = pool->queue_last;
    if (pool->queue_last)
        pool->queue_last->next = ticket;
    else
        pool->queue_first = ticket;
    pool->queue_last = ticket;
    ol_pool_set(&pool->queued, pool->queued + 1);
    ol_pool_pause_queues(pool, ticket);
    pool->place_again = true;
    ol_pool_watch_update(pool);
    ol_pool_schedule(pool);
}

int ol_pool_refuse(ol_pool *pool, const ol_ticket *ticket, ol_error *err)
{
    return ol_error_set(err, OL_ESLOWDOWN, "%u requests wait for a host of transform %s%s",
                        pool->queued, ticket->program->name, ol_pool_pause_text(pool, ticket));
}

int ol_pool_enter(ol_pool *pool, ol_ticket *ticket, ol_error *err)
{
    assert(ol_loop_is_current(pool->loop) && ticket->state == OL_TICKET_IDLE);
    ticket->pool = pool;
    if (pool->closing)
        return ol_error_set(err, OL_EUNAVAILABLE, "the pool is closing");
    if (ticket->group.len > OL_POOL_GROUP_MAX)
        return ol_error_set(err, OL_ELIMIT, "a trust group of %zu bytes", ticket->group.len);
    int rc = ol_pool_place(pool, ticket, err);
    if (rc != OL_WAIT)
        return rc;
    if (pool->queued >= pool->options.queue_max || ol_pool_pause_is_full(pool, ticket)) {
        ol_pool_count(&pool->stats.jobs_refused, 1);
        return ol_pool_refuse(pool, ticket, err);
    }
    enqueue(pool, ticket);
    return OL_WAIT;
}

static void withdraw(ol_pool *pool, ol_ticket *ticket)
{
    enum ol_ticket_state state = ticket->state;
    ticket->state = OL_TICKET_OVER;
    if (state == OL_TICKET_QUEUED)
        ol_pool_unqueue(pool, ticket);
    if (state == OL_TICKET_RUNNING) {
        ol_pool_set(&pool->running, pool->running - 1);
        ol_link_close(ticket);
    }
}

void ol_pool_leave(ol_ticket *ticket)
{
    if (ticket->pool)
        withdraw(ticket->pool, ticket);
}

void ol_pool_end_ticket(ol_pool *pool, ol_ticket *ticket, const ol_error *err, bool retryable)
{
    if (err->code == OL_ESLOWDOWN)
        ol_pool_count(&pool->stats.jobs_refused, 1);
    withdraw(pool, ticket);
    ticket->ops->on_end(ticket, err, retryable);
}

/* ---- life ---- */

static unsigned at_most(unsigned value, unsigned max)
{
    return value < 1 ? 1 : value > max ? max : value;
}

int ol_pool_new(ol_pool **out, ol_loop *loop, const ol_pool_options *options, ol_error *err)
{
    ol_wire_layout layout;
    if (!ol_wire_layout_make(&layout, options->slot_bytes, options->slots))
        return ol_error_say(err, OL_ECONFIG,
                            "slot_bytes must be whole pages of 4096 up to %u, slots %u to %u",
                            OL_WIRE_SLOT_BYTES_MAX, OL_WIRE_SLOTS_MIN, OL_WIRE_SLOTS_MAX);
    ol_pool *pool = ol_calloc(1, sizeof(*pool));
    if (!pool)
        return ol_error_set(err, OL_ENOMEM, "pool");
    pool->loop = loop;
    pool->options = *options;
    pool->options.hosts_max = at_most(options->hosts_max, UINT16_MAX);
    pool->options.jobs_max = at_most(options->jobs_max, OL_WIRE_JOBS_MAX);
    pool->turn = (ol_post){.fn = on_turn, .arg = pool};
    if (ol_pool_offload_init(pool) != OL_OK) {
        ol_free(pool);
        return ol_error_set(err, OL_ENOMEM, "pool");
    }
    ol_pool_watch_init(pool);
    ol_pool_turns_init(pool);
    *out = pool;
    return OL_OK;
}

static bool grow_warm(ol_pool *pool)
{
    if (pool->warm_count < pool->warm_cap)
        return true;
    size_t cap = pool->warm_cap ? pool->warm_cap * 2 : 8;
    ol_program **warm = cap <= WARM_MAX ? ol_realloc(pool->warm, cap * sizeof(*warm)) : NULL;
    if (!warm)
        return false;
    pool->warm = warm;
    pool->warm_cap = cap;
    return true;
}

void ol_pool_warm(ol_pool *pool, ol_program *program)
{
    /* On the loop's first turn, not now: before it runs, the caller may be another thread. */
    if (pool->closing || !grow_warm(pool))
        return;
    pool->warm[pool->warm_count++] = ol_program_acquire(program);
    ol_pool_schedule(pool);
}

void ol_pool_handle_closed(ol_pool *pool)
{
    assert(pool->open_handles > 0);
    if (--pool->open_handles > 0 || !pool->closing || pool->first)
        return;
    void (*closed)(void *) = pool->closed;
    void *arg = pool->closed_arg;
    ol_offload_destroy(pool->offload); /* each task was an open handle: none is left */
    ol_free(pool->warm);
    ol_free(pool);
    if (closed)
        closed(arg);
}

void ol_pool_close(ol_pool *pool, void (*cb)(void *arg), void *arg)
{
    assert(!pool->closing && !pool->queue_first && pool->running == 0);
    pool->closing = true;
    pool->closed = cb;
    pool->closed_arg = arg;
    for (ol_pool_host *host = pool->first; host; host = host->next)
        ol_pool_host_kill_for(host, OL_WIRE_NONE, OL_ECANCELED, "the pool is closing");
    if (!pool->first)
        ol_pool_watch_close(pool);
    ol_pool_turns_close(pool);
    ol_pool_schedule(pool);
}

void ol_pool_stats_get(const ol_pool *pool, ol_pool_stats *out)
{
    const ol_pool_stats *stats = &pool->stats;
    *out = (ol_pool_stats){
        .hosts = __atomic_load_n(&pool->host_count, __ATOMIC_RELAXED),
        .hosts_started = __atomic_load_n(&stats->hosts_started, __ATOMIC_RELAXED),
        .hosts_died = __atomic_load_n(&stats->hosts_died, __ATOMIC_RELAXED),
        .jobs = __atomic_load_n(&stats->jobs, __ATOMIC_RELAXED),
        .jobs_running = __atomic_load_n(&pool->running, __ATOMIC_RELAXED),
        .jobs_queued = __atomic_load_n(&pool->queued, __ATOMIC_RELAXED),
        .jobs_refused = __atomic_load_n(&stats->jobs_refused, __ATOMIC_RELAXED),
        .preempted = __atomic_load_n(&stats->preempted, __ATOMIC_RELAXED),
    };
}
