/* SPDX-License-Identifier: MIT */
/*
 * The engine for shared objects. Happy path: open makes a run; the first step gives it a fiber
 * on which open(), write() for each piece, finish() and close() of the plugin are called in a
 * row; the fiber stands still wherever the job says OL_WAIT, and at the end of a time slice
 * between two pieces (native code cannot be interrupted elsewhere: a plugin that uses up its
 * CPU within one piece is killed with its host from outside).
 *
 * Failure modes: a plugin that returns an error, or fails through host->fail, is closed and
 * the first error reported. A job given up half-way leaves a fiber in the middle of a
 * callback. It is unwound when the job is closed, at that job's own cost (the host still names
 * it as the one that it executes): the function that stood still answers OBJLENS_ECANCELED, the
 * callback returns, close() runs.
 */
#include <assert.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "transform/fields.h"
#include "transform/shared/run.h"

int ol_run_check(const ol_run *run)
{
    if (run->engine->current != run || run->phase == OL_RUN_CLOSING)
        return OBJLENS_ESTATE;
    if (run->canceled)
        return OBJLENS_ECANCELED;
    return run->error.code ? OBJLENS_EFAILED : OBJLENS_OK;
}

int ol_run_suspend(ol_run *run, int verdict)
{
    if (run->canceled)
        return OBJLENS_ECANCELED;
    run->verdict = verdict;
    ol_fiber_suspend(run->fiber);
    return run->canceled ? OBJLENS_ECANCELED : OBJLENS_OK;
}

/* After a callback: false when the run ends here, with the reason latched. */
static bool settle(ol_run *run, const char *callback, int rc)
{
    run->span = (ol_span){0};
    if (run->canceled || run->error.code)
        return false;
    if (rc == OBJLENS_OK || rc == OBJLENS_DONE)
        return true;
    if (rc == OBJLENS_EREADAT && run->refused.code)
        run->error = run->refused;
    else
        ol_error_set(&run->error, rc == OBJLENS_ENOMEM ? OL_ETRANSFORMMEMORY : OL_ETRANSFORM,
                     "%s: %s() returned %d", run->engine->plugin.name, callback, rc);
    return false;
}

int ol_run_take_turn(ol_run *run)
{
    if (ol_job_cpu_us(run->job) > (uint64_t)ol_job_limits(run->job)->cpu_ms * 1000) {
        ol_error_set(&run->error, OL_ETRANSFORMCPU, "%s: more than cpu_ms = %u",
                     run->engine->plugin.name, ol_job_limits(run->job)->cpu_ms);
        return OBJLENS_EFAILED;
    }
    if (ol_clock_mono_ns() < run->slice_end_ns)
        return OBJLENS_OK;
    return ol_run_suspend(run, OL_OK);
}

/* OL_OK with the next piece, OL_DONE at the end, else the run is over. */
static int next_piece(ol_run *run)
{
    for (;;) {
        int rc = ol_job_input(run->job, &run->piece);
        if (rc == OL_OK || rc == OL_DONE)
            return rc;
        if (rc != OL_WAIT)
            return ol_error_set(&run->error, rc, "%s: no input", run->engine->plugin.name);
        if (ol_run_suspend(run, OL_WAIT) != OBJLENS_OK)
            return OL_ECANCELED;
    }
}

/* Every piece of the original to write(). False when the run is over. */
static bool feed(ol_run *run)
{
    const struct objlens_transform *t = &run->engine->plugin.transform;
    int written = OBJLENS_OK;
    while (written != OBJLENS_DONE) {
        int rc = next_piece(run);
        if (rc != OL_OK)
            return rc == OL_DONE;
        if (run->piece.len > 0)
            written = t->write(run->instance, run->piece.data, run->piece.len);
        run->piece = OL_SLICE_NONE;
        if (!run->canceled)
            ol_job_input_release(run->job);
        if (!settle(run, "write", written) || ol_run_take_turn(run) != OBJLENS_OK)
            return false;
    }
    return true;
}

/* What outlives requests is made at the cost of the first that needs it. */
static bool prepare(ol_run *run)
{
    ol_kept *kept = &run->engine->kept;
    ol_slice payload = OL_SLICE_NONE;
    ol_fields_get(ol_job_event(run->job), "configuration.payload", &payload);
    return ol_kept_start(kept, &run->error) == OL_OK &&
           ol_kept_config_acquire(kept, payload, &run->config, &run->error) == OL_OK;
}

static void answer_head(ol_run *run)
{
    const struct objlens_transform *t = &run->engine->plugin.transform;
    if (settle(run, "head", t->head(&ol_shared_host, (struct objlens_call *)run)))
        ol_run_send_head(run);
    run->phase = OL_RUN_CLOSING;
}

static void answer_get(ol_run *run)
{
    const struct objlens_transform *t = &run->engine->plugin.transform;
    int opened = t->open(&ol_shared_host, (struct objlens_call *)run, &run->instance);
    bool good = settle(run, "open", opened);
    good = good && feed(run);
    good = good && settle(run, "finish", t->finish(run->instance));
    if (good)
        ol_run_send_head(run);
    run->phase = OL_RUN_CLOSING;
    if (opened >= 0)
        t->close(run->instance);
}

/* The whole life of a run, on its fiber: open(), write() for each piece, finish() and close(), or
 * head() alone. */
static void run_main(void *arg)
{
    ol_run *run = arg;
    if (!prepare(run))
        return;
    if (ol_job_entry(run->job) == OL_ENTRY_HEAD)
        answer_head(run);
    else
        answer_get(run);
}

