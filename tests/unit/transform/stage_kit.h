/* SPDX-License-Identifier: MIT */
/*
 * A pool with real hosts that run the fake engine, and calls of its stage, for tests of the
 * transform stage. With KIT_INLINE the hosts are threads: such tests are the same ones once more
 * (test_*_inline.c), but for those that say NEEDS_A_PROCESS.
 */
#ifndef TESTS_STAGE_KIT_H
#define TESTS_STAGE_KIT_H

#include "lib/alloc_check.h"
#include "lib/check.h"
#include "lib/pipeline_kit.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "transform/inline_host.h"
#include "transform/stage.h"
#include "fake_engine.h"

#ifdef KIT_INLINE
#define KIT_ISOLATION OL_ISOLATION_INLINE
#define NEEDS_A_PROCESS() skip_because("what it does ends its process, or needs its walls")
#else
#define KIT_ISOLATION OL_ISOLATION_PROCESS
#define NEEDS_A_PROCESS() ((void)0)
#endif

static inline ol_program *kit_program(const char *line)
{
    ol_program *program;
    ol_inline_hosts_engines(&fake_engines);
    ol_program like = {
        .name = "fake",
        .kind = OL_PROGRAM_LUA,
        .share = OL_SHARE_IDENTITY,
        .isolation = KIT_ISOLATION,
        .path = "fake.lua",
        .source = ol_slice_cstr(line),
        .image_fd = -1,
        .declared = {.has_get = true},
    };
    static uint64_t version;
    like.version = ++version;
    ol_transform_limits_default(&like.limits);
    assert_code(ol_program_new(&program, &like), OL_OK);
    return program;
}

static inline ol_pool_options kit_options(void)
{
    ol_pool_options options;
    ol_pool_options_default(&options);
    options.slot_bytes = 4096;
    options.slots = 32;
    options.jobs_max = 8;
    options.hosts_max = 2;
    options.queue_max = 16;
    options.spin_us = 0;
    return options;
}

/* One call of the stage, and the event it needs. */
typedef struct kit_call {
    ol_transform_call call;
    ol_buf event;
    bool retryable;
    unsigned logs;
    size_t log_bytes;
    char log_last[64];
} kit_call;

static inline void kit_on_log(void *arg, const char *level, ol_slice text)
{
    kit_call *k = arg;
    k->logs++;
    k->log_bytes += text.len;
    snprintf(k->log_last, sizeof(k->log_last), "%s %.*s", level, OL_SLICE_FMT(text));
}

/* `line`: what the job does; NULL = what the program says. */
static inline void kit_call_init(kit_call *k, ol_pool *pool, ol_program *program, const char *group,
                                 const char *line)
{
    memset(k, 0, sizeof(*k));
    ol_buf_init(&k->event, 4000);
    assert_code(ol_fields_begin(&k->event), OL_OK);
    assert_code(ol_fields_add(&k->event, "userIdentity.arn", OL_SLICE_LIT("arn:somebody")), OL_OK);
    if (line)
        assert_code(ol_fields_add(&k->event, "do", ol_slice_cstr(line)), OL_OK);
    k->call = (ol_transform_call){
        .pool = pool,
        .program = program,
        .trust_group = ol_slice_cstr(group),
        .event = ol_buf_slice(&k->event),
        .on_log = kit_on_log,
        .log_arg = k,
        .retryable = &k->retryable,
    };
}

static inline void kit_call_fini(kit_call *k)
{
    ol_buf_fini(&k->event);
}

static inline void kit_set_flag(void *arg)
{
    *(bool *)arg = true;
}

static inline void kit_pool_close(ol_test_loop *loop, ol_pool *pool)
{
    bool closed = false;
    ol_pool_close(pool, kit_set_flag, &closed);
    ol_test_loop_until(loop, &closed, OL_TEST_BOUND_MS);
    atomic_store(&fake_let_go, true);
    assert_int_equal(ol_inline_hosts_settle(OL_TEST_BOUND_MS), 0);
    atomic_store(&fake_let_go, false);
}

#endif
