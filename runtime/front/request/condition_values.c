/* SPDX-License-Identifier: MIT */
#include "front/request/condition_values.h"

#include <inttypes.h>

#include "s3/documents/tagging.h"
#include "s3/request/sse_headers.h"

/* ---- one value ---- */

static int set(ol_context_values *values, ol_slice value)
{
    ol_context_set(values, value);
    return OL_OK;
}

static int set_if(ol_context_values *values, ol_slice value)
{
    if (value.data)
        ol_context_set(values, value);
    return OL_OK;
}

static int set_bool(ol_context_values *values, bool value)
{
    return set(values, value ? OL_SLICE_LIT("true") : OL_SLICE_LIT("false"));
}

static int set_header(const ol_condition_source *self, const char *name, ol_context_values *values)
{
    if (self->as_source)
        return OL_OK;
    const ol_request *request = self->request;
    const ol_headers *headers = request->fields ? request->fields : &request->http->headers;
    return set_if(values, ol_headers_get(headers, name));
}

static int set_param(const ol_condition_source *self, const char *name, ol_context_values *values)
{
    return set_if(values, ol_s3_param_get(&self->request->address, name));
}

/* ---- the network ---- */

static ol_slice vpc_of(const ol_request *request)
{
    return ol_config_vpc_of(request->generation->config, request->http->listener,
                            ol_slice_cstr(request->http->peer));
}

static int set_network(const ol_condition_source *self, enum ol_context_key key,
                       ol_context_values *values)
{
    const ol_request *request = self->request;
    ol_slice vpc = vpc_of(request);
    bool through_vpc = vpc.len > 0;
    if (key == OL_CONTEXT_SOURCE_IP)
        return through_vpc ? OL_OK : set(values, ol_slice_cstr(request->http->peer));
    if (key == OL_CONTEXT_VPC_SOURCE_IP)
        return through_vpc ? set(values, ol_slice_cstr(request->http->peer)) : OL_OK;
    if (key == OL_CONTEXT_SOURCE_VPC)
        return through_vpc ? set(values, vpc) : OL_OK;
    return request->listener->endpoint.len > 0 ? set(values, request->listener->endpoint) : OL_OK;
}

/* ---- the signature ---- */

static int set_signature(const ol_condition_source *self, enum ol_context_key key,
                         ol_context_values *values, ol_error *err)
{
    const ol_sigv4_result *auth = &self->request->auth;
    if (auth->type == OL_AUTH_ANONYMOUS)
        return OL_OK;
    if (key == OL_CONTEXT_AUTH_TYPE)
        return set(values, ol_auth_type_name(auth->type));
    if (key == OL_CONTEXT_SIGNATURE_VERSION)
        return set(values, auth->scope[0] ? OL_SLICE_LIT("AWS4-HMAC-SHA256") : OL_SLICE_LIT("AWS"));
    char *age = ol_arena_printf(self->arena, "%" PRId64, auth->age_ms);
    return age ? set(values, ol_slice_cstr(age)) : ol_error_set(err, OL_ENOMEM, "signature age");
}

/* ---- headers and parameters ---- */

static const struct named_header {
    enum ol_context_key key;
    const char *header;
} named_headers[] = {
    {OL_CONTEXT_ACL, "x-amz-acl"},
    {OL_CONTEXT_GRANT_READ, "x-amz-grant-read"},
    {OL_CONTEXT_GRANT_WRITE, "x-amz-grant-write"},
    {OL_CONTEXT_GRANT_READ_ACP, "x-amz-grant-read-acp"},
    {OL_CONTEXT_GRANT_WRITE_ACP, "x-amz-grant-write-acp"},
    {OL_CONTEXT_GRANT_FULL_CONTROL, "x-amz-grant-full-control"},
    {OL_CONTEXT_OBJECT_OWNERSHIP, "x-amz-object-ownership"},
    {OL_CONTEXT_COPY_SOURCE, "x-amz-copy-source"},
    {OL_CONTEXT_METADATA_DIRECTIVE, "x-amz-metadata-directive"},
    {OL_CONTEXT_STORAGE_CLASS, "x-amz-storage-class"},
    {OL_CONTEXT_WEBSITE_REDIRECT, "x-amz-website-redirect-location"},
    {OL_CONTEXT_SSE, "x-amz-server-side-encryption"},
    {OL_CONTEXT_SSE_KMS_KEY_ID, "x-amz-server-side-encryption-aws-kms-key-id"},
    {OL_CONTEXT_SSE_C_ALGORITHM, "x-amz-server-side-encryption-customer-algorithm"},
    {OL_CONTEXT_IF_NONE_MATCH, "if-none-match"},
    {OL_CONTEXT_IF_MATCH, "if-match"},
    {OL_CONTEXT_LOCK_MODE, "x-amz-object-lock-mode"},
    {OL_CONTEXT_LOCK_UNTIL, "x-amz-object-lock-retain-until-date"},
    {OL_CONTEXT_LOCK_HOLD, "x-amz-object-lock-legal-hold"},
};

