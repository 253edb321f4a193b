/* SPDX-License-Identifier: MIT */
/*
 * The host's main loop.
 *
 * Happy path: once the program has loaded (host_start.c), for ever: take every message there is, step every
 * job that can run, tell the server once about all that came of it, sleep.
 *
 * What goes wrong: a job that fails is reported; the host goes on. The server kills a host that is stuck, so nothing here
 * watches itself.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "transform/host/host_private.h"
#include "transform/host/texts.h"

#define LONG_STEP_US 1000  /* from here on CPU time is asked for, not guessed */
#define HOG_SLICE_MS 1
#define UNSENT_NS_MAX 2000000u /* how long output may lie while its job waits */
#define IDLE_NS 2000000u /* without a job, before what the engine put off is done */

/* ---- what the watchdog sees ---- */

static void publish_busy(ol_host *h, const ol_job *job)
{
    ol_wire_control *control = h->port.control;
    uint64_t used_ms = job->cpu_us / 1000;
    h->steps++;
    atomic_store_explicit(&control->executing_used_ms, (uint32_t)used_ms, memory_order_relaxed);
    atomic_store_explicit(&control->executing, (uint64_t)h->steps << 32 | ((job->id & 0xff) + 1),
                          memory_order_release);
}

static void publish_idle(ol_host *h)
{
    atomic_store_explicit(&h->port.control->executing, (uint64_t)h->steps << 32,
                          memory_order_release);
}

/* ---- the end of a job ---- */

void ol_host_close_run(ol_host *h, ol_job *job)
{
    if (!job->run)
        return;
    publish_busy(h, job);
    h->ops->close(job->run);
    job->run = NULL;
    publish_idle(h);
}

static void end_job(ol_host *h, ol_job *job, ol_msg *msg, const ol_error *err)
{
    ol_buf text;
    ol_buf_init(&text, OL_HOST_TEXT_BYTES_MAX);
    ol_host_close_run(h, job); /* may still find that its state is spoiled, or count */
    ol_job_send_counts(job);
    msg->job = job->id;
    msg->slot = OL_WIRE_NONE;
    msg->a = job->cpu_us;
    msg->b = job->preempted;
    msg->spare[0] = job->memory_bytes;
    msg->spare[1] = job->instructions;
    msg->flags = job->spoiled ? OL_MSG_F_SPOILED : 0;
    if (err)
        ol_text_error_encode(&text, err);
    ol_port_send_text(&h->port, msg, ol_buf_slice(&text));
    ol_buf_fini(&text);
    ol_job_queue_remove(&h->queue, job);
    ol_job_reset(job);
    h->jobs_open--;
}

/* For the author, who reads the log: where in the original the program stood. */
static void say_where(const ol_job *job, ol_error *err)
{
    size_t len = strlen(err->detail);
    if (job->entry != OL_ENTRY_GET || len == 0)
        return;
    char *to = err->detail + len;
    size_t room = sizeof(err->detail) - len;
    /* The part in hand, or the last one that was: engines may copy it and let it go. */
    uint64_t from = job->holding ? job->in_offset : job->in_offset - job->last_length;
    uint32_t length = job->holding ? job->part_length : job->last_length;
    int need = length > 0 ? snprintf(to, room, " [at input bytes %llu to %llu]",
                                     (unsigned long long)from, (unsigned long long)from + length - 1)
                          : snprintf(to, room, " [before any input]");
    if (need < 0 || (size_t)need >= room)
        *to = '\0'; /* better no place than half of one */
}

static void fail_job(ol_host *h, ol_job *job, const ol_error *why)
{
    ol_error placed = *why;
    const ol_error *err = &placed;
    say_where(job, &placed);
    ol_msg msg = {.type = OL_MSG_FAIL, .code = err->code};
    end_job(h, job, &msg, err);
}

/* The engine is done, its last output may not be. */
static void finish_job(ol_host *h, ol_job *job)
{
    ol_msg msg = {.type = OL_MSG_DONE};
    job->state = OL_JOB_FINISHING;
    if (ol_job_drain(job))
        end_job(h, job, &msg, NULL);
}

/* ---- messages ---- */

