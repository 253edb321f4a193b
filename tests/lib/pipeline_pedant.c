/* SPDX-License-Identifier: MIT */
#include "lib/check.h"
#include "lib/pipeline_stages.h"

typedef struct pedant {
    ol_test_pedant *seen;
    ol_slice kept; /* while the stage below waits */
    uint64_t kept_sum;
    bool waiting, headed, ended, closed;
} pedant;

static uint64_t sum_of(ol_slice bytes)
{
    uint64_t sum = bytes.len;
    for (size_t i = 0; i < bytes.len; i++)
        sum = sum * 31 + bytes.data[i];
    return sum;
}

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    pedant *self = st->state;
    self->seen = (ol_test_pedant *)st->config;
    self->seen->opens++;
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    pedant *self = st->state;
    assert_false(self->headed);
    assert_false(self->ended || self->closed);
    self->headed = true;
    self->seen->heads++;
    self->seen->head = *head;
    return ol_stage_head(st, head, err);
}

static int write_in(ol_stage *st, ol_slice in, ol_error *err)
{
    pedant *self = st->state;
    assert_true(self->headed);
    assert_false(self->waiting || self->ended || self->closed);
    assert_true(in.len > 0);
    assert_non_null(in.data);
    self->seen->writes++;
    self->seen->bytes += in.len;
    uint64_t sum = sum_of(in);
    int rc = ol_stage_write(st, in, err);
    if (rc == OL_WAIT) {
        self->waiting = true;
        self->kept = in;
        self->kept_sum = sum;
        self->seen->waits++;
    }
    return rc;
}

static int finish(ol_stage *st, ol_error *err)
{
    pedant *self = st->state;
    assert_true(self->headed);
    assert_false(self->waiting || self->ended || self->closed);
    self->ended = true;
    self->seen->finishes++;
    return ol_stage_finish(st, err);
}

static void resume(ol_stage *st)
{
    pedant *self = st->state;
    assert_true(self->waiting);
    assert_false(self->ended || self->closed);
    if (sum_of(self->kept) != self->kept_sum)
        fail_msg("a slice of %zu bytes changed while the stage below kept it", self->kept.len);
    self->waiting = false;
    ol_stage_ready(st);
}

static void close_stage(ol_stage *st)
{
    pedant *self = st->state;
    assert_false(self->closed);
    self->closed = true;
    self->seen->closes++;
}

const ol_stage_ops ol_test_pedant_ops = {
    .name = "pedant",
    .phase = OL_PHASE_TRANSFORM,
    .state_size = sizeof(pedant),
    .open = open_stage,
    .head = take_head,
    .write = write_in,
    .finish = finish,
    .resume = resume,
    .close = close_stage,
};
