/* SPDX-License-Identifier: MIT */
/*
 * The host's main loop.
 *
 * Happy path: LOAD lies in the ring before the process starts; the wall goes up around the
 * loading; LOADED is sent; then, for ever: take every message there is, step every job that can
 * run, tell the server once about all that came of it, sleep.
 *
 * What goes wrong: a program that does not load is reported and the process ends. A job that
 * fails is reported; the host goes on. The server kills a host that is stuck, so nothing here
 * watches itself.
 */
#include "transform/host/host.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "transform/host/filters.h"
#include "transform/host/queue.h"
#include "transform/host/sandbox.h"
#include "transform/host/texts.h"

#define LONG_STEP_US 1000  /* from here on CPU time is asked for, not guessed */
#define HOG_SLICE_MS 1
#define UNSENT_NS_MAX 2000000u /* how long output may lie while its job waits */
#define IDLE_NS 2000000u /* without a job, before what the engine put off is done */
#define TEXT_BYTES_MAX (16u * OL_KIB)

typedef struct host {
    ol_port port;
    const ol_engine_ops *ops;
    ol_engine *engine;
    ol_program program;
    ol_sandbox_held held;
    ol_filters *filters;
    uint8_t *program_text; /* what program's slices point into */
    ol_job *jobs;
    unsigned jobs_max, jobs_open;
    ol_job_queue queue;
    uint32_t steps;
    uint64_t round_cpu_ns;  /* thread CPU time when this round began */
    uint64_t unsent_since_ns; /* since when a job may wait with output unsent; 0 = none does */
    bool put_off; /* the engine has more to do when it is idle */
    bool was_idle;
} host;

/* ---- what the watchdog sees ---- */

static void publish_busy(host *h, const ol_job *job)
{
    ol_wire_control *control = h->port.control;
    uint64_t used_ms = job->cpu_us / 1000;
    h->steps++;
    atomic_store_explicit(&control->executing_used_ms, (uint32_t)used_ms, memory_order_relaxed);
    atomic_store_explicit(&control->executing, (uint64_t)h->steps << 32 | ((job->id & 0xff) + 1),
                          memory_order_release);
}

static void publish_idle(host *h)
{
    atomic_store_explicit(&h->port.control->executing, (uint64_t)h->steps << 32,
                          memory_order_release);
}

/* ---- the end of a job ---- */

static void close_run(host *h, ol_job *job)
{
    if (!job->run)
        return;
    publish_busy(h, job);
    h->ops->close(job->run);
    job->run = NULL;
    publish_idle(h);
}

