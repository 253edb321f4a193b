/* SPDX-License-Identifier: MIT */
/*
 * Addressing. Input: a byte for the method and the rules, then a host, a line feed and a request
 * target. What is accepted must keep the promises of s3/address/address.h. The target is also read as a
 * copy source, an ARN and a form.
 */
#include <assert.h>

#include "base/limits.h"
#include "s3/address/address.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum ol_http_method method_of(uint8_t letter)
{
    return (enum ol_http_method)(letter % (OL_HTTP_OTHER + 1));
}

static void read_others(ol_slice text, ol_arena *arena)
{
    ol_s3_copy_source source;
    ol_s3_arn arn;
    ol_s3_param *params;
    size_t count;
    ol_error err = {0};
    if (ol_s3_copy_source_parse(text, arena, &source, &err) == OL_OK) {
        assert(source.key.len > 0 && source.key.len <= OL_KEY_BYTES_MAX);
        assert(source.bucket.len > 0);
    }
    if (ol_s3_arn_parse(text, &arn))
        assert(arn.name.len > 0 && (arn.door == OL_S3_DOOR_NONE || arn.account.len == 12));
    ol_error_clear(&err);
    ol_s3_form_parse(text, arena, &params, &count, &err);
    ol_s3_bucket_name_ok(text);
}

static void check_address(const ol_s3_address *a)
{
    assert(a->api != OL_S3_API_S3 || a->operation != OL_S3_UNKNOWN);
    assert(a->bucket.len <= OL_BUCKET_NAME_MAX || ol_slice_starts(a->bucket, OL_SLICE_LIT("arn:")));
    assert(ol_slice_find(a->bucket, '/') < 0 || a->door != OL_S3_DOOR_NONE);
    assert(a->door == OL_S3_DOOR_NONE ||
           (a->door_name.len > 0 && ol_slice_find(a->door_name, '/') < 0 &&
            a->door_account.len == 12));
    assert(a->key.len <= OL_KEY_BYTES_MAX);
    assert(a->key.len == 0 || a->bucket.len > 0);
    assert(ol_slice_find(a->key, 0) < 0);
    assert(ol_slice_is_utf8(a->key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ol_slice domains[] = {OL_SLICE_LIT("s3.test"), OL_SLICE_LIT("test")};
    if (size == 0 || size > OL_HTTP_URL_BYTES_MAX)
        return 0;
    ol_arena *arena = ol_arena_new(OL_REQUEST_ARENA_BYTES_MAX);
    if (!arena)
        return 0;
    ol_slice rest = ol_slice_of(data + 1, size - 1), host = OL_SLICE_NONE;
    ptrdiff_t line = ol_slice_find(rest, '\n');
    if (line >= 0) {
        host = ol_slice_first(rest, (size_t)line);
        rest = ol_slice_of(rest.data + line + 1, rest.len - (size_t)line - 1);
    }
    const ol_s3_address_rules rules = {
        .domains = domains,
        .domain_count = data[0] & 0x40 ? 2 : 0,
        .amazon_hosts = (data[0] & 0x20) != 0,
        .base_path = data[0] & 0x10 ? OL_SLICE_LIT("/s3") : OL_SLICE_NONE,
    };
    ol_http_request req = {
        .method = method_of(data[0]), .target = rest, .path = rest, .host = host};
    ptrdiff_t mark = ol_slice_find(rest, '?');
    if (mark >= 0) {
        req.path = ol_slice_first(rest, (size_t)mark);
        req.query = ol_slice_of(rest.data + mark + 1, rest.len - (size_t)mark - 1);
    }
    ol_s3_address address;
    ol_error err = {0};
    int rc = ol_s3_address_parse(&req, &rules, arena, &address, &err);
    assert(rc == err.code);
    if (rc == OL_OK)
        check_address(&address);
    else
        assert(address.operation == OL_S3_UNKNOWN);
    read_others(rest, arena);
    ol_arena_destroy(arena);
    return 0;
}
