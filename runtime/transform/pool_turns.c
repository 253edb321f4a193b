/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom among hosts. The kernel lets a host that it has picked compute until its clock's next
 * tick (1 to 10 ms), and a request that needs a hundred microseconds of another would wait for that.
 * So while a host was told something and has not had the core since, and others work beside it, the loop
 * wakes itself in beats: whoever computes loses the core to it, and the kernel chooses anew. It chooses
 * short turns first; hosts that are found to compute have long ones until they are idle again, or have ended
 * a job and hold none that computes. One that answers many requests in a row has used much, and computes not.
 *
 * Only the first thread of a host is given other turns: those that it starts keep what it had then.
 */
#include <stdatomic.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/turns.h"
#include "transform/pool_private.h"

#define BEAT_NS 200000
#define BEATS_MAX 16u       /* for one host: then it waits for the kernel */
#define LOOKS_A_BEAT 8u     /* with more the beat is slower */
#define COMPUTES_NS 300000u /* since it was idle, or ended a job */
#define HAD_THE_CORE_NS 10000u

/* Hosts with long turns, of all pools: the kernel may put any of them beside any other. */
static atomic_uint long_turns;

/* `looked_at`: hosts whose clock the last beat read, which costs half a microsecond each. */
static void arm(ol_pool *pool, unsigned looked_at)
{
    const struct itimerspec once = {.it_value = {.tv_nsec = BEAT_NS * (1 + looked_at / LOOKS_A_BEAT)}};
    pool->beating = timerfd_settime(pool->beat_fd, 0, &once, NULL) == 0;
}

/* Does it want a core that the host may be waiting for? */
static bool works(const ol_pool_host *host)
{
    return host->state == OL_HOST_STARTING ||
           (host->state == OL_HOST_READY && ol_link_jobs(host->link) > 0) ||
           host->state == OL_HOST_DYING;
}

static bool works_beside(const ol_pool_host *host)
{
    if (atomic_load_explicit(&long_turns, memory_order_relaxed) > 0)
        return true;
    for (const ol_pool_host *other = host->pool->first; other; other = other->next)
        if (other != host && works(other))
            return true;
    return false;
}

void ol_pool_turns_told(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    if (pool->beat_fd < 0 || host->state != OL_HOST_READY || !works_beside(host))
        return;
    host->waits_beats = BEATS_MAX;
    host->waits_cpu_ns = 0;
    if (!pool->beating)
        arm(pool, 0);
}

void ol_pool_turns_heard(ol_pool_host *host)
{
    host->waits_beats = 0;
}

static void note(ol_pool_host *host, ol_turns turns)
{
    host->turns = turns;
    atomic_fetch_add_explicit(&long_turns, turns == OL_TURNS_LAST ? 1u : -1u, memory_order_relaxed);
}

static void set(ol_pool_host *host, ol_turns turns)
{
    if (host->turns == turns)
        return;
    note(host, turns);
    if (host->child.pid > 0) /* a thread's are its own */
        ol_turns_give(host->child.pid, turns);
}

void ol_pool_turns_starts(ol_pool_host *host)
{
    note(host, OL_TURNS_LAST);
}

void ol_pool_turns_ends(ol_pool_host *host)
{
    set(host, OL_TURNS_NEXT);
}

/* What it says of its jobs is believed: who lies here gains a turn for as long as it takes to be found again. */
void ol_pool_turns_job_over(ol_pool_host *host)
{
    host->works_from_ns = 0;
    if (ol_link_hogs(host->link) == 0)
        set(host, OL_TURNS_NEXT);
}

void ol_pool_turns_idle(ol_pool_host *host)
{
    host->waits_beats = 0;
    set(host, OL_TURNS_NEXT);
}

static bool still_waits(ol_pool_host *host, uint64_t cpu_ns)
{
    if (host->waits_beats == 0)
        return false;
    if (host->waits_cpu_ns != 0 && cpu_ns - host->waits_cpu_ns > HAD_THE_CORE_NS)
        host->waits_beats = 0;
    else
        host->waits_beats--;
    host->waits_cpu_ns = cpu_ns;
    return host->waits_beats > 0;
}

static bool is_worth_a_look(const ol_pool_host *host)
{
    return host->state == OL_HOST_READY && ol_link_jobs(host->link) > 0 &&
           (host->turns != OL_TURNS_LAST || host->waits_beats > 0);
}

/* True: it was told something and has not had the core since. */
static bool look_at(ol_pool_host *host)
{
    uint64_t cpu_ns = ol_child_cpu_ns(&host->child);
    if (host->works_from_ns == 0)
        host->works_from_ns = cpu_ns;
    if (cpu_ns - host->works_from_ns > COMPUTES_NS)
        set(host, OL_TURNS_LAST);
    return still_waits(host, cpu_ns);
}

static void on_beat(uv_poll_t *poll, int status, int events)
{
    ol_pool *pool = poll->data;
    uint64_t count;
    unsigned looked_at = 0;
    bool any = false;
    (void)status;
    (void)events;
    pool->beating = false;
    if (read(pool->beat_fd, &count, sizeof(count)) != sizeof(count))
        return;
    for (ol_pool_host *host = pool->first; host; host = host->next) {
        if (!is_worth_a_look(host))
            continue;
        looked_at++;
        any |= look_at(host);
    }
    if (any)
        arm(pool, looked_at);
}

void ol_pool_turns_init(ol_pool *pool)
{
    pool->beat_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (pool->beat_fd < 0)
        return; /* then it waits */
    if (uv_poll_init(ol_loop_uv(pool->loop), &pool->beat, pool->beat_fd) != 0) {
        close(pool->beat_fd);
        pool->beat_fd = -1;
        return;
    }
    pool->beat.data = pool;
    pool->open_handles++;
    uv_poll_start(&pool->beat, UV_READABLE, on_beat);
}

static void on_closed(uv_handle_t *handle)
{
    ol_pool_handle_closed(handle->data);
}

void ol_pool_turns_close(ol_pool *pool)
{
    if (pool->beat_fd < 0)
        return;
    uv_close((uv_handle_t *)&pool->beat, on_closed);
    close(pool->beat_fd);
    pool->beat_fd = -1;
}
