/* SPDX-License-Identifier: MIT */
/*
 * Which ranges are tried: mostly such whose edges lie inside, at, or next to a stretch that the
 * transform changes, because there a match is cut in two; the rest anywhere, at both ends of
 * the input (where there is no context), and single bytes.
 */
#include "cli/run_verify.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/run_calls.h"
#include "cli/run_entry.h"

#define CHANGES_MAX 4096 /* remembered; a fair sample of more */

typedef struct stretch {
    uint64_t start, end;
} stretch;

typedef struct verifying {
    const ol_run_verify *verify;
    ol_buf original, view;
    bool has_view;
    stretch changes[CHANGES_MAX];
    uint64_t change_count; /* all of them */
    uint64_t random;
    uint64_t tried;
    stretch range, piece; /* under way */
} verifying;

/* ---- chance ---- */

static uint64_t any(verifying *self)
{
    uint64_t x = self->random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static uint64_t below(verifying *self, uint64_t bound)
{
    return bound ? any(self) % bound : 0;
}

/* ---- what the transform changes ---- */

static void remember(verifying *self, stretch change)
{
    uint64_t at = self->change_count++;
    if (at >= CHANGES_MAX)
        at = below(self, self->change_count);
    if (at < CHANGES_MAX)
        self->changes[at] = change;
}

static void find_changes(verifying *self)
{
    const uint8_t *was = self->original.data, *is = self->view.data;
    for (size_t i = 0; i < self->view.len;) {
        size_t start = i;
        while (i < self->view.len && was[i] != is[i])
            i++;
        if (i > start)
            remember(self, (stretch){start, i});
        else
            i++;
    }
}

/* An offset in, at or just beside a stretch that is changed; anywhere when there is none. */
static uint64_t near_change(verifying *self)
{
    uint64_t count = self->change_count < CHANGES_MAX ? self->change_count : CHANGES_MAX;
    if (count == 0)
        return below(self, self->original.len + 1);
    stretch change = self->changes[below(self, count)];
    uint64_t at = change.start + below(self, change.end - change.start + 3);
    at = at > 0 ? at - 1 : 0;
    return at < self->original.len ? at : self->original.len;
}

/* ---- ranges ---- */

static stretch ordered(uint64_t a, uint64_t b)
{
    return a < b ? (stretch){a, b} : (stretch){b, a};
}

static stretch choose(verifying *self)
{
    uint64_t size = self->original.len, at;
    switch (self->tried % 8) {
    case 0: return ordered(near_change(self), near_change(self));
    case 1: at = near_change(self); return (stretch){at, at + 1 + below(self, 64)};
    case 2: at = near_change(self); return (stretch){at - (at < 64 ? at : below(self, 64)), at};
    case 3: at = near_change(self); return (stretch){at, at + 1};
    case 4: return (stretch){0, near_change(self)};
    case 5: return (stretch){near_change(self), size};
    case 6: return ordered(below(self, size + 1), below(self, size + 1));
    default: at = below(self, size); return (stretch){at, at + 1};
    }
}

/* At least one byte, inside the input. */
static stretch settled(stretch range, uint64_t size)
{
    if (range.end > size)
        range.end = size;
    if (range.start >= range.end)
        range.start = range.end > 0 ? range.end - 1 : 0;
    if (range.end == 0)
        range.end = 1;
    return range;
}

static stretch piece_of(const verifying *self, stretch range)
{
    const ol_program_declared *declared = &self->verify->program->declared;
    uint64_t size = self->original.len;
    uint64_t before = declared->positions_before, after = declared->positions_after;
    return (stretch){range.start > before ? range.start - before : 0,
                     size - range.end > after ? range.end + after : size};
}

static bool next(void *arg, ol_run_call *call)
{
    verifying *self = arg;
    ol_slice original = ol_buf_slice(&self->original);
    call->entry = OL_ENTRY_GET;
    call->size = (int64_t)original.len;
    call->in = original;
    if (!self->has_view)
        return true;
    if (original.len == 0 || self->tried == self->verify->ranges)
        return false;
    self->range = settled(choose(self), original.len);
    self->piece = piece_of(self, self->range);
    call->in = ol_slice_first(ol_slice_from(original, self->piece.start),
                              self->piece.end - self->piece.start);
    return true;
}

/* ---- what came of it ---- */

static int take_whole(verifying *self, ol_slice out, ol_error *err)
{
    int rc = ol_buf_add(&self->view, out);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "the whole view");
    self->has_view = true;
    if (out.len != self->original.len)
        return ol_error_set(err, OL_EINVAL, "the view of %zu bytes has %zu",
                            self->original.len, out.len);
    find_changes(self);
    return OL_OK;
}

