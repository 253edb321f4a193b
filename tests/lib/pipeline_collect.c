/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "lib/check.h"
#include "lib/later.h"
#include "lib/pipeline_stages.h"

#define MAX_BYTES ((size_t)64 << 20)
#define OFFERED_BYTES 4096u

typedef struct collect {
    ol_test_collect *config;
    ol_test_later *later;
    ol_slice kept; /* taken when the wait is over, not before */
    uint8_t *offered;
    unsigned writes;
} collect;

static int open_stage(ol_stage *st, ol_error *err)
{
    (void)err;
    collect *self = st->state;
    self->config = (ol_test_collect *)st->config;
    self->config->finished = false;
    self->config->closed = false;
    return OL_OK;
}

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)err;
    collect *self = st->state;
    assert_false(self->config->headed && self->config->len > 0);
    self->config->headed = true;
    self->config->head = *head;
    return OL_OK;
}

static void resize(ol_test_collect *config, size_t room)
{
    config->data = realloc(config->data, room ? room : 1);
    assert_non_null(config->data);
    config->room = room;
}

/* Room is doubled: sanitizers copy the whole at each realloc. */
static void append(ol_test_collect *config, ol_slice in)
{
    if (!config->data || in.len > config->room - config->len)
        resize(config, 2 * config->len + in.len);
    memcpy(config->data + config->len, in.data, in.len);
    config->len += in.len;
}

static void on_later(void *arg)
{
    ol_stage *st = arg;
    collect *self = st->state;
    self->later = NULL;
    append(self->config, self->kept);
    ol_stage_ready(st);
}

static void end_offer(collect *self)
{
    free(self->offered);
    self->offered = NULL;
}

static int write_in(ol_stage *st, ol_slice in, ol_error *err)
{
    collect *self = st->state;
    ol_test_collect *config = self->config;
    assert_true(config->headed);
    assert_null(self->later);
    size_t max = config->max ? config->max : MAX_BYTES;
    if (in.len > max - config->len)
        return ol_error_set(err, OL_ELIMIT, "more than %zu bytes to collect", max);
    if (config->fails && config->len + in.len >= config->fail_at)
        return ol_error_set(err, OL_EPEER, "the sink failed as it should");
    if (config->wait_every && ++self->writes % config->wait_every == 0) {
        self->kept = in;
        self->later = ol_test_later_start(ol_stage_loop(st), 1, on_later, st);
        return OL_WAIT;
    }
    append(config, in);
    if (self->offered && in.data == self->offered)
        config->offered_used++;
    end_offer(self);
    return OL_OK;
}

static int reserve(ol_stage *st, ol_span *span)
{
    collect *self = st->state;
    if (!self->config->offers)
        return OL_SKIP;
    end_offer(self);
    self->offered = malloc(OFFERED_BYTES);
    assert_non_null(self->offered);
    *span = (ol_span){self->offered, OFFERED_BYTES};
    return OL_OK;
}

static int finish(ol_stage *st, ol_error *err)
{
    collect *self = st->state;
    self->config->finished = true;
    return ol_stage_finish(st, err);
}

static void close_stage(ol_stage *st)
{
    collect *self = st->state;
    ol_test_later_cancel(self->later);
    end_offer(self);
    if (self->config->data)
        resize(self->config, self->config->len); /* so that sanitizers see who reads beyond the end */
    self->config->closed = true;
}

const ol_stage_ops ol_test_collect_ops = {
    .name = "collect",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(collect),
    .open = open_stage,
    .head = take_head,
    .write = write_in,
    .finish = finish,
    .reserve = reserve,
    .close = close_stage,
};

ol_slice ol_test_collect_out(const ol_test_collect *config)
{
    return ol_slice_of(config->data, config->len);
}

void ol_test_collect_fini(ol_test_collect *config)
{
    free(config->data);
    config->data = NULL;
    config->len = config->room = 0;
}
