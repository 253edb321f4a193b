/* SPDX-License-Identifier: MIT */
/*
 * DeleteObjects: read the document, then delete key after key. A key that the caller may not
 * delete is reported as denied, the others go on.
 */
#include "front/authorize.h"
#include "front/document.h"
#include "front/operations.h"
#include "s3/xml.h"

#define RESULT_XML_BYTES_MAX (8 * OL_MIB)

typedef struct batch {
    ol_request *request;
    ol_arena *keys; /* up to a thousand keys do not fit the request's own arena */
    ol_s3_delete_request asked;
    ol_s3_delete_outcome *outcomes;
    size_t next;
    bool inside; /* remove_next is on the stack: completions that come at once only count */
} batch;

static void end_batch(void *arg)
{
    batch *self = arg;
    ol_arena_destroy(self->keys);
}

static void reply(batch *self)
{
    ol_request *request = self->request;
    ol_buf xml;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    ol_error err = {0};
    int rc = ol_s3_xml_delete_result(&xml, self->outcomes, self->asked.count, self->asked.quiet);
    if (rc == OL_OK)
        ol_request_reply_xml(request, 200, &xml);
    else if (ol_error_set(&err, rc, "the batch's result"))
        ol_request_fail(request, &err);
    ol_buf_fini(&xml);
    ol_request_release(request);
}

static void note(batch *self, const ol_error *err)
{
    ol_s3_delete_outcome *outcome = &self->outcomes[self->next++];
    outcome->key = self->asked.keys[self->next - 1];
    if (!err)
        return;
    ol_error *copy = ol_arena_alloc(self->keys, sizeof(*copy));
    static const ol_error no_memory = {
        .code = OL_ENOMEM, .status = 503, .s3_code = "SlowDown", .message = "Out of memory."};
    if (copy)
        *copy = *err;
    outcome->err = copy ? copy : &no_memory;
}

static void remove_next(batch *self);

static void on_removed(void *arg, const ol_error *err)
{
    batch *self = arg;
    note(self, err);
    if (!self->inside)
        remove_next(self);
}

static int remove_one(batch *self, ol_slice key, ol_error *err)
{
    ol_request *request = self->request;
    ol_origin *origin = request->worker->shared->origin;
    int rc = ol_authorize(request,
                          &(ol_authorize_ask){.action = "DeleteObject",
                                              .lambda_action = "DeleteObject",
                                              .key = key,
                                              .delegated = true},
                          err);
    if (rc != OL_OK)
        return rc;
    return origin->ops->remove(origin, request->worker->loop, request->bucket, key, on_removed,
                               self, err);
}

static void remove_next(batch *self)
{
    self->inside = true;
    while (self->next < self->asked.count && !self->request->gone) {
        ol_error err = {0};
        int rc = remove_one(self, self->asked.keys[self->next], &err);
        if (rc == OL_WAIT) {
            self->inside = false;
            return;
        }
        note(self, rc == OL_OK ? NULL : &err);
    }
    self->inside = false;
    if (self->request->gone)
        ol_request_release(self->request);
    else
        reply(self);
}

static int parse(batch *self, ol_slice body, ol_error *err)
{
    self->keys = ol_arena_new(RESULT_XML_BYTES_MAX * 2);
    if (!self->keys || ol_arena_on_end(self->request->arena, end_batch, self) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "batch");
    int rc = ol_s3_xml_parse_delete(body, self->keys, &self->asked, err);
    if (rc != OL_OK)
        return rc;
    self->outcomes = ol_arena_calloc(self->keys, (self->asked.count + 1) * sizeof(*self->outcomes));
    return self->outcomes ? OL_OK : ol_error_set(err, OL_ENOMEM, "batch");
}

static void on_body(ol_request *request, ol_slice body)
{
    ol_error err = {0};
    batch *self = ol_arena_calloc(request->arena, sizeof(*self));
    int rc = self ? OL_OK : ol_error_set(&err, OL_ENOMEM, "batch");
    if (rc == OL_OK) {
        self->request = request;
        rc = parse(self, body, &err);
    }
    if (rc == OL_OK) {
        remove_next(self);
        return;
    }
    ol_request_fail(request, &err);
    ol_request_release(request);
}

void ol_op_delete_objects(ol_request *request)
{
    ol_document_read(ol_request_acquire(request), on_body);
}
