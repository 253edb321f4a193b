/* SPDX-License-Identifier: MIT */
/*
 * The life of one host of a pool: a child process, its link, and the handles that watch both.
 *
 * Happy path: start → STARTING → started (its process is there) → ready (its program is loaded) →
 * READY → … → kill → DYING → on_exit → DEAD → taken down and freed when its handles are closed and no
 * ticket needs its memory.
 *
 * A process that ends unasked goes from READY to DEAD; what it had said before is taken in first. A host
 * that is killed while its process is being made is DYING at once; the process is killed when it is there. One
 * that does not end then (the kernel keeps it, in a read from a dead disk or while memory is short) is given up.
 */
#include <assert.h>
#include <stdio.h>

#include "base/alloc.h"
#include "transform/child_left.h"
#include "transform/pool_private.h"

#define SLOTS_FOR_ONE_JOB 16u

bool ol_pool_host_is_idle(const ol_pool_host *host)
{
    return host->state == OL_HOST_READY && ol_link_jobs(host->link) == 0;
}

bool ol_pool_host_serves(const ol_pool_host *host, ol_slice group)
{
    return host->has_group && ol_slice_eq(ol_slice_of(host->group, host->group_len), group);
}

uint32_t ol_pool_host_executing(const ol_pool_host *host)
{
    uint32_t index, used_ms;
    ol_link_executing(host->link, &index, &used_ms);
    return index;
}

/* ---- its memory ---- */

static void unlink_host(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    if (host->prev)
        host->prev->next = host->next;
    else
        pool->first = host->next;
    if (host->next)
        host->next->prev = host->prev;
}

void ol_pool_host_maybe_free(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    if (host->state != OL_HOST_DEAD || host->handles > 0)
        return;
    if (host->link && ol_link_jobs(host->link) > 0)
        return;
    bool limbo = host->link && ol_link_limbo(host->link) > 0;
    if (limbo && !pool->closing)
        return;
    if (limbo) /* a read may still write to it: it stays mapped for the little time that is left */
        host->child.base = NULL;
    ol_pool_talk_end(host);
    ol_pool_offload_stop(host);
}

void ol_pool_host_free(ol_pool_host *host)
{
    ol_pool_turns_ends(host);
    unlink_host(host);
    if (host->pool->closing && !host->pool->first)
        ol_pool_watch_close(host->pool);
    ol_program_release(host->program);
    ol_free(host);
}

/* ---- handles ---- */

int ol_pool_host_poll(ol_pool_host *host, uv_poll_t *poll, int fd, uv_poll_cb cb)
{
    poll->data = host;
    if (uv_poll_init(ol_loop_uv(host->pool->loop), poll, fd) != 0)
        return OL_EUNAVAILABLE;
    host->handles++;
    host->pool->open_handles++;
    uv_poll_start(poll, UV_READABLE, cb);
    return OL_OK;
}

void ol_pool_host_handle_done(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    host->handles--;
    ol_pool_host_maybe_free(host);
    ol_pool_handle_closed(pool);
}

void ol_pool_host_handle_closed(uv_handle_t *handle)
{
    ol_pool_host_handle_done(handle->data);
}

/* ---- the end ---- */

static void become_dead(ol_pool_host *host)
{
    host->state = OL_HOST_DEAD;
    ol_pool_set(&host->pool->host_count, host->pool->host_count - 1);
}

static void close_handles(ol_pool_host *host)
{
    ol_pool_talk_stop(host);
    uv_close((uv_handle_t *)&host->exit_poll, ol_pool_host_handle_closed);
    ol_pool_warden_stop(host);
}

void ol_pool_host_retire(ol_pool_host *host)
{
    host->retiring = true;
    host->pool->sweep = true;
    ol_pool_schedule(host->pool);
}

static void end_process(ol_pool_host *host)
{
    ol_child_kill(&host->child);
    host->killed_ms = ol_loop_now_ms(host->pool->loop);
    uv_poll_stop(&host->wake_poll);
}

void ol_pool_host_kill(ol_pool_host *host, uint32_t index, const ol_error *why)
{
    if (host->state >= OL_HOST_DYING)
        return;
    host->state = OL_HOST_DYING;
    host->killed = *why;
    host->killed_index = index;
    if (!host->child_pending)
        end_process(host);
}

void ol_pool_host_kill_for(ol_pool_host *host, uint32_t index, int code, const char *detail, ...)
{
    char text[OL_ERROR_TEXT_SIZE];
    ol_error why = {0};
    va_list args;
    va_start(args, detail);
    vsnprintf(text, sizeof(text), detail, args);
    va_end(args);
    ol_error_set(&why, code, "%s", text);
    ol_pool_host_kill(host, index, &why);
}

static bool has_ready_host(const ol_pool *pool, const ol_program *program)
{
    for (const ol_pool_host *host = pool->first; host; host = host->next)
        if (host->state == OL_HOST_READY && host->program == program)
            return true;
    return false;
}

/* Requests that wait for a host which does not start would wait in vain. But where the program has ready
 * hosts, those serve the queue: only one request, for which this host was to be, is failed. */
static void fail_waiting(ol_pool *pool, const ol_program *program, const ol_error *err)
{
    bool one = has_ready_host(pool, program);
    ol_ticket *next;
    for (ol_ticket *t = pool->queue_first; t; t = next) {
        next = t->next;
        if (t->program != program)
            continue;
        ol_pool_end_ticket(pool, t, err, false);
        if (one)
            return;
    }
}