static int differs(const verifying *self, uint64_t at, uint8_t whole, uint8_t here, ol_error *err)
{
    const ol_program_declared *declared = &self->verify->program->declared;
    return ol_error_set(err, OL_EINVAL,
                        "range %" PRIu64 "-%" PRIu64 " (from bytes %" PRIu64 "-%" PRIu64
                        " of the original) differs from the whole view at byte %" PRIu64
                        ": 0x%02x, not 0x%02x; positions = {before = %u, after = %u} are not "
                        "enough (range number %" PRIu64 ", seed %" PRIu64 ")",
                        self->range.start, self->range.end - 1, self->piece.start,
                        self->piece.end - 1, at, here, whole, declared->positions_before,
                        declared->positions_after, self->tried + 1, self->verify->seed);
}

static int take(void *arg, const ol_run_result *result, ol_error *err)
{
    verifying *self = arg;
    ol_slice out = result->out;
    if (!self->has_view)
        return take_whole(self, out, err);
    uint64_t skipped = self->range.start - self->piece.start;
    for (uint64_t at = self->range.start; at < self->range.end; at++) {
        uint8_t whole = self->view.data[at];
        uint8_t here = out.data[skipped + at - self->range.start];
        if (here != whole)
            return differs(self, at, whole, here, err);
    }
    self->tried++;
    return OL_OK;
}

static void on_log(void *arg, const char *level, ol_slice text)
{
    const ol_run_verify *verify = ((verifying *)arg)->verify;
    verify->log(verify->log_arg, level, text);
}

static void say_result(const verifying *self)
{
    const ol_program_declared *declared = &self->verify->program->declared;
    printf("%" PRIu64 " ranges agree with the whole view (%zu bytes, %" PRIu64
           " stretches changed; positions = {before = %u, after = %u}; seed %" PRIu64 ")\n",
           self->tried, self->view.len, self->change_count, declared->positions_before,
           declared->positions_after, self->verify->seed);
}

/* The whole view of `original`, then ranges of it. */
static int run(verifying *self, ol_error *err)
{
    const ol_run_verify *verify = self->verify;
    ol_run_calls calls = {.program = verify->program,
                          .event = verify->event,
                          .chunk_bytes = verify->chunk_bytes,
                          .original_fd = -1,
                          .out_bytes_max = OL_RUN_VERIFY_BYTES_MAX + 1,
                          .log = verify->log ? on_log : NULL,
                          .next = next,
                          .take = take,
                          .arg = self};
    return ol_run_calls_run(&calls, err);
}

static void begin(verifying *self, const ol_run_verify *verify)
{
    *self = (verifying){.verify = verify, .random = verify->seed};
    ol_buf_init(&self->original, OL_RUN_VERIFY_BYTES_MAX);
    ol_buf_init(&self->view, OL_RUN_VERIFY_BYTES_MAX);
}

static void end(verifying *self)
{
    ol_buf_fini(&self->original);
    ol_buf_fini(&self->view);
}

/* Too large for the stack; one verification runs at a time. */
static verifying current;

int ol_run_verify_run(const ol_run_verify *verify, ol_error *err)
{
    verifying *self = &current;
    begin(self, verify);
    int rc = ol_run_read_all(verify->in_fd, &self->original, err);
    if (rc == OL_OK)
        rc = run(self, err);
    if (rc != OL_OK && rc != OL_EINVAL && self->has_view)
        fprintf(stderr, "objlens: range %" PRIu64 "-%" PRIu64 " failed (seed %" PRIu64 ")\n",
                self->range.start, self->range.end - 1, verify->seed);
    if (rc == OL_OK)
        say_result(self);
    end(self);
    return rc;
}

int ol_run_verify_input(const ol_run_verify *verify, ol_slice input, uint64_t *tried, ol_error *err)
{
    verifying *self = &current;
    ol_error found = {0};
    begin(self, verify);
    int rc = ol_buf_add(&self->original, input);
    if (rc != OL_OK)
        ol_error_set(&found, rc, "the original");
    else
        rc = run(self, &found);
    if (verify->failure)
        *verify->failure = found;
    if (rc == OL_EINVAL || (rc != OL_OK && !self->has_view))
        *err = found;
    else if (rc != OL_OK)
        rc = ol_error_set(err, OL_EINVAL, "range %" PRIu64 "-%" PRIu64 " fails, and the whole view does not: %s (%s)",
                          self->range.start, self->range.end - 1, found.s3_code, found.detail);
    *tried = self->tried;
    end(self);
    return rc;
}