static ol_job *find_job(ol_host *h, const ol_msg *msg)
{
    uint32_t index = msg->job & 0xff;
    ol_job *job = index < h->jobs_max ? &h->jobs[index] : NULL;
    /* It may have ended while the message was on its way. */
    return job && job->state != OL_JOB_FREE && job->id == msg->job ? job : NULL;
}

static void on_open(ol_host *h, const ol_msg *msg)
{
    uint32_t index = msg->job & 0xff;
    if (index >= h->jobs_max || msg->slot >= h->port.layout.slots ||
        msg->length > h->port.layout.slot_bytes)
        _exit(OL_HOST_EXIT_SERVER);
    ol_job *job = &h->jobs[index];
    ol_slice event = ol_slice_of(ol_port_slot(&h->port, msg->slot), msg->length);
    int rc = ol_job_start(job, &h->port, &h->program.limits, msg, event);
    h->jobs_open++;
    ol_port_send(&h->port, &(ol_msg){.type = OL_MSG_RELEASE, .job = msg->job, .slot = msg->slot});
    if (rc == OL_OK && ol_fields_check(ol_job_event(job)) != OL_OK)
        rc = OL_EINVAL;
    if (rc != OL_OK) {
        ol_error err = {0};
        ol_error_set(&err, rc == OL_ENOMEM ? OL_ETRANSFORMMEMORY : OL_ETRANSFORM, "event");
        fail_job(h, job, &err);
        return;
    }
    ol_job_on_data(job, &(ol_msg){.slot = OL_WIRE_NONE, .grant = msg->grant});
    ol_job_queue_add(&h->queue, job);
}

static void on_cancel(ol_host *h, ol_job *job)
{
    ol_msg msg = {.type = OL_MSG_DONE};
    end_job(h, job, &msg, NULL);
}

static void on_job_message(ol_host *h, ol_job *job, const ol_msg *msg)
{
    bool runnable = false;
    if (msg->type == OL_MSG_DATA)
        runnable = ol_job_on_data(job, msg);
    else if (msg->type == OL_MSG_GRANT)
        runnable = ol_job_on_grant(job, msg);
    else if (msg->type == OL_MSG_READ_AT_REPLY)
        runnable = ol_job_on_read(job, msg);
    if (job->state == OL_JOB_FINISHING)
        finish_job(h, job);
    else if (runnable)
        ol_job_queue_add(&h->queue, job);
}

static void on_message(ol_host *h, const ol_msg *msg)
{
    if (msg->type == OL_MSG_OPEN) {
        on_open(h, msg);
        return;
    }
    if (msg->type == OL_MSG_WIPE) {
        if (h->ops->wipe)
            h->ops->wipe(h->engine);
        return;
    }
    ol_job *job = find_job(h, msg);
    if (!job)
        return;
    if (msg->type == OL_MSG_CANCEL)
        on_cancel(h, job);
    else
        on_job_message(h, job, msg);
}

static bool receive_all(ol_host *h)
{
    ol_msg msg;
    bool any = false;
    while (ol_port_receive(&h->port, &msg) == OL_OK) {
        on_message(h, &msg);
        any = true;
    }
    return any;
}

/* ---- steps ---- */

static int open_and_step(ol_host *h, ol_job *job, ol_error *err)
{
    int rc = OL_OK;
    if (!job->run)
        rc = h->ops->open(h->engine, job, &job->run, err);
    if (rc != OL_OK)
        return rc;
    uint32_t slice_ms = job->hog ? HOG_SLICE_MS : h->program.limits.slice_ms;
    return h->ops->step(job->run, slice_ms > 0 ? slice_ms : 1, err);
}

/* A step that was long by the clock may have been waiting for a core: then the CPU time of the
 * whole round is a bound on it. */
static void account(ol_host *h, ol_job *job, uint64_t wall_ns)
{
    uint64_t used_ns = wall_ns;
    if (wall_ns >= LONG_STEP_US * 1000ull) {
        uint64_t now = ol_clock_thread_cpu_ns();
        if (now - h->round_cpu_ns < used_ns)
            used_ns = now - h->round_cpu_ns;
        h->round_cpu_ns = now;
    }
    job->cpu_us += used_ns / 1000;
}