static int set_named_header(const ol_condition_source *self, enum ol_context_key key,
                            ol_context_values *values)
{
    for (size_t i = 0; i < sizeof(named_headers) / sizeof(named_headers[0]); i++)
        if (named_headers[i].key == key)
            return set_header(self, named_headers[i].header, values);
    return OL_OK;
}

/* ---- encryption ---- */

static bool goes_on_with_upload(const ol_condition_source *self)
{
    enum ol_s3_operation operation = self->request->address.operation;
    return !self->as_source && (operation == OL_S3_UPLOAD_PART ||
                                operation == OL_S3_UPLOAD_PART_COPY ||
                                operation == OL_S3_COMPLETE_MULTIPART_UPLOAD);
}

static int set_upload_sse(ol_condition_source *self, enum ol_context_key key,
                          ol_context_values *values)
{
    static const enum ol_s3_sse_method methods[] = {
        [OL_SSE_S3] = OL_S3_SSE_AES256, [OL_SSE_KMS] = OL_S3_SSE_KMS, [OL_SSE_DSSE] = OL_S3_SSE_DSSE};
    const ol_sse *sse = &self->upload_sse;
    if (!self->has_upload_sse) {
        self->wants_upload_sse = true;
        return OL_WAIT;
    }
    if (key == OL_CONTEXT_SSE_C_ALGORITHM)
        return sse->mode == OL_SSE_C ? set(values, OL_SLICE_LIT("AES256")) : OL_OK;
    if (sse->mode == OL_SSE_NONE || sse->mode == OL_SSE_C)
        return OL_OK;
    if (key == OL_CONTEXT_SSE)
        return set(values, ol_slice_cstr(ol_s3_sse_method_name(methods[sse->mode])));
    return sse->kms_key.len > 0 ? set(values, sse->kms_key) : OL_OK;
}

/* As it was sent; of a part, and of what completes it, as the upload was begun. */
static int set_encryption(ol_condition_source *self, enum ol_context_key key,
                          ol_context_values *values)
{
    int rc = set_named_header(self, key, values);
    if (rc != OL_OK || values->present || !goes_on_with_upload(self))
        return rc;
    return set_upload_sse(self, key, values);
}

/* A presigned URL says it in its query, and signs for an unsigned payload where it does not. */
static int set_content_sha256(const ol_condition_source *self, ol_context_values *values)
{
    const ol_request *request = self->request;
    ol_slice value = ol_headers_get(&request->http->headers, "x-amz-content-sha256");
    if (!value.data)
        value = ol_s3_param_get(&request->address, "X-Amz-Content-Sha256");
    if (!value.data && request->auth.type == OL_AUTH_QUERY)
        value = OL_SLICE_LIT("UNSIGNED-PAYLOAD");
    return set_if(values, value);
}

/* Does what is asked make an object, or a part of one? */
static int set_creation(const ol_condition_source *self, ol_context_values *values)
{
    switch (self->request->address.operation) {
    case OL_S3_PUT_OBJECT:
    case OL_S3_POST_OBJECT:
    case OL_S3_COPY_OBJECT:
    case OL_S3_COMPLETE_MULTIPART_UPLOAD:
        return self->as_source ? OL_OK : set_bool(values, true);
    case OL_S3_CREATE_MULTIPART_UPLOAD:
    case OL_S3_UPLOAD_PART:
    case OL_S3_UPLOAD_PART_COPY:
        return self->as_source ? OL_OK : set_bool(values, false);
    default:
        return OL_OK;
    }
}

/* ---- tags ---- */

static int set_tag(const ol_condition_source *self, ol_slice tags, ol_slice name,
                   ol_context_values *values, ol_error *err)
{
    ol_slice value = OL_SLICE_NONE;
    if (tags.len == 0)
        return OL_OK;
    int rc = ol_tags_find(tags, name, self->arena, &value);
    return rc == OL_OK ? set_if(values, value) : ol_error_set(err, rc, "a tag");
}

static ol_slice requested_tags(const ol_condition_source *self)
{
    if (self->request_tags.data || self->as_source)
        return self->request_tags;
    /* A form says its tags in a document: whoever reads that, passes them as request_tags. */
    return self->request->fields ? OL_SLICE_NONE
                                 : ol_headers_get(&self->request->http->headers, "x-amz-tagging");
}

