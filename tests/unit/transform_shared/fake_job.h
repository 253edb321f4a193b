/* SPDX-License-Identifier: MIT */
/*
 * A job for the shared-object engine without a host around it: input, output, head, log and
 * ranges in memory, and a WAIT wherever a test asks for one. Include in one test file.
 */
#ifndef TESTS_FAKE_JOB_H
#define TESTS_FAKE_JOB_H

#include "base/buf.h"
#include "transform/counters.h"
#include "transform/fields.h"
#include "transform/host/engine.h"

struct ol_job {
    /* set by the test */
    ol_slice input;
    size_t piece_bytes;
    size_t slot_bytes;      /* a span of output is at most this long */
    unsigned wait_each;     /* every n-th call of input, output_space, read_at waits; 0 = never */
    bool blocked;           /* output waits for ever: a client that reads nothing */
    uint64_t output_max;
    uint64_t cpu_us;
    enum ol_transform_entry entry;
    bool read_at_refused;
    ol_transform_limits limits;
    ol_buf event;
    /* what happened */
    ol_buf output, log, head;
    uint64_t counted[OL_COUNTERS_MAX];
    size_t position, calls, waits, read_at_calls, forwards;
    bool holds_piece, head_was_sent;
    ol_slice held;
    uint8_t *piece, *slot;  /* exact copies, so that a sanitizer sees reads past the end */
    uint8_t *range;
};

void fake_job_init(ol_job *job, ol_slice input);
void fake_job_fini(ol_job *job);
void fake_job_field(ol_job *job, const char *path, const char *value);
void fake_job_payload(ol_job *job, const char *payload);

/* Load, or fail the test. `name` as configured. */
ol_engine *fake_engine(const char *name, const char *path, ol_program_declared *declared);
/* Step until it is done or failed; OL_DONE or the error. Bounded. */
int fake_run(ol_engine *engine, ol_job *job, ol_error *err);

#endif
