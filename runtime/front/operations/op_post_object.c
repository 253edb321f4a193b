/* SPDX-License-Identifier: MIT */
/*
 * POST Object: a browser's form. Its fields say what PutObject's headers say, and who allows it: a
 * policy that somebody with keys has signed, or the bucket itself to anybody.
 *
 * In order: fields, signature, policy, permission, file, answer.
 */
#include "base/encode.h"
#include "front/keys/encryption.h"
#include "front/keys/key_permission.h"
#include "front/operations/new_object.h"
#include "front/operations/object_headers.h"
#include "front/operations/operations.h"
#include "front/request/authenticate.h"
#include "front/request/form_source.h"
#include "s3/documents/tagging.h"
#include "s3/documents/xml_multipart.h"
#include "s3/upload/upload_stages.h"

#define RESULT_XML_BYTES_MAX (16 * OL_KIB)
#define URL_BYTES_MAX (16 * OL_KIB)

typedef struct post {
    ol_operation op;
    ol_form_source source;
    ol_post_policy *policy;
    ol_headers fields; /* that PutObject would read from its headers */
    ol_upload_plan plan;
    ol_new_object made;
    ol_encryption encryption;
    ol_put_result result;
} post;

static ol_slice field(const post *self, const char *name)
{
    return ol_post_form_get(self->source.form, name);
}

/* ---- the answer ---- */

/* The URL that was posted to, and the key behind it. */
static int add_location(const post *self, ol_buf *url)
{
    const ol_request *request = self->op.request;
    const ol_http_request *http = request->http;
    ol_slice path = http->path;
    if (path.len > 0 && path.data[path.len - 1] == '/')
        path.len--;
    int rc = ol_buf_addf(url, "%s://%.*s%.*s/", http->tls ? "https" : "http",
                         OL_SLICE_FMT(http->host), OL_SLICE_FMT(path));
    return rc == OL_OK ? ol_uri_encode(url, request->address.key, true) : rc;
}

static int add_parameter(ol_buf *url, const char *name, ol_slice value)
{
    int rc = ol_buf_add_cstr(url, name);
    return rc == OL_OK ? ol_uri_encode(url, value, false) : rc;
}

static ol_slice redirect_of(const post *self)
{
    ol_slice url = field(self, "success_action_redirect");
    if (url.len == 0)
        url = field(self, "redirect");
    bool is_url = ol_slice_ieq(ol_slice_first(url, 7), OL_SLICE_LIT("http://")) ||
                  ol_slice_ieq(ol_slice_first(url, 8), OL_SLICE_LIT("https://"));
    return is_url ? url : OL_SLICE_NONE;
}

/* What the page is told of its upload: bucket, key and ETag behind its own query. */
static int add_redirect(const post *self, ol_slice page, ol_buf *url)
{
    char etag[OL_ETAG_SIZE + 2];
    const ol_s3_address *address = &self->op.request->address;
    int len = snprintf(etag, sizeof etag, "\"%s\"", self->result.etag);
    int rc = ol_buf_add(url, page);
    if (rc == OL_OK)
        rc = add_parameter(url, ol_slice_find(page, '?') < 0 ? "?bucket=" : "&bucket=",
                           address->bucket);
    if (rc == OL_OK)
        rc = add_parameter(url, "&key=", address->key);
    if (rc == OL_OK)
        rc = add_parameter(url, "&etag=", ol_slice_of(etag, (size_t)len));
    return rc;
}

static int status_of(const post *self)
{
    ol_slice wanted = field(self, "success_action_status");
    if (redirect_of(self).len > 0)
        return 303;
    return ol_slice_eq_cstr(wanted, "200") ? 200 : ol_slice_eq_cstr(wanted, "201") ? 201 : 204;
}

