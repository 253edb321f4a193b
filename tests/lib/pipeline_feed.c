/* SPDX-License-Identifier: MIT */
#include "lib/check.h"
#include "lib/loan.h"
#include "lib/pipeline_stages.h"

typedef struct feed {
    ol_test_feed *config;
    ol_test_loan loan;
    ol_head head;
    bool head_sent;
} feed;

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    feed *self = st->state;
    self->config = (ol_test_feed *)st->config;
    self->config->fed = 0;
    return OL_OK;
}

static int send_head(ol_stage *st, ol_error *err)
{
    feed *self = st->state;
    const ol_test_feed *config = self->config;
    self->head_sent = true;
    self->head.status = config->status ? config->status : 200;
    self->head.content_length = config->hide_length ? -1 : (int64_t)config->body.len;
    ol_headers_init(&self->head.headers, ol_stage_arena(st));
    for (const char *const *field = config->fields; field && *field; field += 2) {
        int rc = ol_headers_add(&self->head.headers, ol_slice_cstr(field[0]),
                                ol_slice_cstr(field[1]));
        if (rc != OL_OK)
            return ol_error_set(err, rc, "field");
    }
    return ol_stage_head(st, &self->head, err);
}

static ol_slice next_piece(const feed *self)
{
    const ol_test_feed *config = self->config;
    size_t end = config->fails ? config->fail_at : config->body.len;
    ol_slice rest = ol_slice_from(ol_slice_first(config->body, end), config->fed);
    return config->piece_bytes ? ol_slice_first(rest, config->piece_bytes) : rest;
}

/* Into the memory of the stage below, if it has some; otherwise into a loan. */
static ol_slice lend(ol_stage *st, ol_slice piece)
{
    feed *self = st->state;
    ol_span span;
    if (!self->config->reserves || ol_stage_reserve(st, &span) != OL_OK)
        return ol_test_loan_start(&self->loan, piece);
    self->config->reserved++;
    piece = ol_slice_first(piece, span.len);
    memcpy(span.data, piece.data, piece.len);
    return ol_slice_of(span.data, piece.len);
}

static int feed_rest(ol_stage *st, ol_error *err)
{
    feed *self = st->state;
    int rc = self->head_sent ? OL_OK : send_head(st, err);
    while (rc == OL_OK) {
        ol_slice piece = next_piece(self);
        if (piece.len == 0)
            break;
        piece = lend(st, piece);
        self->config->fed += piece.len;
        rc = ol_stage_write(st, piece, err);
        if (rc == OL_OK)
            ol_test_loan_end(&self->loan);
    }
    if (rc != OL_OK)
        return rc;
    if (self->config->fails)
        return ol_error_set(err, OL_EORIGIN, "the feed broke off as it should");
    return ol_stage_finish(st, err);
}

static void resume(ol_stage *st)
{
    feed *self = st->state;
    ol_error err = {0};
    ol_test_loan_end(&self->loan);
    if (feed_rest(st, &err) < 0)
        ol_stage_fail(st, &err);
}

static void close_stage(ol_stage *st)
{
    feed *self = st->state;
    ol_test_loan_end(&self->loan);
}

const ol_stage_ops ol_test_feed_ops = {
    .name = "feed",
    .phase = OL_PHASE_SOURCE,
    .state_size = sizeof(feed),
    .open = open_stage,
    .resume = resume,
    .close = close_stage,
};