/* A header's text need not be canonical; one that is no tagging at all is refused later. */
static int read_requested(const ol_condition_source *self, ol_tags *tags, ol_error *err)
{
    *tags = (ol_tags){0};
    ol_slice text = requested_tags(self);
    if (text.len == 0)
        return OL_OK;
    return ol_tags_parse_query(text, OL_TAGS_BUCKET_MAX, self->arena, tags, err);
}

static int set_requested_tag(const ol_condition_source *self, ol_slice name,
                             ol_context_values *values, ol_error *err)
{
    ol_tags tags;
    int rc = read_requested(self, &tags, err);
    for (size_t i = 0; rc == OL_OK && i < tags.count; i++)
        if (ol_slice_eq(tags.items[i].key, name))
            return set(values, tags.items[i].value);
    return rc;
}

static int set_requested_keys(const ol_condition_source *self, ol_context_values *values,
                              ol_error *err)
{
    ol_tags tags;
    int rc = read_requested(self, &tags, err);
    if (rc != OL_OK || tags.count == 0)
        return rc;
    ol_slice *keys = ol_arena_alloc(self->arena, tags.count * sizeof(*keys));
    if (!keys)
        return ol_error_set(err, OL_ENOMEM, "tag keys");
    for (size_t i = 0; i < tags.count; i++)
        keys[i] = tags.items[i].key;
    ol_context_set_many(values, keys, tags.count);
    return OL_OK;
}

static int set_existing_tag(ol_condition_source *self, ol_slice name, ol_context_values *values,
                            ol_error *err)
{
    if (!self->has_existing_tags) {
        self->wants_existing_tags = true;
        return OL_WAIT;
    }
    return set_tag(self, self->existing_tags, name, values, err);
}

/* ---- all of them ---- */

int ol_condition_values(void *arg, enum ol_context_key key, ol_slice suffix,
                        ol_context_values *values, ol_error *err)
{
    ol_condition_source *self = arg;
    const ol_http_request *http = self->request->http;
    switch (key) {
    case OL_CONTEXT_SECURE_TRANSPORT:
        return set_bool(values, http->tls);
    case OL_CONTEXT_SOURCE_IP:
    case OL_CONTEXT_VPC_SOURCE_IP:
    case OL_CONTEXT_SOURCE_VPC:
    case OL_CONTEXT_SOURCE_VPCE:
        return set_network(self, key, values);
    case OL_CONTEXT_REFERER:
        return set_if(values, ol_headers_get(&http->headers, "referer"));
    case OL_CONTEXT_USER_AGENT:
        return set_if(values, ol_headers_get(&http->headers, "user-agent"));
    case OL_CONTEXT_REQUESTED_REGION:
        return set(values, self->request->generation->config->region);
    case OL_CONTEXT_TLS_VERSION:
        return http->tls_version.len > 0 ? set(values, http->tls_version) : OL_OK;
    case OL_CONTEXT_AUTH_TYPE:
    case OL_CONTEXT_SIGNATURE_VERSION:
    case OL_CONTEXT_SIGNATURE_AGE:
        return set_signature(self, key, values, err);
    case OL_CONTEXT_CONTENT_SHA256:
        return set_content_sha256(self, values);
    case OL_CONTEXT_PREFIX:
        return self->prefix.data ? set(values, self->prefix) : set_param(self, "prefix", values);
    case OL_CONTEXT_DELIMITER:
        return set_param(self, "delimiter", values);
    case OL_CONTEXT_MAX_KEYS:
        return set_param(self, "max-keys", values);
    case OL_CONTEXT_VERSION_ID:
        return set_if(values, self->version);
    case OL_CONTEXT_CREATION_OPERATION:
        return set_creation(self, values);
    case OL_CONTEXT_SSE:
    case OL_CONTEXT_SSE_KMS_KEY_ID:
    case OL_CONTEXT_SSE_C_ALGORITHM:
        return set_encryption(self, key, values);
    case OL_CONTEXT_EXISTING_OBJECT_TAG:
        return set_existing_tag(self, suffix, values, err);
    case OL_CONTEXT_REQUEST_OBJECT_TAG:
    case OL_CONTEXT_REQUEST_TAG:
        return set_requested_tag(self, suffix, values, err);
    case OL_CONTEXT_REQUEST_OBJECT_TAG_KEYS:
    case OL_CONTEXT_TAG_KEYS:
        return set_requested_keys(self, values, err);
    case OL_CONTEXT_BUCKET_TAG:
    case OL_CONTEXT_RESOURCE_TAG:
        return set_tag(self, self->bucket_tags, suffix, values, err);
    default:
        return set_named_header(self, key, values);
    }
}