static void fail_start(ol_pool_host *host, const ol_error *why)
{
    if (host->favour) { /* whoever was promised it meanwhile is served by another */
        ol_pool_favour_failed(host->pool);
        return;
    }
    ol_pool_start_failed(host->pool);
    fail_waiting(host->pool, host->program, why);
}

/* Who was being executed when it died, and what to say about it. */
static uint32_t find_culprit(ol_pool_host *host, const ol_child_end *end, ol_error *err)
{
    char how[128];
    if (host->killed.code != 0) {
        *err = host->killed;
        return host->killed_index;
    }
    ol_child_end_text(end, how, sizeof(how));
    ol_error_set(err, OL_ETRANSFORM, "the host of transform %s %s", host->program->name, how);
    return ol_pool_host_executing(host);
}

static void bury(ol_pool_host *host, const ol_child_end *end)
{
    ol_pool *pool = host->pool;
    ol_error err = {0};
    bool unused = !host->has_group; /* even if it had said that it is ready */
    if (host->state == OL_HOST_STARTING || host->state == OL_HOST_READY)
        ol_pool_talk_drain(host); /* what it said before it died still counts */
    uint32_t culprit = find_culprit(host, end, &err);
    if (err.code != OL_ECANCELED)
        ol_pool_count(&pool->stats.hosts_died, 1);
    become_dead(host);
    close_handles(host);
    ol_link_lost(host->link, culprit, &err);
    if (unused && err.code != OL_ECANCELED) {
        fail_start(host, &err);
    } else if (err.code != OL_ECANCELED) {
        ol_pool_lost_host(host);
    }
    pool->place_again = true;
    ol_pool_schedule(pool);
}

static void on_exit(uv_poll_t *poll, int status, int events)
{
    ol_pool_host *host = poll->data;
    ol_child_end end;
    (void)status;
    (void)events;
    if (ol_child_reap(&host->child, &end))
        bury(host, &end);
}

void ol_pool_host_give_up(ol_pool_host *host)
{
    static const ol_child_end none;
    assert(host->state == OL_HOST_DYING);
    bury(host, &none);
    ol_child_leave(&host->child); /* or it is waited for once more when the rest is taken down */
}

/* ---- the start ---- */

static ol_child_options options_for(const ol_pool *pool, const ol_program *program)
{
    const ol_pool_options *options = &pool->options;
    bool one = ol_program_takes_one(program);
    return (ol_child_options){
        .slot_bytes = options->slot_bytes,
        .slots = one && options->slots > SLOTS_FOR_ONE_JOB ? SLOTS_FOR_ONE_JOB : options->slots,
        .jobs_max = one ? 1 : options->jobs_max,
        .spin_us = options->spin_us,
    };
}

int ol_pool_host_start(ol_pool *pool, ol_program *program, ol_pool_host **out, ol_error *err)
{
    ol_pool_host *host = ol_calloc(1, sizeof(*host));
    if (!host)
        return ol_error_set(err, OL_ENOMEM, "host");
    host->pool = pool;
    host->program = ol_program_acquire(program);
    host->child = OL_CHILD_NONE;
    host->options = options_for(pool, program);
    host->started_ms = ol_loop_now_ms(pool->loop);
    host->killed_index = OL_WIRE_NONE;
    ol_pool_turns_starts(host);
    host->next = pool->first;
    if (pool->first)
        pool->first->prev = host;
    pool->first = host;
    ol_pool_set(&pool->host_count, pool->host_count + 1);
    ol_pool_offload_start(host);
    *out = host;
    return OL_OK;
}

static int watch_host(ol_pool_host *host, ol_error *err)
{
    if (ol_pool_host_poll(host, &host->exit_poll, host->child.pidfd, on_exit) != OL_OK) {
        ol_pool_talk_stop(host);
        return ol_error_set(err, OL_EUNAVAILABLE, "watching a host");
    }
    if (ol_pool_warden_start(host) != OL_OK) {
        close_handles(host);
        return ol_error_set(err, OL_EUNAVAILABLE, "watching a host");
    }
    return OL_OK;
}

void ol_pool_host_not_started(ol_pool_host *host, const ol_error *why)
{
    ol_pool *pool = host->pool;
    ol_error err = host->state == OL_HOST_DYING ? host->killed : *why;
    become_dead(host);
    if (err.code != OL_ECANCELED)
        fail_start(host, &err);
    pool->place_again = true;
    ol_pool_schedule(pool);
}

void ol_pool_host_started(ol_pool_host *host)
{
    ol_error err = {0};
    if (ol_pool_talk_start(host, &err) != OL_OK || watch_host(host, &err) != OL_OK) {
        ol_pool_host_not_started(host, &err);
        return;
    }
    ol_pool_count(&host->pool->stats.hosts_started, 1);
    if (host->state == OL_HOST_DYING)
        end_process(host);
}

void ol_pool_host_ready(ol_pool_host *host)
{
    ol_pool *pool = host->pool;
    if (host->state != OL_HOST_STARTING)
        return; /* it did not live to see that */
    host->state = OL_HOST_READY;
    ol_pool_turns_idle(host);
    host->idle_since_ms = ol_loop_now_ms(pool->loop);
    pool->start_failures = 0;
    pool->sweep |= host->retiring;
    pool->place_again = true;
    ol_pool_schedule(pool);
}
