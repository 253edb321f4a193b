/* SPDX-License-Identifier: MIT */
/* Requests put into words. */
#include "origin/s3/wire.h"

#include <stdio.h>

#include "base/encode.h"

#define TARGET_BYTES_MAX (16 * OL_KIB)
#define OWN_HEADERS 8 /* room for those that a signature adds */

static int add_path(ol_buf *out, const ol_s3_origin *origin, const ol_s3_request *request)
{
    int rc = ol_buf_add_byte(out, '/');
    if (rc == OL_OK && !origin->options.virtual_host && request->bucket.len > 0) {
        rc = ol_uri_encode(out, request->bucket, false);
        if (rc == OL_OK && request->key.len > 0)
            rc = ol_buf_add_byte(out, '/');
    }
    return rc == OL_OK ? ol_uri_encode(out, request->key, true) : rc;
}

static int add_query(ol_buf *out, const ol_s3_request *request)
{
    int rc = OL_OK;
    for (size_t i = 0; rc == OL_OK && i < request->param_count; i++) {
        const ol_s3_param *param = &request->params[i];
        rc = ol_buf_add_byte(out, i > 0 ? '&' : '?');
        if (rc == OL_OK)
            rc = ol_buf_add_cstr(out, param->name);
        if (rc == OL_OK && param->value.len > 0)
            rc = ol_buf_add_byte(out, '=');
        if (rc == OL_OK)
            rc = ol_uri_encode(out, param->value, false);
    }
    return rc;
}

static int write_target(ol_s3_wire *wire, const ol_s3_origin *origin, const ol_s3_request *request,
                        ol_buf *out, ol_arena *arena)
{
    int rc = add_path(out, origin, request);
    size_t path_len = out->len;
    if (rc == OL_OK)
        rc = add_query(out, request);
    if (rc != OL_OK)
        return rc;
    wire->target = ol_arena_copy(arena, ol_buf_slice(out));
    if (!wire->target.data)
        return OL_ENOMEM;
    wire->path = ol_slice_first(wire->target, path_len);
    wire->query = ol_slice_from(wire->target, path_len + 1);
    return OL_OK;
}

static int make_target(ol_s3_wire *wire, const ol_s3_origin *origin, const ol_s3_request *request,
                       ol_arena *arena, ol_error *err)
{
    char memory[2 * OL_KIB];
    ol_buf out;
    ol_buf_init_fixed(&out, memory, sizeof memory);
    int rc = write_target(wire, origin, request, &out, arena);
    if (rc == OL_ELIMIT) {
        ol_buf_init(&out, TARGET_BYTES_MAX);
        rc = write_target(wire, origin, request, &out, arena);
        ol_buf_fini(&out);
    }
    if (rc == OL_ELIMIT)
        return ol_error_set(err, OL_EINVALIDURI, "s3 origin: the request's target is too long");
    return rc == OL_OK ? OL_OK : ol_error_set(err, rc, "s3 origin: target");
}

static ol_slice payload_of(const ol_s3_request *request, char digest[OL_SHA256_HEX_SIZE])
{
    uint8_t sum[OL_SHA256_BYTES];
    switch (request->body_kind) {
    case OL_S3_BODY_UNSIGNED:
        return OL_SLICE_LIT(OL_SIGV4_UNSIGNED_PAYLOAD);
    case OL_S3_BODY_CHUNKS:
        return OL_SLICE_LIT(OL_SIGV4_STREAMING_PAYLOAD);
    case OL_S3_BODY_CHUNKS_TRAILER:
        return OL_SLICE_LIT(OL_SIGV4_STREAMING_PAYLOAD_TRAILER);
    case OL_S3_BODY_UNSIGNED_TRAILER:
        return OL_SLICE_LIT(OL_SIGV4_UNSIGNED_TRAILER);
    case OL_S3_BODY_MEMORY:
        break;
    }
    if (request->body.len == 0)
        return OL_SLICE_LIT(OL_SIGV4_EMPTY_SHA256);
    ol_sha256_of(request->body, sum);
    ol_hex_encode(sum, sizeof sum, digest);
    return ol_slice_of(digest, OL_SHA256_HEX_SIZE - 1);
}

static ol_slice host_of(const ol_s3_origin *origin, const ol_s3_request *request, ol_arena *arena)
{
    if (!origin->options.virtual_host || request->bucket.len == 0)
        return ol_slice_cstr(origin->endpoint.authority);
    return ol_slice_cstr(ol_arena_printf(arena, "%.*s.%s", OL_SLICE_FMT(request->bucket),
                                         origin->endpoint.authority));
}

/* Nothing that would end a line gets into a request, wherever it came from. */
static bool are_sendable(const ol_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!ol_header_is_valid(headers[i].name, headers[i].value))
            return false;
    }
    return true;
}

int ol_s3_wire_make(ol_s3_wire *wire, const ol_s3_origin *origin, const ol_s3_request *request,
                    ol_arena *arena, ol_error *err)
{
    char digest[OL_SHA256_HEX_SIZE];
    *wire = (ol_s3_wire){.method = ol_slice_cstr(request->method)};
    if (!are_sendable(request->headers, request->header_count))
        return ol_error_set(err, OL_EINVAL, "s3 origin: a header that cannot be sent");
    int rc = make_target(wire, origin, request, arena, err);
    if (rc != OL_OK)
        return rc;
    wire->payload = payload_of(request, digest);
    if (wire->payload.data == (const uint8_t *)digest)
        wire->payload = ol_arena_copy(arena, wire->payload);
    wire->headers = ol_arena_alloc(arena, (request->header_count + 1) * sizeof *wire->headers);
    wire->host = host_of(origin, request, arena);
    if (!wire->headers || !wire->payload.data || !wire->host.data)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: request");
    wire->headers[0] = (ol_header){OL_SLICE_LIT("host"), wire->host};
    if (request->header_count > 0)
        memcpy(wire->headers + 1, request->headers, request->header_count * sizeof(ol_header));
    wire->header_count = request->header_count + 1;
    return OL_OK;
}

int ol_s3_wire_sign(const ol_s3_wire *wire, ol_s3_signer *signer, int64_t wall_ms,
                    ol_headers *headers, ol_s3_chunk_signer *chunks, ol_error *err)
{
    ol_sigv4_signing what = {.now_ms = wall_ms,
                             .method = wire->method,
                             .host = wire->host,
                             .path = wire->path,
                             .query = wire->query,
                             .payload = wire->payload};
    size_t cap = wire->header_count + OWN_HEADERS;
    headers->items = ol_arena_alloc(headers->arena, cap * sizeof(ol_header));
    if (!headers->items)
        return ol_error_set(err, OL_ENOMEM, "s3 origin: headers");
    memcpy(headers->items, wire->headers, wire->header_count * sizeof(ol_header));
    headers->count = wire->header_count;
    headers->cap = cap;
    return ol_s3_sign(signer, &what, headers, chunks, err);
}
