/* SPDX-License-Identifier: MIT */
/*
 * ListParts. Lengths and checksums are those of the plaintext: of an upload under a master key they are
 * told to whoever may decrypt with it, as long as that key is in use.
 */
#include "base/alloc.h"
#include "crypto/keys/context.h"
#include "front/keys/key_permission.h"
#include "front/operations/operation.h"
#include "front/operations/operations.h"
#include "front/operations/parameters.h"
#include "front/operations/people.h"
#include "s3/documents/xml_multipart.h"

#define PARTS_XML_BYTES_MAX (1 * OL_MIB)

typedef struct list {
    ol_operation op;
    ol_s3_parts_page page;
    ol_part_list *parts; /* until it is told */
    ol_context context;
    ol_key_ask ask;
    ol_kms_call call;
    enum ol_kms_state state;
} list;

/* The end of it; `err` NULL: it may be told. */
static void tell(list *self, const ol_error *err)
{
    ol_part_list *parts = self->parts;
    if (ol_operation_lives(&self->op, err)) {
        ol_people people = ol_people_of(self->op.request);
        ol_buf xml;
        ol_buf_init(&xml, PARTS_XML_BYTES_MAX);
        self->page.people = &people;
        self->page.list = parts;
        int rc = ol_s3_xml_parts(&xml, &self->page);
        ol_operation_reply_xml(&self->op, rc, NULL, &xml);
    }
    if (parts)
        ol_arena_destroy(parts->arena);
}

/* ---- permission for the upload's key ---- */

static int judge_state(const list *self, ol_error *err)
{
    ol_slice key = ol_slice_first(self->parts->sse.kms_key, 300);
    switch (self->state) {
    case OL_KMS_ENABLED:
        return OL_OK;
    case OL_KMS_DISABLED:
        return ol_error_say(err, OL_EKMSDISABLED, "%.*s is disabled.", OL_SLICE_FMT(key));
    case OL_KMS_PENDING_DELETION:
        return ol_error_say(err, OL_EKMSSTATE, "%.*s is pending deletion.", OL_SLICE_FMT(key));
    case OL_KMS_MISSING:
        break;
    }
    return ol_error_say(err, OL_EKMSNOTFOUND, "Key '%.*s' does not exist", OL_SLICE_FMT(key));
}

static void on_state(ol_kms_call *call, const ol_error *failure)
{
    list *self = call->arg;
    ol_error err = {0};
    if (failure)
        err = *failure;
    int rc = failure ? failure->code : judge_state(self, &err);
    tell(self, rc == OL_OK ? NULL : &err);
}

/* OL_OK, OL_WAIT (on_state) or negative. */
static int check_state(list *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_kms *kms = ol_key_service_names(request->worker->shared->keys);
    if (!kms)
        return ol_error_set(err, OL_EKMSUNAVAILABLE, "there is no key management");
    self->call = (ol_kms_call){.loop = request->worker->loop,
                               .arena = request->arena,
                               .key_id = self->parts->sse.kms_key,
                               .cb = on_state,
                               .arg = self};
    int rc = kms->ops->state(kms, &self->call, &self->state, err);
    return rc == OL_OK ? judge_state(self, err) : rc;
}

static void on_permitted(ol_key_ask *ask, const ol_error *refusal)
{
    list *self = ask->arg;
    ol_error err = {0};
    ol_free(ask->arn);
    if (refusal)
        err = *refusal;
    else if (self->op.request->gone)
        ol_error_set(&err, OL_EPEER, "the client left before the end");
    int rc = err.code ? err.code : check_state(self, &err);
    if (rc != OL_WAIT)
        tell(self, rc == OL_OK ? NULL : &err);
}

static int make_context(list *self, ol_error *err)
{
    const ol_request *request = self->op.request;
    const ol_sse *sse = &self->parts->sse;
    int rc = sse->context.len > 0
                 ? ol_context_parse(&self->context, sse->context, request->arena, err)
                 : OL_OK;
    if (rc != OL_OK)
        return rc;
    const char *arn = ol_arena_printf(request->arena, "arn:aws:s3:::%.*s%s%.*s",
                                      OL_SLICE_FMT(request->target.bucket),
                                      sse->bucket_key ? "" : "/",
                                      sse->bucket_key ? 0 : (int)request->address.key.len,
                                      (const char *)request->address.key.data);
    if (!arn)
        return ol_error_set(err, OL_ENOMEM, "permission for a key");
    rc = ol_context_add(&self->context, OL_SLICE_LIT("aws:s3:arn"), ol_slice_cstr(arn));
    return rc == OL_OK ? OL_OK : ol_error_set(err, OL_EORIGIN, "the context of an upload");
}

/* OL_OK, OL_WAIT (on_permitted) or negative. */
static int permit(list *self, ol_error *err)
{
    const ol_sse *sse = &self->parts->sse;
    if (sse->mode != OL_SSE_KMS && sse->mode != OL_SSE_DSSE)
        return OL_OK;
    ol_key_user *user = ol_key_user_of(self->op.request);
    if (!user)
        return ol_error_set(err, OL_ENOMEM, "permission for a key");
    int rc = make_context(self, err);
    if (rc != OL_OK)
        return rc;
    self->ask = (ol_key_ask){.decrypt = true,
                             .key_id = sse->kms_key,
                             .context = &self->context,
                             .loop = self->op.request->worker->loop,
                             .cb = on_permitted,
                             .arg = self};
    rc = user->ask(user, &self->ask, err);
    if (rc != OL_WAIT)
        ol_free(self->ask.arn);
    return rc == OL_OK ? check_state(self, err) : rc;
}

static void on_parts(void *arg, const ol_error *list_err, ol_part_list *parts)
{
    list *self = arg;
    ol_error err = {0};
    self->parts = parts;
    int rc = list_err ? list_err->code : permit(self, &err);
    if (rc != OL_WAIT)
        tell(self, list_err ? list_err : rc == OL_OK ? NULL : &err);
}

/* ---- what is asked for ---- */

static int read_query(list *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_s3_parts_page *page = &self->page;
    page->bucket = request->address.bucket;
    page->key = request->address.key;
    page->upload_id = ol_s3_param_get(&request->address, "uploadId");
    int rc = ol_page_size_parameter(request, "max-parts", &page->max_parts, err);
    if (rc == OL_OK)
        rc = ol_count_parameter(request, "part-number-marker", 0, &page->marker, err);
    return rc;
}

void ol_op_list_parts(ol_request *request)
{
    ol_origin *origin = request->target.origin;
    ol_error err = {0};
    list *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    const ol_object_ref ref = {.bucket = request->target.bucket, .key = request->address.key};
    int rc = read_query(self, &err);
    if (rc == OL_OK)
        rc = origin->ops->parts_list(origin, request->worker->loop, &ref, self->page.upload_id,
                                     self->page.marker, self->page.max_parts, on_parts, self, &err);
    ol_operation_called(&self->op, rc, &err);
}
