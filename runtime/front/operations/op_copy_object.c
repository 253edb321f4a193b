/* SPDX-License-Identifier: MIT */
/*
 * CopyObject. An origin that can copy by itself is asked to; otherwise the original is read from
 * its origin and put into the other, through us.
 * The answer may have to begin before the outcome is known: late_answer.h.
 */
#include "front/keys/key_permission.h"
#include "front/operations/copy_source.h"
#include "front/operations/new_object.h"
#include "front/operations/object_headers.h"
#include "front/operations/operations.h"
#include "s3/documents/xml_multipart.h"
#include "s3/request/request_headers.h"
#include "s3/upload/checksum_parts.h"
#include "s3/upload/upload_verify.h"

typedef struct copy {
    ol_operation op;
    ol_copy_source source;
    ol_new_object made;
    ol_encryption encryption; /* of the copy */
    ol_headers headers; /* that the copy will have */
    ol_s3_write_conditions conditions;
    bool replace_headers, replace_tags, has_algorithm;
    ol_upload_verify_config verify;
    ol_object_checksum checksum;
} copy;

/* ---- the copy itself ---- */

static void complete_ask(ol_operation *op, ol_copy_request *ask)
{
    const copy *self = (const copy *)op;
    ask->replace_headers = self->replace_headers;
    ask->replace_tags = self->replace_tags;
    ask->headers = self->headers.items;
    ask->header_count = self->headers.count;
    ask->sse = &self->encryption.sse;
    ask->tags = self->made.tags;
    ask->acl = self->made.acl;
    ask->if_none_match_any = self->conditions.if_none_match_any;
    ask->if_none_match = self->conditions.if_none_match;
    ask->if_match = self->conditions.if_match;
}

static int copy_through(ol_operation *op, ol_error *err)
{
    copy *self = (copy *)op;
    ol_request *request = op->request;
    ol_origin *origin = request->target.origin;
    const ol_put_request ask = {
        .bucket = request->target.bucket,
        .key = request->address.key,
        .headers = self->headers.items,
        .header_count = self->headers.count,
        .size = (int64_t)self->source.info->size,
        .if_none_match_any = self->conditions.if_none_match_any,
        .if_none_match = self->conditions.if_none_match,
        .if_match = self->conditions.if_match,
        .tags = self->made.tags,
        .acl = self->made.acl,
        .checksum = &self->checksum,
        .result = &self->source.result,
        .sse = &self->encryption.sse,
        .key_user = ol_key_user_of(op->request),
    };
    const ol_stage_ops *sink;
    const void *config;
    int rc = origin->ops->put(origin, &ask, request->arena, &sink, &config, err);
    if (rc != OL_OK)
        return rc;
    return ol_copy_source_pipe(op, (ol_byte_range){0, self->source.info->size}, &self->verify,
                               sink, config, err);
}

static int answer(ol_operation *op, const ol_put_result *result, ol_headers *headers, ol_buf *xml)
{
    const copy *self = (const copy *)op;
    int rc = ol_object_headers_version(headers, result->version_id);
    if (rc == OL_OK)
        rc = ol_encryption_add_written(headers, result, &self->encryption.customer);
    return rc == OL_OK ? ol_s3_xml_copy_result(xml, result) : rc;
}

static const ol_copy_ops copy_ops = {
    .ask = complete_ask,
    .through = copy_through,
    .answer = answer,
};

static void start(ol_operation *op)
{
    ol_copy_source_copy(&((copy *)op)->source, op, &copy_ops);
}

/* ---- tags that go with it: read there, set here, with both permissions ---- */

