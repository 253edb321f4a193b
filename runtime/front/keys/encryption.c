/* SPDX-License-Identifier: MIT */
#include "front/keys/encryption.h"

#include "crypto/keys/context.h"
#include "crypto/keys/secret.h"
#include "front/keys/key_permission.h"

#define CONTEXT_SCRATCH_BYTES_MAX (64 * OL_KIB)

void ol_encryption_name_fault(ol_request *request, const ol_s3_sse_fault *fault)
{
    if (fault->name)
        ol_request_error_extra(request, "ArgumentName", ol_slice_cstr(fault->name));
    if (fault->name && fault->value.data)
        ol_request_error_extra(request, "ArgumentValue", ol_slice_first(fault->value, 100));
}

/* ---- a key of the customer's ---- */

static void free_key(void *key)
{
    ol_secret_free(key, OL_S3_SSE_KEY_ROOM);
}

static int read_key(ol_customer_key *out, ol_request *request, ol_s3_sse_customer *ask,
                    ol_error *err)
{
    ol_s3_sse_fault fault = {0};
    *out = (ol_customer_key){0};
    if (!ol_s3_sse_customer_named(ask->headers, ask->whose))
        return OL_OK;
    uint8_t *room = ol_secret_alloc(OL_S3_SSE_KEY_ROOM);
    if (!room)
        return ol_error_set(err, OL_ENOMEM, "a customer's key");
    if (ol_arena_on_end(request->arena, free_key, room) != OL_OK) {
        free_key(room);
        return ol_error_set(err, OL_ENOMEM, "a customer's key");
    }
    ask->secure = request->http->tls || request->generation->config->sse_c_over_http;
    int rc = ol_s3_sse_customer_read(ask, room, out->md5, &fault, err);
    ol_encryption_name_fault(request, &fault);
    if (rc == OL_OK)
        out->key = room;
    return rc;
}

/* ---- what is written ---- */

static enum ol_sse_mode mode_of(enum ol_s3_sse_method method)
{
    switch (method) {
    case OL_S3_SSE_AES256:
        return OL_SSE_S3;
    case OL_S3_SSE_KMS:
        return OL_SSE_KMS;
    case OL_S3_SSE_DSSE:
        return OL_SSE_DSSE;
    default:
        return OL_SSE_NONE;
    }
}

static int block_customer_keys(const ol_request *request, ol_error *err)
{
    const ol_slice arn = request->who->arn;
    return ol_error_say(err, OL_EACCESS,
                        "User: %.*s is not authorized to perform: s3:PutObject on resource: "
                        "\"arn:aws:s3:::%.*s/%.*s\" because this bucket has blocked upload requests "
                        "that specify Server Side Encryption with Customer provided keys (SSE-C). "
                        "Please specify a different server-side encryption type",
                        OL_SLICE_FMT(ol_slice_first(arn, 100)), OL_SLICE_FMT(request->target.bucket),
                        OL_SLICE_FMT(ol_slice_first(request->address.key, 100)));
}

static int write_context(const ol_context *context, ol_arena *arena, ol_slice *out, ol_error *err)
{
    ol_buf text;
    ol_buf_init(&text, CONTEXT_SCRATCH_BYTES_MAX);
    int rc = ol_context_write(context, &text);
    if (rc == OL_OK)
        *out = ol_arena_copy(arena, ol_buf_slice(&text));
    ol_buf_fini(&text);
    return rc == OL_OK && out->data ? OL_OK : ol_error_set(err, OL_ENOMEM, "encryption context");
}

static int read_context(ol_encryption *self, ol_request *request, ol_slice json, ol_error *err)
{
    ol_s3_sse_fault fault = {0};
    ol_error why = {0};
    if (json.len == 0)
        return OL_OK;
    ol_context *context = ol_arena_calloc(request->arena, sizeof(*context));
    if (!context)
        return ol_error_set(err, OL_ENOMEM, "encryption context");
    int rc = ol_context_parse(context, json, request->arena, &why);
    if (rc == OL_OK)
        return write_context(context, request->arena, &self->sse.context, err);
    if (rc == OL_ENOMEM)
        return ol_error_set(err, rc, "encryption context");
    ol_s3_sse_bad_context(&fault, err);
    ol_encryption_name_fault(request, &fault);
    return err->code;
}

