/* SPDX-License-Identifier: MIT */
#include "front/operations/operation.h"

#include <assert.h>

#include "front/operations/late_answer.h"

static void on_gone(ol_request *request)
{
    ol_operation *op = request->operation;
    if (op->pipeline)
        ol_pipeline_abort(op->pipeline, &request->error);
    if (op->on_gone)
        op->on_gone(op);
}

void *ol_operation_new(ol_request *request, size_t size)
{
    ol_operation *op = ol_arena_calloc(request->arena, size);
    if (!op) {
        ol_error err = ol_error_none();
        ol_error_set(&err, OL_ENOMEM, "an operation");
        ol_request_fail(request, &err);
        return NULL;
    }
    op->request = ol_request_acquire(request);
    request->operation = op;
    request->on_gone = on_gone;
    return op;
}

void ol_operation_end(ol_operation *op)
{
    ol_request *request = op->request;
    request->on_gone = NULL;
    request->operation = NULL;
    ol_late_answer_stop(op);
    if (op->pipeline)
        ol_pipeline_close(op->pipeline);
    op->pipeline = NULL;
    if (op->object)
        op->object->origin->ops->close_object(op->object);
    op->object = NULL;
    ol_request_release(request);
}

void ol_operation_fail(ol_operation *op, const ol_error *err)
{
    /* The answer to the client may end the exchange, and tell us that it is gone: too late. */
    op->request->on_gone = NULL;
    ol_request_fail(op->request, err);
    ol_operation_end(op);
}

bool ol_operation_lives(ol_operation *op, const ol_error *err)
{
    if (err)
        ol_operation_fail(op, err);
    else if (op->request->gone)
        ol_operation_end(op);
    else
        return true;
    return false;
}

void ol_operation_called(ol_operation *op, int rc, const ol_error *err)
{
    if (rc < 0)
        ol_operation_fail(op, err);
}

/* ---- permissions ---- */

static void ask_on(ol_operation *op);

static void on_answer(void *arg, const ol_error *err)
{
    ol_operation *op = arg;
    if (ol_operation_lives(op, err))
        ask_on(op);
}

static void ask_on(ol_operation *op)
{
    ol_error err = ol_error_none();
    int rc = OL_OK;
    while (rc == OL_OK && op->need_next_ < op->need_count_)
        rc = ol_authorize(op->request, &op->needs_[op->need_next_++], on_answer, op, &err);
    if (rc != OL_OK) {
        ol_operation_called(op, rc, &err);
        return;
    }
    op->need_next_ = op->need_count_ = 0;
    op->then_(op);
}

void ol_operation_need(ol_operation *op, const ol_authorize_ask *ask)
{
    assert(op->need_count_ < OL_OPERATION_NEEDS_MAX);
    op->needs_[op->need_count_++] = *ask;
}

void ol_operation_permit(ol_operation *op, ol_operation_fn then)
{
    op->then_ = then;
    ask_on(op);
}

/* ---- pipelines ---- */

static void on_done(void *arg, const ol_error *err)
{
    ol_operation *op = arg;
    ol_request_note_stages(op->request, op->pipeline);
    ol_pipeline_close(op->pipeline);
    op->pipeline = NULL;
    if (ol_operation_lives(op, err))
        op->then_(op);
}

static const ol_pipeline_ops pipeline_ops = {.on_done = on_done};

int ol_operation_pipe(ol_operation *op, const ol_stage_ops *source, const void *config,
                      ol_error *err)
{
    ol_request *request = op->request;
    int rc = ol_pipeline_new(&op->pipeline, request->worker->loop, request->arena, &pipeline_ops,
                             op);
    if (rc != OL_OK)
        return ol_error_set(err, rc, "a pipeline");
    return ol_operation_add(op, source, config, err);
}

int ol_operation_add(ol_operation *op, const ol_stage_ops *stage, const void *config,
                     ol_error *err)
{
    int rc = ol_pipeline_add(op->pipeline, stage, config, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "stage %s", stage->name);
}

void ol_operation_run(ol_operation *op, ol_operation_fn then)
{
    ol_error err = ol_error_none();
    op->then_ = then;
    int rc = ol_pipeline_start(op->pipeline, &err);
    ol_operation_called(op, rc, &err);
}

void ol_operation_reply_xml(ol_operation *op, int rc, ol_headers *headers, ol_buf *xml)
{
    ol_error err = ol_error_none();
    if (rc == OL_OK) {
        if (!ol_late_answer_finish(op, ol_buf_slice(xml)))
            ol_request_reply_document(op->request, 200, "application/xml", headers, xml);
        ol_operation_end(op);
    } else {
        ol_error_set(&err, rc, "the answer's document");
        ol_operation_fail(op, &err);
    }
    ol_buf_fini(xml);
}

int ol_operation_keep(ol_operation *op, ol_slice *text, ol_error *err)
{
    if (text->len == 0)
        return OL_OK;
    *text = ol_arena_copy(op->request->arena, *text);
    return text->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "text of an operation");
}