static int write_answer(const post *self, int status, ol_headers *headers, ol_buf *url,
                        ol_buf *xml)
{
    const ol_s3_address *address = &self->op.request->address;
    int rc = headers ? ol_object_headers_written(headers, &self->result, true) : OL_ENOMEM;
    if (rc == OL_OK)
        rc = ol_encryption_add_written(headers, &self->result, &self->encryption.customer);
    if (rc == OL_OK)
        rc = status == 303 ? add_redirect(self, redirect_of(self), url) : add_location(self, url);
    if (rc == OL_OK)
        rc = ol_headers_add(headers, OL_SLICE_LIT("Location"), ol_buf_slice(url));
    if (rc == OL_OK && status == 201)
        rc = ol_s3_xml_post_result(xml, ol_buf_slice(url), address->bucket, address->key,
                                   ol_slice_cstr(self->result.etag));
    return rc;
}

static void reply(ol_operation *op)
{
    post *self = (post *)op;
    int status = status_of(self);
    ol_headers *headers = ol_request_headers(op->request);
    ol_buf url, xml;
    ol_buf_init(&url, URL_BYTES_MAX);
    ol_buf_init(&xml, RESULT_XML_BYTES_MAX);
    if (write_answer(self, status, headers, &url, &xml) != OL_OK)
        /* It is stored; the client must not be told otherwise, nor left waiting. */
        ol_http_abort(op->request->x);
    else if (status == 201)
        ol_request_reply_document(op->request, status, "application/xml", headers, &xml);
    else
        ol_request_reply_empty(op->request, status, headers);
    ol_operation_end(op);
    ol_buf_fini(&url);
    ol_buf_fini(&xml);
}

/* ---- the file ---- */

static int build(post *self, ol_error *err)
{
    ol_operation *op = &self->op;
    ol_request *request = op->request;
    ol_origin *origin = request->target.origin;
    const ol_put_request ask = {
        .bucket = request->target.bucket,
        .key = request->address.key,
        .headers = self->plan.store_headers.items,
        .header_count = self->plan.store_headers.count,
        .size = -1,
        .tags = self->made.tags,
        .acl = self->made.acl,
        .checksum = &self->plan.checksum,
        .result = &self->result,
        .sse = &self->encryption.sse,
        .key_user = ol_key_user_of(request),
    };
    const ol_stage_ops *sink;
    const void *config;
    int rc = origin->ops->put(origin, &ask, request->arena, &sink, &config, err);
    if (rc == OL_OK)
        rc = ol_operation_pipe(op, &ol_form_stage_ops, &self->source, err);
    if (rc == OL_OK)
        rc = ol_upload_plan_add(&self->plan, op->pipeline);
    if (rc == OL_OK)
        rc = ol_operation_add(op, sink, config, err);
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "form pipeline");
}

static void upload(ol_operation *op)
{
    ol_error err = {0};
    post *self = (post *)op;
    int rc = ol_encryption_of_write(&self->encryption, op->request, &self->fields, &err);
    if (rc == OL_OK)
        rc = build(self, &err);
    if (rc == OL_OK)
        ol_operation_run(op, reply);
    else
        ol_operation_fail(op, &err);
}

/* ---- the fields ---- */

static int read_key(post *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_slice key = field(self, "key");
    if (key.len == 0) {
        ol_request_error_extra(request, "ArgumentName", OL_SLICE_LIT("key"));
        return ol_error_say(err, OL_EINVAL,
                            "Bucket POST must contain a field named 'key'. If it is specified, "
                            "please check the order of the fields.");
    }
    if (key.len > OL_KEY_BYTES_MAX)
        return ol_error_set(err, OL_EKEYTOOLONG, "%zu bytes", key.len);
    request->address.key = key;
    return OL_OK;
}

static int authenticate(post *self, ol_error *err)
{
    const ol_sigv4_form form = {
        .policy = field(self, "policy"),
        .algorithm = field(self, "x-amz-algorithm"),
        .credential = field(self, "x-amz-credential"),
        .date = field(self, "x-amz-date"),
        .signature = field(self, "x-amz-signature"),
        .token = field(self, "x-amz-security-token"),
        .v2_access_key = field(self, "AWSAccessKeyId"),
        .v2_signature = field(self, "signature"),
    };
    return ol_authenticate_form(self->op.request, &form, err);
}

