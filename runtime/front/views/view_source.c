/* SPDX-License-Identifier: MIT */
/*
 * Which source answers, in this order:
 *
 *   a head   the program's own head entry; the memo; nothing (head = "cheap"); a measurement
 *   a body   a piece of the original, for a part of a view that keeps positions and is not whole in
 *            the cache; an entry of the cache, which is filled first if it is not there; a run of
 *            our own
 *
 * A part needs the view's length first: known to the memo, or the entry is waited for until it is
 * whole, or the view is measured. With the length known, a part that lies ahead of a running entry
 * waits for the stream to come by, not for the end.
 *
 * When the cache fails us (the entry outgrew it, or its run was given up) the choice is made again,
 * without the cache; what the client has already is then skipped.
 */
#include "front/views/view_object.h"
#include "transform/head.h"

static void by_cache(ol_view_object *self);

/* ---- the length is known ---- */

/* What of a body with this head is sent. */
static int resolve(ol_view_object *self, const ol_head *head, ol_error *err)
{
    self->resolved = true;
    if (!self->has_etag || head->status != 200 || head->content_length < 0)
        return ol_view_want_resolve_indivisible(&self->want, &self->part, err);
    return ol_view_want_resolve(&self->want, self->request, self->etag,
                                (uint64_t)head->content_length, &self->part, err);
}

static void take_facts(ol_view_object *self, const ol_head *head)
{
    ol_worker *worker = self->request->worker;
    ol_view_facts facts;
    self->known = true;
    self->facts = (ol_view_facts){.head = *head};
    if (self->want.checksums &&
        ol_view_memo_peek(worker->shared->view_memo, self->etag, self->request->arena, &facts) ==
            OL_OK &&
        !facts.unstable && facts.head.content_length == head->content_length) {
        self->facts.has_checksums = facts.has_checksums;
        self->facts.crc64nvme = facts.crc64nvme;
        self->facts.crc32 = facts.crc32;
    }
}

/* ---- bodies ---- */

static void send_body(ol_view_object *self)
{
    self->under_way = OL_VIEW_REPLYING;
    self->on_body(self);
}

/* A run of our own. */
static void run(ol_view_object *self)
{
    ol_view_reply *reply = &self->reply;
    reply->read = (ol_view_read){0};
    reply->notes_stages = true;
    reply->subject = self->subject;
    reply->has_cut = !self->part.whole;
    reply->has_piece = reply->has_cut && self->keeps_positions;
    reply->learns = self->has_etag && !self->handed && !reply->has_piece;
    reply->known = self->known && self->facts.has_checksums ? &self->facts : NULL;
    self->request->line.view = "run";
    if (reply->has_piece) {
        ol_view_piece piece;
        ol_view_piece_of(&self->reach, &self->part.bytes, self->original.size, &piece);
        reply->piece = piece.original;
        reply->cut = piece.cut;
    } else if (reply->has_cut) {
        reply->cut = (ol_range_config){.start = self->part.bytes.start,
                                       .length = self->part.bytes.length,
                                       .total = self->facts.head.content_length};
    }
    send_body(self);
}

static void read_entry(ol_view_object *self, bool whole)
{
    ol_view_reply *reply = &self->reply;
    reply->read = (ol_view_read){.entry = self->entry, .length = UINT64_MAX};
    if (!self->part.whole) {
        reply->read.start = self->part.bytes.start;
        reply->read.length = self->part.bytes.length;
    }
    reply->entry_is_whole = whole;
    reply->entry_is_safe = whole && !ol_view_entry_is_on_disk(self->entry);
    reply->notes_stages = !self->run;
    ol_view_object_close_original(self);
    send_body(self);
}

/* ---- measuring ---- */

