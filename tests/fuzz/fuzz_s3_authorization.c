/* SPDX-License-Identifier: MIT */
/*
 * Signature checks. Input: lines; the first is the target, the others are `name:value`. Nothing
 * that a fuzzer makes up may pass with a secret that it does not know.
 */
#include <assert.h>

#include "base/limits.h"
#include "s3/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static ol_slice find_secret(void *arg, ol_slice access_key)
{
    (void)arg;
    return access_key.len < 4 ? OL_SLICE_NONE : OL_SLICE_LIT("not-in-any-corpus-7f3a91c4");
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
    int rc = ol_sigv4_check(sigv4, &req, 1369353600000, OL_SLICE_LIT("us-east-1"), find_secret,
                            NULL, &result, &err);
    assert(rc < 0 && rc == err.code);
    assert(result.seed_signature[0] == '\0');
    ol_arena_destroy(arena);
    return 0;
}