/* Nothing was said: what the bucket says. A switch for bucket keys alone goes with its default. */
static void apply_default(ol_encryption *self, const ol_request *request,
                          const ol_s3_sse_asked *asked)
{
    const ol_bucket_encryption *bucket = &request->target.rule->encryption;
    self->sse.mode = mode_of(bucket->method);
    self->sse.kms_key = bucket->kms_key;
    self->sse.bucket_key = asked->has_bucket_key ? asked->bucket_key : bucket->bucket_key;
}

static int apply_asked(ol_encryption *self, ol_request *request, const ol_s3_sse_asked *asked,
                       ol_error *err)
{
    const ol_bucket_encryption *bucket = &request->target.rule->encryption;
    self->from_request = true;
    self->sse.mode = mode_of(asked->method);
    self->sse.bucket_key = asked->has_bucket_key ? asked->bucket_key
                                                 : bucket->bucket_key &&
                                                       bucket->method == asked->method;
    self->sse.kms_key = asked->kms_key;
    /* A key that is not named is the one that the bucket's default names for this method. */
    if (asked->kms_key.len == 0 && bucket->method == asked->method)
        self->sse.kms_key = bucket->kms_key;
    if (self->sse.kms_key.len > 0)
        self->sse.kms_key = ol_arena_copy(request->arena, self->sse.kms_key);
    if (asked->kms_key.len > 0 && !self->sse.kms_key.data)
        return ol_error_set(err, OL_ENOMEM, "a KMS key's name");
    return read_context(self, request, asked->context, err);
}

static int read_method(ol_encryption *self, ol_request *request, const ol_headers *headers,
                       ol_error *err)
{
    ol_s3_sse_asked asked;
    ol_s3_sse_fault fault = {0};
    int rc = ol_s3_sse_read(headers, request->arena, &asked, &fault, err);
    ol_encryption_name_fault(request, &fault);
    if (rc != OL_OK)
        return rc;
    if (asked.method != OL_S3_SSE_NONE)
        return apply_asked(self, request, &asked, err);
    apply_default(self, request, &asked);
    return OL_OK;
}

static void apply_customer(ol_encryption *self)
{
    self->from_request = true;
    self->sse = (ol_sse){.mode = OL_SSE_C,
                         .customer_key = self->customer.key,
                         .customer_md5 = ol_slice_cstr(self->customer.md5)};
}

/* The store asks for its keys itself. Those of a remote service would be used with our credentials,
 * by whoever names them. */
static int check_remote_key(const ol_encryption *self, ol_request *request, ol_error *err)
{
    bool is_store = request->target.origin == request->worker->shared->origins[0];
    bool is_kms = self->sse.mode == OL_SSE_KMS || self->sse.mode == OL_SSE_DSSE;
    if (is_store || !is_kms || self->sse.kms_key.len == 0)
        return OL_OK;
    return ol_key_permission_of_remote(request, self->sse.kms_key, err);
}

int ol_encryption_of_write(ol_encryption *self, ol_request *request, const ol_headers *headers,
                           ol_error *err)
{
    ol_s3_sse_customer ask = {
        .whose = OL_S3_SSE_OF_OBJECT, .needs_md5 = true, .headers = headers};
    *self = (ol_encryption){0};
    if (ol_s3_sse_customer_named(headers, OL_S3_SSE_OF_OBJECT) &&
        request->target.rule->encryption.blocks_customer_keys)
        return block_customer_keys(request, err);
    int rc = read_key(&self->customer, request, &ask, err);
    if (rc != OL_OK)
        return rc;
    if (self->customer.key) {
        apply_customer(self);
        return OL_OK;
    }
    rc = read_method(self, request, headers, err);
    return rc == OL_OK ? check_remote_key(self, request, err) : rc;
}