static void on_measured(void *arg, const ol_error *measure_err)
{
    ol_view_object *self = arg;
    ol_view_measure *measure = &self->measure;
    ol_error err = ol_error_none();
    if (measure_err) {
        ol_view_object_fail(self, measure_err);
        return;
    }
    if (self->request->gone) {
        ol_view_object_end(self);
        return;
    }
    if (measure->facts.unstable)
        self->has_etag = self->subject->has_etag = self->answer.stable = false;
    if (self->handed) /* it speaks of this part, which is asked for this time */
        measure->head.content_length = (int64_t)measure->counted;
    if (self->has_head_entry && self->tells_head) {
        if (measure->head.content_length < 0 && self->known)
            measure->head.content_length = self->facts.head.content_length;
    } else if (self->has_etag && !self->handed) {
        self->known = true;
        self->facts = measure->facts;
    }
    if (self->tells_head)
        self->on_head(self, &measure->head);
    else if (resolve(self, &measure->head, &err) != OL_OK)
        ol_view_object_fail(self, &err);
    else
        run(self);
}

static void measure(ol_view_object *self)
{
    self->under_way = OL_VIEW_MEASURING;
    self->measure = (ol_view_measure){0};
    self->request->line.view = "run";
    ol_view_measure_start(&self->measure, self->subject, on_measured, self);
}

/* ---- entries ---- */

/* It is whole, and says how long it is. */
static void on_whole(ol_view_object *self)
{
    const ol_head *head = &self->wait.head;
    ol_error err = ol_error_none();
    take_facts(self, head);
    if (self->tells_head)
        self->on_head(self, head);
    else if (resolve(self, head, &err) != OL_OK)
        ol_view_object_fail(self, &err);
    else
        read_entry(self, true);
}

static void on_waited(ol_view_object *self, const ol_error *err)
{
    if (err && !ol_view_object_choose_again(self, err))
        ol_view_object_fail(self, err);
    else if (!err)
        on_whole(self);
}

static void on_wait(ol_view_wait *wait, const ol_error *err)
{
    ol_view_object *self = wait->arg;
    self->under_way = OL_VIEW_CALLED;
    on_waited(self, err);
}

static void wait_until_whole(ol_view_object *self)
{
    ol_request *request = self->request;
    ol_error err = ol_error_none();
    self->wait = (ol_view_wait){.entry = self->entry,
                                .loop = request->worker->loop,
                                .arena = request->arena,
                                .cb = on_wait,
                                .arg = self};
    ol_view_object_close_original(self);
    self->under_way = OL_VIEW_WAITING;
    int rc = ol_view_entry_wait(&self->wait, true, &err);
    if (rc == OL_WAIT)
        return;
    self->under_way = OL_VIEW_CALLED;
    on_waited(self, rc == OL_OK ? NULL : &err);
}

static bool needs_length(const ol_view_object *self)
{
    return self->tells_head || (ol_view_want_spec(&self->want) && !self->resolved);
}

static void follow(ol_view_object *self)
{
    if (needs_length(self))
        wait_until_whole(self);
    else
        read_entry(self, false);
}

/* We are the first: begin a run for everybody, and read what it gives. */
static void lead(ol_view_object *self)
{
    ol_error err = ol_error_none();
    ol_view_subject *subject = self->subject;
    self->subject = NULL; /* the run's */
    if (ol_view_run_start(&self->run, subject, self->entry, &err) == OL_OK)
        follow(self);
    else
        ol_view_object_fail(self, &err);
}

static enum ol_view_found find(ol_view_object *self)
{
    const ol_request *request = self->request;
    ol_view_cache *cache = request->worker->shared->view_cache;
    if (!cache || self->alone || request->target.olap->options.uncached ||
        self->subject->original->sse.mode == OL_SSE_C)
        return OL_VIEW_NONE;
    if (self->keeps_positions && !self->part.whole)
        return ol_view_cache_peek(cache, self->etag, &self->entry);
    return ol_view_cache_find(cache, self->etag,
                              self->known ? self->facts.head.content_length : -1,
                              self->original.size, &self->entry);
}

