/* SPDX-License-Identifier: MIT */
#include "front/originals/sealed_guard_stage.h"

typedef struct guard {
    const ol_sealed_guard *config;
    ol_stage *stage;
    /* as they pass */
    uint8_t first[OL_SEALED_PEEK_BYTES];
    size_t have;
    /* the object looks */
    ol_guarded_wait wait;
    bool waiting, has_head, ended;
    ol_error failure;
    ol_head head;
    ol_slice kept; /* a write that waits for it */
} guard;

/* ---- when the object has looked ---- */

static void on_looked(void *arg, const ol_error *look_err)
{
    guard *self = arg;
    ol_stage *st = self->stage;
    ol_error err = {0};
    self->waiting = false;
    if (ol_stage_is_over(st))
        return;
    if (look_err) {
        self->failure = *look_err;
        ol_stage_fail(st, look_err);
        return;
    }
    if (!self->has_head || ol_stage_head(st, &self->head, &err) != OL_OK)
        return;
    const ol_slice kept = self->kept;
    self->kept = OL_SLICE_NONE;
    if (kept.len > 0 && ol_stage_write(st, kept, &err) == OL_OK)
        ol_stage_ready(st);
    else if (kept.len == 0 && self->ended)
        ol_stage_finish(st, &err);
}

static int begin(ol_stage *st, ol_error *err)
{
    guard *self = st->state;
    (void)err;
    *self = (guard){.config = st->config, .stage = st};
    if (!self->config->looks)
        return OL_OK;
    self->wait = (ol_guarded_wait){.cb = on_looked, .arg = self};
    self->waiting =
        ol_guarded_look(self->config->object, &self->wait, &self->failure) == OL_WAIT;
    return OL_OK;
}

/* ---- what comes ---- */

static int take_head(ol_stage *st, ol_head *head, ol_error *err)
{
    guard *self = st->state;
    if (self->failure.code != OL_OK) {
        *err = self->failure;
        return err->code;
    }
    if (!self->waiting)
        return ol_stage_head(st, head, err);
    self->head = *head;
    self->has_head = true;
    return OL_OK;
}

static int look(guard *self, ol_slice in, ol_error *err)
{
    if (self->have == sizeof(self->first))
        return OL_OK;
    ol_slice more = ol_slice_first(in, sizeof(self->first) - self->have);
    if (more.len > 0)
        memcpy(self->first + self->have, more.data, more.len);
    self->have += more.len;
    int rc = ol_guarded_judge(self->config->object, ol_slice_of(self->first, self->have), err);
    if (rc == OL_OK && self->have >= ol_guarded_first_bytes(self->config->object))
        ol_guarded_saw(self->config->object);
    return rc;
}

static int take(ol_stage *st, ol_slice in, ol_error *err)
{
    guard *self = st->state;
    if (self->waiting) {
        self->kept = in;
        return OL_WAIT;
    }
    int rc = self->config->looks ? OL_OK : look(self, in, err);
    return rc == OL_OK ? ol_stage_write(st, in, err) : rc;
}

static int reserve(ol_stage *st, ol_span *span)
{
    const guard *self = st->state;
    return self->waiting ? OL_SKIP : ol_stage_reserve(st, span);
}

static int end(ol_stage *st, ol_error *err)
{
    guard *self = st->state;
    self->ended = true;
    return self->waiting ? OL_OK : ol_stage_finish(st, err);
}

static void resume(ol_stage *st)
{
    ol_stage_ready(st);
}

static void finish_close(ol_stage *st)
{
    guard *self = st->state;
    ol_guarded_wait_cancel(&self->wait);
}

const ol_stage_ops ol_sealed_guard_stage_ops = {
    .name = "guard",
    .phase = OL_PHASE_VERIFY,
    .state_size = sizeof(guard),
    .open = begin,
    .head = take_head,
    .write = take,
    .finish = end,
    .resume = resume,
    .reserve = reserve,
    .close = finish_close,
};
