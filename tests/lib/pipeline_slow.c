/* SPDX-License-Identifier: MIT */
#include "lib/later.h"
#include "lib/pipeline_stages.h"

typedef struct slow {
    ol_test_later *later;
    ol_slice in;
    bool ending;
} slow;

static void on_later(void *arg)
{
    ol_stage *st = arg;
    slow *self = st->state;
    ol_error err = {0};
    self->later = NULL;
    int rc = self->ending ? ol_stage_finish(st, &err) : ol_stage_write(st, self->in, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
    if (rc == OL_OK && !self->ending)
        ol_stage_ready(st);
}

static void put_off(ol_stage *st)
{
    const ol_test_slow *config = st->config;
    slow *self = st->state;
    self->later = ol_test_later_start(ol_stage_loop(st), config->turns, on_later, st);
}

static int write_in(ol_stage *st, ol_slice in, ol_error *err)
{
    const ol_test_slow *config = st->config;
    slow *self = st->state;
    if (config->end_only)
        return ol_stage_write(st, in, err);
    self->in = in;
    put_off(st);
    return OL_WAIT;
}

static int finish(ol_stage *st, ol_error *err)
{
    (void)err;
    slow *self = st->state;
    self->ending = true;
    put_off(st);
    return OL_OK;
}

static void resume(ol_stage *st)
{
    ol_stage_ready(st);
}

static void close_stage(ol_stage *st)
{
    slow *self = st->state;
    ol_test_later_cancel(self->later);
}

const ol_stage_ops ol_test_slow_ops = {
    .name = "slow",
    .phase = OL_PHASE_TRANSFORM,
    .state_size = sizeof(slow),
    .write = write_in,
    .finish = finish,
    .resume = resume,
    .close = close_stage,
};
