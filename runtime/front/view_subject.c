/* SPDX-License-Identifier: MIT */
#include "front/view_subject.h"

static int identify(ol_view_subject *self, ol_error *err)
{
    ol_request *request = self->request;
    ol_view_inputs inputs = {
        .original = self->original,
        .olap = request->target.olap,
        .view = self->view,
        .programs = self->chain.programs,
        .who = request->who,
        .address = &self->address,
        .headers = &request->http->headers,
    };
    int rc = ol_view_etag(&request->worker->shared->view_key, &inputs, self->etag);
    if (rc < 0)
        return ol_error_set(err, OL_EINTERNAL, "view identity: %s", ol_code_name(rc));
    self->has_etag = rc == OL_OK;
    return OL_OK;
}

static void on_open(void *arg, const ol_error *open_err, ol_object *object)
{
    ol_view_subject *self = arg;
    ol_error err = {0};
    if (open_err) {
        self->on_open_(self->arg_, open_err);
        return;
    }
    self->object = object;
    self->original = object->origin->ops->info(object);
    int rc = OL_OK;
    if (self->request->gone)
        rc = ol_error_set(&err, OL_EPEER, "the client left before the end");
    if (rc == OL_OK)
        rc = identify(self, &err);
    self->on_open_(self->arg_, rc == OL_OK ? NULL : &err);
}

void ol_view_subject_open(ol_view_subject *self, ol_request *request, const ol_realm_view *view,
                          ol_arena *arena, const ol_s3_address *address, ol_done_cb cb, void *arg)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    self->request = request;
    self->view = view;
    self->arena = arena;
    self->address = *address;
    self->on_open_ = cb;
    self->arg_ = arg;
    ol_object *object = NULL;
    ol_object_ref ref = {.bucket = request->target.bucket,
                         .key = address->key,
                         .version = ol_s3_param_get(address, "versionId")};
    int rc = ol_view_chain_init(&self->chain, request, view, &err);
    if (rc == OL_OK)
        rc = origin->ops->open(origin, request->worker->loop, &ref, &object, on_open, self, &err);
    if (rc == OL_OK)
        on_open(self, NULL, object);
    else if (rc < 0)
        on_open(self, &err, NULL);
}

void ol_view_subject_fini(ol_view_subject *self)
{
    if (self->object)
        self->object->origin->ops->close_object(self->object);
    self->object = NULL;
    ol_view_chain_fini(&self->chain);
}

/* The events are written for a run, not before: a condition may have answered already. */
static int prepare(ol_view_subject *self, ol_error *err)
{
    if (self->prepared_)
        return OL_OK;
    int rc = ol_view_chain_prepare(&self->chain, &self->address, self->object, err);
    self->prepared_ = rc == OL_OK;
    return rc;
}

int ol_view_subject_pipeline(ol_view_subject *self, const ol_pipeline_ops *ops, void *arg,
                             ol_pipeline **pipeline, ol_error *err)
{
    const ol_stage_ops *body;
    const void *body_config;
    ol_byte_range whole = {0, self->original->size};
    ol_worker *worker = self->request->worker;
    int rc = prepare(self, err);
    if (rc != OL_OK)
        return rc;
    self->chain.retryable = false;
    ol_metrics_add(worker->metrics, OL_COUNTER_transform_runs, 1);
    rc = self->object->origin->ops->body(self->object, whole, self->arena, &body, &body_config);
    if (rc == OL_OK)
        rc = ol_pipeline_new(pipeline, worker->loop, self->arena, ops, arg);
    if (rc == OL_OK)
        rc = ol_pipeline_add(*pipeline, body, body_config, NULL);
    if (rc == OL_OK)
        rc = ol_view_chain_add(&self->chain, *pipeline);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view pipeline");
}

void ol_view_subject_drop_reads(ol_view_subject *self)
{
    self->object->origin->ops->drop_reads(self->object);
}

bool ol_view_subject_may_retry(const ol_view_subject *self, const ol_error *err)
{
    return err->code == OL_EHOSTLOST && self->chain.retryable && !self->request->gone;
}
