/* SPDX-License-Identifier: MIT */
/* Reads from a request's headers what its body must be, before a byte of it is asked for. */
#include "s3/upload/upload_stages.h"

#include <stdio.h>

#include "base/alloc.h"
#include "s3/request/request_headers.h"
#include "s3/upload/upload_chunked.h"
#include "s3/upload/upload_verify.h"

/* Everything of one plan; lives in the arena. */
typedef struct plan_memory {
    ol_upload_chunked_config chunked;
    ol_upload_verify_config verify;
    ol_sigv4_result auth;
    char trailer_value[OL_AWS_TRAILER_VALUE_SIZE];
} plan_memory;

static void forget(void *arg)
{
    plan_memory *memory = arg;
    ol_sigv4_result_fini(&memory->auth);
}

static bool is_streaming(enum ol_payload_kind kind)
{
    return kind == OL_PAYLOAD_STREAMING_SIGNED || kind == OL_PAYLOAD_STREAMING_SIGNED_TRAILER ||
           kind == OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER;
}

/* ---- lengths ---- */

static int read_decoded_length(const ol_headers *headers, uint64_t *length, ol_error *err)
{
    static const char name[] = "x-amz-decoded-content-length";
    size_t count = ol_headers_count_of(headers, name);
    if (count == 0)
        return ol_error_set(err, OL_EMISSINGLENGTH, "%s", name);
    if (count > 1 || !ol_slice_u64(ol_slice_trim(ol_headers_get(headers, name)), length) ||
        *length > INT64_MAX)
        return ol_error_say(err, OL_EINVAL, "Value for %s header is invalid.", name);
    return OL_OK;
}

static int plan_length(ol_upload_plan *plan, const ol_http_request *req, plan_memory *memory,
                       ol_error *err)
{
    if (plan->aws_chunked) {
        uint64_t length = 0;
        int rc = read_decoded_length(&req->headers, &length, err);
        if (rc != OL_OK)
            return rc;
        memory->chunked.decoder.decoded_length = length;
        plan->content_length = (int64_t)length;
    } else {
        if (req->content_length < 0 && !req->chunked)
            return ol_error_set(err, OL_EMISSINGLENGTH, NULL);
        plan->content_length = req->chunked ? -1 : req->content_length;
    }
    memory->verify.length = plan->content_length;
    if (plan->content_length > 0 && (uint64_t)plan->content_length > memory->verify.bytes_max)
        return ol_error_set(err, OL_ETOOLARGE, "%lld bytes", (long long)plan->content_length);
    return OL_OK;
}

/* ---- promises ---- */

static ol_promise *add_promise(plan_memory *memory, enum ol_promise_kind kind,
                               enum ol_checksum_kind checksum)
{
    ol_promise *promise = &memory->verify.promises[memory->verify.promise_count++];
    promise->kind = kind;
    promise->checksum = checksum;
    return promise;
}

static int plan_content_md5(ol_upload_plan *plan, const ol_headers *headers, plan_memory *memory,
                            ol_error *err)
{
    size_t count = ol_headers_count_of(headers, "content-md5");
    if (count == 0)
        return OL_OK;
    ol_slice text = ol_slice_trim(ol_headers_get(headers, "content-md5"));
    ol_promise *promise = add_promise(memory, OL_PROMISE_CONTENT_MD5, OL_CHECKSUM_MD5);
    if (count > 1 || !ol_checksum_parse(OL_CHECKSUM_MD5, text, promise->value))
        return ol_error_set(err, OL_EINVALIDDIGEST, NULL);
    plan->has_integrity = true;
    return OL_OK;
}

/* Headers that begin like a checksum and say something else. */
static bool is_checksum_setting(const ol_header *header)
{
    return ol_header_name_is(header, "x-amz-checksum-algorithm") ||
           ol_header_name_is(header, "x-amz-checksum-type") ||
           ol_header_name_is(header, "x-amz-checksum-mode");
}

static int two_checksums(ol_error *err)
{
    return ol_error_say(err, OL_EINVALIDREQUEST,
                        "Expecting a single x-amz-checksum- header. Multiple checksum Types are "
                        "not allowed.");
}

/* The one x-amz-checksum-* header, or NULL. */
static int find_checksum(const ol_headers *headers, const ol_header **found,
                         enum ol_checksum_kind *kind, ol_error *err)
{
    ol_slice prefix = OL_SLICE_LIT("x-amz-checksum-");
    *found = NULL;
    for (size_t i = 0; i < headers->count; i++) {
        const ol_header *header = &headers->items[i];
        if (!ol_slice_ieq(ol_slice_first(header->name, prefix.len), prefix) ||
            is_checksum_setting(header))
            continue;
        if (*found)
            return two_checksums(err);
        if (!ol_checksum_of_header(header->name, kind))
            return ol_error_say(err, OL_ENOTIMPLEMENTED,
                                "A header you provided implies functionality that is not "
                                "implemented: %.*s",
                                OL_SLICE_FMT(ol_slice_first(header->name, 100)));
        *found = header;
    }
    return OL_OK;
}

static int plan_trailer(ol_upload_plan *plan, const ol_headers *headers, plan_memory *memory,
                        bool has_checksum, ol_error *err)
{
    size_t count = ol_headers_count_of(headers, "x-amz-trailer");
    if (count == 0)
        return OL_OK;
    ol_aws_chunked_config *decoder = &memory->chunked.decoder;
    ol_slice name = ol_slice_trim(ol_headers_get(headers, "x-amz-trailer"));
    if (count > 1 || !ol_checksum_of_header(name, &decoder->trailer) || !decoder->with_trailer)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "The value specified in the x-amz-trailer header is not supported");
    if (has_checksum)
        return two_checksums(err);
    decoder->announced = true;
    add_promise(memory, OL_PROMISE_CHECKSUM, decoder->trailer)->text = memory->trailer_value;
    plan->has_integrity = true;
    plan->has_checksum_ = true;
    plan->checksum_kind_ = decoder->trailer;
    return OL_OK;
}