/* Run the fiber until it stands still or ends. True while it stands still. */
static bool resume(ol_run *run)
{
    run->engine->current = run;
    bool alive = ol_fiber_resume(run->fiber);
    run->engine->current = NULL;
    if (alive)
        return true;
    ol_fiber_release(&run->engine->fibers, run->fiber);
    run->fiber = NULL;
    ol_run_free_blocks(run);
    return false;
}

static void run_destroy(ol_run *run)
{
    if (run->fiber)
        ol_fiber_release(&run->engine->fibers, run->fiber);
    ol_run_free_blocks(run);
    ol_kept_config_release(&run->engine->kept, run->config);
    ol_buf_fini_secret(&run->head);
    ol_wipe(run, sizeof(*run));
    ol_free(run);
}

static void unwind(ol_run *run)
{
    run->canceled = true;
    run->job = NULL;
    bool alive = resume(run);
    assert(!alive); /* nothing suspends a canceled run */
    (void)alive;
}

static void describe(const ol_plugin *plugin, ol_program_declared *declared)
{
    const struct objlens_transform *t = &plugin->transform;
    *declared = (ol_program_declared){
        .depends_request = t->flags & OBJLENS_SEES_REQUEST,
        .depends_headers = ol_buf_slice(&plugin->depends),
        .reentrant = t->flags & OBJLENS_REENTRANT,
        .has_get = true,
        .has_head = t->head != NULL,
        .ignores_identity = t->flags & OBJLENS_IGNORES_IDENTITY,
        .names_what_it_sees = t->flags & OBJLENS_NAMES_WHAT_IT_SEES,
        .keeps_positions = t->flags & OBJLENS_KEEPS_POSITIONS,
        .positions_before = t->positions_before,
        .positions_after = t->positions_after,
        .threads_max = t->threads_max,
        .counters = ol_buf_slice(&plugin->counters),
    };
}

static int shared_load(ol_engine **engine, const ol_program *program, ol_program_declared *declared,
                       ol_error *err)
{
    ol_engine *made = ol_calloc(1, sizeof(*made));
    if (!made)
        return ol_error_set(err, OL_ENOMEM, NULL);
    ol_fiber_pool_init(&made->fibers);
    ol_host_show_folders(&program->preload_folders);
    int rc = ol_plugin_open(&made->plugin, program->name, program->path, &ol_shared_host, err);
    ol_host_show_folders(NULL);
    if (rc != OL_OK) {
        ol_free(made);
        return rc;
    }
    ol_kept_init(&made->kept, &made->plugin, &ol_shared_host);
    describe(&made->plugin, declared);
    *engine = made;
    return OL_OK;
}

static int shared_open(ol_engine *engine, ol_job *job, ol_run **run, ol_error *err)
{
    bool head = ol_job_entry(job) == OL_ENTRY_HEAD && engine->plugin.transform.head;
    if (ol_job_entry(job) != OL_ENTRY_GET && !head)
        return ol_error_set(err, OL_ETRANSFORM, "%s: it has no function for this",
                            engine->plugin.name);
    if (engine->open_runs > 0 && !(engine->plugin.transform.flags & OBJLENS_REENTRANT))
        return ol_error_set(err, OL_EINTERNAL, "%s: a second job for a plugin that takes one",
                            engine->plugin.name);
    ol_run *made = ol_calloc(1, sizeof(*made));
    if (!made)
        return ol_error_set(err, OL_ENOMEM, NULL);
    made->engine = engine;
    made->job = job;
    ol_buf_init(&made->head, OL_SHARED_HEAD_BYTES_MAX);
    engine->open_runs++;
    *run = made;
    return OL_OK;
}

static int shared_step(ol_run *run, uint32_t slice_ms, ol_error *err)
{
    if (!run->fiber)
        run->fiber = ol_fiber_acquire(&run->engine->fibers, run_main, run);
    if (!run->fiber)
        return ol_error_set(err, OL_ENOMEM, "%s: no stack", run->engine->plugin.name);
    run->slice_end_ns = ol_clock_mono_ns() + (uint64_t)slice_ms * 1000000;
    if (resume(run))
        return run->verdict;
    if (!run->error.code)
        return OL_DONE;
    if (err && err->code == 0)
        *err = run->error;
    return run->error.code;
}

static void shared_close(ol_run *run)
{
    run->engine->open_runs--;
    if (run->fiber && ol_fiber_alive(run->fiber))
        unwind(run);
    run_destroy(run);
}

void ol_shared_engine_destroy(ol_engine *engine)
{
    assert(engine->open_runs == 0);
    ol_kept_fini(&engine->kept);
    ol_fiber_pool_fini(&engine->fibers);
    ol_plugin_close(&engine->plugin);
    ol_free(engine);
}

/* The library outlives the thread: what it left for the thread's end to run is its own code. One
 * that may have threads of its own is never unloaded under their feet. */
static void shared_unload(ol_engine *engine, void **library)
{
    *library = NULL;
    if (!engine)
        return;
    if (engine->plugin.transform.threads_max == 0)
        *library = engine->plugin.handle;
    engine->plugin.handle = NULL;
    ol_shared_engine_destroy(engine);
}

const ol_engine_ops ol_engine_shared = {
    .name = "shared",
    .load = shared_load,
    .open = shared_open,
    .step = shared_step,
    .close = shared_close,
    .unload = shared_unload,
};
