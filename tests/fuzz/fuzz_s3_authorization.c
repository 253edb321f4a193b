/* SPDX-License-Identifier: MIT */
/*
 * Signature checks of headers and presigned URLs. Input: lines; the first is the target, the
 * others are `name:value`. Nothing that a fuzzer makes up may pass with a secret that it does not
 * know, and what a mismatch is explained with stays bounded. The lines are also read as the
 * fields of a form.
 */
#include <assert.h>

#include "base/limits.h"
#include "s3/sigv4/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int find_key(void *arg, ol_slice access_key, ol_slice token, ol_sigv4_found_key *found,
                    ol_error *err)
{
    (void)arg;
    (void)err;
    (void)token;
    if (access_key.len >= 4)
        found->secret = OL_SLICE_LIT("not-in-any-corpus-7f3a91c4");
    return OL_OK;
}

static void note(void *arg, const char *name, ol_slice value)
{
    (void)arg;
    assert(name[0] != '\0');
    assert(value.len <= 3 * OL_S3_ERROR_CANONICAL_BYTES_MAX);
}

static void check_form(ol_sigv4 *sigv4, const ol_http_request *req,
                       const ol_sigv4_options *options)
{
    const ol_sigv4_form form = {
        .policy = ol_headers_get(&req->headers, "policy"),
        .algorithm = ol_headers_get(&req->headers, "x-amz-algorithm"),
        .credential = ol_headers_get(&req->headers, "x-amz-credential"),
        .date = ol_headers_get(&req->headers, "x-amz-date"),
        .signature = ol_headers_get(&req->headers, "x-amz-signature"),
        .v2_access_key = ol_headers_get(&req->headers, "AWSAccessKeyId"),
        .v2_signature = ol_headers_get(&req->headers, "signature"),
    };
    ol_sigv4_result result;
    ol_error err = {0};
    int rc = ol_sigv4_check_form(sigv4, &form, options, &result, &err);
    assert(rc < 0 && rc == err.code);
}

static ol_slice next_line(ol_slice *rest)
{
    ptrdiff_t end = ol_slice_find(*rest, '\n');
    ol_slice line = end < 0 ? *rest : ol_slice_first(*rest, (size_t)end);
    *rest = end < 0 ? OL_SLICE_NONE : ol_slice_from(*rest, (size_t)end + 1);
    return line;
}

static void read_target(ol_http_request *req, ol_slice target)
{
    ptrdiff_t mark = ol_slice_find(target, '?');
    req->target = req->path = target;
    if (mark < 0)
        return;
    req->path = ol_slice_first(target, (size_t)mark);
    req->query = ol_slice_of(target.data + mark + 1, target.len - (size_t)mark - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static ol_sigv4 *sigv4;
    ol_slice rest = ol_slice_of(data, size);
    ol_http_request req = {.method = OL_HTTP_GET, .method_text = OL_SLICE_LIT("GET")};
    ol_sigv4_result result;
    ol_error err = {0};
    if (size > OL_HTTP_URL_BYTES_MAX || (!sigv4 && ol_sigv4_new(&sigv4) != OL_OK))
        return 0;
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    if (!arena)
        return 0;
    ol_headers_init(&req.headers, arena);
    read_target(&req, next_line(&rest));
    while (rest.len > 0) {
        ol_slice line = next_line(&rest);
        ptrdiff_t colon = ol_slice_find(line, ':');
        if (colon > 0)
            ol_headers_add(&req.headers, ol_slice_first(line, (size_t)colon),
                           ol_slice_from(line, (size_t)colon + 1));
    }
    req.host = ol_headers_get(&req.headers, "host");
    const ol_slice region = OL_SLICE_LIT("us-east-1");
    const ol_sigv4_options options = {
        .now_ms = 1369353600000,
        .regions = &region,
        .region_count = 1,
        .services = OL_SIGV4_S3 | OL_SIGV4_OBJECT_LAMBDA,
        .find_key = find_key,
        .arena = arena,
        .form_v2 = true,
        .note = note,
    };
    int rc = ol_sigv4_check(sigv4, &req, &options, &result, &err);
    assert(rc < 0 && rc == err.code);
    assert(result.seed_signature[0] == '\0');
    check_form(sigv4, &req, &options);
    ol_arena_destroy(arena);
    return 0;
}
