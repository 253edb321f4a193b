/* SPDX-License-Identifier: MIT */
/*
 * The Lua engine: one script, and a pool of runs that grows to as many as there are jobs at a
 * time. See build.c for how a run comes to be and is put back.
 *
 *   load   one run is built completely, which says whether the script is good at all
 *   idle   builds a second one, so that two jobs at a time find theirs warm; where that takes more
 *          than a slice, load has done it
 *   open   takes a run; a new one is built by the job's first steps, in slices
 *   step   resumes the script until it is done, waits, is preempted, or fails
 *   close  puts the run back
 */
#include "transform/lua/engine.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "transform/fields.h"
#include "transform/lua/input.h"
#include "transform/lua/module.h"
#include "transform/lua/preempt.h"
#include "transform/lua/response.h"
#include "transform/lua/seed.h"

#define WARM_RUNS 2
#define SPARE_SLICES_MAX 8u /* the first run took one: this one was not to be expected */
#define SEED_SCRATCH_BYTES (64 * 1024)

struct ol_engine {
    ol_lua_script script;
    ol_lua_module_codes codes;
    ol_run *free; /* ready ones, the last used first */
    unsigned runs;
    ol_run *spare; /* being built while there is no job; not counted yet */
    unsigned spare_slices;
};

const ol_lua_script *ol_lua_script_of(const ol_run *run)
{
    return &run->engine->script;
}

ol_lua_module_codes *ol_lua_module_codes_of(ol_run *run)
{
    return &run->engine->codes;
}

bool ol_lua_script_library(const ol_lua_script *script, const char *name, ol_slice *text)
{
    ol_slice libraries = ol_slice_of(script->libraries, script->libraries_bytes);

    return libraries.len && ol_fields_get(libraries, name, text);
}

/* ---- load ---- */

static const char *base_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;

    return slash ? slash + 1 : path ? path : "transform.lua";
}

static int copy_script(ol_lua_script *script, const ol_program *program, ol_error *err)
{
    const char *name = base_name(program->path);
    size_t name_bytes = strlen(name) + 2;

    script->limits = program->limits;
    script->source = ol_strndup(program->source.data, program->source.len);
    script->source_bytes = program->source.len;
    script->chunk_name = ol_malloc(name_bytes);
    if (!script->source || !script->chunk_name)
        return ol_error_set(err, OL_ENOMEM, "a script's text");
    if (program->libraries.len) {
        script->libraries = ol_malloc(program->libraries.len);
        if (!script->libraries)
            return ol_error_set(err, OL_ENOMEM, "a script's libraries");
        memcpy(script->libraries, program->libraries.data, program->libraries.len);
        script->libraries_bytes = program->libraries.len;
    }
    script->chunk_name[0] = '@';
    memcpy(script->chunk_name + 1, name, name_bytes - 1);
    memcpy(&script->seed, program->digest, sizeof(script->seed));
    return OL_OK;
}

static int find_seed(ol_lua_script *script, ol_error *err)
{
    void *scratch = ol_calloc(1, SEED_SCRATCH_BYTES);

    if (!scratch)
        return ol_error_set(err, OL_ENOMEM, "a first Lua state");
    script->seed_offset = ol_lua_seed_find(scratch, SEED_SCRATCH_BYTES);
    ol_free(scratch);
    return OL_OK;
}

/* Build a run from beginning to end. */
static int build_run(ol_engine *engine, ol_run **out, ol_error *err)
{
    const ol_transform_limits *limits = &engine->script.limits;
    uint64_t begin_ns = ol_clock_thread_cpu_ns();
    ol_run *run = NULL;
    int rc = ol_lua_run_new(&run, engine, &engine->script, err);

    if (rc == OL_OK)
        rc = ol_lua_run_compile(run, err);
    while (rc == OL_OK) {
        rc = ol_lua_run_load(run, &engine->script, limits->slice_ms, err);
        if (rc == OL_OK && ol_clock_thread_cpu_ns() - begin_ns > limits->load_ms * 1000000ull)
            rc = ol_error_set(err, OL_ETRANSFORMCPU, "%s: loading took more than %u ms (load_ms)",
                              engine->script.chunk_name + 1, (unsigned)limits->load_ms);
    }
    if (rc < 0) {
        ol_lua_run_destroy(run);
        return rc;
    }
    *out = run;
    return OL_OK;
}

static void put_free(ol_engine *engine, ol_run *run)
{
    run->next_free = engine->free;
    engine->free = run;
}

static void add_warm(ol_engine *engine, ol_run *run)
{
    ol_wipe(&run->now, sizeof(run->now));
    put_free(engine, run);
    engine->runs++;
}