static int check_policy(post *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_slice text = field(self, "policy");
    if (!text.data)
        return OL_OK;
    int rc = ol_post_policy_parse(text, request->arena, &self->policy, err);
    self->source.policy = self->policy;
    if (rc != OL_OK)
        return rc;
    return ol_post_policy_check(self->policy, self->source.form, request->address.bucket,
                                request->line.wall_ms, err);
}

/* A form's fields by the names that they have as headers. What was for the form alone says nothing
 * to anybody who reads headers. */
static int gather_fields(post *self, ol_error *err)
{
    ol_headers_init(&self->fields, self->op.request->arena);
    self->op.request->fields = &self->fields;
    for (size_t i = 0; i < ol_post_form_count(self->source.form); i++) {
        const ol_post_field *one = ol_post_form_field(self->source.form, i);
        ol_slice name = ol_slice_ieq(one->name, OL_SLICE_LIT("acl")) ? OL_SLICE_LIT("x-amz-acl")
                                                                     : one->name;
        int rc = ol_headers_add(&self->fields, name, one->value);
        /* Only what can be a header can be kept as one; the others are the form's own. */
        if (rc == OL_ENOMEM || rc == OL_ELIMIT)
            return ol_error_set(err, rc, "a form's fields");
        if (rc != OL_OK && ol_slice_ieq(ol_slice_first(name, 6), OL_SLICE_LIT("x-amz-")))
            return ol_error_say(err, OL_EINVAL, "The value of the field %.*s is not valid.",
                                OL_SLICE_FMT(ol_slice_first(name, 100)));
    }
    return OL_OK;
}

static int read_tags(post *self, ol_error *err)
{
    ol_arena *arena = self->op.request->arena;
    ol_slice xml = field(self, "tagging");
    ol_tags tags;
    if (xml.len == 0)
        return OL_OK;
    int rc = ol_tags_parse_xml(xml, OL_TAGS_OBJECT_MAX, arena, &tags, err);
    if (rc == OL_OK)
        rc = ol_tags_text(&tags, arena, &self->made.tags, err);
    if (rc == OL_OK && self->made.tags.len > 0)
        ol_operation_need(&self->op, &(ol_authorize_ask){
            .action = "PutObjectTagging",
            .key = self->op.request->address.key,
            .request_tags = self->made.tags,
            .with_write = true,
        });
    return rc;
}

static int plan(post *self, ol_error *err)
{
    ol_request *request = self->op.request;
    ol_http_request as_put = {
        .method = OL_HTTP_PUT, .headers = self->fields, .content_length = -1, .chunked = true};
    int rc = ol_upload_plan_make(&self->plan, &as_put, NULL,
                                 request->generation->config->limits.put_bytes_max, request->arena,
                                 err);
    if (rc != OL_OK)
        return rc;
    ol_upload_plan_keep_checksum(&self->plan, true);
    rc = ol_new_object_read(&self->made, &self->op, &self->fields, false, err);
    if (rc == OL_OK)
        rc = read_tags(self, err);
    ol_operation_need(&self->op, &(ol_authorize_ask){.action = "PutObject",
                                                     .key = request->address.key,
                                                     .request_tags = self->made.tags});
    return rc;
}

static void on_fields(ol_operation *op)
{
    post *self = (post *)op;
    ol_error err = {0};
    int rc = read_key(self, &err);
    if (rc == OL_OK)
        rc = authenticate(self, &err);
    if (rc == OL_OK)
        rc = check_policy(self, &err);
    if (rc == OL_OK)
        rc = gather_fields(self, &err);
    if (rc == OL_OK)
        rc = plan(self, &err);
    if (rc == OL_OK)
        ol_operation_permit(op, upload);
    else
        ol_operation_fail(op, &err);
}

void ol_op_post_object(ol_request *request)
{
    post *self = ol_operation_new(request, sizeof(*self));
    if (self)
        ol_form_source_begin(&self->source, &self->op, on_fields);
}