static void end_job(host *h, ol_job *job, ol_msg *msg, const ol_error *err)
{
    ol_buf text;
    ol_buf_init(&text, TEXT_BYTES_MAX);
    close_run(h, job); /* may still find that its state is spoiled, or count */
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

static void fail_job(host *h, ol_job *job, const ol_error *why)
{
    ol_error placed = *why;
    const ol_error *err = &placed;
    say_where(job, &placed);
    ol_msg msg = {.type = OL_MSG_FAIL, .code = err->code};
    end_job(h, job, &msg, err);
}

/* The engine is done, its last output may not be. */
static void finish_job(host *h, ol_job *job)
{
    ol_msg msg = {.type = OL_MSG_DONE};
    job->state = OL_JOB_FINISHING;
    if (ol_job_drain(job))
        end_job(h, job, &msg, NULL);
}

/* ---- messages ---- */

static ol_job *find_job(host *h, const ol_msg *msg)
{
    uint32_t index = msg->job & 0xff;
    ol_job *job = index < h->jobs_max ? &h->jobs[index] : NULL;
    /* It may have ended while the message was on its way. */
    return job && job->state != OL_JOB_FREE && job->id == msg->job ? job : NULL;
}

static void on_open(host *h, const ol_msg *msg)
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

static void on_cancel(host *h, ol_job *job)
{
    ol_msg msg = {.type = OL_MSG_DONE};
    end_job(h, job, &msg, NULL);
}

static void on_job_message(host *h, ol_job *job, const ol_msg *msg)
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

static void on_message(host *h, const ol_msg *msg)
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

static bool receive_all(host *h)
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

static int open_and_step(host *h, ol_job *job, ol_error *err)
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
static void account(host *h, ol_job *job, uint64_t wall_ns)
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
static int over_cpu(host *h, ol_job *job, ol_error *err)
{
    char where[96] = "";
    if (h->ops->where)
        h->ops->where(job->run, where, sizeof(where));
    return ol_error_set(err, OL_ETRANSFORMCPU, "%s%smore than cpu_ms = %u", where,
                        where[0] ? ": " : "", h->program.limits.cpu_ms);
}

static void after_step(host *h, ol_job *job, int rc, ol_error *err)
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

static void step_job(host *h, ol_job *job)
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
static bool run_some(host *h)
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
static void drain_waiting(host *h)
{
    h->unsent_since_ns = 0;
    for (unsigned i = 0; i < h->jobs_max; i++)
        if (h->jobs[i].state == OL_JOB_OPEN && h->jobs[i].credits > 0)
            ol_job_drain(&h->jobs[i]);
    ol_port_flush(&h->port);
}

static void drain_if_due(host *h)
{
    if (h->unsent_since_ns && ol_clock_mono_ns() - h->unsent_since_ns >= UNSENT_NS_MAX)
        drain_waiting(h);
}

/* There is nothing to do. Who asks next seldom does so at once: what was put off waits for IDLE_NS
 * without a job, and is done in slices, with a look at the ring between them. */
static void rest(host *h)
{
    bool may_work = h->put_off && h->jobs_open == 0;
    if (may_work && h->was_idle) {
        h->put_off = h->ops->idle(h->engine, h->program.limits.slice_ms);
        return;
    }
    h->was_idle = may_work;
    ol_port_wait(&h->port, h->unsent_since_ns ? UNSENT_NS_MAX : may_work ? IDLE_NS : 0);
}

static void serve(host *h)
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

/* ---- start ---- */

static int say_loaded(host *h, const ol_program_declared *declared)
{
    ol_buf text;
    ol_buf_init(&text, TEXT_BYTES_MAX);
    ol_msg msg = {.type = OL_MSG_LOADED, .slot = OL_WIRE_NONE, .a = h->held.walls,
                  .b = h->held.landlock};
    int rc = ol_text_declared_encode(&text, declared);
    if (rc == OL_OK) {
        ol_port_send_text(&h->port, &msg, ol_buf_slice(&text));
        ol_port_flush(&h->port);
    }
    ol_buf_fini(&text);
    return rc == OL_OK ? OL_OK : OL_HOST_EXIT_LOAD; /* which the server sees */
}

static int say_failed(host *h, const ol_error *err, int status)
{
    ol_buf text;
    ol_buf_init(&text, TEXT_BYTES_MAX);
    ol_msg msg = {.type = OL_MSG_LOADED, .flags = OL_MSG_F_ERROR, .slot = OL_WIRE_NONE,
                  .code = err->code, .a = h->held.walls, .b = h->held.landlock};
    ol_text_error_encode(&text, err);
    ol_port_send_text(&h->port, &msg, ol_buf_slice(&text));
    ol_port_flush(&h->port);
    ol_buf_fini(&text);
    return status;
}

/* The program's text leaves the shared memory: slots are about to be used for bodies. */
static int take_program(host *h)
{
    ol_msg msg;
    if (ol_port_receive(&h->port, &msg) != OL_OK || msg.type != OL_MSG_LOAD)
        return OL_EPROTOCOL;
    size_t room = (size_t)h->port.layout.slot_bytes * h->port.layout.slots;
    if (msg.length > room)
        return OL_EPROTOCOL;
    h->program_text = ol_malloc(msg.length);
    h->jobs = ol_calloc(h->jobs_max, sizeof(*h->jobs));
    if (!h->program_text || !h->jobs)
        return OL_ENOMEM;
    memcpy(h->program_text, ol_port_slot(&h->port, 0), msg.length);
    return ol_text_program_decode(ol_slice_of(h->program_text, msg.length), &h->program);
}

/* Likewise: from here on only this process can change them. */
static int take_filters(host *h)
{
    h->filters = ol_malloc(sizeof(*h->filters));
    if (!h->filters)
        return OL_ENOMEM;
    memcpy(h->filters, h->port.base + h->port.layout.text, sizeof(*h->filters));
    return OL_OK;
}

static uint64_t memory_allowed(const host *h)
{
    const ol_program *program = &h->program;
    uint64_t jobs = program->kind == OL_PROGRAM_SHARED ? 1 : h->jobs_max;
    uint64_t each = program->limits.memory_bytes;
    return each > UINT64_MAX / 4 / jobs ? UINT64_MAX / 4 : each * jobs;
}

static int load_behind_walls(host *h, ol_program_declared *declared, ol_error *err)
{
    ol_sandbox_load load = {
        .kind = h->program.kind,
        .memory_bytes = memory_allowed(h),
        .shared_bytes = h->port.layout.total,
        .folders = h->program.preload_folders,
        .pinned = h->program.pinned,
        .namespaces = h->port.control->namespaces,
        .walls_required = h->port.control->walls_required,
        .cgroup = h->port.control->cgroup,
        .filters = h->filters,
    };
    int rc = ol_sandbox_loading(&load, &h->held, err);
    if (rc == OL_OK)
        rc = h->ops->load(&h->engine, &h->program, declared, err);
    if (rc == OL_OK)
        rc = ol_sandbox_running(declared->threads_max, h->filters, err);
    return rc;
}

/* Without walls the order is the same, and there is nothing to raise. */
static int load_inline(host *h, ol_program_declared *declared, ol_error *err)
{
    return h->ops->load(&h->engine, &h->program, declared, err);
}

/* From LOAD in the ring to LOADED. OL_OK, or the status to end with. */
static int begin(host *h, ol_host_engines engines,
                 int (*load)(host *h, ol_program_declared *declared, ol_error *err))
{
    ol_error err = {0};
    ol_program_declared declared = {0};
    h->ops = engines[h->program.kind];
    if (!h->ops) {
        ol_error_set(&err, OL_ETRANSFORM, "there is no engine for this kind of transform");
        return say_failed(h, &err, OL_HOST_EXIT_LOAD);
    }
    if (load(h, &declared, &err) != OL_OK)
        return say_failed(h, &err, OL_HOST_EXIT_LOAD);
    return say_loaded(h, &declared);
}

int ol_host_run(ol_host_engines engines)
{
    static host h; /* large: the port keeps a table */
    ol_error err = {0};
    if (ol_port_open(&h.port, &err) != OL_OK)
        return OL_HOST_EXIT_SERVER;
    close(OL_HOST_FD_SHARED);
    if (ol_sandbox_birth(h.port.control, &err) != OL_OK)
        return say_failed(&h, &err, OL_HOST_EXIT_WALL);
    h.jobs_max = h.port.control->jobs_max;
    if (take_program(&h) != OL_OK || take_filters(&h) != OL_OK)
        return OL_HOST_EXIT_SERVER;
    int status = begin(&h, engines, load_behind_walls);
    if (status != OL_OK)
        return status;
    serve(&h);
    return OL_OK;
}

/* ---- on a thread of the server ---- */

/* Told to stop in the middle of what it did: each run is unwound as one that was given up. */
static void end_all(host *h, ol_host_inline *in)
{
    for (unsigned i = 0; h->jobs && i < h->jobs_max; i++) {
        if (h->jobs[i].state == OL_JOB_FREE)
            continue;
        close_run(h, &h->jobs[i]);
        ol_job_reset(&h->jobs[i]);
    }
    if (h->ops)
        h->ops->unload(h->engine, &in->library);
    ol_free(h->jobs);
    ol_free(h->program_text);
}

static void serve_inline(host *h, ol_host_engines engines, ol_host_inline *in)
{
    if (ol_port_attach(&h->port, in->base, in->size) != OL_OK)
        return;
    h->port.wake_fd = in->wake_fd;
    h->jobs_max = h->port.control->jobs_max;
    if (take_program(h) != OL_OK) {
        ol_error err = {0};
        ol_error_set(&err, OL_ENOMEM, "a program's text");
        say_failed(h, &err, OL_HOST_EXIT_SERVER);
    } else {
        if (h->program.kind == OL_PROGRAM_SHARED)
            h->program.path = in->image_path;
        if (begin(h, engines, load_inline) == OL_OK)
            serve(h);
    }
    end_all(h, in);
}

void ol_host_run_inline(ol_host_engines engines, ol_host_inline *in)
{
    host *h = ol_calloc(1, sizeof(*h));
    in->library = NULL;
    if (!h)
        return; /* the server sees it end without a word */
    serve_inline(h, engines, in);
    ol_free(h);
}
