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
 *   loop | burn MS | hang | sleep       computing: preempted, not preempted, for ever, doing
 * nothing crash | exit | killself | abort forbidden NAME     a system call that the wall forbids
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
 *   load-fail | load-crash | load-hang | load-doze | load-forbidden NAME | load-no-get | load-open |
 *   load-threads N DECLARED | load-dodge (what makes the second filter is put out of order)
 *                      (program only)
 */
#ifndef TESTS_FAKE_ENGINE_H
#define TESTS_FAKE_ENGINE_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "transform/fields.h"
#include "transform/host/engine.h"
#include "transform/host/host.h"
#include "transform/host/job.h"
#include "transform/host/wire.h"

struct ol_engine {
    char line[256];
    char declared_headers[64];
    unsigned wipes;
};

struct ol_run {
    ol_engine *engine;
    ol_job *job;
    char line[256];
    char verb[32];
    const char *rest;
    ol_slice piece;
    bool holding, headed;
    uint64_t count;
    uint64_t total;
    long fuse; /* calls left before the process ends; 0 = none counted */
};

static inline void fake_forbidden(const char *name)
{
    char byte;
    if (!strcmp(name, "socket"))
        syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
    if (!strcmp(name, "fork"))
        syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
    if (!strcmp(name, "clone3"))
        syscall(SYS_clone3, NULL, 0);
    if (!strcmp(name, "execve"))
        syscall(SYS_execve, "/bin/true", NULL, NULL);
    if (!strcmp(name, "kill"))
        syscall(SYS_kill, getppid(), 0);
    if (!strcmp(name, "tgkill"))
        syscall(SYS_tgkill, getpid() + 1, getpid() + 1, 0);
    if (!strcmp(name, "ptrace"))
        syscall(SYS_ptrace, 0, 0, 0, 0);
    if (!strcmp(name, "write"))
        syscall(SYS_write, 7, &byte, 1);
    if (!strcmp(name, "close-wake"))
        syscall(SYS_close, OL_HOST_FD_WAKE);
    if (!strcmp(name, "sendmsg"))
        syscall(SYS_sendmsg, 4, NULL, 0);
    if (!strcmp(name, "exec-memory"))
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!strcmp(name, "exec-protect"))
        mprotect((void *)((uintptr_t)&byte & ~4095ul), 4096, PROT_READ | PROT_EXEC);
    if (!strcmp(name, "memfd"))
        syscall(SYS_memfd_create, "x", 0);
    if (!strcmp(name, "seccomp"))
        syscall(SYS_seccomp, 0, 0, NULL);
    if (!strcmp(name, "unshare"))
        syscall(SYS_unshare, 0x10000000);
    if (!strcmp(name, "io_uring"))
        syscall(SYS_io_uring_setup, 1, NULL);
    if (!strcmp(name, "open-write"))
        syscall(SYS_openat, AT_FDCWD, "/tmp/objlens-never", O_WRONLY | O_CREAT, 0600);
    if (!strcmp(name, "mkdir"))
        syscall(SYS_mkdirat, AT_FDCWD, "/tmp/objlens-never", 0700);
}