int ol_encryption_of_part(ol_customer_key *out, ol_request *request, ol_error *err)
{
    const ol_headers *headers = &request->http->headers;
    ol_s3_sse_customer ask = {
        .whose = OL_S3_SSE_OF_OBJECT, .needs_md5 = true, .headers = headers};
    ol_s3_sse_fault fault = {0};
    int rc = read_key(out, request, &ask, err);
    if (rc == OL_OK)
        rc = ol_s3_sse_refuse(headers, &fault, err);
    ol_encryption_name_fault(request, &fault);
    return rc;
}

/* ---- what is read ---- */

int ol_encryption_of_read(ol_customer_key *out, ol_request *request, ol_error *err)
{
    const ol_headers *headers = &request->http->headers;
    ol_s3_sse_customer ask = {.whose = OL_S3_SSE_OF_OBJECT, .headers = headers};
    ol_s3_sse_fault fault = {0};
    int rc = read_key(out, request, &ask, err);
    if (rc == OL_OK)
        rc = ol_s3_sse_refuse(headers, &fault, err);
    ol_encryption_name_fault(request, &fault);
    return rc;
}

int ol_encryption_of_source(ol_customer_key *out, ol_request *request, ol_error *err)
{
    ol_s3_sse_customer ask = {.whose = OL_S3_SSE_OF_SOURCE, .headers = &request->http->headers};
    return read_key(out, request, &ask, err);
}

/* ---- what answers say ---- */

static int add(ol_headers *headers, const char *name, ol_slice value)
{
    return ol_headers_add(headers, ol_slice_cstr(name), value);
}

static int add_customer(ol_headers *headers, const ol_customer_key *customer)
{
    if (!customer || !customer->key)
        return OL_OK;
    int rc = add(headers, "x-amz-server-side-encryption-customer-algorithm",
                 OL_SLICE_LIT("AES256"));
    return rc == OL_OK ? add(headers, "x-amz-server-side-encryption-customer-key-MD5",
                             ol_slice_cstr(customer->md5))
                       : rc;
}

static int add_mode(ol_headers *headers, enum ol_sse_mode mode, ol_slice kms_key, bool bucket_key)
{
    static const enum ol_s3_sse_method methods[] = {
        [OL_SSE_S3] = OL_S3_SSE_AES256, [OL_SSE_KMS] = OL_S3_SSE_KMS, [OL_SSE_DSSE] = OL_S3_SSE_DSSE};
    if (mode == OL_SSE_NONE || mode == OL_SSE_C)
        return OL_OK;
    int rc = add(headers, "x-amz-server-side-encryption",
                 ol_slice_cstr(ol_s3_sse_method_name(methods[mode])));
    if (rc == OL_OK && mode != OL_SSE_S3 && kms_key.len > 0)
        rc = add(headers, "x-amz-server-side-encryption-aws-kms-key-id", kms_key);
    if (rc == OL_OK && mode == OL_SSE_KMS && bucket_key)
        rc = add(headers, "x-amz-server-side-encryption-bucket-key-enabled", OL_SLICE_LIT("true"));
    return rc;
}

int ol_encryption_add_written(ol_headers *headers, const ol_put_result *result,
                              const ol_customer_key *customer)
{
    int rc = add_mode(headers, result->sse, ol_slice_cstr(result->sse_key),
                      result->sse_bucket_key);
    return rc == OL_OK ? add_customer(headers, customer) : rc;
}

int ol_encryption_add_asked(ol_headers *headers, const ol_encryption *self)
{
    int rc = add_mode(headers, self->sse.mode, self->sse.kms_key, self->sse.bucket_key);
    return rc == OL_OK ? add_customer(headers, &self->customer) : rc;
}

static bool origin_says(const ol_object_info *info)
{
    ol_slice prefix = OL_SLICE_LIT("x-amz-server-side-encryption");
    for (size_t i = 0; i < info->header_count; i++)
        if (ol_slice_ieq(ol_slice_first(info->headers[i].name, prefix.len), prefix))
            return true;
    return false;
}

int ol_encryption_add_read(ol_headers *headers, const ol_object_info *info,
                           const ol_customer_key *customer)
{
    if (origin_says(info))
        return OL_OK;
    int rc = add_mode(headers, info->sse.mode, info->sse.kms_key, info->sse.bucket_key);
    return rc == OL_OK ? add_customer(headers, info->sse.mode == OL_SSE_C ? customer : NULL) : rc;
}
