/* SPDX-License-Identifier: MIT */
#include "front/views/view_object.h"

#include <xxhash.h>

#include "s3/request/conditions.h"

/* The date of a view for conditions: later than any that a client may name, and never equal. A date
 * says nothing of a changed script or payload: only the view's ETag may answer 304, and a demand by
 * date (If-Unmodified-Since) cannot be promised. */
#define NEVER_BEFORE_MS (INT64_MAX / 2)

/* ---- the end ---- */

void ol_view_object_close_original(ol_view_object *self)
{
    if (self->subject)
        ol_view_subject_fini(self->subject);
    self->subject = NULL;
}

void ol_view_object_end(ol_view_object *self)
{
    ol_request *request = self->request;
    request->on_gone = NULL;
    request->operation = NULL;
    ol_view_reply_close(&self->reply);
    if (self->run)
        ol_view_run_let_go(self->run, self->served && !self->part.whole);
    if (self->entry)
        ol_view_entry_release(self->entry);
    self->entry = NULL;
    ol_view_object_close_original(self);
    ol_request_release(request);
}

/* The connection is cut before the pipeline is closed: what it is still writing lies in the
 * pipeline's memory. */
void ol_view_object_fail(ol_view_object *self, const ol_error *err)
{
    self->request->on_gone = NULL;
    ol_request_fail(self->request, err);
    ol_view_object_end(self);
}

static void on_gone(ol_request *request)
{
    ol_view_object *self = request->operation;
    switch (self->under_way) {
    case OL_VIEW_CALLED:
        break;
    case OL_VIEW_NAMING:
        ol_view_name_abort(&self->name, &request->error);
        break;
    case OL_VIEW_WAITING:
        ol_view_entry_cancel(&self->wait);
        ol_view_object_end(self);
        break;
    case OL_VIEW_MEASURING:
        ol_view_measure_abort(&self->measure, &request->error);
        break;
    case OL_VIEW_REPLYING:
        if (ol_view_reply_abort(&self->reply, &request->error))
            ol_view_object_end(self);
        break;
    }
}

/* ---- conditions ---- */

static int check_conditions(const ol_view_object *self, ol_error *err)
{
    const ol_request *request = self->request;
    ol_headers conditions;
    ol_slice etag = ol_slice_cstr(self->has_etag ? self->etag : NULL);
    int rc = ol_coding_plain_conditions(request->target.olap->options.encodings,
                                        &request->http->headers, request->arena, &conditions);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "conditions");
    return ol_s3_conditions_read(&conditions, etag, NEVER_BEFORE_MS, err);
}

static void check(ol_view_object *self)
{
    ol_error err = ol_error_none();
    int rc = check_conditions(self, &err);
    if (rc == OL_ENOTMODIFIED) {
        ol_error_set(&self->request->error, rc, NULL);
        ol_view_object_not_modified(self);
    } else if (rc != OL_OK) {
        ol_view_object_fail(self, &err);
    } else {
        ol_view_object_choose(self);
    }
}

/* ---- what is known ---- */

static void on_known(ol_view_object *self, bool known)
{
    if (self->request->gone) {
        ol_view_object_end(self);
        return;
    }
    self->facts = self->ask.facts;
    self->known = known && !self->facts.unstable;
    if (known && self->facts.unstable)
        self->has_etag = self->subject->has_etag = self->answer.stable = false;
    check(self);
}

static void on_answer(ol_view_ask *ask, bool known)
{
    on_known(ask->arg, known);
}

static void ask_memo(ol_view_object *self)
{
    ol_worker *worker = self->request->worker;
    self->ask = (ol_view_ask){
        .loop = worker->loop, .arena = self->request->arena, .cb = on_answer, .arg = self};
    memcpy(self->ask.etag, self->etag, sizeof(self->ask.etag));
    int rc = ol_view_memo_find(worker->shared->view_memo, &self->ask);
    if (rc != OL_WAIT)
        on_known(self, rc == OL_OK);
}

/* ---- the view ---- */