static void carry_tags(copy *self, ol_slice text)
{
    ol_error err = {0};
    ol_operation *op = &self->op;
    self->made.tags = text;
    if (ol_operation_keep(op, &self->made.tags, &err) != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    ol_operation_need(op, &(ol_authorize_ask){
        .action = "PutObjectTagging",
        .key = op->request->address.key,
        .request_tags = self->made.tags,
        .with_write = true,
    });
    ol_operation_permit(op, start);
}

static void on_tags(void *arg, const ol_error *err, ol_slice text)
{
    copy *self = arg;
    if (ol_operation_lives(&self->op, err))
        carry_tags(self, text);
}

static void fetch_tags(ol_operation *op)
{
    copy *self = (copy *)op;
    ol_origin *origin = self->source.target.origin;
    ol_error err = {0};
    if (self->source.info->tags.len > 0) {
        carry_tags(self, self->source.info->tags);
        return;
    }
    int rc = origin->ops->attribute_get(origin, op->request->worker->loop, &self->source.ref,
                                        OL_ATTRIBUTE_TAGS, on_tags, self, &err);
    ol_operation_called(op, rc, &err);
}

static void look_at_tags(copy *self)
{
    ol_operation *op = &self->op;
    const ol_copy_source *source = &self->source;
    if (self->replace_tags || source->info->tag_count == 0) {
        start(op);
        return;
    }
    ol_operation_need(op, &(ol_authorize_ask){
                              .action = source->ref.version.len > 0 ? "GetObjectVersionTagging"
                                                                    : "GetObjectTagging",
                              .target = &source->target,
                              .key = source->ref.key,
                              .version = source->ref.version,
                              .as_source = true,
                          });
    ol_operation_permit(op, fetch_tags);
}

/* ---- the source is open ---- */

static bool is_same_object(const copy *self)
{
    const ol_request *request = self->op.request;
    const ol_object_ref *ref = &self->source.ref;
    bool current = ref->version.len == 0 || ol_slice_eq_cstr(ref->version, "null");
    return self->source.target.origin == request->target.origin && current &&
           ol_slice_eq(ref->bucket, request->target.bucket) &&
           ol_slice_eq(ref->key, request->address.key);
}

static int check_source(const copy *self, ol_error *err)
{
    if (self->source.info->size > OL_COPY_BYTES_MAX)
        return ol_copy_source_too_large(err);
    bool changes = self->replace_headers || self->has_algorithm || self->encryption.from_request ||
                   ol_headers_find(&self->headers, OL_SLICE_LIT("x-amz-storage-class"));
    if (changes || !is_same_object(self))
        return OL_OK;
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "This copy request is illegal because it is trying to copy an object to "
                        "itself without changing the object's metadata, storage class, website "
                        "redirect location or encryption attributes.");
}

/* What a client set, and nothing that an origin adds: versions, encryption, its class. */
static bool goes_with_it(const ol_header *header)
{
    ol_slice prefix = OL_SLICE_LIT("x-amz-");
    return !ol_slice_ieq(ol_slice_first(header->name, prefix.len), prefix) ||
           ol_slice_ieq(ol_slice_first(header->name, 11), OL_SLICE_LIT("x-amz-meta-"));
}

static int carry_headers(copy *self, ol_error *err)
{
    const ol_object_info *info = self->source.info;
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < info->header_count; i++)
        if (goes_with_it(&info->headers[i]))
            rc = ol_headers_add(&self->headers, info->headers[i].name, info->headers[i].value);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "headers of a copy");
}

/* The checksum that was asked for, else of the source's kind. Where the source's is of its whole
 * body, the bytes are held to it on the way. */
static void plan_checksum(copy *self)
{
    const ol_object_info *info = self->source.info;
    ol_upload_verify_config *verify = &self->verify;
    enum ol_checksum_kind kind;
    bool known = ol_checksum_of_name(ol_slice_cstr(info->checksum.name), &kind);
    if (known && !self->has_algorithm)
        verify->sum_kind = kind;
    if (known && !info->checksum.composite &&
        ol_checksum_parse(kind, ol_slice_cstr(info->checksum.text), verify->promises[0].value)) {
        verify->promises[0].kind = OL_PROMISE_CHECKSUM;
        verify->promises[0].checksum = kind;
        verify->promise_count = 1;
    }
    verify->sum = &self->checksum;
    verify->length = (int64_t)info->size;
    verify->bytes_max = OL_COPY_BYTES_MAX;
}

static void on_open(ol_operation *op)
{
    copy *self = (copy *)op;
    ol_error err = {0};
    int rc = check_source(self, &err);
    if (rc == OL_OK && !self->replace_headers)
        rc = carry_headers(self, &err);
    if (rc != OL_OK) {
        ol_operation_fail(op, &err);
        return;
    }
    plan_checksum(self);
    look_at_tags(self);
}

