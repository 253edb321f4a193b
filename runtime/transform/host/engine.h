/* SPDX-License-Identifier: MIT */
/*
 * What a host runs: an engine (lua/ or shared/) with one program loaded, working on jobs.
 * Everything here happens inside the host, on its single thread. There can be several hosts in one
 * process, each a thread (isolation = "inline"): an engine keeps nothing outside of itself but by
 * thread.
 *
 * An engine never blocks: `step` works until the job is done, needs something (input, output
 * space, a read_at answer), or its time slice is over. Timers and signal handlers must be made
 * in `load`: later the wall lets them be armed, not created.
 */
#ifndef OL_TRANSFORM_HOST_ENGINE_H
#define OL_TRANSFORM_HOST_ENGINE_H

#include "transform/program.h"

typedef struct ol_job ol_job;       /* one request inside the host; host/job.c */
typedef struct ol_engine ol_engine; /* an engine's state; each engine defines its own */
typedef struct ol_run ol_run;       /* an engine's state for one job; likewise */

typedef struct ol_engine_ops {
    const char *name;
    /* Load the program, behind wall step one (files may still be opened read-only). Fills
     * *declared (slices live as long as the engine). */
    int (*load)(ol_engine **engine, const ol_program *program, ol_program_declared *declared,
                ol_error *err);
    /* Behind wall step two, from here on. Prepare a job; no user code runs yet. */
    int (*open)(ol_engine *engine, ol_job *job, ol_run **run, ol_error *err);
    /* OL_DONE: finished, all output handed over (commit counts as that). OL_WAIT: call again
     * when the job has what it waits for, that is what the last ol_job_* calls answered OL_WAIT
     * to. OL_OK: preempted, call again soon. Negative: failed, err filled. */
    int (*step)(ol_run *run, uint32_t slice_ms, ol_error *err);
    /* Also for a job given up half-way; user code runs here only to be unwound, at this job's cost.
     * Wipes what it held. */
    void (*close)(ol_run *run);
    /* Optional. Between steps: where in its source the program stands ("a.lua:7"), for error texts. */
    void (*where)(ol_run *run, char *text, size_t size);
    /* Optional. The next job belongs to another trust group; no run is open. Forget whatever
     * could tell one from the other. */
    void (*wipe)(ol_engine *engine);
    /* Optional. There is no job: do a slice of what load put off. False: nothing is left. */
    bool (*idle)(ol_engine *engine, uint32_t slice_ms);
    /* Of a host that is a thread: it ends, no run is open. Gives everything back that load took,
     * also when that failed (then `engine` is NULL). *library: to be given to dlclose when the
     * thread is no more, or left NULL. */
    void (*unload)(ol_engine *engine, void **library);
} ol_engine_ops;

extern const ol_engine_ops ol_engine_lua;
extern const ol_engine_ops ol_engine_shared;

/* ---- what a job offers to its engine ---- */

const ol_transform_limits *ol_job_limits(const ol_job *job);
/* The function that is asked for. An engine refuses, in open, one that its program lacks. */
enum ol_transform_entry ol_job_entry(const ol_job *job);
/* The event with object.* fields, encoded by transform/fields.h, already checked. Valid while
 * the job lives. */
ol_slice ol_job_event(const ol_job *job);

/* The next piece of the original. Pieces are cut in the same places whatever the timing:
 * each is exactly ol_job_piece_bytes() long, but the last (in a trial, cut up further).
 * OL_OK: *piece stays valid until ol_job_input_release. OL_WAIT: none yet. OL_DONE: the end was reached.
 * Only one piece is held at a time: illegal before the last one was released. */
int ol_job_input(ol_job *job, ol_slice *piece);
void ol_job_input_release(ol_job *job);
size_t ol_job_piece_bytes(const ol_job *job);

/* Status and headers (fields "status", "header.…", "metadata.…"); at most once and before
 * any output; without it the default head leaves with the first output. */
int ol_job_head(ol_job *job, ol_slice fields, ol_error *err);
bool ol_job_head_sent(const ol_job *job);

/* Room for output: OL_OK with a span of at least 1 byte, OL_WAIT (the client is slow, or a
 * slot is awaited), or an error (output limit). */
int ol_job_output_space(ol_job *job, ol_span *space, ol_error *err);
/* The first n bytes of that span were filled. They leave when the slot is full, or on flush. */
void ol_job_output_commit(ol_job *job, size_t n);
/* Hand over bytes of the held input piece without a copy. Earlier output leaves first. The piece
 * is released by it if `release`. OL_OK, OL_WAIT (try again), or an error. */
int ol_job_output_forward(ol_job *job, ol_slice part_of_piece, bool release, ol_error *err);
/* Let what was committed leave now. The host does it by itself when a job waits for long. */
void ol_job_output_flush(ol_job *job);
uint64_t ol_job_output_bytes(const ol_job *job);

/* Ask for a range of the original. OL_WAIT: call again with the same arguments when stepped;
 * then OL_OK with *data valid until the next call on this job, shorter only at the end. The
 * length is at most ol_job_piece_bytes(). Errors: OL_EREADAT with the reason. */
int ol_job_read_at(ol_job *job, uint64_t offset, size_t length, ol_slice *data, ol_error *err);

/* level: "debug", "info", "warn", "error". Past log_bytes it is dropped (once noted). */
void ol_job_log(ol_job *job, const char *level, ol_slice text);

/* Add to a counter that the program declares. Told to the server when the job ends. False when there
 * is no such counter. */
bool ol_job_count(ol_job *job, uint32_t counter, uint64_t more);

/* For authors: at its highest so far, the memory of this job; instructions executed. The first
 * keeps the maximum, the second the sum. Instructions are asked for only where ol_job_meters. */
void ol_job_note_memory(ol_job *job, uint64_t bytes);
void ol_job_note_instructions(ol_job *job, uint64_t more);
bool ol_job_meters(const ol_job *job);

/* CPU time this job has used so far, us, the running step included. The host ends a job that
 * has spent its cpu_ms after a step; an engine that can look in between compares this itself. */
uint64_t ol_job_cpu_us(const ol_job *job);

/* This engine's state can no longer be trusted (it could not be restored, or was left in the
 * middle of something). The job goes on to its end or failure; then the host is replaced. */
void ol_job_spoil(ol_job *job);

#endif
