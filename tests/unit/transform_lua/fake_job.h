/* SPDX-License-Identifier: MIT */
/*
 * A job without a host, for the engine's tests: feeds an original in pieces, can make every call
 * wait that may wait, gives little room for output, counts against limits, and fails the test on
 * calls that engine.h calls illegal. Each test includes fake_job.c, which defines ol_job_*.
 */
#ifndef OL_TESTS_TRANSFORM_LUA_FAKE_JOB_H
#define OL_TESTS_TRANSFORM_LUA_FAKE_JOB_H

#include "lib/check.h"

#include "base/buf.h"
#include "transform/host/engine.h"
#include "transform/lua/engine.h"

typedef struct fake_options {
    enum ol_transform_entry entry;
    size_t piece_bytes;      /* 0: 128 KiB */
    size_t room_bytes;       /* of each span for output; 0: 128 KiB */
    bool wait_always;        /* every call that may wait does, the first time */
    bool read_at_refused;
    const char *const *event; /* name, value, …, NULL */
    ol_slice original;
    int steps_max;           /* give the job up after so many steps; 0: never */
    uint32_t slice_ms;       /* 0: 2 */
    bool discard;            /* lend the original as it is and drop the output: for measuring */
} fake_options;

typedef struct fake_result {
    int rc; /* of the last step: OL_DONE, an error, or OL_OK/OL_WAIT when given up */
    ol_error err;
    ol_buf out;
    ol_buf head; /* encoded fields, empty without */
    ol_buf log;  /* "level: text\n" */
    uint64_t forwarded_bytes;
    int steps, preempted, waits;
    uint64_t longest_step_us; /* CPU time */
} fake_result;

/* An engine for this source with the default limits, changed by the caller before loading. */
typedef struct fake_engine {
    ol_transform_limits limits;
    ol_engine *engine;
    ol_program_declared declared;
    ol_error err;
    const char *path;
} fake_engine;

void fake_engine_init(fake_engine *e);
/* OL_OK, or the error (also in e->err). */
int fake_engine_load(fake_engine *e, const char *source);
void fake_engine_close(fake_engine *e);

/* Run one job to its end. */
void fake_run(fake_engine *e, const fake_options *options, fake_result *result);
void fake_result_fini(fake_result *result);

/* A job in steps: for several at a time. */
ol_job *fake_job_new(fake_engine *e, const fake_options *options, fake_result *result);
void fake_job_free(ol_job *job);

/* Load, run once, compare the output; fails the test on any error. */
void expect_output(const char *source, ol_slice original, const char *want);
/* Load, run once, and expect this error code and, in the detail, this text. */
void expect_error(const char *source, int code, const char *detail_has);

#endif
