/* SPDX-License-Identifier: MIT */
/*
 * Several pipelines at once on one loop, each with a client that can be held back, for tests of
 * pools.
 */
#ifndef TESTS_RUN_KIT_H
#define TESTS_RUN_KIT_H

#include <stdlib.h>

#include "stage_kit.h"

/* A sink that takes a write only when it is let: `open` says whether at once, else kit_gate_pass
 * takes what waits. */
typedef struct kit_gate {
    bool open;
    ol_stage *st;
    ol_slice held; /* data NULL: nothing waits */
    bool headed, finished;
    int status;
    uint8_t *data;
    size_t len, cap;
} kit_gate;

typedef struct kit_gate_state {
    kit_gate *gate;
} kit_gate_state;

static inline void kit_gate_take(kit_gate *gate, ol_slice in)
{
    if (gate->len + in.len > gate->cap) {
        gate->cap = 2 * (gate->len + in.len);
        gate->data = realloc(gate->data, gate->cap);
    }
    memcpy(gate->data + gate->len, in.data, in.len);
    gate->len += in.len;
}

static inline int kit_gate_open(ol_stage *st, ol_error *err)
{
    (void)err;
    ((kit_gate_state *)st->state)->gate = (kit_gate *)(uintptr_t)st->config;
    ((kit_gate_state *)st->state)->gate->st = st;
    return OL_OK;
}

static inline int kit_gate_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)err;
    kit_gate *gate = ((kit_gate_state *)st->state)->gate;
    gate->headed = true;
    gate->status = head->status;
    return OL_OK;
}

static inline int kit_gate_write(ol_stage *st, ol_slice in, ol_error *err)
{
    (void)err;
    kit_gate *gate = ((kit_gate_state *)st->state)->gate;
    if (!gate->open) {
        gate->held = in;
        return OL_WAIT;
    }
    kit_gate_take(gate, in);
    return OL_OK;
}

static inline int kit_gate_finish(ol_stage *st, ol_error *err)
{
    ((kit_gate_state *)st->state)->gate->finished = true;
    return ol_stage_finish(st, err);
}

static inline void kit_gate_close(ol_stage *st)
{
    ((kit_gate_state *)st->state)->gate->st = NULL;
}

static const ol_stage_ops kit_gate_ops = {
    .name = "gate",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(kit_gate_state),
    .open = kit_gate_open,
    .head = kit_gate_head,
    .write = kit_gate_write,
    .finish = kit_gate_finish,
    .close = kit_gate_close,
};

/* Take the write that waits. */
static inline void kit_gate_pass(kit_gate *gate)
{
    assert_non_null(gate->held.data);
    kit_gate_take(gate, gate->held);
    gate->held = OL_SLICE_NONE;
    ol_stage_ready(gate->st);
}

static inline void kit_gate_release(kit_gate *gate)
{
    gate->open = true;
    if (gate->held.data)
        kit_gate_pass(gate);
}

/* An endless or long source of one byte value, that reads into what is offered. */
typedef struct kit_spring {
    uint8_t byte;
    uint64_t length;
    uint64_t sent;
    bool headed;
} kit_spring;

typedef struct kit_spring_state {
    kit_spring *spring;
    uint8_t own[4096];
} kit_spring_state;

static inline int kit_spring_open(ol_stage *st, ol_error *err)
{
    (void)err;
    ((kit_spring_state *)st->state)->spring = (kit_spring *)(uintptr_t)st->config;
    return OL_OK;
}

static inline void kit_spring_resume(ol_stage *st)
{
    kit_spring_state *s = st->state;
    kit_spring *spring = s->spring;
    ol_error err = {0};
    if (!spring->headed) {
        ol_head head = {.status = 200, .content_length = (int64_t)spring->length};
        spring->headed = true;
        ol_headers_init(&head.headers, ol_stage_arena(st));
        if (ol_stage_head(st, &head, &err) != OL_OK)
            return;
    }
    while (spring->sent < spring->length) {
        ol_span span = {s->own, sizeof(s->own)};
        ol_stage_reserve(st, &span);
        if (span.len > spring->length - spring->sent)
            span.len = (size_t)(spring->length - spring->sent);
        memset(span.data, spring->byte, span.len);
        spring->sent += span.len;
        if (ol_stage_write(st, ol_slice_of(span.data, span.len), &err) != OL_OK)
            return;
    }
    ol_stage_finish(st, &err);
}

static const ol_stage_ops kit_spring_ops = {
    .name = "spring",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(kit_spring_state),
    .open = kit_spring_open,
    .resume = kit_spring_resume,
};

/* One request. */
typedef struct kit_run {
    ol_arena *arena;
    ol_pipeline *pipeline;
    kit_spring spring;
    kit_gate gate;
    kit_call call;
    bool done, closed;
    ol_error err;
} kit_run;

static inline void kit_run_on_done(void *arg, const ol_error *err)
{
    kit_run *r = arg;
    r->done = true;
    if (err)
        r->err = *err;
}

static const ol_pipeline_ops kit_run_ops = {.on_done = kit_run_on_done};

/* Starts it. `open`: the client takes everything at once. */
static inline void kit_run_start_so(kit_run *r, ol_test_loop *loop, ol_pool *pool,
                                    ol_program *program, const char *group, const char *line,
                                    uint64_t length, bool open, bool *alone)
{
    memset(r, 0, sizeof(*r));
    r->arena = ol_arena_new(1 << 20);
    r->spring = (kit_spring){.byte = 'b', .length = length};
    r->gate = (kit_gate){.open = open};
    kit_call_init(&r->call, pool, program, group, line);
    r->call.call.alone = alone;
    assert_code(ol_pipeline_new(&r->pipeline, loop->loop, r->arena, &kit_run_ops, r), OL_OK);
    assert_code(ol_pipeline_add(r->pipeline, &kit_spring_ops, &r->spring, NULL), OL_OK);
    assert_code(ol_pipeline_add(r->pipeline, &ol_transform_stage_ops, &r->call.call, NULL), OL_OK);
    assert_code(ol_pipeline_add(r->pipeline, &kit_gate_ops, &r->gate, NULL), OL_OK);
    assert_code(ol_pipeline_start(r->pipeline, &r->err), OL_OK);
}

static inline void kit_run_start(kit_run *r, ol_test_loop *loop, ol_pool *pool, ol_program *program,
                                 const char *group, const char *line, uint64_t length, bool open)
{
    kit_run_start_so(r, loop, pool, program, group, line, length, open, NULL);
}

static inline void kit_run_close(kit_run *r)
{
    if (!r->closed)
        ol_pipeline_close(r->pipeline);
    r->closed = true;
}

static inline void kit_run_fini(kit_run *r)
{
    kit_run_close(r);
    ol_arena_destroy(r->arena);
    kit_call_fini(&r->call);
    free(r->gate.data);
}

static inline void kit_run_wait(kit_run *r, ol_test_loop *loop)
{
    ol_test_loop_until(loop, &r->done, OL_TEST_BOUND_MS);
}

static inline bool kit_is_held(void *arg)
{
    kit_run *r = arg;
    return r->done || r->gate.held.data != NULL;
}

/* Until its client is offered something. */
static inline void kit_run_until_held(kit_run *r, ol_test_loop *loop)
{
    ol_test_loop_until_fn(loop, kit_is_held, r, OL_TEST_BOUND_MS);
    assert_false(r->done);
}

#endif