/* ---- what is asked for ---- */

static int read_directive(const ol_headers *headers, const char *name, const char *what,
                          bool *replace, ol_error *err)
{
    ol_slice text = ol_slice_trim(ol_headers_get(headers, name));
    *replace = ol_slice_eq_cstr(text, "REPLACE");
    if (*replace || text.len == 0 || ol_slice_eq_cstr(text, "COPY"))
        return OL_OK;
    return ol_error_say(err, OL_EINVAL, "Unknown %s directive.", what);
}

/* With its own headers, or for now only with the class that was asked for. */
static int read_headers(copy *self, const ol_headers *headers, ol_error *err)
{
    ol_arena *arena = self->op.request->arena;
    ol_slice name = OL_SLICE_LIT("x-amz-storage-class");
    ol_headers asked;
    ol_headers_init(&asked, arena);
    ol_headers_init(&self->headers, arena);
    int rc = ol_s3_headers_keep(headers, &asked, err);
    if (rc != OL_OK)
        return rc;
    const ol_header *class = ol_headers_find(&asked, name);
    if (self->replace_headers)
        self->headers = asked;
    else if (class)
        rc = ol_headers_add(&self->headers, name, class->value);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "headers of a copy");
}

static int read_algorithm(copy *self, const ol_headers *headers, ol_error *err)
{
    ol_slice name = ol_slice_trim(ol_headers_get(headers, "x-amz-checksum-algorithm"));
    self->has_algorithm = name.len > 0;
    self->verify.sum_kind = OL_CHECKSUM_CRC64NVME;
    if (name.len == 0 || ol_checksum_of_name(name, &self->verify.sum_kind))
        return OL_OK;
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "Checksum algorithm provided is unsupported. Please try again with any of "
                        "the valid types: [CRC32, CRC32C, CRC64NVME, SHA1, SHA256]");
}

static int keep_conditions(copy *self, const ol_headers *headers, ol_error *err)
{
    int rc = ol_s3_conditions_write(headers, &self->conditions, err);
    if (rc == OL_OK)
        rc = ol_operation_keep(&self->op, &self->conditions.if_match, err);
    return rc == OL_OK ? ol_operation_keep(&self->op, &self->conditions.if_none_match, err) : rc;
}

static int read_ask(copy *self, ol_error *err)
{
    const ol_headers *headers = &self->op.request->http->headers;
    int rc = ol_copy_source_read(&self->source, &self->op, err);
    if (rc == OL_OK)
        rc = read_directive(headers, "x-amz-metadata-directive", "metadata",
                            &self->replace_headers, err);
    if (rc == OL_OK)
        rc = read_directive(headers, "x-amz-tagging-directive", "tagging", &self->replace_tags,
                            err);
    /* Policies have read them: what they allowed must be what is done. */
    if (rc == OL_OK && !self->replace_tags && ol_headers_get(headers, "x-amz-tagging").len > 0)
        rc = ol_error_say(err, OL_EINVALIDREQUEST,
                          "x-amz-tagging needs an x-amz-tagging-directive of REPLACE.");
    if (rc == OL_OK)
        rc = read_headers(self, headers, err);
    if (rc == OL_OK)
        rc = read_algorithm(self, headers, err);
    if (rc == OL_OK)
        rc = keep_conditions(self, headers, err);
    if (rc == OL_OK)
        rc = ol_new_object_read(&self->made, &self->op, headers, self->replace_tags, err);
    return rc;
}

static void open_source(ol_operation *op)
{
    copy *self = (copy *)op;
    ol_error err = {0};
    const ol_headers *headers = &op->request->http->headers;
    if (ol_encryption_of_write(&self->encryption, op->request, headers, &err) == OL_OK)
        ol_copy_source_open(&self->source, op, on_open);
    else
        ol_operation_fail(op, &err);
}

void ol_op_copy_object(ol_request *request)
{
    ol_error err = {0};
    copy *self = ol_operation_new(request, sizeof(*self));
    if (!self)
        return;
    if (read_ask(self, &err) == OL_OK)
        ol_operation_permit(&self->op, open_source);
    else
        ol_operation_fail(&self->op, &err);
}
