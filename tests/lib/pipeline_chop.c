/* SPDX-License-Identifier: MIT */
#include "lib/check.h"
#include "lib/loan.h"
#include "lib/pipeline_stages.h"

typedef struct chop {
    ol_test_loan loan;
    ol_slice rest; /* of the slice that was written to us */
    ol_test_random random;
} chop;

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    chop *self = st->state;
    const ol_test_chop *config = st->config;
    self->random.state = config->seed;
    assert_true(config->bytes > 0);
    return OL_OK;
}

static int write_pieces(ol_stage *st, ol_error *err)
{
    chop *self = st->state;
    const ol_test_chop *config = st->config;
    int rc = OL_OK;
    while (self->rest.len && rc == OL_OK) {
        size_t bytes = config->bytes;
        if (config->seed)
            bytes = 1 + (size_t)ol_test_random_below(&self->random, config->bytes);
        ol_slice piece = ol_test_loan_start(&self->loan, ol_slice_first(self->rest, bytes));
        self->rest = ol_slice_from(self->rest, piece.len);
        rc = ol_stage_write(st, piece, err);
        if (rc != OL_WAIT)
            ol_test_loan_end(&self->loan);
    }
    return rc;
}

static int write_in(ol_stage *st, ol_slice in, ol_error *err)
{
    chop *self = st->state;
    self->rest = in;
    return write_pieces(st, err);
}

static void resume(ol_stage *st)
{
    chop *self = st->state;
    ol_error err = {0};
    ol_test_loan_end(&self->loan);
    int rc = write_pieces(st, &err);
    if (rc < 0)
        ol_stage_fail(st, &err);
    if (rc == OL_OK)
        ol_stage_ready(st);
}

static void close_stage(ol_stage *st)
{
    chop *self = st->state;
    ol_test_loan_end(&self->loan);
}

const ol_stage_ops ol_test_chop_ops = {
    .name = "chop",
    .phase = OL_PHASE_TRANSFORM,
    .state_size = sizeof(chop),
    .open = open_stage,
    .write = write_in,
    .resume = resume,
    .close = close_stage,
};