static inline int fake_quiet(const char *name)
{
    errno = 0;
    if (!strcmp(name, "open"))
        syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
    if (!strcmp(name, "stat"))
        syscall(SYS_newfstatat, AT_FDCWD, "/etc/passwd", NULL, 0);
    if (!strcmp(name, "map-code") &&
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
        return 0;
    return errno;
}

/* What computes for ever ends when this is set: threads cannot be killed. */
static _Atomic bool fake_let_go;

/* Set by "load-dodge"; only test_sandbox.c looks at it. */
static _Thread_local bool fake_dodges;

static inline void *fake_wait_for_ever(void *arg)
{
    for (;;)
        nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    return arg;
}

static inline void *fake_burn_for_ever(void *arg)
{
    while (!atomic_load_explicit(&fake_let_go, memory_order_relaxed))
        ;
    return arg;
}

static inline unsigned fake_threads(unsigned count, void *(*life)(void *))
{
    unsigned started = 0;
    pthread_t thread;
    while (started < count && pthread_create(&thread, NULL, life, NULL) == 0)
        started++;
    return started;
}

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

static inline void fake_burn_fuse(ol_run *run)
{
    if (run->fuse > 0 && --run->fuse == 0)
        _exit(9);
}

static inline int fake_open(ol_engine *engine, ol_job *job, ol_run **out, ol_error *err)
{
    (void)err;
    ol_run *run = calloc(1, sizeof(*run));
    ol_slice line;
    run->engine = engine;
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

/* ---- ways of handling the original ---- */

static inline int fake_next(ol_run *run)
{
    fake_burn_fuse(run);
    int rc = ol_job_input(run->job, &run->piece);
    if (rc == OL_OK) {
        run->holding = true;
        run->total += run->piece.len;
    }
    return rc;
}

static inline int fake_identity(ol_run *run, ol_error *err)
{
    for (;;) {
        int rc = run->holding ? OL_OK : fake_next(run);
        if (rc != OL_OK)
            return rc;
        rc = ol_job_output_forward(run->job, run->piece, true, err);
        if (rc != OL_OK)
            return rc;
        run->holding = false;
    }
}

static inline int fake_put(ol_run *run, ol_slice *bytes, bool upper, ol_error *err)
{
    while (bytes->len > 0) {
        ol_span space;
        fake_burn_fuse(run);
        int rc = ol_job_output_space(run->job, &space, err);
        if (rc != OL_OK)
            return rc;
        size_t n = bytes->len < space.len ? bytes->len : space.len;
        for (size_t i = 0; i < n; i++) {
            uint8_t c = bytes->data[i];
            space.data[i] = upper && c >= 'a' && c <= 'z' ? (uint8_t)(c - 32) : c;
        }
        fake_burn_fuse(run);
        ol_job_output_commit(run->job, n);
        *bytes = ol_slice_from(*bytes, n);
    }
    return OL_OK;
}

static inline int fake_copy(ol_run *run, bool upper, ol_error *err)
{
    for (;;) {
        int rc = run->holding ? OL_OK : fake_next(run);
        if (rc == OL_OK)
            rc = fake_put(run, &run->piece, upper, err);
        if (rc != OL_OK)
            return rc;
        fake_burn_fuse(run);
        ol_job_input_release(run->job);
        run->holding = false;
    }
}

static inline int fake_say(ol_run *run, const char *text, ol_error *err)
{
    ol_slice bytes = ol_slice_cstr(text);
    int rc = fake_put(run, &bytes, false, err); /* short: there is room, or there is none */
    return rc == OL_OK ? OL_DONE : rc;
}

static inline int fake_count(ol_run *run, bool pieces, ol_error *err)
{
    char text[64];
    for (;;) {
        int rc = run->holding ? OL_OK : fake_next(run);
        if (rc == OL_DONE && !pieces) {
            snprintf(text, sizeof(text), "%llu", (unsigned long long)run->total);
            return fake_say(run, text, err);
        }
        if (rc != OL_OK)
            return rc;
        if (pieces) {
            snprintf(text, sizeof(text), "%zu\n", run->piece.len);
            rc = fake_say(run, text, err);
            if (rc != OL_DONE)
                return rc;
        }
        ol_job_input_release(run->job);
        run->holding = false;
    }
}

static inline int fake_generate(ol_run *run, ol_error *err)
{
    uint64_t wanted = strtoull(run->rest, NULL, 10);
    while (run->count < wanted) {
        ol_span space;
        int rc = ol_job_output_space(run->job, &space, err);
        if (rc != OL_OK)
            return rc;
        size_t n = wanted - run->count < space.len ? (size_t)(wanted - run->count) : space.len;
        for (size_t i = 0; i < n; i++)
            space.data[i] = (uint8_t)('a' + (run->count + i) % 23);
        ol_job_output_commit(run->job, n);
        run->count += n;
    }
    return OL_DONE;
}

static inline int fake_drip(ol_run *run, ol_error *err)
{
    char text[32];
    if (run->count == strtoull(run->rest, NULL, 10))
        return OL_DONE;
    snprintf(text, sizeof(text), "line %llu\n", (unsigned long long)run->count);
    int rc = fake_say(run, text, err);
    if (rc != OL_DONE)
        return rc;
    ol_job_output_flush(run->job);
    run->count++;
    return OL_OK;
}

static inline int fake_head(ol_run *run, ol_error *err)
{
    char name[64], fields[512];
    ol_buf out;
    if (!run->headed) {
        run->headed = true;
        size_t cut = strcspn(run->rest, " ");
        snprintf(name, sizeof(name), "%.*s", (int)cut, run->rest);
        ol_buf_init(&out, sizeof(fields));
        ol_fields_begin(&out);
        ol_fields_add(&out, name, ol_slice_cstr(run->rest + cut + 1));
        int rc = ol_job_head(run->job, ol_buf_slice(&out), err);
        ol_buf_fini(&out);
        if (rc != OL_OK)
            return rc;
    }
    return fake_identity(run, err);
}

static inline int fake_read(ol_run *run, ol_error *err)
{
    unsigned long long offset = 0, length = 0;
    ol_slice data;
    sscanf(run->rest, "%llu %llu", &offset, &length);
    int rc = ol_job_read_at(run->job, offset, (size_t)length, &data, err);
    if (rc != OL_OK)
        return rc;
    rc = fake_put(run, &data, false, err);
    return rc == OL_OK ? OL_DONE : OL_ETRANSFORM;
}

static inline int fake_reads(ol_run *run, ol_error *err)
{
    ol_slice data;
    while (run->count < strtoull(run->rest, NULL, 10)) {
        int rc = ol_job_read_at(run->job, run->count, 1, &data, err);
        if (rc != OL_OK)
            return rc;
        rc = fake_put(run, &data, false, err); /* few bytes: they stay in the slot for now */
        if (rc != OL_OK)
            return ol_error_set(err, OL_ETRANSFORM, "no room");
        run->count++;
    }
    return OL_DONE;
}

static inline int fake_log(ol_run *run, ol_error *err)
{
    char text[128];
    for (uint64_t wanted = strtoull(run->rest, NULL, 10); run->count < wanted; run->count++) {
        memset(text, 'x', 100);
        snprintf(text, 32, "%010llu", (unsigned long long)run->count);
        text[10] = ' ';
        ol_job_log(run->job, "info", ol_slice_of(text, 100));
    }
    return fake_identity(run, err);
}

static inline int fake_fail(ol_run *run, ol_error *err)
{
    int status = 0, used = 0;
    char code[64];
    sscanf(run->rest, "%d %63s %n", &status, code, &used);
    return ol_error_custom(err, OL_ETRANSFORM, status, ol_slice_cstr(code),
                           ol_slice_cstr(run->rest + used));
}

static inline int fake_fail_late(ol_run *run, ol_error *err)
{
    if (run->count++ == 0) {
        int rc = fake_say(run, "some bytes first", err);
        ol_job_output_flush(run->job);
        return rc == OL_DONE ? OL_OK : rc;
    }
    return ol_error_set(err, OL_ETRANSFORM, "after the first byte");
}

static inline int fake_die(ol_run *run)
{
    if (!strcmp(run->verb, "crash"))
        raise(SIGSEGV);
    if (!strcmp(run->verb, "abort"))
        abort();
    if (!strcmp(run->verb, "killself"))
        *(volatile int *)NULL = 1;
    _exit(3);
}

static inline int fake_grow(ol_run *run, ol_error *err)
{
    size_t bytes = (size_t)strtoull(run->rest, NULL, 10) << 20;
    uint8_t *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool got = block != MAP_FAILED;
    if (got)
        munmap(block, bytes);
    return fake_say(run, got ? "ok" : "no", err);
}

static inline void fake_burn(uint64_t ms)
{
    uint64_t until = ol_clock_thread_cpu_ns() + ms * 1000000;
    while (ol_clock_thread_cpu_ns() < until &&
           !atomic_load_explicit(&fake_let_go, memory_order_relaxed))
        ;
}

static inline int fake_step(ol_run *run, uint32_t slice_ms, ol_error *err)
{
    const char *verb = run->verb;
    char text[32];
    if (!strcmp(verb, "identity") || !strcmp(verb, "declare"))
        return fake_identity(run, err);
    if (!strcmp(verb, "hostile")) {
        ol_msg msg = {.type = OL_MSG_OUT, .job = run->job->id, .slot = 3, .length = 1u << 30};
        ol_port_send(run->job->port, &msg);
        return fake_identity(run, err);
    }
    if (!strncmp(verb, "fragile", 7))
        return fake_copy(run, false, err);
    if (!strcmp(verb, "copy") || !strcmp(verb, "upper"))
        return fake_copy(run, verb[0] == 'u', err);
    if (!strcmp(verb, "count") || !strcmp(verb, "pieces"))
        return fake_count(run, verb[0] == 'p', err);
    if (!strcmp(verb, "skip"))
        return fake_say(run, "skipped", err);
    if (!strcmp(verb, "generate"))
        return fake_generate(run, err);
    if (!strcmp(verb, "drip"))
        return fake_drip(run, err);
    if (!strcmp(verb, "greet")) {
        int rc = run->count++ == 0 ? fake_say(run, "hello", err) : OL_DONE;
        return rc == OL_DONE ? OL_WAIT : rc;
    }
    if (!strcmp(verb, "event")) {
        ol_slice value = OL_SLICE_LIT("(none)");
        ol_fields_get(ol_job_event(run->job), run->rest, &value);
        int rc = fake_put(run, &value, false, err);
        return rc == OL_OK ? OL_DONE : rc;
    }
    if (!strcmp(verb, "entry")) {
        snprintf(text, sizeof(text), "%d", (int)ol_job_entry(run->job));
        return fake_say(run, text, err);
    }
    if (!strcmp(verb, "head"))
        return fake_head(run, err);
    if (!strcmp(verb, "late-head")) {
        if (run->count++ == 0)
            return fake_say(run, "x", err) == OL_DONE ? OL_OK : OL_ETRANSFORM;
        return ol_job_head(run->job, OL_SLICE_NONE, err);
    }
    if (!strcmp(verb, "read"))
        return fake_read(run, err);
    if (!strcmp(verb, "reads"))
        return fake_reads(run, err);
    if (!strcmp(verb, "log"))
        return fake_log(run, err);
    if (!strcmp(verb, "fail"))
        return fake_fail(run, err);
    if (!strcmp(verb, "error"))
        return ol_error_set(err, atoi(run->rest), "as it was told");
    if (!strcmp(verb, "fail-late"))
        return fake_fail_late(run, err);
    if (!strcmp(verb, "loop")) {
        fake_burn(slice_ms);
        return OL_OK;
    }
    if (!strcmp(verb, "burn")) {
        fake_burn(strtoull(run->rest, NULL, 10));
        return fake_say(run, "burnt", err);
    }
    if (!strcmp(verb, "hang")) {
        fake_burn(1000000);
        return ol_error_set(err, OL_ETRANSFORM, "let go");
    }
    if (!strcmp(verb, "sleep")) {
        while (!atomic_load(&fake_let_go))
            nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        return ol_error_set(err, OL_ETRANSFORM, "let go");
    }
    if (!strcmp(verb, "forbidden")) {
        fake_forbidden(run->rest);
        return fake_say(run, "alive", err);
    }
    if (!strcmp(verb, "lie")) {
        atomic_store(&run->job->port->control->executing, 0);
        fake_burn_for_ever(NULL);
        return ol_error_set(err, OL_ETRANSFORM, "let go");
    }
    if (!strcmp(verb, "burn-on")) {
        if (run->count++ == 0)
            fake_threads(1, fake_burn_for_ever);
        return fake_identity(run, err);
    }
    if (!strcmp(verb, "beg")) {
        pthread_t thread;
        fake_threads(1, fake_wait_for_ever);
        for (unsigned long left = strtoul(run->rest, NULL, 10); left > 0; left--)
            if (pthread_create(&thread, NULL, fake_wait_for_ever, NULL) == 0)
                return fake_say(run, "granted", err);
        return fake_say(run, "refused", err);
    }
    if (!strcmp(verb, "threads")) {
        unsigned count = (unsigned)strtoul(run->rest, NULL, 10);
        snprintf(text, sizeof(text), "%u", fake_threads(count, fake_wait_for_ever));
        return fake_say(run, text, err);
    }
    if (!strcmp(verb, "quiet")) {
        snprintf(text, sizeof(text), "%d", fake_quiet(run->rest));
        return fake_say(run, text, err);
    }
    if (!strcmp(verb, "wipes")) {
        snprintf(text, sizeof(text), "%u", run->engine->wipes);
        return fake_say(run, text, err);
    }
    if (!strcmp(verb, "grow"))
        return fake_grow(run, err);
    if (!strcmp(verb, "spoil")) {
        ol_job_spoil(run->job);
        return fake_identity(run, err);
    }
    return fake_die(run);
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
