/* SPDX-License-Identifier: MIT */
/* What the jobs of the fake engine do, verb by verb: fake_engine.h says what each is for. */
#ifndef TESTS_FAKE_VERBS_H
#define TESTS_FAKE_VERBS_H

#include "fake_run.h"

static inline void fake_burn_fuse(ol_run *run)
{
    if (run->fuse > 0 && --run->fuse == 0)
        _exit(9);
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

static inline int fake_copy_as(ol_run *run, bool upper, ol_error *err)
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

static inline int fake_count_as(ol_run *run, bool pieces, ol_error *err)
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

/* What it read it keeps until there is room: while it waits for a read its output may be sent, and
 * its credits run out. */
static inline int fake_reads(ol_run *run, ol_error *err)
{
    uint64_t wanted = strtoull(run->rest, NULL, 10);
    for (;;) {
        int rc = fake_put(run, &run->piece, false, err);
        if (rc != OL_OK)
            return rc;
        if (run->count == wanted)
            return OL_DONE;
        rc = ol_job_read_at(run->job, run->count, 1, &run->piece, err);
        if (rc != OL_OK)
            return rc;
        run->count++;
    }
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

static inline int fake_die(ol_run *run, ol_error *err)
{
    (void)err;
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

static inline void fake_burn_ms(uint64_t ms)
{
    uint64_t until = ol_clock_thread_cpu_ns() + ms * 1000000;
    while (ol_clock_thread_cpu_ns() < until &&
           !atomic_load_explicit(&fake_let_go, memory_order_relaxed))
        ;
}

static inline int fake_copy(ol_run *run, ol_error *err) { return fake_copy_as(run, false, err); }
static inline int fake_upper(ol_run *run, ol_error *err) { return fake_copy_as(run, true, err); }
static inline int fake_count(ol_run *run, ol_error *err) { return fake_count_as(run, false, err); }
static inline int fake_pieces(ol_run *run, ol_error *err) { return fake_count_as(run, true, err); }
static inline int fake_skip(ol_run *run, ol_error *err) { return fake_say(run, "skipped", err); }

static inline int fake_say_number(ol_run *run, long number, ol_error *err)
{
    char text[32];
    snprintf(text, sizeof(text), "%ld", number);
    return fake_say(run, text, err);
}

static inline int fake_greet(ol_run *run, ol_error *err)
{
    int rc = run->count++ == 0 ? fake_say(run, "hello", err) : OL_DONE;
    return rc == OL_DONE ? OL_WAIT : rc;
}

static inline int fake_event(ol_run *run, ol_error *err)
{
    ol_slice value = OL_SLICE_LIT("(none)");
    ol_fields_get(ol_job_event(run->job), run->rest, &value);
    int rc = fake_put(run, &value, false, err);
    return rc == OL_OK ? OL_DONE : rc;
}

static inline int fake_entry(ol_run *run, ol_error *err)
{
    return fake_say_number(run, (long)ol_job_entry(run->job), err);
}

static inline int fake_late_head(ol_run *run, ol_error *err)
{
    if (run->count++ == 0)
        return fake_say(run, "x", err) == OL_DONE ? OL_OK : OL_ETRANSFORM;
    return ol_job_head(run->job, OL_SLICE_NONE, err);
}

static inline int fake_error(ol_run *run, ol_error *err)
{
    return ol_error_set(err, atoi(run->rest), "as it was told");
}

static inline int fake_hostile(ol_run *run, ol_error *err)
{
    ol_msg msg = {.type = OL_MSG_OUT, .job = run->job->id, .slot = 3, .length = 1u << 30};
    ol_port_send(run->job->port, &msg);
    return fake_identity(run, err);
}

static inline int fake_try_forbidden(ol_run *run, ol_error *err)
{
    fake_forbidden(run->rest);
    return fake_say(run, "alive", err);
}

static inline int fake_try_quiet(ol_run *run, ol_error *err)
{
    return fake_say_number(run, fake_quiet(run->rest), err);
}

static inline int fake_tell_wipes(ol_run *run, ol_error *err)
{
    return fake_say_number(run, (long)run->engine->wipes, err);
}

static inline int fake_spoil(ol_run *run, ol_error *err)
{
    ol_job_spoil(run->job);
    return fake_identity(run, err);
}

/* ---- computing ---- */

static inline int fake_was_let_go(ol_error *err)
{
    return ol_error_set(err, OL_ETRANSFORM, "let go");
}

static inline int fake_loop(ol_run *run, ol_error *err)
{
    (void)err;
    fake_burn_ms(run->slice_ms);
    return OL_OK;
}

static inline int fake_burn(ol_run *run, ol_error *err)
{
    fake_burn_ms(strtoull(run->rest, NULL, 10));
    return fake_say(run, "burnt", err);
}

static inline int fake_hang(ol_run *run, ol_error *err)
{
    (void)run;
    fake_burn_ms(1000000);
    return fake_was_let_go(err);
}

static inline int fake_sleep(ol_run *run, ol_error *err)
{
    (void)run;
    while (!atomic_load(&fake_let_go))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return fake_was_let_go(err);
}

static inline int fake_lie(ol_run *run, ol_error *err)
{
    atomic_store(&run->job->port->control->executing, 0);
    fake_burn_for_ever(NULL);
    return fake_was_let_go(err);
}

/* ---- threads ---- */

static inline int fake_burn_on(ol_run *run, ol_error *err)
{
    if (run->count++ == 0)
        fake_threads(1, fake_burn_for_ever);
    return fake_identity(run, err);
}

static inline int fake_beg(ol_run *run, ol_error *err)
{
    pthread_t thread;
    fake_threads(1, fake_wait_for_ever);
    for (unsigned long left = strtoul(run->rest, NULL, 10); left > 0; left--)
        if (pthread_create(&thread, NULL, fake_wait_for_ever, NULL) == 0)
            return fake_say(run, "granted", err);
    return fake_say(run, "refused", err);
}

static inline int fake_start_threads(ol_run *run, ol_error *err)
{
    unsigned count = (unsigned)strtoul(run->rest, NULL, 10);
    return fake_say_number(run, (long)fake_threads(count, fake_wait_for_ever), err);
}

/* ---- which verb does what ---- */

static const struct fake_verb {
    const char *name;
    int (*step)(ol_run *run, ol_error *err);
} fake_verbs[] = {
    {"identity", fake_identity},     {"declare", fake_identity},    {"copy", fake_copy},
    {"upper", fake_upper},           {"count", fake_count},         {"pieces", fake_pieces},
    {"skip", fake_skip},             {"drip", fake_drip},           {"greet", fake_greet},
    {"generate", fake_generate},     {"event", fake_event},         {"entry", fake_entry},
    {"head", fake_head},             {"late-head", fake_late_head}, {"read", fake_read},
    {"reads", fake_reads},           {"log", fake_log},             {"fail", fake_fail},
    {"error", fake_error},           {"fail-late", fake_fail_late}, {"loop", fake_loop},
    {"burn", fake_burn},             {"hang", fake_hang},           {"sleep", fake_sleep},
    {"crash", fake_die},             {"exit", fake_die},            {"killself", fake_die},
    {"abort", fake_die},             {"forbidden", fake_try_forbidden}, {"quiet", fake_try_quiet},
    {"grow", fake_grow},             {"lie", fake_lie},             {"burn-on", fake_burn_on},
    {"beg", fake_beg},               {"threads", fake_start_threads}, {"spoil", fake_spoil},
    {"fragile", fake_copy},          {"fragile-close", fake_copy},  {"wipes", fake_tell_wipes},
    {"hostile", fake_hostile},
};

static inline int fake_step(ol_run *run, uint32_t slice_ms, ol_error *err)
{
    run->slice_ms = slice_ms;
    for (size_t i = 0; i < sizeof(fake_verbs) / sizeof(fake_verbs[0]); i++)
        if (strcmp(fake_verbs[i].name, run->verb) == 0)
            return fake_verbs[i].step(run, err);
    return ol_error_set(err, OL_ETRANSFORM, "the fake engine does not know \"%s\"", run->verb);
}

#endif