static void by_cache(ol_view_object *self)
{
    ol_request *request = self->request;
    enum ol_view_found found = find(self);
    ol_view_hints_set(request->worker->shared->view_hints, self->hint, found != OL_VIEW_NONE);
    switch (found) {
    case OL_VIEW_WHOLE:
        request->line.view = ol_view_entry_is_on_disk(self->entry) ? "disk" : "memory";
        wait_until_whole(self);
        break;
    case OL_VIEW_RUNNING:
        request->line.view = "follow";
        follow(self);
        break;
    case OL_VIEW_LEAD:
        request->line.view = "run";
        lead(self);
        break;
    case OL_VIEW_NONE:
        if (needs_length(self))
            measure(self);
        else
            run(self);
        break;
    }
}

/* ---- choosing ---- */

/* What a transform says that has said nothing yet. */
static void tell_default_head(ol_view_object *self)
{
    ol_head head, original = {0};
    ol_error err = ol_error_none();
    original.headers.items = (ol_header *)self->original.headers;
    original.headers.count = self->original.header_count;
    int rc = ol_transform_head_default(&head, &original, self->request->arena);
    if (rc == OL_OK) {
        self->on_head(self, &head);
        return;
    }
    ol_error_set(&err, rc, "the head of a view");
    ol_view_object_fail(self, &err);
}

static void choose_head(ol_view_object *self)
{
    const ol_view_options *options = &self->request->target.olap->options;
    if (self->tells_identity) {
        tell_default_head(self);
    } else if (self->has_head_entry) {
        self->request->line.view = "head";
        self->under_way = OL_VIEW_MEASURING;
        ol_view_measure_ask(&self->measure, self->subject, on_measured, self);
    } else if (self->known) {
        self->request->line.view = "memo";
        self->on_head(self, &self->facts.head);
    } else if (options->head == OL_VIEW_HEAD_CHEAP && self->request->head_only && !self->handed) {
        tell_default_head(self);
    } else if (!self->has_etag || self->handed || self->keeps_positions) {
        measure(self);
    } else {
        by_cache(self);
    }
}

static void choose_body(ol_view_object *self)
{
    ol_error err = ol_error_none();
    int rc = OL_OK;
    const ol_head by_original = {.status = 200, .content_length = (int64_t)self->original.size};
    bool in_parts = self->has_etag && !self->handed && ol_view_want_spec(&self->want);
    if (!self->has_etag)
        rc = ol_view_want_resolve_indivisible(&self->want, &self->part, &err);
    else if (in_parts && self->known)
        rc = resolve(self, &self->facts.head, &err);
    else if (in_parts && self->keeps_positions)
        rc = resolve(self, &by_original, &err);
    if (rc != OL_OK)
        ol_view_object_fail(self, &err);
    else if (!self->has_etag || self->handed)
        run(self);
    else
        by_cache(self);
}

void ol_view_object_choose(ol_view_object *self)
{
    if (self->handed)
        self->subject->has_etag = false; /* what it gives is a part, and nothing to remember */
    if (self->tells_head)
        choose_head(self);
    else
        choose_body(self);
}

/* ---- choosing again ---- */

void ol_view_object_go_on(ol_view_object *self)
{
    ol_error err = ol_error_none();
    if (self->subject->has_etag && strcmp(self->subject->etag, self->etag) == 0) {
        run(self);
        return;
    }
    ol_error_set(&err, OL_EDIVERGED, "the view is another one by now");
    ol_view_object_fail(self, &err);
}

static void on_cleared(ol_view_reply *reply)
{
    ol_view_object *self = reply->arg;
    reply->read = (ol_view_read){0};
    ol_view_entry_release(self->entry);
    self->entry = NULL;
    ol_view_object_open_original(self);
}

bool ol_view_object_choose_again(ol_view_object *self, const ol_error *err)
{
    if (self->alone || !self->entry || self->request->gone || !ol_view_run_error_is_passing(err) ||
        !ol_view_reply_can_go_on(&self->reply))
        return false;
    self->alone = true;
    if (self->run)
        ol_view_run_let_go(self->run, false);
    self->run = NULL;
    self->under_way = OL_VIEW_REPLYING; /* until what is being written has gone out */
    ol_view_reply_clear(&self->reply, on_cleared);
    return true;
}