static int copy_original(ol_view_object *self)
{
    ol_arena *arena = self->request->arena;
    const ol_object_info *from = self->subject->original;
    ol_header *headers = ol_arena_calloc(arena, (from->header_count + 1) * sizeof(*headers));
    self->original = *from;
    self->original.headers = headers;
    self->original.key = ol_arena_copy(arena, from->key);
    self->original.etag = ol_arena_copy(arena, from->etag);
    self->original.tags = self->original.acl = OL_SLICE_NONE;
    bool ok = headers && self->original.key.data && self->original.etag.data;
    for (size_t i = 0; ok && i < from->header_count; i++) {
        headers[i].name = ol_arena_copy(arena, from->headers[i].name);
        headers[i].value = ol_arena_copy(arena, from->headers[i].value);
        ok = headers[i].name.data && headers[i].value.data;
    }
    return ok ? OL_OK : OL_ENOMEM;
}

/* The headers that one step looks at, each followed by '\n'. */
static int add_depends(ol_buf *names, const ol_program *program, ol_slice payload)
{
    ol_slice rest = program->declared.depends_headers;
    int rc = OL_OK;
    while (rc == OL_OK && rest.len > 0) {
        ptrdiff_t end = ol_slice_find(rest, '\n');
        size_t len = end < 0 ? rest.len : (size_t)end;
        if (ol_program_sees_header(program, payload, ol_slice_first(rest, len)))
            rc = ol_buf_add(names, ol_slice_first(rest, end < 0 ? len : len + 1));
        rest = ol_slice_from(rest, end < 0 ? len : len + 1);
    }
    return rc;
}

/* Of all programs, in one list; the programs may be gone before the head is made. */
static int join_depends(ol_view_object *self, ol_slice *out)
{
    const ol_view_chain *chain = &self->subject->chain;
    ol_buf names;
    int rc = OL_OK;
    ol_buf_init(&names, 64 * OL_KIB);
    for (size_t i = 0; rc == OL_OK && i < chain->count; i++)
        rc = add_depends(&names, chain->programs[i], chain->view->steps[i].payload);
    if (rc == OL_OK && names.len > 0) {
        *out = ol_arena_copy(self->request->arena, ol_buf_slice(&names));
        rc = out->data ? OL_OK : OL_ENOMEM;
    }
    ol_buf_fini(&names);
    return rc;
}

static bool is_shared(const ol_view_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++)
        if (ol_program_sees_identity(chain->programs[i], chain->view->steps[i].payload))
            return false;
    return true;
}

static int describe(ol_view_object *self)
{
    ol_request *request = self->request;
    ol_view_subject *subject = self->subject;
    const ol_view_options *options = &request->target.olap->options;
    /* It may be opened anew, and another one by now: what was found out about that one is void. */
    self->known = self->resolved = false;
    self->part = (ol_view_part){.whole = true};
    memcpy(self->etag, subject->etag, sizeof(self->etag));
    self->has_etag = subject->has_etag;
    self->handed = ol_view_want_is_handed(&self->want, request, &subject->chain,
                                          self->has_etag ? self->etag : NULL);
    self->keeps_positions = ol_view_chain_keeps_positions(&subject->chain, &self->reach);
    self->has_head_entry =
        subject->chain.count == 1 && subject->chain.programs[0]->declared.has_head;
    subject->chain.shows_part = self->handed;
    self->answer = (ol_view_answer){.options = options,
                                    .original = &self->original,
                                    .stable = self->has_etag,
                                    .shared = is_shared(&subject->chain)};
    int rc = copy_original(self);
    if (rc == OL_OK)
        rc = join_depends(self, &self->answer.depends_headers);
    unsigned coding = self->want.names_part
                          ? 0
                          : ol_coding_choose(options->encodings, &request->http->headers);
    if (rc == OL_OK && coding &&
        !(self->answer.compression = ol_compression_new(request->arena, coding)))
        rc = OL_ENOMEM;
    return rc;
}

/* ---- opening ---- */

