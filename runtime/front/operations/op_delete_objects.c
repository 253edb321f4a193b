/* SPDX-License-Identifier: MIT */
/*
 * DeleteObjects: read the document, then delete object after object. One that the caller may not
 * delete is reported as denied, the others go on.
 */
#include "front/operations/document.h"
#include "front/operations/operations.h"
#include "s3/documents/xml.h"

#define RESULT_XML_BYTES_MAX (8 * OL_MIB)

typedef struct batch {
    ol_operation op;
    ol_arena *keys; /* up to a thousand keys do not fit the request's own arena */
    ol_s3_delete_request asked;
    ol_s3_delete_outcome *outcomes;
    size_t next;
} batch;

static void drop_keys(void *arg)
{
    ol_arena_destroy(arg);
}

static void reply(batch *self)
{
    ol_buf xml;
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    int rc = ol_s3_xml_delete_result(&xml, self->outcomes, self->asked.count, self->asked.quiet);
    ol_operation_reply_xml(&self->op, rc, NULL, &xml);
}

/* ---- one object after the other ---- */

static const ol_error *keep_error(batch *self, const ol_error *err)
{
    static const ol_error no_memory = {
        .code = OL_ENOMEM, .status = 503, .s3_code = "SlowDown", .message = "Out of memory."};
    ol_error *copy = ol_arena_alloc(self->keys, sizeof(*copy));
    if (!copy)
        return &no_memory;
    *copy = *err;
    return copy;
}

/* What is not there is deleted already, whatever it should have been. */
static bool is_gone(const ol_error *err)
{
    return err->code == OL_ENOSUCHKEY || err->code == OL_ENOSUCHVERSION;
}

static void note(batch *self, const ol_error *err, const ol_remove_result *result)
{
    const ol_s3_delete_object *object = &self->asked.objects[self->next];
    ol_s3_delete_outcome *outcome = &self->outcomes[self->next++];
    outcome->key = object->key;
    outcome->version = object->version;
    if (err && !is_gone(err))
        outcome->err = keep_error(self, err);
    if (err || !result || !result->delete_marker)
        return;
    outcome->delete_marker = true;
    outcome->delete_marker_version_id =
        ol_arena_copy(self->keys, ol_slice_cstr(result->version_id));
}

static void go_on(batch *self);

static void on_removed(void *arg, const ol_error *err, const ol_remove_result *result)
{
    batch *self = arg;
    note(self, err, result);
    go_on(self);
}

static int remove_one(batch *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_origin *origin = request->target.origin;
    const ol_s3_delete_object *object = &self->asked.objects[self->next];
    const ol_remove_request ask = {
        .bucket = request->target.bucket,
        .key = object->key,
        .version = object->version,
        .if_match = object->etag,
        .if_modified_ms = object->modified_ms,
        .if_size = object->size,
    };
    return origin->ops->remove(origin, request->worker->loop, &ask, on_removed, self, err);
}

static void on_allowed(void *arg, const ol_error *denied)
{
    batch *self = arg;
    ol_error err = {0};
    int rc = denied ? denied->code : remove_one(self, &err);
    if (rc == OL_WAIT)
        return;
    note(self, denied ? denied : rc == OL_OK ? NULL : &err, NULL);
    go_on(self);
}

static int ask_for(batch *self, ol_error *err)
{
    const ol_s3_delete_object *object = &self->asked.objects[self->next];
    const ol_authorize_ask ask = {
        .action = object->version.len > 0 ? "DeleteObjectVersion" : "DeleteObject",
        .key = object->key,
        .version = object->version,
    };
    return ol_authorize(self->op.request, &ask, on_allowed, self, err);
}

static void go_on(batch *self)
{
    while (self->next < self->asked.count && !self->op.request->gone) {
        ol_error err = {0};
        int rc = ask_for(self, &err);
        if (rc == OL_OK)
            rc = remove_one(self, &err);
        if (rc == OL_WAIT)
            return;
        note(self, rc == OL_OK ? NULL : &err, NULL);
    }
    if (ol_operation_lives(&self->op, NULL))
        reply(self);
}

/* ---- the document ---- */

static int parse(batch *self, ol_slice body, ol_error *err)
{
    self->keys = ol_arena_new(RESULT_XML_BYTES_MAX * 2);
    if (!self->keys)
        return ol_error_set(err, OL_ENOMEM, "batch");
    if (ol_arena_on_end(self->op.request->arena, drop_keys, self->keys) != OL_OK) {
        ol_arena_destroy(self->keys);
        return ol_error_set(err, OL_ENOMEM, "batch");
    }
    int rc = ol_s3_xml_parse_delete(body, self->keys, &self->asked, err);
    if (rc != OL_OK)
        return rc;
    self->outcomes = ol_arena_calloc(self->keys, (self->asked.count + 1) * sizeof(*self->outcomes));
    return self->outcomes ? OL_OK : ol_error_set(err, OL_ENOMEM, "batch");
}

static void on_body(ol_operation *op, ol_slice body)
{
    batch *self = (batch *)op;
    ol_error err = {0};
    if (parse(self, body, &err) == OL_OK)
        go_on(self);
    else
        ol_operation_fail(op, &err);
}

void ol_op_delete_objects(ol_request *request)
{
    batch *self = ol_operation_new(request, sizeof(*self));
    if (self)
        ol_operation_document(&self->op, OL_XML_BODY_BYTES_MAX, NULL, on_body);
}