static int plan_checksum(ol_upload_plan *plan, const ol_headers *headers, plan_memory *memory,
                         ol_error *err)
{
    const ol_header *header;
    enum ol_checksum_kind kind = OL_CHECKSUM_CRC32;
    int rc = find_checksum(headers, &header, &kind, err);
    if (rc != OL_OK)
        return rc;
    if (header) {
        ol_slice text = ol_slice_trim(header->value);
        ol_promise *promise = add_promise(memory, OL_PROMISE_CHECKSUM, kind);
        if (!ol_checksum_parse(kind, text, promise->value))
            return ol_error_say(err, OL_EINVALIDREQUEST, "Value for %s header is invalid.",
                                ol_checksum_header(kind));
        plan->has_integrity = true;
        plan->has_checksum_ = true;
        plan->checksum_kind_ = kind;
    }
    rc = plan_trailer(plan, headers, memory, header != NULL, err);
    if (rc == OL_OK && !plan->has_checksum_ &&
        ol_headers_count_of(headers, "x-amz-sdk-checksum-algorithm") > 0)
        return ol_error_say(err, OL_EINVALIDREQUEST,
                            "x-amz-sdk-checksum-algorithm specified, but no corresponding "
                            "x-amz-checksum-* or x-amz-trailer headers were found.");
    return rc;
}

static int plan_promises(ol_upload_plan *plan, const ol_http_request *req, plan_memory *memory,
                         ol_error *err)
{
    if (memory->auth.payload == OL_PAYLOAD_SHA256) {
        ol_promise *promise = add_promise(memory, OL_PROMISE_PAYLOAD_SHA256, OL_CHECKSUM_SHA256);
        memcpy(promise->value, memory->auth.sha256, sizeof memory->auth.sha256);
    }
    int rc = plan_content_md5(plan, &req->headers, memory, err);
    return rc == OL_OK ? plan_checksum(plan, &req->headers, memory, err) : rc;
}

/* ---- the plan ---- */

static int make_memory(ol_upload_plan *plan, const ol_sigv4_result *auth, uint64_t bytes_max,
                       plan_memory **out)
{
    plan_memory *memory = ol_arena_calloc(plan->arena, sizeof *memory);
    if (!memory || ol_arena_on_end(plan->arena, forget, memory) != OL_OK)
        return OL_ENOMEM;
    if (auth)
        memory->auth = *auth;
    memory->verify.bytes_max = bytes_max;
    enum ol_payload_kind kind = memory->auth.payload;
    plan->aws_chunked = is_streaming(kind);
    memory->chunked.trailer_value = memory->trailer_value;
    memory->chunked.decoder.auth = &memory->auth;
    memory->chunked.decoder.is_signed =
        plan->aws_chunked && kind != OL_PAYLOAD_STREAMING_UNSIGNED_TRAILER;
    memory->chunked.decoder.with_trailer =
        plan->aws_chunked && kind != OL_PAYLOAD_STREAMING_SIGNED;
    plan->chunked_ = &memory->chunked;
    plan->verify_ = &memory->verify;
    *out = memory;
    return OL_OK;
}

int ol_upload_plan_make(ol_upload_plan *plan, const ol_http_request *req,
                        const ol_sigv4_result *auth, uint64_t bytes_max, ol_arena *arena,
                        ol_error *err)
{
    plan_memory *memory;
    memset(plan, 0, sizeof *plan);
    plan->arena = arena;
    ol_headers_init(&plan->store_headers, arena);
    if (make_memory(plan, auth, bytes_max, &memory) != OL_OK)
        return ol_error_set(err, OL_ENOMEM, "upload plan");
    int rc = ol_s3_headers_refuse(&req->headers, err);
    if (rc == OL_OK)
        rc = ol_s3_headers_keep(&req->headers, &plan->store_headers, err);
    if (rc == OL_OK)
        rc = plan_length(plan, req, memory, err);
    if (rc == OL_OK)
        rc = plan_promises(plan, req, memory, err);
    return rc;
}

int ol_upload_plan_add(const ol_upload_plan *plan, ol_pipeline *p)
{
    int rc = OL_OK;
    if (plan->aws_chunked)
        rc = ol_pipeline_add(p, &ol_upload_chunked_ops, plan->chunked_, NULL);
    if (rc == OL_OK)
        rc = ol_pipeline_add(p, &ol_upload_verify_ops, plan->verify_, NULL);
    return rc;
}

/* What a header promised is known already; it is checked before the sink is told to finish. */
static void tell_promised(ol_upload_plan *plan)
{
    const ol_upload_verify_config *verify = plan->verify_;
    for (size_t i = 0; i < verify->promise_count; i++) {
        const ol_promise *promise = &verify->promises[i];
        if (promise->kind == OL_PROMISE_CHECKSUM && !promise->text)
            ol_checksum_text(promise->value, ol_checksum_size(promise->checksum),
                             plan->checksum.text);
    }
}

void ol_upload_plan_keep_checksum(ol_upload_plan *plan, bool make_one)
{
    if (!plan->has_checksum_ && !make_one)
        return;
    plan->verify_->sum = &plan->checksum;
    plan->verify_->sum_kind = plan->has_checksum_ ? plan->checksum_kind_ : OL_CHECKSUM_CRC64NVME;
    snprintf(plan->checksum.name, sizeof plan->checksum.name, "%s",
             ol_checksum_name(plan->verify_->sum_kind));
    tell_promised(plan);
}