static int load_runs(ol_engine *engine, ol_error *err)
{
    uint64_t begin_ns = ol_clock_thread_cpu_ns();
    uint64_t slice_ns = engine->script.limits.slice_ms * 1000000ull;

    while (engine->runs < WARM_RUNS) {
        ol_run *run;
        int rc = build_run(engine, &run, err);

        if (rc != OL_OK)
            return rc;
        add_warm(engine, run);
        if (ol_clock_thread_cpu_ns() - begin_ns <= slice_ns)
            break; /* whoever comes while idle builds the other waits no longer than for a slice */
    }
    return OL_OK;
}

void ol_lua_engine_destroy(ol_engine *engine)
{
    while (engine->free) {
        ol_run *run = engine->free;

        engine->free = run->next_free;
        ol_lua_run_destroy(run);
    }
    ol_lua_run_destroy(engine->spare);
    ol_lua_module_codes_fini(&engine->codes);
    ol_free(engine->script.source);
    ol_free(engine->script.chunk_name);
    ol_free(engine->script.libraries);
    ol_free(engine->script.depends_headers);
    ol_free(engine);
}

static int load(ol_engine **out, const ol_program *program, ol_program_declared *declared,
                ol_error *err)
{
    ol_engine *engine;
    int rc = ol_lua_module_check_source(program->source, err);

    if (rc == OL_OK && program->libraries.len && ol_fields_check(program->libraries) != OL_OK)
        rc = ol_error_set(err, OL_ETRANSFORM, "its libraries cannot be read");
    if (rc == OL_OK)
        rc = ol_lua_preempt_start(err);
    if (rc != OL_OK)
        return rc;
    engine = ol_calloc(1, sizeof(*engine));
    if (!engine)
        return ol_error_set(err, OL_ENOMEM, "a Lua engine");
    rc = copy_script(&engine->script, program, err);
    if (rc == OL_OK)
        rc = find_seed(&engine->script, err);
    if (rc == OL_OK)
        rc = load_runs(engine, err);
    if (rc != OL_OK) {
        ol_lua_engine_destroy(engine);
        return rc;
    }
    *declared = engine->script.declared;
    *out = engine;
    return OL_OK;
}

/* ---- jobs ---- */

const char *ol_lua_entry_name(enum ol_transform_entry entry)
{
    static const char *const names[OL_ENTRIES] = {[OL_ENTRY_GET] = "get",
                                                  [OL_ENTRY_HEAD] = "head",
                                                  [OL_ENTRY_LIST] = "list",
                                                  [OL_ENTRY_REQUEST] = "request"};

    return names[entry];
}

static int take_run(ol_engine *engine, ol_run **out, ol_error *err)
{
    int rc;

    if (engine->free) {
        *out = engine->free;
        engine->free = (*out)->next_free;
        return OL_OK;
    }
    if (engine->runs >= OL_LUA_RUNS_MAX)
        return ol_error_set(err, OL_ESLOWDOWN, "all %d Lua states are busy", OL_LUA_RUNS_MAX);
    if (engine->spare) { /* as far as it is built */
        *out = engine->spare;
        engine->spare = NULL;
        engine->runs++;
        return OL_OK;
    }
    rc = ol_lua_run_new(out, engine, &engine->script, err);
    if (rc == OL_OK)
        engine->runs++;
    return rc;
}

static int open_job(ol_engine *engine, ol_job *job, ol_run **out, ol_error *err)
{
    enum ol_transform_entry entry = ol_job_entry(job);
    int rc;

    if (!ol_program_declares(&engine->script.declared, entry))
        return ol_error_set(err, OL_ETRANSFORM, "%s: has no %s", engine->script.chunk_name + 1,
                            ol_lua_entry_name(entry));
    rc = take_run(engine, out, err);
    if (rc != OL_OK)
        return rc;
    (*out)->now.job = job;
    if (engine->script.declared.depends_request)
        (*out)->now.opened_ms = ol_clock_wall_ms();
    return OL_OK;
}

/* The steps before the script's own: OL_DONE when the run is ready. */
static int step_load(ol_run *run, uint32_t slice_ms, ol_error *err)
{
    int rc = OL_OK;

    if (run->phase == OL_LUA_EMPTY)
        rc = ol_lua_run_compile(run, err);
    return rc == OL_OK ? ol_lua_run_load(run, &run->engine->script, slice_ms, err) : rc;
}

