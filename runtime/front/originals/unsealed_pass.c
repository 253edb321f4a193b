/* SPDX-License-Identifier: MIT */
/*
 * The verifying pass: the whole body goes through the cipher once, and what comes out is counted, kept
 * or dropped. It belongs to the object, not to whoever asked first: a body and a read that want the
 * same wait for the same pass.
 *
 * Happy path: body → decrypt → sink; the end was authentic; the length is noted, those who wait are
 * called. A failure stays: every later question has the same answer.
 */
#include "base/alloc.h"
#include "front/originals/unsealed_private.h"

typedef struct pass_state {
    ol_unsealed *self;
    ol_slice rest; /* of a write that waits for the spool */
    bool waiting, ending;
} pass_state;

/* ---- those who wait ---- */

static void enlist(ol_unsealed *self, ol_unsealed_wait *wait)
{
    wait->next = self->waits;
    wait->back = &self->waits;
    if (wait->next)
        wait->next->back = &wait->next;
    self->waits = wait;
}

void ol_unsealed_wait_cancel(ol_unsealed_wait *wait)
{
    if (!wait->back)
        return;
    *wait->back = wait->next;
    if (wait->next)
        wait->next->back = wait->back;
    wait->back = NULL;
}

/* Each may close the object. */
static void notify(ol_unsealed *self, const ol_error *err)
{
    ol_error copy = err ? *err : (ol_error){0};
    self->notifying = true;
    while (!self->closed && self->waits) {
        ol_unsealed_wait *wait = self->waits;
        ol_unsealed_wait_cancel(wait);
        wait->cb(wait->arg, err ? &copy : NULL);
    }
    self->notifying = false;
    if (self->closed)
        ol_unsealed_free(self);
}

/* ---- the sink ---- */

static int check_bytes(ol_unsealed *self, size_t more, ol_error *err)
{
    self->passed += more;
    if (self->gone && *self->gone)
        return ol_error_set(err, OL_EPEER, "the client left before the end");
    if (self->settled && self->passed > self->info.size)
        return ol_error_set(err, OL_EDECRYPT, "longer than it can be");
    if (self->spool && self->passed > self->object_bytes_max)
        return ol_error_set(err, OL_EVERIFYSIZE, "larger than spool.object_bytes");
    if (self->passed > self->verify_bytes_max)
        return ol_error_set(err, OL_EVERIFYSIZE, "larger than limits.verify_bytes_max");
    return OL_OK;
}

static void on_room(void *arg, const ol_error *err);

static int keep(ol_stage *st, ol_error *err)
{
    pass_state *state = st->state;
    ol_unsealed *self = state->self;
    while (state->rest.len > 0) {
        size_t taken = 0;
        int rc = ol_unsealed_keep(&self->kept, self->loop, state->rest, &taken, on_room, st, err);
        if (rc != OL_OK)
            return rc;
        state->rest = ol_slice_from(state->rest, taken);
    }
    return OL_OK;
}

static int keep_end(ol_stage *st, ol_error *err)
{
    pass_state *state = st->state;
    ol_unsealed *self = state->self;
    state->ending = true;
    int rc = self->keeps ? ol_unsealed_keep_end(&self->kept, self->loop, on_room, st, err) : OL_OK;
    return rc == OL_OK ? ol_stage_finish(st, err) : rc;
}

static void on_room(void *arg, const ol_error *failed)
{
    ol_stage *st = arg;
    pass_state *state = st->state;
    ol_error err = {0};
    if (ol_stage_is_over(st))
        return;
    int rc = failed ? failed->code : state->ending ? keep_end(st, &err) : keep(st, &err);
    if (rc < 0) {
        ol_stage_fail(st, failed ? failed : &err);
    } else if (rc == OL_OK && !state->ending && state->waiting) {
        state->waiting = false;
        ol_stage_ready(st);
    }
}

static int pass_open(ol_stage *st, ol_error *err)
{
    (void)err;
    pass_state *state = st->state;
    state->self = (ol_unsealed *)(uintptr_t)st->config;
    return OL_OK;
}

static int pass_head(ol_stage *st, ol_head *head, ol_error *err)
{
    (void)st, (void)head, (void)err;
    return OL_OK;
}

/* Of more than can be remembered nothing is: what needs the digests is refused then. */
static int note_segments(ol_unsealed *self, ol_slice in, ol_error *err)
{
    int rc = self->noting ? ol_segments_add(self->noting, in) : OL_OK;
    if (rc == OL_ELIMIT) {
        ol_segments_release(self->noting);
        self->noting = NULL;
        rc = OL_OK;
    }
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "verifying an original");
}

static int pass_write(ol_stage *st, ol_slice in, ol_error *err)
{
    pass_state *state = st->state;
    int rc = check_bytes(state->self, in.len, err);
    if (rc == OL_OK && !state->self->keeps)
        return note_segments(state->self, in, err);
    if (rc != OL_OK)
        return rc;
    state->rest = in;
    rc = keep(st, err);
    state->waiting = rc == OL_WAIT;
    return rc;
}

