/* SPDX-License-Identifier: MIT */
#include "front/views/view_subject.h"

#include <stdio.h>

#include "front/keys/key_permission.h"
#include "front/originals/original.h"
#include "front/originals/sealed_guard_stage.h"
#include "front/originals/unsealed.h"
#include "front/views/view_positions.h"
#include "front/views/view_whole_stage.h"
#include "pipeline/memory_stages.h"

/* ---- opening ---- */

static int identify(ol_view_subject *self, ol_error *err)
{
    ol_request *request = self->request;
    const ol_client_encryption *rule = ol_original_rule(request);
    ol_view_inputs inputs = {
        .original = self->original,
        .olap = request->target.olap,
        .view = self->view,
        .programs = self->chain.programs,
        .who = request->who,
        .address = &self->address,
        .headers = &request->http->headers,
        .unsealed = ol_unsealed_digest(self->object),
        .rule = rule == &ol_client_encryption_none ? NULL : rule->digest,
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
    ol_error err = ol_error_none();
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

/* A part of a view that keeps positions needs no more than a piece of the original. */
static ol_slice range_hint(const ol_view_subject *self, const ol_range_spec *part,
                           char text[OL_VIEW_HINT_SIZE])
{
    ol_view_reach reach;
    if (!part || !ol_view_chain_keeps_positions(&self->chain, &reach))
        return OL_SLICE_NONE;
    ol_view_piece_hint(&reach, part, text);
    return ol_slice_cstr(text);
}

void ol_view_subject_open(ol_view_subject *self, ol_request *request, const ol_view_open *how,
                          ol_done_cb cb, void *arg)
{
    ol_error err = ol_error_none();
    char hint[OL_VIEW_HINT_SIZE];
    self->request = request;
    self->view = how->view;
    self->arena = how->arena;
    self->address = *how->address;
    self->on_open_ = cb;
    self->arg_ = arg;
    ol_object_ref ref = {.bucket = request->target.bucket,
                         .key = how->key.len > 0 ? how->key : how->address->key,
                         .version = ol_s3_param_get(how->address, "versionId"),
                         .if_match = how->if_match,
                         .open_for = how->open_for,
                         .customer_key = request->customer_key,
                         .key_user = ol_key_user_of(request)};
    int rc = ol_view_chain_init(&self->chain, request, how->view, &err);
    ref.range_hint = range_hint(self, how->part, hint);
    if (rc == OL_OK)
        ol_original_open(request, how->arena, &ref, on_open, self);
    else
        on_open(self, &err, NULL);
}

void ol_view_subject_fini(ol_view_subject *self)
{
    if (self->object)
        self->object->origin->ops->close_object(self->object);
    self->object = NULL;
    ol_view_chain_fini(&self->chain);
}

/* ---- pipelines ---- */

/* The events are written for a run, not before: a condition may have answered already. */
static int prepare(ol_view_subject *self, ol_error *err)
{
    if (self->prepared_)
        return OL_OK;
    if (self->request->gone) /* its headers may be gone with it */
        return ol_error_set(err, OL_EPEER, "the client left before the run");
    int rc = ol_view_chain_prepare(&self->chain, &self->address, self->object, err);
    self->prepared_ = rc == OL_OK;
    return rc;
}

static int begin(ol_view_subject *self, ol_error *err)
{
    int rc = prepare(self, err);
    if (rc != OL_OK)
        return rc;
    self->chain.retryable = false;
    ol_metrics_add(self->request->worker->metrics, OL_COUNTER_transform_runs, 1);
    return OL_OK;
}

/* What no rule looked into may be encrypted all the same: then it is refused. */
static int add_guard(ol_view_subject *self, const ol_byte_range *piece, ol_pipeline *pipeline)
{
    ol_guarded *guarded = ol_guarded_of(self->object);
    if (!guarded)
        return OL_OK;
    ol_sealed_guard *config = ol_arena_calloc(self->arena, sizeof(*config));
    if (!config)
        return OL_ENOMEM;
    config->object = guarded;
    config->looks =
        piece && (piece->start > 0 || piece->length < ol_guarded_first_bytes(guarded));
    return ol_pipeline_add(pipeline, &ol_sealed_guard_stage_ops, config, NULL);
}

static int add_source(ol_view_subject *self, const ol_byte_range *piece, ol_pipeline *pipeline)
{
    const ol_stage_ops *body;
    const void *config;
    ol_byte_range whole = {0, self->original->size};
    int rc = self->object->origin->ops->body(self->object, piece ? *piece : whole, self->arena,
                                             &body, &config);
    if (rc == OL_OK)
        rc = ol_pipeline_add(pipeline, body, config, NULL);
    if (rc == OL_OK)
        rc = add_guard(self, piece, pipeline);
    if (rc == OL_OK && piece)
        rc = ol_pipeline_add(pipeline, &ol_view_piece_stage_ops, self->original, NULL);
    return rc;
}

int ol_view_subject_pipeline(ol_view_subject *self, const ol_byte_range *piece,
                             const ol_pipeline_ops *ops, void *arg, ol_pipeline **pipeline,
                             ol_error *err)
{
    int rc = begin(self, err);
    if (rc != OL_OK)
        return rc;
    rc = ol_pipeline_new(pipeline, self->request->worker->loop, self->arena, ops, arg);
    if (rc == OL_OK)
        rc = add_source(self, piece, *pipeline);
    if (rc == OL_OK)
        rc = ol_view_chain_add(&self->chain, *pipeline);
    if (rc == OL_OK && !self->chain.shows_part)
        rc = ol_pipeline_add(*pipeline, &ol_view_whole_stage_ops, NULL, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view pipeline");
}

/* What an origin's body would say first. */
static int describe(const ol_view_subject *self, ol_head *head)
{
    const ol_object_info *original = self->original;
    char quoted[OL_ETAG_SIZE + 3];
    *head = (ol_head){.status = 200, .content_length = (int64_t)original->size};
    ol_headers_init(&head->headers, self->arena);
    int len = snprintf(quoted, sizeof(quoted), "\"%.*s\"", OL_SLICE_FMT(original->etag));
    int rc = (size_t)len < sizeof(quoted)
                 ? ol_headers_add(&head->headers, OL_SLICE_LIT("etag"),
                                  ol_slice_of(quoted, (size_t)len))
                 : OL_OK;
    for (size_t i = 0; rc == OL_OK && i < original->header_count; i++)
        rc = ol_headers_add(&head->headers, original->headers[i].name, original->headers[i].value);
    return rc;
}

int ol_view_subject_head_pipeline(ol_view_subject *self, const ol_pipeline_ops *ops, void *arg,
                                  ol_pipeline **pipeline, ol_error *err)
{
    ol_transform_call *call = ol_arena_calloc(self->arena, sizeof(*call));
    ol_memory_source *source = ol_arena_calloc(self->arena, sizeof(*source));
    if (!call || !source)
        return ol_error_set(err, OL_ENOMEM, "the head of a view");
    int rc = begin(self, err);
    if (rc != OL_OK)
        return rc;
    *call = self->chain.steps[0].call;
    call->entry = OL_ENTRY_HEAD;
    rc = describe(self, &source->head);
    if (rc == OL_OK)
        rc = ol_pipeline_new(pipeline, self->request->worker->loop, self->arena, ops, arg);
    if (rc == OL_OK)
        rc = ol_pipeline_add(*pipeline, &ol_memory_source_ops, source, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(*pipeline, &ol_transform_stage_ops, call, NULL);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "view pipeline");
}

/* ---- again ---- */

void ol_view_subject_drop_reads(ol_view_subject *self)
{
    self->object->origin->ops->drop_reads(self->object);
}

bool ol_view_subject_may_retry(const ol_view_subject *self, const ol_error *err)
{
    return err->code == OL_EHOSTLOST && self->chain.retryable;
}