static bool idle(ol_engine *engine, uint32_t slice_ms)
{
    ol_error err = {0};
    int rc = OL_OK;

    if (engine->runs >= WARM_RUNS || engine->spare_slices++ == SPARE_SLICES_MAX)
        return false;
    if (!engine->spare)
        rc = ol_lua_run_new(&engine->spare, engine, &engine->script, &err);
    if (rc == OL_OK)
        rc = step_load(engine->spare, slice_ms, &err);
    if (rc == OL_OK)
        return true;
    if (rc == OL_DONE)
        add_warm(engine, engine->spare);
    else
        ol_lua_run_destroy(engine->spare); /* the job that needs one says what is wrong */
    engine->spare = NULL;
    return false;
}

static int check_cpu(ol_run *run)
{
    uint32_t limit_ms = run->engine->script.limits.cpu_ms;

    if (ol_job_cpu_us(run->now.job) >= limit_ms * 1000ull)
        ol_lua_stop(run, OL_ETRANSFORMCPU, "more than %u ms of CPU time (cpu_ms)",
                    (unsigned)limit_ms);
    return run->now.stopped ? LUA_ERRRUN : LUA_OK;
}

/* The function has returned `results` values, which lie on co. What list and request return was
 * taken by the functions around them (entries.c). */
static int finish_job(ol_run *run, int results, ol_error *err)
{
    bool get = ol_job_entry(run->now.job) == OL_ENTRY_GET;

    if (results > 0 && !lua_isnil(run->co, -results))
        return ol_error_set(err, OL_ETRANSFORM, "%s: %s returned a %s%s",
                            run->engine->script.chunk_name + 1, get ? "get" : "head",
                            luaL_typename(run->co, -results),
                            get ? "; a body is written with response:write" : "");
    ol_lua_input_close(run);
    return ol_lua_response_finish(run, err) == OL_OK ? OL_DONE : err->code;
}

/* Other entries take get's place, with the same arguments. Raises nothing. */
static void lay_out_entry(ol_run *run)
{
    enum ol_transform_entry entry = ol_job_entry(run->now.job);

    if (entry == OL_ENTRY_GET)
        return;
    lua_rawgeti(run->co, LUA_REGISTRYINDEX, OL_LUA_KEY_ENTRY + entry);
    lua_replace(run->co, 1);
}

static int step_script(ol_run *run, uint32_t slice_ms, ol_error *err)
{
    int arguments = run->phase == OL_LUA_READY ? 3 : 0, results = 0;
    int status = check_cpu(run);

    if (status != LUA_OK)
        return ol_lua_run_failed(run, status, err);
    if (run->phase == OL_LUA_READY)
        lay_out_entry(run);
    if (run->phase == OL_LUA_READY && ol_job_meters(run->now.job))
        ol_lua_preempt_meter(run->co);
    run->phase = OL_LUA_STARTED;
    run->now.chain_yieldable = true;
    ol_lua_preempt_begin(run, run->co, slice_ms);
    status = lua_resume(run->co, NULL, arguments, &results);
    ol_lua_preempt_end(run);
    if (status == LUA_YIELD)
        return run->now.yield == OL_LUA_YIELD_WAIT ? OL_WAIT : OL_OK;
    return status == LUA_OK ? finish_job(run, results, err) : ol_lua_run_failed(run, status, err);
}

static int step(ol_run *run, uint32_t slice_ms, ol_error *err)
{
    int rc;

    if (run->phase == OL_LUA_OVER)
        return ol_error_set(err, OL_EINTERNAL, "a finished transform was stepped");
    if (run->phase < OL_LUA_READY) {
        rc = step_load(run, slice_ms, err);
        /* The next step begins the script, with a slice of its own. */
        if (rc == OL_DONE)
            return OL_OK;
    } else {
        rc = step_script(run, slice_ms, err);
        ol_job_note_memory(run->now.job, ol_lua_heap_touched_bytes(run->arena.heap));
    }
    if (rc == OL_DONE || rc < 0)
        run->phase = OL_LUA_OVER;
    return rc;
}

static void where(ol_run *run, char *text, size_t size)
{
    ol_lua_position(run, run->current ? run->current : run->co, text, size);
}

static void close_job(ol_run *run)
{
    ol_engine *engine = run->engine;

    ol_lua_input_close(run);
    if (!run->arena.image) {
        /* Given up, or failed, while it was being built. */
        engine->runs--;
        ol_lua_run_destroy(run);
        return;
    }
    ol_lua_run_reset(run);
    put_free(engine, run);
}

static void unload(ol_engine *engine, void **library)
{
    *library = NULL;
    if (engine)
        ol_lua_engine_destroy(engine);
    ol_lua_preempt_stop();
}

const ol_engine_ops ol_engine_lua = {.name = "lua",
                                     .load = load,
                                     .open = open_job,
                                     .step = step,
                                     .close = close_job,
                                     .where = where,
                                     .idle = idle,
                                     .unload = unload};