static int pass_finish(ol_stage *st, ol_error *err)
{
    pass_state *state = st->state;
    ol_unsealed *self = state->self;
    if (self->settled && self->passed != self->info.size)
        return ol_error_set(err, OL_EDECRYPT, "shorter than it must be");
    int rc = self->noting ? ol_segments_end(self->noting) : OL_OK;
    if (rc != OL_OK)
        return ol_error_set(err, rc, "verifying an original");
    rc = keep_end(st, err);
    return rc == OL_WAIT ? OL_OK : rc;
}

static const ol_stage_ops pass_sink_ops = {
    .name = "verified",
    .phase = OL_PHASE_SINK,
    .state_size = sizeof(pass_state),
    .open = pass_open,
    .head = pass_head,
    .write = pass_write,
    .finish = pass_finish,
};

/* ---- the pass ---- */

static void learn(ol_unsealed *self)
{
    self->verified = true;
    self->has_kept = self->keeps;
    self->settled = true;
    self->info.size = self->passed;
    self->segments = self->noting;
    self->noting = NULL;
    if (!self->note.verified) /* else others may hold it, and know as much */
        ol_sealed_set_verified(self->opened->sealed, self->passed);
    if (self->note.verified && !self->segments)
        return;
    self->note.verified = true;
    self->note.plain_size = self->passed;
    self->note.segments = self->segments;
    self->note.opened = self->keeps_opened ? self->opened : NULL;
    ol_opened_book_put(self->book, &self->note);
    self->note.segments = NULL;
    self->note.opened = NULL;
}

static void forget_noting(ol_unsealed *self)
{
    ol_segments_release(self->noting);
    self->noting = NULL;
}

static void on_done(void *arg, const ol_error *done_err)
{
    ol_unsealed *self = arg;
    if (done_err)
        self->failure = *done_err;
    ol_pipeline_close(self->pass);
    self->pass = NULL;
    self->passing = false;
    self->gone = NULL;
    if (done_err) {
        ol_unsealed_kept_fini(&self->kept);
        forget_noting(self);
    } else {
        learn(self);
    }
    notify(self, done_err ? &self->failure : NULL);
}

static const ol_pipeline_ops pass_ops = {.on_done = on_done};

/* What is small waits in memory, whatever the rule says. */
static bool is_small(const ol_unsealed *self)
{
    return self->settled && self->info.size <= OL_UNSEALED_BLOCK_BYTES;
}

static int build(ol_unsealed *self)
{
    const ol_stage_ops *body;
    const void *body_config;
    const ol_origin_ops *ops = self->sealed->origin->ops;
    ol_content_config *config = ol_arena_calloc(self->arena, sizeof(*config));
    if (!config)
        return OL_ENOMEM;
    *config = (ol_content_config){.sealed = self->opened->sealed, .mode = OL_CONTENT_RELEASE};
    int rc = ol_pipeline_new(&self->pass, self->loop, self->arena, &pass_ops, self);
    if (rc == OL_OK)
        rc = ops->body(self->sealed, (ol_byte_range){0, ops->info(self->sealed)->size}, self->arena,
                       &body, &body_config);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pass, body, body_config, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(self->pass, &ol_content_stage_ops, config, NULL);
    return rc == OL_OK ? ol_pipeline_add(self->pass, &pass_sink_ops, self, NULL) : rc;
}

static int start(ol_unsealed *self, ol_error *err)
{
    const ol_object_info *sealed = self->sealed->origin->ops->info(self->sealed);
    self->keeps = self->spool || is_small(self);
    self->kept.disk = self->spool;
    self->passed = 0;
    self->noting = self->keeps ? NULL : ol_segments_new(sealed->size);
    int rc = self->keeps || self->noting ? build(self) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_pipeline_start(self->pass, err);
    self->passing = rc == OL_OK;
    if (rc != OL_OK) {
        self->pass = NULL;
        forget_noting(self);
        ol_error_set(err, rc, "verifying an original");
        self->failure = *err;
    }
    return rc;
}

void ol_unsealed_pass_end(ol_unsealed *self)
{
    while (self->waits)
        ol_unsealed_wait_cancel(self->waits);
    if (self->passing)
        ol_pipeline_close(self->pass);
    self->pass = NULL;
    self->passing = false;
    forget_noting(self);
}

/* What an origin says twice is not trusted: a verification of another time counts where it left digests
 * to compare with, and not where the rule asks for a spool. CBC has nothing that could be verified but
 * its padding. */
static bool may_give_out(const ol_unsealed *self, bool whole)
{
    const ol_sealed *sealed = self->opened->sealed;
    if (!self->settled)
        return false;
    if (self->has_kept || ol_sealed_is_chunked(sealed))
        return true;
    if (self->verified && !self->spool && (self->segments || ol_sealed_tail_bytes(sealed) > 0))
        return true;
    return whole ? self->rule->unverified == OL_UNVERIFIED_STREAM : self->rule->rules.ranged;
}

int ol_unsealed_ready(ol_unsealed *self, bool whole, ol_unsealed_wait *wait, ol_error *err)
{
    if (self->failure.code != OL_OK) {
        *err = self->failure;
        return err->code;
    }
    if (may_give_out(self, whole))
        return OL_OK;
    int rc = self->passing ? OL_OK : start(self, err);
    if (rc != OL_OK)
        return rc;
    enlist(self, wait);
    return OL_WAIT;
}