static void on_open(void *arg, const ol_error *open_err)
{
    ol_view_object *self = arg;
    ol_error err = ol_error_none();
    int rc = OL_OK;
    if (self->request->gone && !open_err)
        ol_view_object_end(self);
    else if (open_err)
        ol_view_object_fail(self, open_err);
    else if (self->alone && ol_view_reply_has_begun(&self->reply))
        ol_view_object_go_on(self);
    else if ((rc = describe(self)) != OL_OK) {
        ol_error_set(&err, rc, "view");
        ol_view_object_fail(self, &err);
    } else if (self->has_etag && !self->handed)
        ask_memo(self);
    else
        check(self);
}

/* The body is asked for together with the metadata only when it will probably be read: not for a
 * head, hardly for a condition that a held copy meets, and not by whoever comes second, who will
 * find the view in the cache or on its way there. */
static enum ol_open_for open_for(const ol_view_object *self)
{
    const ol_headers *headers = &self->request->http->headers;
    const ol_shared *shared = self->request->worker->shared;
    if (self->tells_head)
        return OL_OPEN_FOR_INFO;
    bool uncached = !shared->view_cache || self->request->target.olap->options.uncached;
    if (self->alone || uncached)
        return OL_OPEN_FOR_BODY;
    if (ol_headers_count_of(headers, "if-none-match") > 0 ||
        ol_headers_count_of(headers, "if-modified-since") > 0)
        return OL_OPEN_FOR_INFO;
    return ol_view_hints_claim(shared->view_hints, self->hint) ? OL_OPEN_FOR_INFO
                                                               : OL_OPEN_FOR_BODY;
}

void ol_view_object_open_original(ol_view_object *self)
{
    ol_request *request = self->request;
    ol_error err = ol_error_none();
    self->subject = ol_arena_calloc(request->arena, sizeof(*self->subject));
    if (!self->subject) {
        ol_error_set(&err, OL_ENOMEM, "view");
        ol_view_object_fail(self, &err);
        return;
    }
    const ol_view_open how = {
        .view = request->view,
        .arena = request->arena,
        .address = &request->address,
        .key = self->name.original,
        .open_for = open_for(self),
        .part = ol_view_want_spec(&self->want),
        .if_match = ol_view_reply_has_begun(&self->reply) ? self->original.etag : OL_SLICE_NONE,
    };
    self->under_way = OL_VIEW_CALLED;
    ol_view_subject_open(self->subject, request, &how, on_open, self);
}

/* ---- beginning ---- */

static void on_name(void *arg, const ol_error *err)
{
    ol_view_object *self = arg;
    if (err)
        ol_view_object_fail(self, err);
    else if (self->request->gone)
        ol_view_object_end(self);
    else
        ol_view_object_open_original(self);
}

static uint64_t hint_of(const ol_request *request)
{
    const ol_slice parts[] = {ol_identity_label(request->who), request->target.olap->arn,
                              request->address.key,
                              ol_s3_param_get(&request->address, "versionId")};
    uint64_t name = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        name = XXH3_64bits_withSeed(parts[i].data, parts[i].len, name + 1);
    return name;
}

ol_view_object *ol_view_object_new(ol_request *request)
{
    ol_view_object *self = ol_arena_calloc(request->arena, sizeof(*self));
    if (!self) {
        ol_error err = ol_error_none();
        ol_error_set(&err, OL_ENOMEM, "view");
        ol_request_fail(request, &err);
        return NULL;
    }
    self->request = ol_request_acquire(request);
    self->part.whole = true;
    self->hint = hint_of(request);
    request->operation = self;
    request->on_gone = on_gone;
    ol_view_reply_init(&self->reply, request);
    self->reply.arg = self;
    return self;
}

void ol_view_object_begin(ol_view_object *self)
{
    ol_request *request = self->request;
    ol_error err = ol_error_none();
    self->under_way = OL_VIEW_NAMING;
    int rc = ol_view_name_find(&self->name, request, request->view, &request->address, on_name,
                               self, &err);
    if (rc == OL_OK)
        ol_view_object_open_original(self);
    else if (rc < 0)
        ol_view_object_fail(self, &err);
}
