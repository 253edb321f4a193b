/* SPDX-License-Identifier: MIT */
/*
 * An engine for tests of hosts: a job does what one line says, its event's field "do" or else the
 * program's first line. Included by tests whose main() runs it when started as a host.
 *
 *   identity | copy | upper | count | pieces | skip      the original, in various ways
 *   drip N             N lines, one a step, flushed
 *   greet              "hello", unflushed, and then it waits for something that never comes
 *   generate N         N bytes of a pattern
 *   event NAME         the event's field of that name
 *   entry              the number of the entry that is asked for
 *   head NAME VALUE    sets one field of the head, then as identity
 *   late-head          sets a head after its first byte
 *   read OFFSET LENGTH the original's bytes there
 *   reads N            N reads of one byte
 *   log N              logs N lines of 100 bytes, then as identity
 *   fail STATUS CODE MESSAGE | error CODE | fail-late N
 *   loop | burn MS | hang | sleep       computing: preempted, not preempted, for ever, doing nothing
 *   crash | exit | killself | abort
 *   forbidden NAME     a system call that the wall forbids
 *   quiet NAME         one that is refused quietly; its errno as text
 *   grow MIB           allocates; "ok" or "no"
 *   lie                computes for ever and says that it does nothing
 *   burn-on            starts a thread that computes for ever, then as identity
 *   beg N              starts a thread, then asks for N more that it may not have
 *   threads N          starts N threads that wait; how many of them there are, as text
 *   spoil              as identity, and gives the engine up
 *   fragile N          as copy, but the process ends at the N-th call to the host
 *   fragile-close      the process ends when the run is closed
 *   hostile            sends the server a message that makes no sense
 *   wipes              how often the engine was wiped
 *   declare HEADERS    as identity (what it depends on is the program's to say)
 *   load-fail | load-crash | load-hang | load-doze | load-forbidden NAME | load-no-get | load-open |
 *   load-idle-exit (ends its process when it is idle after a job) | load-threads N DECLARED | load-dodge (what makes the second filter is put out of order)
 *                      (program only)
 */
#ifndef TESTS_FAKE_ENGINE_H
#define TESTS_FAKE_ENGINE_H

#include "fake_verbs.h"
#include "transform/host/host.h"

static inline int fake_load(ol_engine **out, const ol_program *program,
                            ol_program_declared *declared, ol_error *err)
{
    ol_engine *engine = calloc(1, sizeof(*engine));
    size_t len = program->source.len < sizeof(engine->line) - 1 ? program->source.len
                                                                : sizeof(engine->line) - 1;
    memcpy(engine->line, program->source.data, len);
    engine->line[strcspn(engine->line, "\n")] = '\0';
    *out = engine;
    *declared = (ol_program_declared){.has_get = strcmp(engine->line, "load-no-get") != 0};
    if (!strncmp(engine->line, "declare ", 8)) {
        snprintf(engine->declared_headers, sizeof(engine->declared_headers), "%s\n",
                 engine->line + 8);
        declared->depends_headers = ol_slice_cstr(engine->declared_headers);
        declared->depends_request = true;
    }
    if (!strcmp(engine->line, "load-fail"))
        return ol_error_say(err, OL_ETRANSFORM, "line 3: it does not parse");
    if (!strcmp(engine->line, "load-crash"))
        raise(SIGSEGV);
    if (!strcmp(engine->line, "load-hang"))
        fake_burn_for_ever(NULL);
    while (!strcmp(engine->line, "load-doze") && !atomic_load(&fake_let_go))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    if (!strncmp(engine->line, "load-forbidden ", 15))
        fake_forbidden(engine->line + 15);
    if (!strcmp(engine->line, "load-open") &&
        syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY) >= 0)
        return ol_error_say(err, OL_ETRANSFORM, "it could open a file");
    fake_dodges = !strcmp(engine->line, "load-dodge");
    unsigned started, declares;
    if (sscanf(engine->line, "load-threads %u %u", &started, &declares) == 2) {
        fake_threads(started, fake_wait_for_ever);
        declared->threads_max = declares;
    }
    return OL_OK;
}

static inline int fake_open(ol_engine *engine, ol_job *job, ol_run **out, ol_error *err)
{
    (void)err;
    ol_run *run = calloc(1, sizeof(*run));
    ol_slice line;
    run->engine = engine;
    engine->opened = true;
    run->job = job;
    if (ol_fields_get(ol_job_event(job), "do", &line))
        snprintf(run->line, sizeof(run->line), "%.*s", OL_SLICE_FMT(line));
    else
        snprintf(run->line, sizeof(run->line), "%s", engine->line);
    size_t verb = strcspn(run->line, " ");
    snprintf(run->verb, sizeof(run->verb), "%.*s", (int)verb, run->line);
    run->rest = run->line[verb] ? run->line + verb + 1 : "";
    if (!strcmp(run->verb, "fragile")) {
        run->fuse = strtol(run->rest, NULL, 10);
        fake_burn_fuse(run);
    }
    *out = run;
    return OL_OK;
}

static inline void fake_close(ol_run *run)
{
    if (!strcmp(run->verb, "fragile-close"))
        _exit(9);
    free(run);
}

static inline void fake_wipe(ol_engine *engine)
{
    engine->wipes++;
}

static inline bool fake_idle(ol_engine *engine, uint32_t slice_ms)
{
    (void)slice_ms;
    if (strcmp(engine->line, "load-idle-exit") != 0)
        return false;
    if (engine->opened && ++engine->idles == FAKE_IDLES)
        _exit(9);
    return true;
}

static inline void fake_unload(ol_engine *engine, void **library)
{
    *library = NULL;
    free(engine);
}

static const ol_engine_ops fake_engine = {
    .name = "fake",
    .load = fake_load,
    .open = fake_open,
    .step = fake_step,
    .close = fake_close,
    .wipe = fake_wipe,
    .idle = fake_idle,
    .unload = fake_unload,
};

static ol_host_engines fake_engines __attribute__((unused)) = {&fake_engine, &fake_engine};

/* What main() of such a test does first. */
static inline bool fake_is_host(int argc, char **argv)
{
    return argc == 2 && strcmp(argv[1], "host") == 0;
}

static inline int fake_host_main(void)
{
    return ol_host_run(fake_engines);
}

#endif