/* Says at which line: its author looks for an endless loop. */
static int over_cpu(ol_host *h, ol_job *job, ol_error *err)
{
    char where[96] = "";
    if (h->ops->where)
        h->ops->where(job->run, where, sizeof(where));
    return ol_error_set(err, OL_ETRANSFORMCPU, "%s%smore than cpu_ms = %u", where,
                        where[0] ? ": " : "", h->program.limits.cpu_ms);
}

static void after_step(ol_host *h, ol_job *job, int rc, ol_error *err)
{
    if (rc != OL_DONE && rc >= 0 && job->cpu_us / 1000 >= h->program.limits.cpu_ms)
        rc = over_cpu(h, job, err);
    if (rc < 0) {
        ol_error_set(err, rc, "the engine gave no reason");
        fail_job(h, job, err);
    } else if (rc == OL_DONE) {
        finish_job(h, job);
    } else if (rc == OL_OK) {
        job->hog = true;
        job->preempted++;
        ol_job_queue_add(&h->queue, job);
    } else {
        job->hog = false;
        if (h->unsent_since_ns == 0 && ol_job_has_unsent(job))
            h->unsent_since_ns = ol_clock_mono_ns();
    }
}

static void step_job(ol_host *h, ol_job *job)
{
    ol_error err = {0};
    publish_busy(h, job);
    job->wants = 0;
    uint64_t start = job->step_started_ns = ol_clock_mono_ns();
    int rc = open_and_step(h, job, &err);
    uint64_t end = ol_clock_mono_ns();
    job->step_started_ns = 0;
    publish_idle(h);
    account(h, job, end - start);
    after_step(h, job, rc, &err);
    atomic_store_explicit(&h->port.control->hogs, h->queue.hogs, memory_order_relaxed);
    ol_port_flush_if_due(&h->port, end);
}

/* Every light job once, or one slice of a hog: messages are looked at in between. */
static bool run_some(ol_host *h)
{
    ol_job *job = ol_job_queue_take(&h->queue);
    if (!job)
        return false;
    h->round_cpu_ns = ol_clock_thread_cpu_ns();
    bool hog = job->hog;
    step_job(h, job);
    while (!hog && ol_job_queue_has_light(&h->queue)) {
        job = ol_job_queue_take(&h->queue);
        step_job(h, job);
    }
    ol_port_flush(&h->port);
    return true;
}

/* What a job wrote before it began to wait may not wait with it for long; but sent at once, each
 * line of a talkative script would become a write to the client's socket. */
static void drain_waiting(ol_host *h)
{
    h->unsent_since_ns = 0;
    for (unsigned i = 0; i < h->jobs_max; i++)
        if (h->jobs[i].state == OL_JOB_OPEN && h->jobs[i].credits > 0)
            ol_job_drain(&h->jobs[i]);
    ol_port_flush(&h->port);
}

static void drain_if_due(ol_host *h)
{
    if (h->unsent_since_ns && ol_clock_mono_ns() - h->unsent_since_ns >= UNSENT_NS_MAX)
        drain_waiting(h);
}

/* There is nothing to do. Who asks next seldom does so at once: what was put off waits for IDLE_NS
 * without a job, and is done in slices, with a look at the ring between them. */
static void rest(ol_host *h)
{
    bool may_work = h->put_off && h->jobs_open == 0;
    if (may_work && h->was_idle) {
        /* Longer slices would pass for a host that computes without a request (pool_watch.c). */
        uint32_t slice_ms = h->program.limits.slice_ms;
        h->put_off = h->ops->idle(h->engine, slice_ms < OL_TRANSFORM_SLICE_MS ? slice_ms
                                                                              : OL_TRANSFORM_SLICE_MS);
        return;
    }
    h->was_idle = may_work;
    ol_port_wait(&h->port, h->unsent_since_ns ? UNSENT_NS_MAX : may_work ? IDLE_NS : 0);
}

void ol_host_serve(ol_host *h)
{
    h->put_off = h->ops->idle != NULL;
    while (!ol_port_is_stopped(&h->port)) {
        bool any = receive_all(h);
        any = run_some(h) || any;
        drain_if_due(h);
        if (any)
            h->was_idle = false;
        else
            rest(h);
    }
}
